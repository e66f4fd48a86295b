/**
 * Delivers what waits for one target, in a process of its own that a test can kill: the arguments are the data folder and the target as JSON. Says
 * when it has begun to send.
 */
import { deliver } from "../../../controller/notify/outbox.ts";
import type { Controller } from "../../../controller/reconcile/context.ts";
import type { Desired } from "../../../controller/reconcile/desired.ts";
import { openStore } from "../../../controller/store/open.ts";
import type { NotificationTarget } from "../../../resources/spec.ts";

const [dataDir = "", target = ""] = process.argv.slice(2);
const store = await openStore({ dataDir, keepRunning: true });
const controller = { store, environment: process.env, now: Date.now } as unknown as Controller;
const desired = { fleet: { id: "outbox" } } as Desired;
await deliver(controller, desired, JSON.parse(target) as NotificationTarget, new AbortController().signal);
await store.close();
