import { FleetError } from "../../../../resources/errors.ts";
import type { NotificationTarget } from "../../../../resources/spec.ts";
import { deadLetters } from "../../../jobs/letters.ts";
import { sendWaiting } from "../../../jobs/send-waiting.ts";
import type { Message } from "../../../notify/message.ts";
import { targetsOf } from "../../../notify/outbox.ts";
import { placeOf, sendTest } from "../../../notify/test-message.ts";
import type { Principal } from "../../../people/principal.ts";
import type { FleetApi } from "../api.ts";
import { ApiError, missing } from "../problems.ts";
import { type Route, route } from "../route.ts";
import { filter, instant, listOf, nameIn, oneOf, record, text, whole } from "../shapes.ts";
import { requireAll } from "./about-all.ts";

const TARGET = record({
  name: text,
  kind: oneOf("webhook", "mail"),
  place: { ...text, description: "Its host; an address may hold more that is not for everybody." },
  on: { ...listOf(text), description: "What it is told of." },
  waiting: { ...whole, description: "Messages that were not taken yet." },
});
const DELIVERY = record({
  id: text,
  target: text,
  type: text,
  summary: text,
  createdAt: instant,
  "sentAt?": instant,
});
const MOST = 500;
const WHAT = "who is told what";

/** Who is told of what happens, as `fleet.yaml` names them under `notifications`: another target is another commit. */
export const webhookRoutes: readonly Route[] = [
  route({
    id: "listWebhooks",
    method: "get",
    path: "/fleet/v1/webhooks",
    tag: "webhooks",
    role: "operator",
    summary: "List targets of notifications",
    answers: { 200: { description: "As the files name them.", schema: record({ items: listOf(TARGET) }) } },
    run: async (api, { principal }) => {
      requireAll(principal, WHAT);
      const { desired } = await api.view();
      const waiting = await api.controller.store.unsentCounts();
      const items = targetsOf(desired).map((target) => ({
        name: target.name,
        kind: target.by.kind,
        place: placeOf(target),
        on: target.on,
        waiting: waiting.get(target.name) ?? 0,
      }));
      return { body: { items } };
    },
  }),
  route<{ name: string }>({
    id: "testWebhook",
    method: "post",
    path: "/fleet/v1/webhooks/{name}/test",
    tag: "webhooks",
    role: "operator",
    once: true,
    summary: "Send a test to a target",
    description: "One message, signed as any other. 502 when it was not taken.",
    parameters: [nameIn("name", "The target's name.")],
    answers: {
      200: {
        description: "It was taken, or with `dryRun` would be sent.",
        schema: record({ target: text, "id?": text }),
      },
    },
    run: async (api, { principal, parameters: { name }, mutation }) => {
      const target = await targetFor(api, principal, name);
      if (mutation!.dryRun) return { body: { target: name } };
      const { desired } = await api.view();
      const id = await sendTest(api.controller, desired, target).catch((error: unknown) => refused(error, name));
      return { body: { target: name, id } };
    },
  }),
  route<{ target?: string; state?: "waiting" | "sent"; limit: number }>({
    id: "listDeliveries",
    method: "get",
    path: "/fleet/v1/webhooks/deliveries",
    tag: "webhooks",
    role: "operator",
    summary: "List what was sent and what waits",
    description: "Of the newest 500, the newest first.",
    parameters: [
      filter("target", "Only to this target."),
      filter("state", "Only in this state.", oneOf("waiting", "sent")),
      filter("limit", "At most so many.", { type: "integer", minimum: 1, maximum: MOST, default: 100 }),
    ],
    answers: { 200: { description: "Messages.", schema: record({ items: listOf(DELIVERY) }) } },
    run: async ({ controller }, { principal, parameters: { target, state, limit } }) => {
      requireAll(principal, WHAT);
      const items = (await controller.store.notifications(MOST))
        .filter((one) => (target ?? one.target) === one.target)
        .filter(({ sentAt }) => state === undefined || (sentAt === undefined) === (state === "waiting"))
        .slice(0, limit)
        .map(({ id, target, message, createdAt, sentAt }) => {
          const { type, summary } = message as Message;
          return { id, target, type, summary, createdAt, ...(sentAt !== undefined && { sentAt }) };
        });
      return { body: { items } };
    },
  }),
  route({
    id: "listDeadLetters",
    method: "get",
    path: "/fleet/v1/webhooks/dead-letters",
    tag: "webhooks",
    role: "operator",
    summary: "List targets that were given up",
    description: "After the last try. What waits for them is kept, and tried anew every hour.",
    answers: {
      200: {
        description: "The newest first.",
        schema: record({ items: listOf(record({ target: text, at: instant, reason: text })) }),
      },
    },
    run: async ({ controller }, { principal }) => {
      requireAll(principal, WHAT);
      const letters = await deadLetters(controller.store);
      const items = letters
        .filter(({ queue }) => queue === "notifications")
        .map(({ lane, at, reason }) => ({ target: lane, at, reason }));
      return { body: { items } };
    },
  }),
  route<{ id: string }>({
    id: "replayDelivery",
    method: "post",
    path: "/fleet/v1/webhooks/deliveries/{id}/replay",
    tag: "webhooks",
    role: "operator",
    once: true,
    summary: "Send a message once more",
    description:
      "Under the same id, so that whoever has it already can tell; with it goes all that waits for its target.",
    parameters: [nameIn("id", "The message's id.")],
    answers: {
      200: {
        description: "How many were taken. With `dryRun` none is sent.",
        schema: record({ target: text, sent: whole }),
      },
    },
    run: async (api, { principal, parameters: { id }, mutation, signal }) => {
      requireAll(principal, WHAT);
      const { store } = api.controller;
      if (mutation!.dryRun) {
        const found = (await store.notifications(MOST)).find((one) => one.id === id);
        return found === undefined ? missing("such message") : { body: { target: found.target, sent: 0 } };
      }
      const name = await store.resend(id);
      if (name === undefined) return missing("such message");
      const target = await targetFor(api, principal, name);
      const { desired } = await api.view();
      const sent = await sendWaiting(api.controller, desired, target, signal).catch((error: unknown) =>
        refused(error, name),
      );
      return { body: { target: name, sent } };
    },
  }),
];

/** @throws {ApiError} NOT_FOUND, FORBIDDEN */
async function targetFor(api: FleetApi, principal: Principal, name: string): Promise<NotificationTarget> {
  requireAll(principal, WHAT);
  const { desired } = await api.view();
  return targetsOf(desired).find((one) => one.name === name) ?? missing(`target ${name}`);
}

/** That a target does not take it is no error of the request. */
function refused(error: unknown, name: string): never {
  if (error instanceof FleetError && !["STORE_FAILED", "STACK_BUSY"].includes(error.code))
    throw new ApiError("NOTIFY_FAILED", `${name} has not taken it: ${error.message}`, { cause: error });
  throw error;
}
