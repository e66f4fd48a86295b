import { FleetError } from "../../../resources/errors.ts";
import { type Proposal, proposeAdoption } from "../../adopt/propose.ts";
import { commitFiles } from "../../reconcile/commit-files.ts";
import { readDesired } from "../../reconcile/desired.ts";
import { type InventoryItem, readInventory } from "../../reconcile/inventory.ts";
import { recover } from "../../reconcile/recover.ts";
import type { Io } from "../io.ts";
import { EXIT, type GlobalOptions } from "../options.ts";
import { renderInventory, renderProposals } from "../render/inventory.ts";
import { type Session, whoIsAsking, withSession } from "../session.ts";
import { accountNamed, asData } from "./inventory.ts";
import { takeOver } from "./taken-over.ts";

export interface AdoptFlags extends GlobalOptions {
  account: string;
  id?: string[];
  match?: string;
  /** Write and commit the files, and leave taking over to `apply`. */
  write?: boolean;
  yes?: boolean;
}

/**
 * `fleetwright adopt`: writes a file for each chosen machine, commits them, and takes the machines over once approved. Without a choice it
 * lists what there is. Exit 0 done, 1 something failed, 2 machines were found and nothing was done.
 */
export async function adoptVerb(flags: AdoptFlags, io: Io): Promise<number> {
  return await withSession(flags, io, async (session) => {
    const { controller, signal, view } = session;
    await recover(controller, signal);
    const desired = await readDesired(controller, await controller.repo.head(), signal);
    const account = accountNamed(desired, flags.account);
    const [inventory] = await view.during("listing the cloud", readInventory(controller, desired, [account], signal));
    if (inventory!.error !== undefined)
      throw new FleetError("CLOUD_UNAVAILABLE", inventory!.error, { account: flags.account });
    const others = inventory!.items.filter(({ kind }) => kind !== "managed");
    if (flags.id === undefined && flags.match === undefined) {
      io.out(flags.json ? JSON.stringify(asData(inventory!)) : renderInventory([inventory!], false, io));
      if (!flags.json && others.length > 0) io.err("choose with --id ID or --match REGULAR-EXPRESSION (on the name)");
      return others.length > 0 ? EXIT.changes : EXIT.ok;
    }

    const chosen = choose(others, inventory!.items, flags);
    const proposed = await proposeAdoption(controller, desired, account, chosen, signal);
    const { proposals, refused } = proposed;
    if (!flags.json) io.out(renderProposals(proposed, io));
    const data = {
      proposals: proposals.map(({ item, ...rest }) => ({ id: item.id, ...rest })),
      refused: refused.map(({ item, reason }) => ({ id: item.id, name: item.name, reason })),
    };
    if (proposals.length === 0) {
      if (flags.json) io.out(JSON.stringify(data));
      return refused.length > 0 ? EXIT.error : EXIT.ok;
    }
    const files = proposals.length === 1 ? "this file" : `these ${proposals.length} files`;
    const agreed = flags.yes || flags.write || (await io.confirm(`Write and commit ${files}?`));
    if (!agreed) {
      if (flags.json) io.out(JSON.stringify(data));
      else io.err("nothing was written; --yes takes them over, --write only writes and commits the files");
      return EXIT.changes;
    }
    const commit = await commitProposals(session, desired.commit, proposals, flags.account);
    if (!flags.json) io.out(`committed ${commit.slice(0, 10)}`);
    if (flags.write && !flags.yes) {
      if (flags.json) io.out(JSON.stringify({ ...data, commit }));
      return refused.length > 0 ? EXIT.error : EXIT.ok;
    }
    return await takeOver(session, servers(proposals), flags, io, { ...data, commit });
  });
}

const servers = (proposals: readonly Proposal[]) => proposals.map(({ name, item: { account } }) => ({ name, account }));

function choose(
  others: InventoryItem[],
  all: InventoryItem[],
  { id = [], match, account }: AdoptFlags,
): InventoryItem[] {
  for (const wanted of id) {
    const known = all.find((item) => item.id === wanted);
    if (known === undefined) throw new FleetError("NOT_FOUND", `${account} has no machine ${wanted}`, { id: wanted });
    if (known.kind === "managed")
      throw new FleetError("USAGE", `${wanted} is the server ${known.server} already`, { id: wanted });
  }
  const named = match === undefined ? undefined : pattern(match);
  const chosen = others.filter((item) => id.includes(item.id) || named?.test(item.name));
  if (chosen.length > 0) return chosen;
  throw new FleetError("NOT_FOUND", `no machine of ${account} that is not the fleet's has a name like ${match}`, {});
}

function pattern(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch (cause) {
    throw new FleetError("USAGE", `--match ${text}: ${(cause as Error).message}`, {}, { cause });
  }
}

async function commitProposals(
  { controller }: Session,
  from: string,
  proposals: Proposal[],
  account: string,
): Promise<string> {
  const names = proposals.map(({ name }) => name);
  const what = names.length > 3 ? `${names.length} machines` : names.join(", ");
  const files = Object.fromEntries(proposals.map(({ path, text }) => [path, text]));
  return await commitFiles(controller, from, files, {
    message: `Adopt ${what} of ${account}\n\n${proposals.map(({ item, name }) => `${name}: ${item.id}`).join("\n")}\n`,
    author: await whoIsAsking(controller),
  });
}
