import { Hono } from "hono";
import { novaError } from "./errors.ts";
import { bodyOf, type NovaApp, type NovaContext, projectOf, requireAdmin } from "./nova-request.ts";
import { usage } from "./schedule.ts";
import { isoSeconds } from "./wire.ts";
import type { Host, Quotas, World } from "./world.ts";

/** Zones, limits and quotas for everybody; hypervisors and services for administrators. */
export function adminRoutes(world: World): NovaApp {
  const app: NovaApp = new Hono();

  app.get("/os-availability-zone", (c) => c.json({ availabilityZoneInfo: zones(world, false) }));
  app.get("/os-availability-zone/detail", (c) => {
    requireAdmin(c, "os_compute_api:os-availability-zone:detail");
    return c.json({ availabilityZoneInfo: zones(world, true) });
  });

  app.get("/limits", (c) => {
    const project = projectOf(c);
    const quota = world.quota(project);
    const mine = world.servers.values().filter((server) => server.project === project);
    const sum = (of: "vcpus" | "ram") => mine.reduce((total, { flavor }) => total + flavor[of], 0);
    return c.json({
      limits: {
        rate: [],
        absolute: {
          maxTotalInstances: quota.instances,
          maxTotalCores: quota.cores,
          maxTotalRAMSize: quota.ram,
          maxServerMeta: quota.metadata_items,
          maxTotalKeypairs: quota.key_pairs,
          maxServerGroups: 10,
          maxServerGroupMembers: 10,
          totalInstancesUsed: mine.length,
          totalCoresUsed: sum("vcpus"),
          totalRAMUsed: sum("ram"),
          totalServerGroupsUsed: 0,
        },
      },
    });
  });

  for (const path of ["/os-quota-sets/:id", "/os-quota-sets/:id/defaults"]) {
    app.get(path, (c) => c.json({ quota_set: quotaView(c.req.param("id") ?? "", world) }));
  }
  app.put("/os-quota-sets/:id", async (c) => {
    requireAdmin(c, "os_compute_api:os-quota-sets:update");
    const { force, ...given } = await bodyOf(c, "quota_set");
    const id = c.req.param("id");
    world.quotas.set(id, { ...world.quotas.get(id), ...(given as Partial<Quotas>) });
    const { id: _, ...view } = quotaView(id, world);
    return c.json({ quota_set: view });
  });

  hypervisorRoutes(app, world);

  app.get("/os-services", (c) => {
    requireAdmin(c, "os_compute_api:os-services:list");
    const { binary, host: only } = c.req.query();
    const isMeant = ({ name }: Host) => (binary ?? "nova-compute") === "nova-compute" && (only ?? name) === name;
    const services = [...world.hosts.values()].filter(isMeant).map((host) => ({
      id: host.id,
      binary: "nova-compute",
      host: host.name,
      zone: world.zoneOf(host.name),
      status: host.disabled ? "disabled" : "enabled",
      state: host.up ? "up" : "down",
      disabled_reason: null,
      forced_down: false,
      updated_at: isoSeconds(world.clock.now()).replace("Z", ".000000"),
    }));
    return c.json({ services });
  });
  return app;
}

function zones(world: World, detailed: boolean): object[] {
  return world.zones().map((zoneName) => {
    const hosts = [...world.hosts.values()].filter(({ name }) => world.zoneOf(name) === zoneName);
    const state = ({ up }: Host) => ({
      "nova-compute": { active: up, available: up, updated_at: isoSeconds(world.clock.now()).replace("Z", ".000000") },
    });
    return {
      zoneName,
      zoneState: { available: hosts.some(({ up }) => up) },
      hosts: detailed ? Object.fromEntries(hosts.map((host) => [host.name, state(host)])) : null,
    };
  });
}

function quotaView(id: string, world: World): Record<string, unknown> {
  const { instances, cores, ram, key_pairs, metadata_items } = world.quota(id);
  return { id, instances, cores, ram, key_pairs, metadata_items, server_groups: 10, server_group_members: 10 };
}

function hypervisorRoutes(app: NovaApp, world: World): void {
  const view = (host: Host, c: NovaContext) => {
    const used = usage(world).get(host.name);
    const minor = c.get("minor");
    const old = {
      vcpus: host.vcpus,
      vcpus_used: used?.vcpus ?? 0,
      memory_mb: host.memoryMiB,
      memory_mb_used: used?.memoryMiB ?? 0,
      free_ram_mb: host.memoryMiB - (used?.memoryMiB ?? 0),
      local_gb: host.diskGiB,
      local_gb_used: used?.diskGiB ?? 0,
      free_disk_gb: host.diskGiB - (used?.diskGiB ?? 0),
      disk_available_least: host.diskGiB,
      current_workload: 0,
      running_vms: used?.servers ?? 0,
      cpu_info: {},
    };
    return {
      id: minor >= 53 ? host.id : 1,
      hypervisor_hostname: host.name,
      hypervisor_type: "QEMU",
      hypervisor_version: 8_000_000,
      host_ip: "192.0.2.1",
      state: host.up ? "up" : "down",
      status: "enabled",
      service: { id: minor >= 53 ? host.id : 1, host: host.name, disabled_reason: null },
      ...(minor >= 88 ? { uptime: null } : old),
    };
  };
  app.use("/os-hypervisors/*", async (c, next) => {
    requireAdmin(c, "os_compute_api:os-hypervisors:list");
    await next();
  });
  app.get("/os-hypervisors", (c) => {
    requireAdmin(c, "os_compute_api:os-hypervisors:list");
    const hypervisors = [...world.hosts.values()].map((host) => ({
      id: c.get("minor") >= 53 ? host.id : 1,
      hypervisor_hostname: host.name,
      state: host.up ? "up" : "down",
      status: "enabled",
    }));
    return c.json({ hypervisors });
  });
  app.get("/os-hypervisors/detail", (c) =>
    c.json({ hypervisors: [...world.hosts.values()].map((host) => view(host, c)) }),
  );
  app.get("/os-hypervisors/:id", (c) => {
    const host = [...world.hosts.values()].find(({ id }) => id === c.req.param("id"));
    if (!host) throw novaError(404, `Hypervisor with ID '${c.req.param("id")}' could not be found.`);
    return c.json({ hypervisor: view(host, c) });
  });
}
