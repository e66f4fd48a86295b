import { randomUUID } from "node:crypto";
import { createServer } from "node:net";
import { FleetError } from "../../resources/errors.ts";
import type { StackObject } from "../../resources/spec.ts";
import type { Engine } from "../engine/engine.ts";
import { NO_STATE } from "../engine/states.ts";
import type { AppliedObject } from "../store/types.ts";
import { serverStack } from "./cells.ts";
import { type Controller, cloudOf } from "./context.ts";
import { readDesired } from "./desired.ts";
import { endRun } from "./end-run.ts";
import { whenFree, withLeases } from "./leases.ts";
import { matchObjects } from "./match.ts";
import { mendState, restoredSetting } from "./mend-state.ts";
import { recoverStacks } from "./recover-stacks.ts";
import { closeReshard, MOVING_LEASE, type OpenReshard, openReshards, putReshard } from "./reshard-open.ts";
import { type CellMove, isInCell, stacksOfCells } from "./reshard-plan.ts";
import { isStackOwn, partEntries, plainUrn, type StateEntry, withArrivals } from "./reshard-split.ts";
import { forgetState, noteState } from "./state-version.ts";
import { resourceNames } from "./urns.ts";

export interface Moved {
  /** The count of cells on record until now. */
  before: number;
  /** What this attempt has moved; what an earlier one had moved before it was cut off is not among it. */
  moves: CellMove[];
  /** Stacks that are there no more. */
  removed: string[];
  notes: string[];
}

/** A server by what state calls its resources. */
interface Member {
  identity: string;
  name: string;
  to: string;
  /** Where its record has it; undefined for one without a record, whose first run was cut off. */
  from?: string;
}

/** One attempt, under the leases of all that it touches. */
interface Attempt {
  controller: Controller;
  engine: Engine;
  account: string;
  open: OpenReshard;
  /** An earlier attempt was cut off: its engine may have left locks. */
  isResumed: boolean;
  signal: AbortSignal;
}

/**
 * Moves the states of an account's servers to where this count of cells has them, and records the count. No cloud is asked. A server's entries
 * are written to the stack that it goes to, then its record names that stack, then they leave the other one: at each instant there is a state that has it. What is
 * to be done is told from states and records alone, so whoever comes after one that was cut off goes on with the rest.
 * @throws {FleetError} STACK_BUSY, STATE_DAMAGED, ENGINE_FAILED, FLEET_INVALID, LEASE_LOST
 */
export async function moveCells(
  controller: Controller,
  account: string,
  cells: number,
  signal: AbortSignal,
): Promise<Moved> {
  const stacks = await stacksToHold(controller, account, cells);
  return await withLeases(controller, stacks, signal, (held) => attempt(controller, account, cells, stacks, held));
}

/** Goes on with reshards whose process has died. One that somebody alive is at, or that fails, is left alone: its servers stay held. */
export async function resumeReshards(controller: Controller, signal: AbortSignal): Promise<void> {
  for (const [account, { cells }] of await openReshards(controller.store)) {
    signal.throwIfAborted();
    try {
      const stacks = await stacksToHold(controller, account, cells);
      await whenFree(controller, stacks, signal, async (held) => {
        // It may have come to its end meanwhile.
        const open = (await openReshards(controller.store)).get(account);
        return open && (await attempt(controller, account, open.cells, stacks, held));
      });
    } catch (error) {
      if (signal.aborted || !(error instanceof FleetError)) throw error;
      controller.progress({ kind: "note", text: `the reshard of ${account} could not go on: ${error.message}` });
    }
  }
}

async function stacksToHold({ store }: Controller, account: string, cells: number): Promise<string[]> {
  const recorded = (await store.accounts()).find(({ identity }) => identity === account)?.cells ?? 1;
  const counts = [cells, recorded, (await openReshards(store)).get(account)?.cells ?? 1];
  return [MOVING_LEASE, ...stacksOfCells(account, counts, await store.objects({ account, kind: "Server" }))];
}

async function attempt(
  controller: Controller,
  account: string,
  cells: number,
  held: string[],
  signal: AbortSignal,
): Promise<Moved> {
  const { store } = controller;
  const before = (await store.accounts()).find(({ identity }) => identity === account)?.cells ?? cells;
  const cut = (await openReshards(store)).get(account);
  // An import that its controller has not outlived would write an older state over ours.
  if (cut !== undefined) await endRun(cut.run);
  await recoverStacks(controller, held);
  for (const stack of held.filter((name) => name !== MOVING_LEASE)) await mendState(controller, stack);
  await refuseRestored(controller, held);
  const since = cut?.cells === cells ? cut.since : new Date(controller.now()).toISOString();
  const open: OpenReshard = { cells, run: randomUUID(), since };
  tell(controller, `${account}: ${cut === undefined ? "begins" : "goes on with"} a reshard to ${cells} cells`);
  await putReshard(store, account, open);

  const engine = await controller.engine();
  const work: Attempt = { controller, engine, account, open, isResumed: cut !== undefined, signal };
  const members = await membersOf(work);
  const moves = await copyAll(work, members);
  await leaveAll(work, members);
  const { removed, notes } = await removeEmpty(work);
  tell(controller, `${account}: records ${cells} cells`);
  await store.putCells(account, cells);
  await closeReshard(store, account);
  tell(controller, `${account}: has ${cells} cells`);
  await store.event({ kind: "reshard", object: account, data: { before, cells, servers: moves.length } });
  return { before, moves, removed, notes };
}

const tell = ({ progress }: Controller, text: string): void => progress({ kind: "phase", text });

/** What a state that was put back lacks is taken over from the records first: those of a moved server would not be looked for there. */
async function refuseRestored({ store }: Controller, stacks: string[]): Promise<void> {
  for (const stack of stacks) {
    if ((await store.setting(restoredSetting(stack))) !== "pending") continue;
    throw new FleetError(
      "STATE_DAMAGED",
      `the state of ${stack} was put back from a copy and is not looked through yet: \`fleetwright apply\` does that, then go on`,
      { stack },
    );
  }
}

/** Servers of the account's cells by type and name of each resource that they have, had or are to get. */
async function membersOf({ controller, account, open, signal }: Attempt): Promise<Map<string, Member>> {
  const { store, repo } = controller;
  const desired = await readDesired(controller, await repo.head(), signal);
  const applied = await store.objects();
  const members = new Map<string, Member>();
  const add = (document: StackObject, member: Member) => {
    for (const { type, name } of resourceNames(cloudOf(controller, document.provider), document, member.identity))
      members.set(`${type}::${name}`, member);
  };
  const recorded = new Map<string, Member>();
  const inCells = (record: AppliedObject) => record.account === account && isInCell(record);
  for (const record of applied.filter(inCells)) {
    const { identity, name, stack, document } = record;
    const member = { identity, name, from: stack, to: serverStack(account, identity, open.cells) };
    recorded.set(identity, member);
    add(document, member);
  }
  for (const match of matchObjects(desired.objects, applied, desired.accounts)) {
    if (match.account !== account || match.desired?.spec.kind !== "Server" || !isInCell({ kind: "Server", ...match }))
      continue;
    const { identity, desired: wanted } = match;
    const to = serverStack(account, identity, open.cells);
    add(wanted.spec, recorded.get(identity) ?? { identity, name: wanted.spec.name, to });
  }
  return members;
}

/** The account's cells that have a state. */
async function cellStacks({ engine, account }: Attempt): Promise<string[]> {
  const isCell = (stack: string) => stack.startsWith(`${account}.`) && /^\d+$/.test(stack.slice(account.length + 1));
  return (await engine.stacks()).filter(isCell).sort();
}

async function copyAll(work: Attempt, members: ReadonlyMap<string, Member>): Promise<CellMove[]> {
  const moves = await movesOf(work, members);
  const exported = new Map<string, StateEntry[]>();
  const stacks = new Set(await cellStacks(work));
  for (const [to, coming] of [...Map.groupBy(moves, (move) => move.to)].sort()) {
    work.signal.throwIfAborted();
    const sources = [...Map.groupBy(coming, ({ from }) => from)].sort();
    tell(work.controller, `${to}: takes ${coming.length} servers of ${sources.map(([from]) => from).join(", ")}`);
    for (const [from] of sources)
      if (stacks.has(from) && !exported.has(from)) exported.set(from, await entries(work, from));
    await copy(work, members, to, sources, exported);
    exported.delete(to);
    const identities = coming.map(({ identity }) => identity);
    tell(work.controller, `${to}: is recorded as the stack of ${coming.length} servers`);
    await work.controller.store.moveServers(work.account, identities, to);
  }
  return moves;
}

/** What lies in another stack than it is to lie in. Where its record has it counts, as long as state agrees. */
async function movesOf(work: Attempt, members: ReadonlyMap<string, Member>): Promise<CellMove[]> {
  const found = new Map<Member, Set<string>>([...members.values()].map((member) => [member, new Set()]));
  for (const stack of await cellStacks(work))
    for (const urn of await work.engine.urns(stack)) {
      const member = memberOf(members, urn);
      if (member !== undefined) found.get(member)!.add(stack);
    }
  return [...found].flatMap(([{ identity, name, from: recorded, to }, stacks]): CellMove[] => {
    const [first = recorded] = stacks;
    const isThere = stacks.has(to);
    if (recorded === undefined || recorded === to)
      return isThere || first === undefined || first === to ? [] : [{ identity, name, from: first, to }];
    return [{ identity, name, from: stacks.has(recorded) || isThere ? recorded : first!, to }];
  });
}

/** Writes what comes into a stack's state, all of it at once. */
async function copy(
  work: Attempt,
  members: ReadonlyMap<string, Member>,
  to: string,
  sources: [string, CellMove[]][],
  exported: ReadonlyMap<string, StateEntry[]>,
): Promise<void> {
  const arrivals = sources.flatMap(([from, coming]) => {
    const identities = new Set(coming.map(({ identity }) => identity));
    const source = exported.get(from) ?? [];
    const goes = ({ urn }: StateEntry) => (identities.has(memberOf(members, urn)?.identity ?? "") ? to : undefined);
    const arriving = partEntries(source, goes).get(to) ?? [];
    return arriving.length === 0 ? [] : [{ from, source, arriving }];
  });
  if (arrivals.length === 0) return;
  const address = await freeAddress();
  const { project } = work.engine.settings;
  await rewrite(work, to, (target) =>
    arrivals.reduce(
      (all, { from, source, arriving }) => withArrivals(all, source, arriving, { project, from, to }, address),
      target,
    ),
  );
}

const memberOf = (members: ReadonlyMap<string, Member>, urn: string): Member | undefined => members.get(plainUrn(urn));

/** Takes out of each stack what another one has for it by now. */
async function leaveAll(work: Attempt, members: ReadonlyMap<string, Member>): Promise<void> {
  const { engine, open } = work;
  for (const stack of await cellStacks(work)) {
    work.signal.throwIfAborted();
    const goes = ({ urn }: StateEntry) => {
      const to = memberOf(members, urn)?.to;
      return to === stack ? undefined : to;
    };
    const leaving = partEntries(await engine.resources(stack), goes);
    if (leaving.size === 0) continue;
    for (const [to, parts] of leaving) await refuseLost(work, stack, to, parts);
    tell(work.controller, `${stack}: gives up what ${[...leaving.keys()].sort().join(", ")} took`);
    const gone = new Set([...leaving.values()].flat().map(({ urn }) => urn));
    await rewrite(work, stack, (all) => {
      const left = all.filter(({ urn }) => !gone.has(urn));
      return isBeyond(stack, open) && left.every(isStackOwn) ? [] : left;
    });
  }
}

/** Nothing is taken out that the other stack does not have. */
async function refuseLost({ engine }: Attempt, from: string, to: string, parts: StateEntry[]): Promise<void> {
  const there = new Set((await engine.urns(to)).values().map(plainUrn));
  const lost = parts.find(({ urn }) => !there.has(plainUrn(urn)));
  if (lost === undefined) return;
  throw new FleetError(
    "STATE_DAMAGED",
    `${plainUrn(lost.urn)} is in the state of ${from}, and ${to}, where it goes, does not have it: it stays. Go on once nobody else is at work on ${to}`,
    { stack: from, to },
  );
}

/** Whether a stack is none of the account's any more. */
const isBeyond = (stack: string, { cells }: OpenReshard): boolean =>
  Number(stack.slice(stack.lastIndexOf(".") + 1)) >= cells;

async function removeEmpty(work: Attempt): Promise<Pick<Moved, "removed" | "notes">> {
  const { controller, engine, open } = work;
  const removed: string[] = [];
  const notes: string[] = [];
  for (const stack of (await cellStacks(work)).filter((name) => isBeyond(name, open))) {
    work.signal.throwIfAborted();
    const left = await engine.resources(stack);
    const strange = left.find((entry) => !isStackOwn(entry));
    if (strange !== undefined) {
      notes.push(`${stack} stays: its state has ${plainUrn(strange.urn)}, which no record and no file tells of`);
      continue;
    }
    tell(controller, `${stack}: is empty, and goes`);
    if (left.length > 0) await rewrite(work, stack, () => []);
    await engine.removeStack(stack, open.run);
    await forgetState(controller.store, stack);
    removed.push(stack);
  }
  return { removed, notes };
}

async function entries({ engine, open }: Attempt, stack: string): Promise<StateEntry[]> {
  return ((await engine.exportState(stack, open.run)).deployment?.resources ?? []) as StateEntry[];
}

/** Puts other entries into a stack's state. @throws {FleetError} STACK_BUSY when somebody without its lease has changed it meanwhile. */
async function rewrite(work: Attempt, stack: string, change: (entries: StateEntry[]) => StateEntry[]): Promise<void> {
  const { controller, engine, open, isResumed } = work;
  const version = await engine.stateVersion(stack);
  const state = await engine.exportState(stack, open.run);
  state.deployment = { ...state.deployment, resources: change(state.deployment?.resources ?? []) };
  if (version !== NO_STATE && version !== (await engine.stateVersion(stack)))
    throw new FleetError("STACK_BUSY", `somebody else has changed the state of ${stack} just now: go on later`, {
      stack,
    });
  const write = () => engine.importState(stack, state, open.run);
  await write().catch(async (error: unknown) => {
    if (!isResumed || !(error instanceof FleetError) || error.code !== "STACK_BUSY") throw error;
    await engine.cancel(stack);
    await write();
  });
  await noteState(controller, stack);
}

/** For the gateway of a stack that had none. Should somebody else take it meanwhile, the next run writes another into the state. */
async function freeAddress(): Promise<string> {
  const server = createServer();
  return await new Promise((resolve, reject) => {
    server.once("error", reject).listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" ? address?.port : undefined;
      server.close(() => resolve(`http://127.0.0.1:${port}`));
    });
  });
}
