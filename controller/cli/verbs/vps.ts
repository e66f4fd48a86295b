import { installationOf } from "../../api/vps/take-over/installation.ts";
import { type Filled, migrateOld, migrationSql, readOldRows } from "../../api/vps/take-over/old-database.ts";
import { commitTakeOver, composeTakeOver, madeLinodeId, type TakeOver } from "../../api/vps/take-over/take-over.ts";
import { readDesired } from "../../reconcile/desired.ts";
import { recover } from "../../reconcile/recover.ts";
import type { Io } from "../io.ts";
import { EXIT, type GlobalOptions } from "../options.ts";
import { renderTakeOver, stepsLeft } from "../render/take-over.ts";
import { noteUncommitted, whoIsAsking, withSession } from "../session.ts";
import { takeOver } from "./taken-over.ts";

export interface TakeOverFlags extends GlobalOptions {
  /** Address of the installation's database. */
  from: string;
  /** Also bring that database up to the document's migration, and fill it. */
  migrate?: boolean;
  only?: string[];
  deletionPolicy?: "delete" | "orphan";
  dryRun?: boolean;
  /** Write and commit the files, and leave taking over to `apply`. */
  write?: boolean;
  yes?: boolean;
}

/**
 * `fleetwright vps take-over`: an installation of the multi-cloud VPS service becomes the fleet's, by one commit and a run that marks its machines. Exit
 * 0 done or nothing to do, 1 something failed, 2 there is something to do and nothing was done.
 */
export async function takeOverVerb(flags: TakeOverFlags, io: Io): Promise<number> {
  return await withSession(flags, io, async (session) => {
    const { controller, signal, view } = session;
    const isDry = flags.dryRun === true;
    await noteUncommitted(session, undefined, io);
    if (!isDry) await recover(controller, signal);
    const desired = await readDesired(controller, await controller.repo.head(), signal);
    const linode = madeLinodeId(desired);
    const filled = flags.migrate && !isDry ? await migrateOld(flags.from, linode) : undefined;
    if (!flags.json && flags.migrate) io.out(isDry ? await migrationSql() : filledWords(filled!));

    const rows = await readOldRows(flags.from);
    const { only, deletionPolicy } = flags;
    const installation = installationOf(rows, { linode, ...(only && { only }) });
    const options = { signal, ...(deletionPolicy && { deletionPolicy }) };
    const composing = composeTakeOver(controller, desired, installation, options);
    const taken = await view.during("looking at the machines", composing);
    const hasPolicy = desired.fleet.policies.dialects?.vps !== undefined;
    const data = { ...asData(taken), ...(filled && { migrated: filled }), left: stepsLeft(taken, hasPolicy) };
    if (!flags.json) io.out(renderTakeOver(taken, { hasProviders: rows.hasProviders, hasPolicy }, io));
    const ended = (code: number, more: object = {}) => {
      if (flags.json) io.out(JSON.stringify({ ...data, ...more }));
      return code;
    };
    if (taken.edits.length === 0) return ended(EXIT.ok);
    const files = taken.edits.length === 1 ? "this file" : `these ${taken.edits.length} files`;
    if (isDry) return ended(EXIT.changes);
    if (!(flags.yes || flags.write || (await io.confirm(`Write and commit ${files}?`)))) {
      io.err("nothing was written; --yes does all of it, --write only writes and commits the files");
      return ended(EXIT.changes);
    }
    const commit = await commitTakeOver(controller, taken, await whoIsAsking(controller));
    if (!flags.json) io.out(`committed ${commit.slice(0, 10)}`);
    if (taken.servers.length === 0 || (flags.write && !flags.yes)) return ended(EXIT.ok, { commit });
    const servers = taken.servers.map(({ proposal: { name, item } }) => ({ name, account: item.account }));
    return await takeOver(session, servers, flags, io, { ...data, commit });
  });
}

const filledWords = ({ madeLinode, instances }: Filled): string =>
  `the old database has migration 016${madeLinode ? ", a Linode provider" : ""}, and ${instances} instances were given their provider`;

function asData({ accounts, plans, servers, already, waiting, leftOut, notes }: TakeOver): object {
  return {
    accounts: accounts.map(({ account, provider, file, lent, variable, dropped }) => ({
      name: account.spec.name,
      uuid: provider.id,
      isNew: file !== undefined,
      hasKey: lent !== undefined,
      variable,
      dropped,
    })),
    plans: plans.map(({ spec: { name }, plan, file }) => ({ name, uuid: plan.id, isNew: file !== undefined })),
    servers: servers.map(({ instance, proposal: { name, path, differs }, outdated }) => ({
      name,
      uuid: instance.id,
      machine: instance.machine,
      path,
      differs,
      outdated,
    })),
    already,
    waiting: { servers: Object.fromEntries(waiting.servers), plans: waiting.plans.map(({ id }) => id) },
    leftOut,
    notes,
  };
}
