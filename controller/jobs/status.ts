import type { BeingMade } from "../reconcile/being-made.ts";
import type { Controller } from "../reconcile/context.ts";
import { type OpenReshard, openReshards } from "../reconcile/reshard-open.ts";
import { type CellProposal, cellProposals } from "../reconcile/reshard-plan.ts";
import type { AppliedObject, RunRecord } from "../store/types.ts";
import { type LaneState, laneStates } from "./lane-states.ts";
import { type DeadLetter, deadLetters } from "./letters.ts";

/** A server as it is recorded. */
export interface RecordedServer {
  name: string;
  account: string;
  id?: string;
  stack: string;
  power: string;
  /** The next run looks at it first. */
  suspect: boolean;
}

export interface RecordedStack {
  stack: string;
  objects: number;
  suspects: number;
  /** Who is at work on it. */
  holder?: string;
}

/** What is on record of the whole fleet, whoever it belongs to; absent where there is nothing. */
export interface OpenWork {
  openApprovals: number;
  /** Creates that were sent and have no answer on record. */
  openIntents: number;
  /** Accounts whose stacks have too many servers, and reshards that are not complete. */
  reshards?: CellProposal[];
  openReshards?: ({ account: string } & Pick<OpenReshard, "cells" | "since">)[];
  /** What a service waits for, and what it has given up. */
  waiting?: LaneState[];
  deadLetters?: DeadLetter[];
}

export type StatusRun = Pick<RunRecord, "stack" | "kind" | "startedAt" | "finishedAt" | "outcome">;

/** What a controller remembers. Absent parts are not told to whoever asks. */
export interface Status extends Partial<OpenWork> {
  commit: string;
  stacks: RecordedStack[];
  servers: RecordedServer[];
  /** Machines that are being made ready; absent when there are none. */
  beingMade?: BeingMade[];
  runs: StatusRun[];
}

type Held = Pick<AppliedObject, "account" | "kind" | "name" | "identity" | "stack" | "refresh">;

/** The stacks that hold these objects, and who is at work on them. */
export async function recordedStacks(
  { store, now }: Pick<Controller, "store" | "now">,
  objects: readonly Pick<Held, "stack" | "refresh">[],
): Promise<RecordedStack[]> {
  return await Promise.all(
    [...Map.groupBy(objects, ({ stack }) => stack)].map(async ([stack, members]) => {
      const lease = await store.lease(stack);
      const entry = { stack, objects: members.length, suspects: members.filter(({ refresh }) => refresh).length };
      const isHeld = lease !== undefined && Date.parse(lease.expiresAt) > now();
      return !isHeld ? entry : { ...entry, holder: lease.holder };
    }),
  );
}

/** @param objects all that are recorded */
export async function openWork({ store }: Pick<Controller, "store">, objects: readonly Held[]): Promise<OpenWork> {
  const waiting = (await laneStates(store)).filter(({ state }) => state === "waiting");
  const letters = await deadLetters(store);
  const accounts = await store.accounts();
  const proposals = cellProposals(accounts, objects);
  const open = [...(await openReshards(store))].map(([identity, { cells, since }]) => {
    const account = accounts.find((recorded) => recorded.identity === identity)?.name ?? identity;
    return { account, cells, since };
  });
  return {
    openApprovals: (await store.openApprovals()).size,
    openIntents: (await store.openIntents()).length,
    ...(proposals.length > 0 && { reshards: proposals }),
    ...(open.length > 0 && { openReshards: open }),
    ...(waiting.length > 0 && { waiting }),
    ...(letters.length > 0 && { deadLetters: letters }),
  };
}

export function recordedServer({ name, document, cloudId, stack, refresh }: AppliedObject): RecordedServer {
  const line = {
    name,
    account: document.account,
    stack,
    power: document.kind === "Server" ? document.power : "",
    suspect: refresh,
  };
  return cloudId === undefined ? line : { ...line, id: cloudId };
}

export const statusRun = ({ stack, kind, startedAt, finishedAt, outcome }: StatusRun): StatusRun => ({
  stack,
  kind,
  startedAt,
  ...(finishedAt ? { finishedAt } : {}),
  ...(outcome ? { outcome } : {}),
});
