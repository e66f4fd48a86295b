import { FleetError } from "../../resources/errors.ts";
import type { MailTarget, NotificationTarget } from "../../resources/spec.ts";
import { isLoopback } from "../fleet/loopback.ts";
import type { Controller } from "../reconcile/context.ts";
import { sendMail } from "./mail.ts";
import type { Message } from "./message.ts";
import { PRIVATE_SETTING } from "./reach.ts";
import { allowance, allowedEndpoints, readSecret } from "./secret.ts";
import { sendWebhook } from "./webhook.ts";

export interface Delivery {
  /** The same each time that it is tried. */
  id: string;
  /** The fleet's id. */
  fleet: string;
  message: Message;
}

/**
 * Sends one message to one target, once.
 * @throws {Refused} when this message is not wanted; {FleetError} NOTIFY_FAILED, CREDENTIAL_MISSING
 */
export async function send(
  { environment, now }: Pick<Controller, "environment" | "now">,
  { by }: NotificationTarget,
  delivery: Delivery,
): Promise<void> {
  if (by.kind === "webhook")
    await sendWebhook(by, await readSecret(by.secret, environment), {
      ...delivery,
      now: now(),
      allowed: environment[PRIVATE_SETTING],
    });
  else await sendMail(by, await passwordFor(by, environment), delivery);
}

/** @throws {FleetError} CREDENTIAL_MISSING when no operator lets the password go to this server. */
async function passwordFor(
  { smtp: { host, port, login } }: MailTarget,
  environment: Controller["environment"],
): Promise<string | undefined> {
  if (login === undefined) return undefined;
  const endpoint = `${host}:${port}`;
  if (!isLoopback(host) && !(await allowedEndpoints(login.password, environment)).includes(endpoint))
    throw new FleetError(
      "CREDENTIAL_MISSING",
      `the password may not be sent to ${endpoint}; an operator allows it by ${allowance(login.password, endpoint)}`,
      { endpoint },
    );
  return await readSecret(login.password, environment);
}

/** The secrets that a target's reference leads to, for whoever must not show them. */
export async function secretsOf({ by }: NotificationTarget, environment: Controller["environment"]): Promise<string[]> {
  const ref = by.kind === "webhook" ? by.secret : by.smtp.login?.password;
  if (ref === undefined) return [];
  return await readSecret(ref, environment).then(
    (secret) => [secret],
    () => [],
  );
}
