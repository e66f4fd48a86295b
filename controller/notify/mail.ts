import { createTransport } from "nodemailer";
import { FleetError } from "../../resources/errors.ts";
import type { MailTarget } from "../../resources/spec.ts";
import { isLoopback } from "../fleet/loopback.ts";
import type { Message } from "./message.ts";
import { Refused } from "./refused.ts";

const TIMEOUT_MS = 10_000;
/** Of servers that encrypt from the first byte. */
const TLS_PORT = 465;

/**
 * Sends one message. Its Message-ID is made of its id, so that a mail server or a reader that has it already can tell.
 * @throws {Refused} when the server does not want this message; {FleetError} NOTIFY_FAILED when it cannot be reached or does not let us in.
 */
export async function sendMail(
  { to, from, smtp: { host, port, login } }: MailTarget,
  password: string | undefined,
  { id, fleet, message }: { id: string; fleet: string; message: Message },
): Promise<void> {
  const transport = createTransport({
    host,
    port,
    secure: port === TLS_PORT,
    // Elsewhere STARTTLS is taken where it is offered; a password never goes over a network without it.
    requireTLS: login !== undefined && !isLoopback(host),
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
    ...(login !== undefined && password !== undefined && { auth: { user: login.user, pass: password } }),
  });
  try {
    await transport.sendMail({
      from,
      to,
      subject: `[${fleet}] ${message.summary}`,
      text: `${[message.summary, "", ...message.lines].join("\n").trimEnd()}\n`,
      date: new Date(message.at),
      messageId: `<${id}@${fleet}.fleetwright>`,
      headers: { "auto-submitted": "auto-generated" },
    });
  } catch (error) {
    throw toNotifyError(error as Error & { responseCode?: number; code?: string; command?: string });
  } finally {
    transport.close();
  }
}

/** Errors of a login say who and not with what. */
function toNotifyError(error: Error & { responseCode?: number; code?: string }): FleetError {
  const { responseCode: status, code, message } = error;
  if ((code === "EENVELOPE" || code === "EMESSAGE") && status !== undefined && status >= 500)
    return new Refused(message, { status });
  return new FleetError("NOTIFY_FAILED", message, {}, { cause: error });
}
