import { createHmac } from "node:crypto";
import { FleetError } from "../../resources/errors.ts";
import type { WebhookTarget } from "../../resources/spec.ts";
import { VERSION } from "../version.ts";
import type { Message } from "./message.ts";
import { post } from "./reach.ts";
import { Refused } from "./refused.ts";

const TIMEOUT_MS = 10_000;
const SECRET = /^whsec_([A-Za-z0-9+/]+={0,2})$/;

/**
 * Sends one message, signed. A receiver that has it already knows it by its id. Redirects are an error: a signed message goes where the file says.
 * @throws {Refused} when the receiver does not want this message; {FleetError} NOTIFY_FAILED when it cannot be reached, CREDENTIAL_MISSING
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export async function sendWebhook(
  { url }: WebhookTarget,
  secret: string,
  {
    id,
    fleet,
    message,
    now,
    allowed,
  }: { id: string; fleet: string; message: Message; now: number; allowed: string | undefined },
): Promise<void> {
  const { type, at, summary, data } = message;
  const body = JSON.stringify({ type, timestamp: at, data: { fleet, summary, ...data } });
  const seconds = Math.floor(now / 1000);
  const headers = {
    "content-type": "application/json",
    "user-agent": `fleetwright/${VERSION}`,
    "webhook-id": id,
    "webhook-timestamp": String(seconds),
    "webhook-signature": signatureOf(secret, id, seconds, body),
  };
  const status = await post({ url, headers, body, timeoutMs: TIMEOUT_MS, allowed });
  if (status >= 200 && status < 300) return;
  const reason = `it answered ${status}${status >= 300 && status < 400 ? ", and redirects are not followed" : ""}`;
  if (status >= 500 || status === 429) throw new FleetError("NOTIFY_FAILED", reason, { status });
  throw new Refused(reason, { status });
}

/** `v1,BASE64`. @throws {FleetError} CREDENTIAL_MISSING when the secret is none. */
function signatureOf(secret: string, id: string, seconds: number, body: string): string {
  const key = Buffer.from(SECRET.exec(secret)?.[1] ?? "", "base64");
  if (key.length < 24 || key.length > 64)
    throw new FleetError(
      "CREDENTIAL_MISSING",
      "the secret must be whsec_ and the base64 of 24 to 64 random bytes: echo whsec_$(openssl rand -base64 32)",
      {},
    );
  return `v1,${createHmac("sha256", key).update(`${id}.${seconds}.${body}`).digest("base64")}`;
}
