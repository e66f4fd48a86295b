import { pluginError } from "../wire.ts";
import type { LinodeClient } from "./client.ts";

interface LinodeEvent {
  id: number;
  status: "scheduled" | "started" | "finished" | "failed" | "notification";
  message?: string | null;
}

/** Does something to an instance and waits for the event it causes. Events that are listed before it do not count. */
export async function withEvent(
  client: LinodeClient,
  action: string,
  instance: number,
  signal: AbortSignal,
  work: () => Promise<unknown>,
): Promise<void> {
  const filter = { "+order": "desc", "+order_by": "created", action, "entity.id": instance, "entity.type": "linode" };
  const listed = () => client.list<LinodeEvent>("account/events", signal, { "x-filter": JSON.stringify(filter) });
  const before = new Set((await listed()).map((event) => event.id));
  await work();
  let id: number | undefined;
  while (id === undefined) {
    await client.waits.wait(client.pollMs, signal);
    id = (await listed()).find((event) => !before.has(event.id))?.id;
  }
  for (;;) {
    const event = await client.call<LinodeEvent>("GET", `account/events/${id}`, signal);
    if (event.status === "finished" || event.status === "notification") return;
    if (event.status === "failed")
      throw pluginError(`${action} of Linode instance ${instance} failed: ${event.message ?? "no reason given"}`);
    await client.waits.wait(client.pollMs, signal);
  }
}

/** Polls an instance until it has the status; a poll that fails ends the wait. */
export async function untilStatus(
  client: LinodeClient,
  instance: number | string,
  wanted: string,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    await client.waits.wait(client.pollMs, signal);
    const { status } = await client.call<{ status: string }>("GET", `linode/instances/${instance}`, signal);
    if (status === wanted) return;
  }
}
