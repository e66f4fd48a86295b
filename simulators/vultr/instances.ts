import { type Context, Hono } from "hono";
import { bandwidthOf } from "./bandwidth.ts";
import { APPLICATIONS, PLANS, SYSTEMS, upgradesOf } from "./catalog.ts";
import { readSource, readWanted } from "./create.ts";
import { gone, invalid } from "./errors.ts";
import {
  type Body,
  readBody,
  readBoolean,
  readInteger,
  readString,
  readStrings,
  readSwitch,
  readUserData,
  requireString,
} from "./fields.ts";
import type { Machines } from "./machines.ts";
import { answerList } from "./paging.ts";
import { applicationView, instanceView, systemView } from "./views.ts";
import type { Instance, VultrWorld } from "./world.ts";

const COMMANDS = ["start", "halt", "reboot"] as const;
const SCHEDULES = ["daily", "weekly", "monthly", "daily_alt_even", "daily_alt_odd"];

/** Cloud compute, below `/instances`. */
export function instanceRoutes(world: VultrWorld, machines: Machines): Hono {
  const app = new Hono();
  const of = (c: Context): Instance => {
    const instance = world.instances.get(c.req.param("id") ?? "");
    if (!instance) throw gone("instance");
    return instance;
  };

  app.get("/", (c) => answerList(c, "instances", filtered(c, world), instanceView));
  app.post("/", async (c) => {
    const body = await readBody(c);
    const instance = machines.createInstance(readWanted(body, "instance", world), {
      backups: readSwitch(body, "backups") ?? false,
      ddos: readBoolean(body, "ddos_protection") ?? false,
      publicV4: !(readBoolean(body, "disable_public_ipv4") && readBoolean(body, "enable_ipv6")),
      groupId: readGroup(body, world) ?? "",
    });
    const password = world.ids.hex(16);
    return c.json({ instance: { ...instanceView(instance), default_password: password } }, 202);
  });
  for (const command of COMMANDS) {
    app.post(`/${command}`, async (c) => {
      const ids = readStrings(await readBody(c), "instance_ids") ?? [];
      const named = ids.map((id) => world.instances.get(id));
      if (named.length === 0 || named.includes(undefined)) throw invalid("Invalid instance_ids.");
      for (const instance of named) if (instance) machines.switchInstance(instance, command);
      return c.body(null, 204);
    });
    app.post(`/:id/${command}`, (c) => {
      machines.switchInstance(of(c), command);
      return c.body(null, 204);
    });
  }

  app.get("/:id", (c) => c.json({ instance: instanceView(of(c)) }));
  app.patch("/:id", async (c) => {
    const instance = of(c);
    change(instance, await readBody(c), world, machines);
    return c.json({ instance: instanceView(instance) }, 202);
  });
  app.delete("/:id", (c) => {
    machines.remove(of(c));
    return c.body(null, 204);
  });
  app.post("/:id/reinstall", (c) => {
    const instance = of(c);
    machines.reinstall(instance);
    return c.json({ instance: instanceView(instance) }, 202);
  });

  app.get("/:id/backup-schedule", (c) => c.json({ backup_schedule: scheduleView(of(c), world) }));
  app.post("/:id/backup-schedule", async (c) => {
    const instance = of(c);
    const body = await readBody(c);
    if (!instance.backups) throw invalid("Backups are not enabled.");
    const type = requireString(body, "type");
    if (!SCHEDULES.includes(type)) throw invalid("Invalid type.");
    const { schedule } = instance;
    instance.schedule = {
      type,
      hour: readInteger(body, "hour") ?? schedule.hour,
      dow: readInteger(body, "dow") || schedule.dow,
      dom: readInteger(body, "dom") || schedule.dom,
    };
    return c.body(null, 200);
  });

  app.get("/:id/ipv4", (c) => {
    const view = instanceView(of(c));
    const main = { ip: view.main_ip, netmask: view.netmask_v4, gateway: view.gateway_v4, type: "main_ip", reverse: "" };
    return answerList(c, "ipv4s", view.main_ip === "0.0.0.0" ? [] : [main], (item) => item);
  });
  app.get("/:id/ipv6", (c) => {
    const networks = instanceView(of(c)).v6_networks;
    return answerList(c, "ipv6s", networks, ({ main_ip: ip, network, network_size }) => {
      return { ip, network, network_size, type: "main_ip" };
    });
  });
  app.get("/:id/user-data", (c) => c.json({ user_data: { data: of(c).userData } }));
  app.get("/:id/upgrades", (c) => {
    const plan = PLANS.get(of(c).plan);
    const plans = plan ? upgradesOf(plan).map(({ id }) => id) : [];
    const type = c.req.query("type") ?? "all";
    const wanted = (kind: string) => type === "all" || type === kind;
    return c.json({
      upgrades: {
        ...(wanted("os") ? { os: [...SYSTEMS.values()].map(systemView) } : {}),
        ...(wanted("applications") ? { applications: APPLICATIONS.map(applicationView) } : {}),
        ...(wanted("plans") ? { plans } : {}),
      },
    });
  });
  app.get("/:id/bandwidth", (c) => c.json({ bandwidth: bandwidthOf(of(c), world.clock.now()) }));
  app.get("/:id/neighbors", (c) => c.json({ neighbors: of(c) && [] }));
  for (const [path, name] of [
    ["vpcs", "vpcs"],
    ["vpc2", "vpcs"],
    ["private-networks", "private_networks"],
  ] as const)
    app.get(`/:id/${path}`, (c) => answerList(c, name, of(c) && [], (item) => item));
  return app;
}

function filtered(c: Context, world: VultrWorld): Instance[] {
  const { label, main_ip: ip, region, firewall_group_id: group, tag } = c.req.query();
  const is = (wanted: string | undefined, value: string) => wanted === undefined || wanted === value;
  return world.instances
    .listed()
    .filter(
      (instance) =>
        is(label, instance.label) &&
        is(ip, instance.addresses.v4) &&
        is(region, instance.region) &&
        is(group, instance.groupId) &&
        (tag === undefined || instance.tags.includes(tag)),
    );
}

/** An empty id means none. */
function readGroup(body: Body, world: VultrWorld): string | undefined {
  const id = readString(body, "firewall_group_id");
  if (id && !world.groups.get(id)) throw invalid("Invalid firewall group.");
  return id;
}

/** All of it is checked before anything is done. What is absent or null stays as it is; an empty list of tags means no tags. */
function change(instance: Instance, body: Body, world: VultrWorld, machines: Machines): void {
  const label = readString(body, "label");
  const tags = readStrings(body, "tags");
  const group = readGroup(body, world);
  const backups = readSwitch(body, "backups");
  const ddos = readBoolean(body, "ddos_protection");
  const userData = readUserData(body);
  const ipv6 = readBoolean(body, "enable_ipv6");
  const plan = readUpgrade(instance, body);
  const source = readSource(body, "instance", false, world);
  if (plan !== undefined) machines.resize(instance, plan);
  if (source) {
    machines.reinstall(instance);
    Object.assign(instance, source);
  }
  if (label !== undefined) instance.label = label;
  if (tags !== undefined) instance.tags = [...new Set(tags)];
  if (group !== undefined) instance.groupId = group;
  if (backups !== undefined) instance.backups = backups;
  if (ddos !== undefined) instance.ddos = ddos;
  if (userData !== undefined) instance.userData = userData;
  // It is switched on only; false changes nothing.
  if (ipv6) instance.ipv6 = true;
  world.instances.changed(instance);
}

function readUpgrade(instance: Instance, body: Body): string | undefined {
  const id = readString(body, "plan");
  if (!id || id === instance.plan) return undefined;
  const [current, wanted] = [PLANS.get(instance.plan), PLANS.get(id)];
  if (!current || !wanted) throw invalid("Invalid plan.");
  if (!upgradesOf(current).includes(wanted))
    throw invalid("Unable to change plan: this is no upgrade of the current plan.");
  if (!wanted.locations.includes(instance.region)) throw invalid("Plan is not available in the selected region.");
  return id;
}

function scheduleView({ backups, schedule }: Instance, world: VultrWorld) {
  const at = new Date(world.clock.now() + 86_400_000).toISOString();
  const next = `${at.slice(0, 10)} ${String(schedule.hour).padStart(2, "0")}:00:00`;
  return { enabled: backups, ...schedule, next_scheduled_time_utc: backups ? next : "" };
}
