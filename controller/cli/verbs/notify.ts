import { FleetError } from "../../../resources/errors.ts";
import { sendWaiting } from "../../jobs/send-waiting.ts";
import type { Message } from "../../notify/message.ts";
import { collect, targetsOf } from "../../notify/outbox.ts";
import { placeOf, sendTest } from "../../notify/test-message.ts";
import type { Controller } from "../../reconcile/context.ts";
import { readDesired } from "../../reconcile/desired.ts";
import { tellSpending } from "../../reconcile/spending-alerts.ts";
import { counted } from "../../words/text.ts";
import type { Io } from "../io.ts";
import { EXIT, type GlobalOptions } from "../options.ts";
import { aligned } from "../render/text.ts";
import { noteUncommitted, withSession } from "../session.ts";

export interface NotifyFlags extends GlobalOptions {
  test?: boolean;
  /** Only lists what was sent and what waits, the newest so many. */
  list?: number;
  /** Ids of messages that are sent once more. */
  replay?: string[];
}

interface Told {
  name: string;
  by: string;
  /** Messages that were taken. */
  sent: number;
  error?: string;
}

/** `fleetwright notify`: sends what waits, a test, or what was sent before once more; or lists it. Exit 0 all was taken or there was nothing, 1 a target has not taken it. */
export async function notifyVerb(flags: NotifyFlags, io: Io): Promise<number> {
  return await withSession(flags, io, async (session) => {
    const { controller, signal } = session;
    if (flags.list !== undefined) return await listMessages(controller, flags.list, flags, io);
    for (const id of flags.replay ?? [])
      if ((await controller.store.resend(id)) === undefined)
        throw new FleetError(
          "NOT_FOUND",
          `there is no message ${id}: \`fleetwright notify --list\` has those that are kept`,
          { id },
        );
    await noteUncommitted(session, undefined, io);
    const desired = await readDesired(controller, await controller.repo.head(), signal);
    if (!flags.test) {
      await collect(controller, desired);
      // Where no service runs that looks by itself.
      if ((await tellSpending(controller, desired)).length > 0) await collect(controller, desired);
    }
    const targets: Told[] = [];
    for (const target of targetsOf(desired)) {
      const about = { name: target.name, by: placeOf(target) };
      try {
        if (flags.test) await sendTest(controller, desired, target);
        const sent = flags.test ? 1 : await sendWaiting(controller, desired, target, signal);
        targets.push({ ...about, sent });
      } catch (error) {
        if (!(error instanceof FleetError)) throw error;
        targets.push({ ...about, sent: 0, error: error.message });
      }
    }
    if (flags.json) io.out(JSON.stringify({ targets }));
    else render(targets, io);
    return targets.some(({ error }) => error !== undefined) ? EXIT.error : EXIT.ok;
  });
}

async function listMessages({ store }: Controller, limit: number, { json }: NotifyFlags, io: Io): Promise<number> {
  const messages = (await store.notifications(limit)).map(({ id, target, message, createdAt, sentAt }) => {
    const { type, summary } = message as Message;
    return { id, target, type, summary, createdAt, ...(sentAt !== undefined && { sentAt }) };
  });
  if (json) io.out(JSON.stringify({ messages }));
  else if (messages.length === 0) io.out("No messages.");
  else
    for (const line of aligned(
      messages.map(({ id, target, type, summary, sentAt }) => [
        id,
        target,
        sentAt === undefined ? "waits" : "sent",
        type,
        summary,
      ]),
    ))
      io.out(line);
  return EXIT.ok;
}

function render(targets: readonly Told[], io: Io): void {
  const { color } = io;
  if (targets.length === 0) io.out("fleet.yaml names nobody under `notifications`.");
  for (const { name, by, sent, error } of targets) {
    const what =
      error === undefined
        ? color.green(sent === 0 ? "nothing waits" : `took ${counted(sent, "message")}`)
        : color.red(error);
    io.out(`${color.bold(name)}  ${by}: ${what}`);
  }
}
