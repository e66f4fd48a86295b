import { FleetError } from "../../resources/errors.ts";
import type { NotificationTarget } from "../../resources/spec.ts";
import { deliver } from "../notify/outbox.ts";
import type { Controller } from "../reconcile/context.ts";
import type { Desired } from "../reconcile/desired.ts";
import { whenFree } from "../reconcile/leases.ts";
import { leaseOf } from "./queue.ts";

/**
 * Sends now what waits for one target, if nobody else is at it. Answers how many were sent.
 * @throws {FleetError} STACK_BUSY when another process is sending to it; as `deliver`
 */
export async function sendWaiting(
  controller: Controller,
  desired: Desired,
  target: NotificationTarget,
  signal: AbortSignal,
): Promise<number> {
  const sent = await whenFree(controller, leaseOf("notifications", target.name), signal, (signal) =>
    deliver(controller, desired, target, signal),
  );
  if (sent === undefined) throw new FleetError("STACK_BUSY", "another process is sending to it", {});
  return sent;
}
