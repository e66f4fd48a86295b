import { FleetError } from "../../../resources/errors.ts";
import { accept } from "../../reconcile/accept.ts";
import { watchBeingMade } from "../../reconcile/being-made.ts";
import { readDesired } from "../../reconcile/desired.ts";
import { type AccountDrift, findFleetDrift } from "../../reconcile/drift.ts";
import { execute } from "../../reconcile/execute.ts";
import { prepare } from "../../reconcile/preview.ts";
import { objectKey } from "../../reconcile/types.ts";
import type { Io } from "../io.ts";
import { EXIT, type GlobalOptions } from "../options.ts";
import { remoteDriftChange } from "../remote/changes.ts";
import type { Remote } from "../remote/client.ts";
import { remoteOf } from "../remote/settings.ts";
import { remoteDrift } from "../remote/state.ts";
import { asOf } from "../render/as-of.ts";
import { renderBeingMade } from "../render/being-made.ts";
import { renderChange } from "../render/change.ts";
import { renderDrift } from "../render/drift.ts";
import { renderExecution } from "../render/execution.ts";
import { renderPreview } from "../render/preview.ts";
import { whoIsAsking, withSession } from "../session.ts";

/** Causes stand beside the accounts, each once. */
const asData = ({ causes: _, ...account }: AccountDrift) => account;

export interface DriftFlags extends GlobalOptions {
  revert?: boolean;
  accept?: boolean;
  yes?: boolean;
  allowReplace?: string[];
  allowDelete?: number;
  allowEnded?: string[];
  allowSpending?: string[];
  outsideWindow?: boolean;
}

/** `fleetwright drift`: what differs from what was applied. Exit 0 nothing, 2 drift found and left (or held), 1 an account could not be read. */
export async function driftVerb(flags: DriftFlags, io: Io): Promise<number> {
  if (flags.revert && flags.accept) throw new FleetError("USAGE", "--revert and --accept exclude each other", {});
  const remote = await remoteOf(flags);
  if (remote !== undefined) return await driftThere(remote, flags, io);
  return await withSession(flags, io, async ({ controller, signal, view }) => {
    const desired = await readDesired(controller, await controller.repo.head(), signal);
    const watched = await watchBeingMade(controller, desired, signal);
    const accounts = await view.during("listing the clouds", findFleetDrift(controller, desired, signal));
    const drifted = accounts.flatMap((account) => [...account.drifted, ...account.awaited]);
    const unread = accounts.some(({ error }) => error !== undefined);
    const { beingMade } = watched;
    const underWay = beingMade.length > 0 ? { beingMade } : {};
    const causes = accounts.flatMap((account) => account.causes);
    const report = {
      commit: desired.commit,
      drifted: drifted.length,
      causes,
      accounts: accounts.map(asData),
      ...underWay,
    };
    if (!flags.json) io.out([renderDrift(accounts, io), ...renderBeingMade(beingMade, io)].join("\n"));
    if (drifted.length === 0 || !(flags.revert || flags.accept)) {
      if (flags.json) io.out(JSON.stringify(report));
      return unread ? EXIT.error : drifted.length > 0 ? EXIT.changes : EXIT.ok;
    }

    const person = await whoIsAsking(controller);
    if (flags.accept) {
      const accepted = await accept(controller, desired, accounts, person, signal);
      if (flags.json) io.out(JSON.stringify({ ...report, accepted }));
      else {
        for (const { name, reason } of accepted.refused) io.err(`${name}: ${reason}`);
        io.out(
          accepted.commit === undefined
            ? "Nothing could be accepted."
            : `Accepted in ${accepted.commit.slice(0, 10)}: ${accepted.accepted.join(", ")}`,
        );
      }
      return accepted.refused.length > 0 ? EXIT.changes : EXIT.ok;
    }

    const revert = new Set(drifted.map(({ object, name, account }) => objectKey({ kind: object, name, account })));
    const overrides = {
      allowReplace: flags.allowReplace ?? [],
      ...(flags.allowDelete === undefined ? {} : { allowRemovals: flags.allowDelete }),
      ...(flags.allowEnded === undefined ? {} : { allowEnded: flags.allowEnded }),
      ...(flags.allowSpending === undefined ? {} : { allowSpending: flags.allowSpending }),
      ...(flags.outsideWindow ? { outsideWindow: true } : {}),
    };
    const prepared = await view.during(
      "looking at what would be done",
      prepare(controller, { revert, overrides, signal }),
    );
    if (!flags.json) io.out(renderPreview(prepared.preview, io));
    const { effects, held } = prepared.preview;
    const agreed = flags.yes || (effects.length > 0 && (await io.confirm("Bring these back to what the files say?")));
    const by = `${person.name} <${person.email}>`;
    const approved = agreed ? { hashes: [prepared.preview.hash], by } : { by };
    const run = execute(controller, { preview: { revert }, prepared, approved, overrides, signal });
    const execution = await view.during("bringing them back", run);
    if (flags.json) io.out(JSON.stringify({ ...report, reverted: execution }));
    else io.out(renderExecution(execution, io));
    if (execution.failed > 0) return EXIT.error;
    return held === undefined && execution.left === undefined ? EXIT.ok : EXIT.changes;
  });
}

/** As the last passes of a controller elsewhere have found it. What is to be done about it there is a change, which its people approve. */
async function driftThere(remote: Remote, flags: DriftFlags, io: Io): Promise<number> {
  const { commit, accounts, passes } = await remoteDrift(remote);
  const drifted = accounts.flatMap((account) => account.drifted);
  const isUnread = accounts.some(({ error }) => error !== undefined);
  const action = flags.revert ? "revert" : flags.accept ? "accept" : undefined;
  io.err(asOf(passes, Date.now()));
  if (!flags.json) io.out(renderDrift(accounts, io));
  const isOpened = action !== undefined && drifted.length > 0;
  const opened = isOpened ? await remoteDriftChange(remote, action, drifted) : undefined;
  if (flags.json) {
    const causes = accounts.flatMap((account) => account.causes);
    const report = { commit, drifted: drifted.length, causes, accounts: accounts.map(asData), passes };
    io.out(JSON.stringify({ ...report, ...(opened && { change: opened.change }) }));
  } else if (opened) io.out(renderChange(opened.change, opened.steps, io, opened.runs));
  if (isUnread) return EXIT.error;
  return drifted.length > 0 ? EXIT.changes : EXIT.ok;
}
