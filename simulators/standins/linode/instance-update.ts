import type { PropertyMap } from "../../../resources/plugin/handler.ts";
import { pluginError } from "../wire.ts";
import { type LinodeClient, step } from "./client.ts";
import { untilStatus, withEvent } from "./events.ts";
import { configBody } from "./instance-state.ts";

/** Inputs that the instance's own PUT carries, by their name in the API. */
const PUT_NAMES = { label: "label", tags: "tags", group: "group", watchdogEnabled: "watchdog_enabled" } as const;

/** Changes that the real plugin does in place and the stand-in does not: said, never skipped. */
const BEYOND = ["privateIp", "swapSize"] as const;

/** The calls of an update, in the plugin's order. The configuration is written every time, whatever changed. */
export async function updateInstance(
  client: LinodeClient,
  id: number,
  changed: ReadonlySet<string>,
  news: PropertyMap,
  signal: AbortSignal,
): Promise<void> {
  const path = `linode/instances/${id}`;
  const beyond = BEYOND.filter((name) => changed.has(name));
  if (beyond.length > 0)
    throw pluginError(
      `the stand-in of the official linode plugin does not change ${beyond.join(", ")}; the real one does`,
    );
  const run = <T>(what: string, work: Promise<T>) => step(`Error ${what} Linode Instance ${id}`, work);
  const before = await run(
    "fetching",
    client.call<{ type: string; status: string; region: string }>("GET", path, signal),
  );

  const body: PropertyMap = {};
  for (const [name, field] of Object.entries(PUT_NAMES)) if (changed.has(name)) body[field] = news[name] ?? [];
  if (changed.has("alerts")) body.alerts = alertsBody(news.alerts as PropertyMap);
  if (Object.keys(body).length > 0) await run("updating", client.call("PUT", path, signal, body));

  if (changed.has("backupsEnabled")) {
    await run(
      "changing backups of",
      client.call("POST", `${path}/backups/${news.backupsEnabled ? "enable" : "cancel"}`, signal, {}),
    );
  }
  if (changed.has("region")) {
    const move = () =>
      client.call("POST", `${path}/migrate`, signal, {
        type: news.migrationType ?? "cold",
        region: news.region ?? null,
      });
    await run("migrating", withEvent(client, "linode_migrate_datacenter", id, signal, move));
  }

  const type = typeof news.type === "string" ? news.type : before.type;
  const from = await client.call<{ disk: number }>("GET", `linode/types/${before.type}`, signal);
  const to = type === before.type ? from : await client.call<{ disk: number }>("GET", `linode/types/${type}`, signal);
  if (type !== before.type) await run("resizing", resize(client, id, before.status, type, news, signal));

  await client.list(`${path}/disks`, signal);
  const [config] = await client.list<PropertyMap>(`${path}/configs`, signal);
  if (config)
    await run(
      "writing the configuration of",
      client.call("PUT", `${path}/configs/${String(config.id)}`, signal, configBody(config)),
    );

  const resized = type !== before.type;
  const running = resized ? false : before.status === "running";
  if (resized && to.disk > from.disk && news.booted !== false) {
    const reboot = () => client.call("POST", `${path}/reboot`, signal, { config_id: config?.id ?? null });
    await run("rebooting", withEvent(client, "linode_reboot", id, signal, reboot));
    await untilStatus(client, id, "running", signal);
  } else if (news.booted === true && !running) {
    const boot = () => client.call("POST", `${path}/boot`, signal, { config_id: config?.id ?? null });
    await run("booting", withEvent(client, "linode_boot", id, signal, boot));
  } else if (news.booted === false && running) {
    await run(
      "shutting down",
      withEvent(client, "linode_shutdown", id, signal, () => client.call("POST", `${path}/shutdown`, signal, {})),
    );
  }
}

async function resize(
  client: LinodeClient,
  id: number,
  status: string,
  type: string,
  news: PropertyMap,
  signal: AbortSignal,
): Promise<void> {
  const path = `linode/instances/${id}`;
  if (status !== "offline") {
    await client.call("POST", `${path}/shutdown`, signal, {});
    await untilStatus(client, id, "offline", signal);
  }
  const body = { type, migration_type: news.migrationType ?? "cold", allow_auto_disk_resize: news.resizeDisk ?? false };
  await withEvent(client, "linode_resize", id, signal, () => client.call("POST", `${path}/resize`, signal, body));
  await untilStatus(client, id, "offline", signal);
}

function alertsBody(alerts: PropertyMap): PropertyMap {
  const names = {
    cpu: "cpu",
    io: "io",
    networkIn: "network_in",
    networkOut: "network_out",
    transferQuota: "transfer_quota",
  };
  return Object.fromEntries(
    Object.entries(names).flatMap(([name, field]) => (alerts[name] === undefined ? [] : [[field, alerts[name]]])),
  ) as PropertyMap;
}
