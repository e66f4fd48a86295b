import type { PropertyMap } from "../../../resources/plugin/handler.ts";
import { type DigitalOceanClient, DigitalOceanError, step } from "./client.ts";
import { startAction, untilAction, untilDroplet } from "./waiting.ts";

/** The calls of an update, one kind of change after the other. */
export async function updateDroplet(
  client: DigitalOceanClient,
  id: string,
  changed: ReadonlySet<string>,
  state: PropertyMap,
  news: PropertyMap,
  signal: AbortSignal,
): Promise<void> {
  if (changed.has("size")) await resize(client, id, news, signal);
  if (changed.has("name")) {
    await step(`Error renaming droplet (${id})`, startAction(client, id, { type: "rename", name: news.name }, signal));
    await untilDroplet(client, id, (droplet) => droplet.name === news.name, signal);
  }
  if (changed.has("backups")) {
    const type = news.backups === true ? "enable_backups" : "disable_backups";
    await switchOn(client, id, type, signal);
  }
  if (changed.has("privateNetworking")) await switchOn(client, id, "enable_private_networking", signal);
  if (changed.has("ipv6")) await switchOn(client, id, "enable_ipv6", signal);
  if (changed.has("tags"))
    await step(
      `Error updating tags of droplet ${id}`,
      retag(client, id, textsOf(state.tags), textsOf(news.tags), signal),
    );
}

/** Off, resize, on: a refused resize leaves the machine on again. */
async function resize(client: DigitalOceanClient, id: string, news: PropertyMap, signal: AbortSignal): Promise<void> {
  try {
    await startAction(client, id, { type: "power_off" }, signal);
  } catch (error) {
    if (!(error instanceof DigitalOceanError && error.http === 422)) throw error;
    // It is off already; anything else shows in the wait.
  }
  await untilDroplet(client, id, (droplet) => droplet.status === "off", signal);
  let action: { id: number };
  try {
    action = await startAction(client, id, { type: "resize", size: news.size, disk: news.resizeDisk ?? true }, signal);
  } catch (error) {
    await startAction(client, id, { type: "power_on" }, signal);
    throw error;
  }
  await step(`Error resizing droplet (${id})`, untilAction(client, action.id, signal));
  await startAction(client, id, { type: "power_on" }, signal);
  await untilDroplet(client, id, (droplet) => droplet.status === "active", signal);
}

async function switchOn(client: DigitalOceanClient, id: string, type: string, signal: AbortSignal): Promise<void> {
  const action = await step(`Error: ${type} of droplet (${id})`, startAction(client, id, { type }, signal));
  await step(`Error: ${type} of droplet (${id})`, untilAction(client, action.id, signal));
}

async function retag(
  client: DigitalOceanClient,
  id: string,
  before: readonly string[],
  after: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const has = (tags: readonly string[], tag: string) => tags.some((each) => each.toLowerCase() === tag.toLowerCase());
  const resources = { resources: [{ resource_id: id, resource_type: "droplet" }] };
  const path = (tag: string) => `tags/${encodeURIComponent(tag)}/resources`;
  for (const tag of before) if (!has(after, tag)) await client.call("DELETE", path(tag), signal, resources);
  for (const tag of after) {
    if (has(before, tag)) continue;
    await client.call("POST", "tags", signal, { name: tag });
    await client.call("POST", path(tag), signal, resources);
  }
}

function textsOf(value: PropertyMap[string] | undefined): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
