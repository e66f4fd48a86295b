import { setTimeout as delay } from "node:timers/promises";
import { type Act, act, type Composed } from "../api/dialect/act.ts";
import { Refusal } from "../api/dialect/refusal.ts";
import { isBusy } from "../changes/transitions.ts";
import { objectKey } from "../reconcile/types.ts";
import type { Room } from "./room.ts";

export interface Acting extends Pick<Act, "op" | "asked" | "until"> {
  compose(): Composed | Promise<Composed>;
}

/** Bare metal takes its cloud's time; a cloud that never answers is told as that. */
const WAIT_MS = 3 * 3600 * 1000;
const LOOK_MS = 200;

/** What a call has come to. */
export interface Acted {
  /** Id of the change; empty when all of it was so already. */
  change: string;
  /** The cloud's id of what was made. */
  id?: string;
}

/** Has the fleet changed, as its policy for this package allows, and waits for what is to be waited for. @throws {Refusal} */
export async function change(room: Room, { compose, ...acting }: Acting): Promise<Acted> {
  const call: Act = { dialect: "capsule", by: room.by, waitMs: WAIT_MS, compose, ...acting };
  const { change, id, state, answered } = await act(room, call, room.signal);
  await answered();
  if (state === "waiting" || (acting.until === "id" && id === undefined))
    throw new Refusal("provider", `nothing has come of ${change?.id} yet, and it goes on: look at it again later`, {
      ...(change && { change: change.id }),
    });
  return { change: change?.id ?? "", ...(id !== undefined && { id }) };
}

/** Waits until no change is under way on a server: a machine whose making is not recorded yet cannot be changed. */
export async function quiet({ service, signal }: Room, name: string): Promise<void> {
  const key = objectKey({ kind: "Server", account: "", name });
  for (;;) {
    const open = await service.changes.list(
      { states: ["previewing", "approved", "executing"] },
      Number.MAX_SAFE_INTEGER,
    );
    if (!open.some((one) => isBusy(one) && one.objects.includes(key))) return;
    await delay(LOOK_MS, undefined, { signal });
  }
}
