import { randomUUID } from "node:crypto";
import type { NotificationTarget } from "../../resources/spec.ts";
import type { Controller } from "../reconcile/context.ts";
import type { Desired } from "../reconcile/desired.ts";
import type { Message } from "./message.ts";
import { send } from "./send.ts";

/**
 * Sends one message, signed as any other, that says that it is a test. Answers its id.
 * @throws {Refused} when it is not wanted; {FleetError} NOTIFY_FAILED, CREDENTIAL_MISSING
 */
export async function sendTest(
  controller: Pick<Controller, "environment" | "now">,
  { fleet }: Pick<Desired, "fleet">,
  target: NotificationTarget,
): Promise<string> {
  const message: Message = {
    type: "test",
    at: new Date(controller.now()).toISOString(),
    summary: "a test: notifications of this fleet arrive here",
    lines: [`told of: ${target.on.join(", ")}`],
    data: { target: target.name, on: target.on },
  };
  const id = `msg_${randomUUID()}`;
  await send(controller, target, { id, fleet: fleet.id, message });
  return id;
}

/** An address may hold more than its host that is not for everybody's eyes. */
export const placeOf = ({ by }: NotificationTarget): string =>
  by.kind === "webhook" ? `webhook at ${new URL(by.url).host}` : `mail to ${by.to.join(", ")}`;
