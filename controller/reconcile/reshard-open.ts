import { FleetError } from "../../resources/errors.ts";
import type { Store } from "../store/types.ts";
import { isBaseStack, isOwnStack } from "./cells.ts";
import type { Hold } from "./types.ts";

/** A reshard that was begun and is not complete: some servers lie in their new stacks, the others in their old ones. */
export interface OpenReshard {
  /** The count of cells that it comes to. */
  cells: number;
  /** Marks the engine's processes that it starts, so that those of a dead one are found. */
  run: string;
  /** ISO instant when it was begun. */
  since: string;
}

/** Held while states are between two stacks, also by whoever copies all of them. */
export const MOVING_LEASE = "reshard";

const OPEN = "reshard.";

/** A reshard that lives is done within minutes, and whoever waits for it looks again. */
const AGAIN_MS = 60_000;

/** By the account's identity. */
export async function openReshards({ settings }: Pick<Store, "settings">): Promise<Map<string, OpenReshard>> {
  const found = await settings(OPEN);
  return new Map([...found].map(([identity, text]) => [identity, JSON.parse(text) as OpenReshard]));
}

export async function putReshard(
  { putSetting }: Pick<Store, "putSetting">,
  identity: string,
  open: OpenReshard,
): Promise<void> {
  await putSetting(`${OPEN}${identity}`, JSON.stringify(open));
}

export async function closeReshard({ removeSettings }: Pick<Store, "removeSettings">, identity: string): Promise<void> {
  await removeSettings([`${OPEN}${identity}`]);
}

/** The reshard that a stack waits for: what an account's servers share and machines in stacks of their own wait for none. */
export function reshardOf(stack: string, open: ReadonlyMap<string, OpenReshard>): OpenReshard | undefined {
  if (isBaseStack(stack) || isOwnStack(stack)) return undefined;
  return open.get(accountOf(stack));
}

/** `name` is the account's in the files. */
export function reshardHold(name: string, open: OpenReshard, now: number): Hold {
  const until = new Date(now + AGAIN_MS).toISOString();
  return { by: "reshard", what: `account ${name}`, reason: openWords(name, open), until };
}

export const openWords = (name: string, { cells, since }: Pick<OpenReshard, "cells" | "since">): string =>
  `a reshard to ${cells} ${cells === 1 ? "cell" : "cells"}, begun ${since}, is not complete: \`fleetwright reshard ${name}\` goes on with it`;

/**
 * Whoever declares a whole stack must not do so while its servers lie in two: it would remove what it does not know.
 * @throws {FleetError} STACK_BUSY
 */
export async function refuseOpenReshard(store: Pick<Store, "settings">, stack: string): Promise<void> {
  const open = reshardOf(stack, await openReshards(store));
  if (open === undefined) return;
  throw new FleetError("STACK_BUSY", `${stack}: ${openWords(accountOf(stack), open)}`, { stack });
}

const accountOf = (stack: string): string => stack.slice(0, stack.lastIndexOf("."));
