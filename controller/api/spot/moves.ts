import { setTimeout as delay } from "node:timers/promises";
import type { CallObject } from "../../changes/call.ts";
import type { Change, ChangeState } from "../../changes/types.ts";
import type { Principal } from "../../people/principal.ts";
import { commandsOf } from "../../reconcile/hosts.ts";
import { act, type Composed } from "../dialect/act.ts";
import { Refusal } from "../dialect/refusal.ts";
import type { SpotApi } from "./api.ts";
import { lastMove, secondsOf } from "./commands.ts";
import { moveEdits } from "./move-edits.ts";
import { type Move, type Place, placeOf, validationOf } from "./place.ts";

/** So long a caller waits for the end. */
const WAIT_MS = 120_000;
const LOOK_MS = 100;
/** May still move something. */
const UNDER_WAY: readonly ChangeState[] = ["previewing", "needs-approval", "approved", "executing", "failed"];

export interface Moved {
  commands: readonly string[];
  /** `2.3s` */
  took: string;
  /** Absent when it was done before. */
  change?: string;
}

export const commandsOfMove = ({ host, source, target }: Move): string[] => commandsOf(host, source, target);

/**
 * Moves a host by a change, and waits for its end. The same again joins it, and once it is done is answered as it was.
 * @throws {Refusal} not-found, malformed, conflict, forbidden; internal naming the change that goes on after two minutes
 */
export async function executeMove(api: SpotApi, move: Move, by: Principal, caller: AbortSignal): Promise<Moved> {
  const until = api.controller.steady() + WAIT_MS;
  const left = () => Math.max(0, until - api.controller.steady());
  let earlier: Moved | undefined;
  const compose = async (seed: string): Promise<Composed> => {
    const composed = composedOf(move);
    if ((await api.service.changes.opened({ by, key: seed })) !== undefined) return composed;
    await settled(api, move, left(), caller);
    // What another move has brought to the main line counts for this one.
    await api.service.look();
    const place = await placeOf(api, move, caller);
    earlier = await doneBefore(api, move, place);
    if (earlier !== undefined) return composed;
    const whole = movable(move, place);
    return { ...composed, edits: await moveEdits(api, move, whole) };
  };
  const call = { dialect: "spot", op: "move", by, asked: ["execute-migration", move], compose } as const;
  // One after another as far as the main line: each edits the lists that the one before has left.
  await api.turns.take("move", AbortSignal.any([caller, AbortSignal.timeout(WAIT_MS)]), async () => {
    const { change } = await act(api, { ...call, until: "passed", waitMs: left() }, caller);
    if (change !== undefined) await landed(api, change.id, until, caller);
  });
  if (earlier !== undefined) return earlier;
  const { change, state, answered } = await act(api, { ...call, until: "done", waitMs: left() }, caller);
  if (change === undefined || state !== "done")
    throw new Refusal(
      "internal",
      `the move of ${move.host} has not ended within ${WAIT_MS / 1000} s and goes on: ask again`,
      change === undefined ? {} : { change: change.id },
    );
  await answered();
  return { commands: commandsOfMove(move), took: await tookOf(api, change), change: change.id };
}

function composedOf({ host, source, target }: Move): Composed {
  const objects: [CallObject, ...CallObject[]] = [
    { kind: "AggregateHost", name: host },
    { kind: "Aggregate", name: source },
    { kind: "Aggregate", name: target },
  ];
  return { title: `Move ${host} from ${source} to ${target}`, objects, edits: [] };
}

/** Waits until a change is on the main line, or has come to its end before. */
async function landed(api: SpotApi, id: string, until: number, signal: AbortSignal): Promise<void> {
  for (;;) {
    const { state, merged } = await api.service.changes.get(id);
    if (merged !== undefined || !UNDER_WAY.includes(state) || api.controller.steady() >= until) return;
    await delay(LOOK_MS, undefined, { signal });
  }
}

/** Waits for an earlier move of the same host. */
async function settled(api: SpotApi, { host }: Move, ms: number, signal: AbortSignal): Promise<void> {
  for (const account of api.desired.accounts.keys()) {
    const object = `AggregateHost/${account}/${host}`;
    for (const { id } of await api.service.changes.list({ object, states: UNDER_WAY }, 10))
      await api.service.changes.settled(id, ms, signal);
  }
}

/** The host is where it was asked to go, by the move that moved it last. */
async function doneBefore(api: SpotApi, move: Move, place: Place | undefined): Promise<Moved | undefined> {
  const { host } = move;
  if (place?.target?.hosts.includes(host) !== true || place.source?.hosts.includes(host) === true) return undefined;
  const last = await lastMove(api, host);
  const commands = commandsOfMove(move);
  if (last?.commands.join("\n") !== commands.join("\n")) return undefined;
  return { commands, took: last.took, change: last.change };
}

/** @throws {Refusal} not-found, invalid: what the cloud does not have, or has elsewhere */
export function movable(move: Move, place: Place | undefined): Required<Pick<Place, "source" | "target">> & Place {
  const { host, source, target } = move;
  const details = { validation: validationOf(place, move) };
  if (place?.source === undefined)
    throw new Refusal("not-found", `there is no aggregate ${source}`, { field: "source_aggregate", details });
  if (place.target === undefined)
    throw new Refusal("not-found", `there is no aggregate ${target}`, { field: "target_aggregate", details });
  if (!place.isHost) throw new Refusal("not-found", `there is no host ${host}`, { field: "host", details });
  if (source === target)
    throw new Refusal("invalid", "source and target are one aggregate", { field: "target_aggregate", details });
  if (!place.source.hosts.includes(host))
    throw new Refusal("invalid", `${host} is not in ${source}`, { field: "host", details });
  return { ...place, source: place.source, target: place.target };
}

async function tookOf(api: SpotApi, { id }: Change): Promise<string> {
  return secondsOf(await api.service.changes.steps(id));
}
