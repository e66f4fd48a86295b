import { FleetError } from "../../resources/errors.ts";
import type { AccountSpec } from "../../resources/spec.ts";
import { parseCached } from "../fleet/cache.ts";
import { setField } from "../fleet/edit.ts";
import { kindOfPath } from "../fleet/file.ts";
import type { Person } from "../repo/commit.ts";
import { commitFiles } from "./commit-files.ts";
import type { Controller } from "./context.ts";
import { readDesired } from "./desired.ts";
import { recover } from "./recover.ts";
import { moveCells } from "./reshard-move.ts";
import { type CellMove, cellMoves, isInCell, serversOfCells } from "./reshard-plan.ts";

/** More than an account's file may ask for. */
const MOST_CELLS = 1_000;

export interface ReshardOptions {
  /** Name of the account in the files. */
  account: string;
  /** Default: what its file asks for. */
  cells?: number;
  /** Only tell what would be moved. */
  dryRun?: boolean;
  /** Of the commit that writes the count into the account's file, where another stands there. */
  author: Person;
  signal: AbortSignal;
}

export interface Resharded {
  account: string;
  /** The counts of cells on record before and after. */
  before: number;
  cells: number;
  /** That the file says so; absent where it said so already. */
  commit?: string;
  moves: CellMove[];
  /** Servers by stack afterwards; machines in stacks of their own are in none of these. */
  stacks: { stack: string; servers: number }[];
  removed: string[];
  notes: string[];
}

/**
 * Spreads an account's servers over another count of stacks. The count is committed to the account's file first, then states are moved; no machine is touched, and
 * what was previewed or approved stays as it was. One that was cut off is completed by calling this again, and by whatever recovers.
 * @throws {FleetError} NOT_FOUND, USAGE, GUARD_REFUSED, FLEET_INVALID, DIRTY_TREE, STACK_BUSY, STATE_DAMAGED, ENGINE_FAILED
 */
export async function reshard(controller: Controller, options: ReshardOptions): Promise<Resharded> {
  const { store } = controller;
  const { signal, dryRun = false } = options;
  if (!dryRun) await recover(controller, signal);
  const desired = await readDesired(controller, await controller.repo.head(), signal);
  const account = desired.accounts.get(options.account);
  if (account === undefined)
    throw new FleetError("NOT_FOUND", `the fleet has no account ${options.account}`, { account: options.account });
  const { identity, spec } = account;
  const cells = options.cells ?? spec.cells;
  if (!Number.isInteger(cells) || cells < 1 || cells > MOST_CELLS)
    throw new FleetError("USAGE", `a count of cells is a whole number from 1 to ${MOST_CELLS}`, { cells });

  const records = (await store.objects({ account: identity, kind: "Server" })).filter(isInCell);
  const planned = cellMoves(records, cells);
  refuseSuspended(spec, planned);
  const identities = records.map((record) => record.identity);
  const stacks = [...serversOfCells(identity, identities, cells)].map(([stack, servers]) => ({ stack, servers }));
  const told = { account: spec.name, cells, stacks };
  const before = account.recorded ? account.cells : spec.cells;
  if (dryRun) return { ...told, before, moves: planned, removed: [], notes: [] };

  const commit = spec.cells === cells ? undefined : await commitCells(controller, options, cells);
  const done =
    account.recorded && (planned.length > 0 || account.cells !== cells)
      ? await moveCells(controller, identity, cells, signal)
      : { before, moves: [], removed: [], notes: [] };
  return { ...told, ...(commit === undefined ? {} : { commit }), ...done };
}

/** A suspended stack is suspended for the servers that are in it: moving some out of it would let them go on. */
function refuseSuspended({ name, suspendStacks = {} }: AccountSpec, moves: CellMove[]): void {
  const suspended = Object.keys(suspendStacks).filter((stack) => stack !== "base");
  if (suspended.length === 0 || moves.length === 0) return;
  throw new FleetError(
    "GUARD_REFUSED",
    `${name}: suspendStacks holds ${suspended.map((cell) => `${name}.${cell}`).join(", ")}, and other servers would lie there: suspend the account or single servers instead, and take it out`,
    { account: name },
  );
}

async function commitCells(
  controller: Controller,
  { account, author }: ReshardOptions,
  cells: number,
): Promise<string> {
  const { repo, loaded } = controller;
  const head = await repo.head();
  const files = await repo.files(head);
  const file = files.find((candidate) => {
    if (kindOfPath(candidate.path) !== "Account") return false;
    return parseCached(candidate, loaded.parsed).name === account;
  });
  if (file === undefined) throw new FleetError("NOT_FOUND", `the account ${account} has no file`, { account });
  const text = setField(file.text, ["cells"], cells);
  const message = `Spread ${account} over ${cells} ${cells === 1 ? "stack" : "stacks"}\n`;
  return await commitFiles(controller, head, { [file.path]: text }, { message, author });
}
