import type { AppliedObject, RecordedAccount } from "../store/types.ts";
import { isBaseStack, isOwnStack, jumpHash, serverStack } from "./cells.ts";

/** A stack's servers, from which on a preview, a write of its state and an engine's memory begin to hurt. */
export const MOST_SERVERS = 500;
/** So many are proposed: a run tells of every resource of its stack, and with fewer a stack's own cost outweighs that. */
const ROOMY_SERVERS = 250;

/** A server and the stack that it goes to. */
export interface CellMove {
  name: string;
  identity: string;
  from: string;
  to: string;
}

type Placed = Pick<AppliedObject, "account" | "kind" | "name" | "identity" | "stack">;

/** Whether a record is of a server in one of its account's cells; machines in stacks of their own stay there. */
export const isInCell = ({ kind, stack }: Pick<Placed, "kind" | "stack">): boolean =>
  kind === "Server" && !isOwnStack(stack) && !isBaseStack(stack);

/** The servers of one account that do not lie where this count of cells has them, in the order of stacks and names. */
export function cellMoves(records: readonly Placed[], cells: number): CellMove[] {
  const moves = records.filter(isInCell).flatMap(({ account, name, identity, stack }): CellMove[] => {
    const to = serverStack(account, identity, cells);
    return to === stack ? [] : [{ name, identity, from: stack, to }];
  });
  const key = ({ from, to, name }: CellMove) => `${to}\n${from}\n${name}`;
  return moves.sort((one, other) => (key(one) < key(other) ? -1 : 1));
}

/** All stacks of an account whose servers may move, and what they share: whoever holds these is alone with the account's records. */
export function stacksOfCells(account: string, counts: readonly number[], records: readonly Placed[]): string[] {
  const most = Math.max(...counts);
  const cells = Array.from({ length: most }, (_, cell) => `${account}.${cell}`);
  const stray = records.filter(isInCell).map(({ stack }) => stack);
  return [...new Set([`${account}.base`, ...cells, ...stray])];
}

/** Servers by stack, with every one of the cells. */
export function serversOfCells(account: string, identities: readonly string[], cells: number): Map<string, number> {
  const counts = new Map(Array.from({ length: cells }, (_, cell) => [`${account}.${cell}`, 0]));
  for (const identity of identities) {
    const stack = serverStack(account, identity, cells);
    counts.set(stack, counts.get(stack)! + 1);
  }
  return counts;
}

/** An account with a stack that has too many servers, and the count of cells at which all have room. */
export interface CellProposal {
  account: string;
  cells: number;
  /** Of the fullest stack. */
  stack: string;
  servers: number;
  proposed: number;
  command: string;
}

export function cellProposals(
  accounts: readonly RecordedAccount[],
  records: readonly Placed[],
  { most, wanted } = { most: MOST_SERVERS, wanted: ROOMY_SERVERS },
): CellProposal[] {
  const byAccount = Map.groupBy(records.filter(isInCell), ({ account }) => account);
  return accounts.flatMap(({ identity, name, cells }): CellProposal[] => {
    const own = byAccount.get(identity) ?? [];
    const stacks = [...Map.groupBy(own, ({ stack }) => stack)].map(
      ([stack, members]) => [stack, members.length] as const,
    );
    const [stack, servers] = stacks.reduce((fullest, each) => (each[1] > fullest[1] ? each : fullest), ["", 0]);
    if (servers <= most) return [];
    const proposed = fewestCells(
      own.map((record) => record.identity),
      wanted,
    );
    // Servers that lie elsewhere than their count has them: the same count brings them there.
    const command = `fleetwright reshard ${name} --cells ${proposed}`;
    return [{ account: name, cells, stack, servers, proposed, command }];
  });
}

/** The lowest count of cells of which none has more servers than that. */
export function fewestCells(identities: readonly string[], most: number): number {
  for (let cells = Math.max(1, Math.ceil(identities.length / most)); ; cells++) {
    const counts = new Array<number>(cells).fill(0);
    if (identities.every((identity) => ++counts[jumpHash(identity, cells)]! <= most)) return cells;
  }
}
