import { FleetError } from "../../resources/errors.ts";
import { redactor } from "../../resources/secrets.ts";
import type { NotificationTarget } from "../../resources/spec.ts";
import { sha256 } from "../fleet/canonical.ts";
import type { Controller } from "../reconcile/context.ts";
import type { Desired } from "../reconcile/desired.ts";
import type { StoredEvent } from "../store/types.ts";
import { type EventContext, type Message, messagesOf } from "./message.ts";
import { Refused } from "./refused.ts";
import { secretsOf, send } from "./send.ts";

/** Events, and messages, that are read at once. */
const BATCH = 200;

type Fleet = Pick<Desired, "fleet" | "byIdentity">;

/** Who is told, as the files of a commit say. */
export const targetsOf = ({ fleet }: Pick<Desired, "fleet">): NotificationTarget[] => fleet.notifications ?? [];

/**
 * Writes down what each target is to be sent of the events that it has not been told of: once, in whichever process. Answers the names of targets
 * that something waits for now.
 * @throws {FleetError} STORE_FAILED
 */
export async function collect(controller: Controller, desired: Fleet): Promise<string[]> {
  const { store } = controller;
  const targets = targetsOf(desired);
  await store.setNotificationTargets(targets.map(({ name }) => name));
  if (targets.length === 0) return [];
  const redact = redactor(await allSecrets(controller, desired, targets));
  const waiting: string[] = [];
  for (const { name, on } of targets) {
    for (let more = true; more; ) {
      const untold = await store.untold(name, on, BATCH);
      more = untold.events.length === BATCH;
      if (untold.events.length === 0) break;
      const context = await contextOf(controller, desired, untold.events);
      const notifications = untold.events
        .filter((event) => !isAboutItself(event, name))
        .flatMap((event) =>
          messagesOf(event, context).map((message, place) => ({
            id: idOf(desired.fleet.id, name, event, place),
            event: event.seq,
            message: JSON.parse(redact(JSON.stringify(message))) as Message,
          })),
        );
      const isFirst = await store.putNotifications(name, untold, notifications);
      if (isFirst && notifications.length > 0 && !waiting.includes(name)) waiting.push(name);
    }
  }
  return waiting;
}

/** That a target cannot be reached is told to others: it would only wait there for itself. */
function isAboutItself({ kind, data }: StoredEvent, target: string): boolean {
  if (kind !== "failure.dead") return false;
  const { queue, lane } = data as { queue: string; lane: string };
  return queue === "notifications" && lane === target;
}

/** Made of what it tells, and not by chance: a restored database sends what it tells anew under the same id. */
function idOf(fleet: string, target: string, { seq, at }: StoredEvent, place: number): string {
  return `msg_${sha256(`${fleet}\n${target}\n${seq}\n${at}\n${place}`).slice(0, 32)}`;
}

async function contextOf({ store }: Controller, desired: Fleet, events: readonly StoredEvent[]): Promise<EventContext> {
  const ids = events.flatMap(({ kind, data }) => {
    if (kind !== "drift") return [];
    const { started, ended } = data as { started: number[]; ended: number[] };
    return [...started, ...ended];
  });
  return {
    drift: new Map((await store.driftById(ids)).map((one) => [one.id, one])),
    accountName: (identity) => desired.byIdentity.get(identity)?.spec.name ?? identity,
  };
}

/** What no message may hold: an error may repeat what was sent. */
async function allSecrets(controller: Controller, desired: Fleet, targets: NotificationTarget[]): Promise<string[]> {
  const own = await Promise.all(targets.map((target) => secretsOf(target, controller.environment)));
  const accounts = [...desired.byIdentity.values()].flatMap(({ spec }) => {
    try {
      return Object.values(controller.account(spec).credentials);
    } catch {
      // What is not set cannot be told.
      return [];
    }
  });
  return [...own.flat(), ...accounts];
}

/**
 * Sends what waits for one target, oldest first, and marks each as soon as it is sent: a kill in between sends that one again, under the same id. A
 * message that is refused does not hold up the next ones; a target that cannot be reached does. Answers how many were sent.
 * @throws {FleetError} NOTIFY_FAILED, CREDENTIAL_MISSING with what is left to be sent; STORE_FAILED
 */
export async function deliver(
  controller: Controller,
  { fleet }: Pick<Desired, "fleet">,
  target: NotificationTarget,
  signal: AbortSignal,
): Promise<number> {
  const { store } = controller;
  const refused: Refused[] = [];
  let sent = 0;
  for (;;) {
    const batch = await store.unsent(target.name, BATCH + refused.length);
    const fresh = batch.slice(refused.length);
    if (fresh.length === 0) break;
    for (const { id, message } of fresh) {
      signal.throwIfAborted();
      try {
        await send(controller, target, { id, fleet: fleet.id, message: message as Message });
      } catch (error) {
        if (!(error instanceof Refused)) throw named(error, target.name);
        refused.push(error);
        continue;
      }
      await store.markSent(id);
      sent += 1;
    }
  }
  if (refused.length > 0) throw named(refused[0]!, target.name);
  return sent;
}

function named(error: unknown, target: string): unknown {
  if (!(error instanceof FleetError)) return error;
  return new FleetError(error.code, `notifications to ${target}: ${error.message}`, error.at, { cause: error });
}
