import {
  type Application,
  METAL_PLANS,
  type MetalPlan,
  type OperatingSystem,
  PLANS,
  type Plan,
  type Region,
  SYSTEMS,
} from "./catalog.ts";
import type { AccountKey, BareMetal, FirewallGroup, Instance, Rule, Snapshot, VultrWorld } from "./world.ts";

export const time = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}+00:00`;

export function instanceView(instance: Instance) {
  const plan = PLANS.get(instance.plan);
  const { addresses } = instance;
  const isPending = instance.status === "pending";
  const hasV4 = !isPending && instance.publicV4;
  const hasV6 = !isPending && instance.ipv6;
  const v6 = hasV6
    ? { network: addresses.v6Network, main: addresses.v6, size: 64 }
    : { network: "", main: "", size: 0 };
  return {
    id: instance.id,
    os: SYSTEMS.get(instance.osId)?.name ?? "",
    ram: plan?.ram ?? 0,
    disk: plan?.disk ?? 0,
    main_ip: hasV4 ? addresses.v4 : "0.0.0.0",
    vcpu_count: plan?.vcpus ?? 0,
    region: instance.region,
    plan: instance.plan,
    date_created: time(instance.createdMs),
    status: instance.status,
    allowed_bandwidth: plan?.bandwidth ?? 0,
    netmask_v4: hasV4 ? "255.255.254.0" : "",
    gateway_v4: hasV4 ? addresses.v4.replace(/\d+$/, "1") : "0.0.0.0",
    power_status: instance.power,
    server_status: instance.server,
    v6_network: v6.network,
    v6_main_ip: v6.main,
    v6_network_size: v6.size,
    v6_networks: hasV6 ? [{ network: v6.network, main_ip: v6.main, network_size: v6.size }] : [],
    label: instance.label,
    internal_ip: "",
    kvm: isPending ? "" : `https://my.vultr.com/subs/vps/novnc/api.php?data=${instance.id.slice(0, 8)}`,
    hostname: instance.hostname,
    tag: instance.tags[0] ?? "",
    tags: instance.tags,
    os_id: instance.osId,
    app_id: instance.appId,
    image_id: instance.imageId,
    firewall_group_id: instance.groupId,
    features: isPending
      ? []
      : [
          ...(instance.backups ? ["auto_backups"] : []),
          ...(instance.ipv6 ? ["ipv6"] : []),
          ...(instance.ddos ? ["ddos_protection"] : []),
        ],
    user_scheme: "root",
  };
}

export function metalView(metal: BareMetal) {
  const plan = METAL_PLANS.get(metal.plan);
  const { addresses } = metal;
  const isReady = metal.status !== "pending";
  const hasV6 = isReady && metal.ipv6;
  return {
    id: metal.id,
    os: SYSTEMS.get(metal.osId)?.name ?? "",
    ram: `${plan?.ram ?? 0} MB`,
    disk: plan ? `${plan.disks}x ${plan.disk}GB ${plan.kind}` : "",
    main_ip: isReady ? addresses.v4 : "",
    cpu_count: plan?.cores ?? 0,
    region: metal.region,
    date_created: time(metal.createdMs),
    status: metal.status,
    netmask_v4: isReady ? "255.255.254.0" : "",
    gateway_v4: isReady ? addresses.v4.replace(/\d+$/, "1") : "",
    plan: metal.plan,
    v6_network: hasV6 ? addresses.v6Network : "",
    v6_main_ip: hasV6 ? addresses.v6 : "",
    v6_network_size: hasV6 ? 64 : 0,
    label: metal.label,
    mac_address: metal.mac,
    tag: metal.tags[0] ?? "",
    tags: metal.tags,
    os_id: metal.osId,
    app_id: metal.appId,
    image_id: metal.imageId,
    features: metal.ipv6 ? ["ipv6"] : [],
    user_scheme: "root",
  };
}

export function groupView(group: FirewallGroup, world: VultrWorld, maxRules: number) {
  return {
    id: group.id,
    description: group.description,
    date_created: time(group.createdMs),
    date_modified: time(group.modifiedMs),
    instance_count: world.instances.values().filter(({ groupId }) => groupId === group.id).length,
    rule_count: group.rules.length,
    max_rule_count: maxRules,
  };
}

export const ruleView = (rule: Rule) => ({
  id: rule.id,
  type: rule.ipType,
  ip_type: rule.ipType,
  action: "accept",
  protocol: rule.protocol,
  port: rule.port,
  subnet: rule.subnet,
  subnet_size: rule.subnetSize,
  source: rule.source,
  notes: rule.notes,
});

export const keyView = (key: AccountKey) => ({
  id: key.id,
  date_created: time(key.createdMs),
  name: key.name,
  ssh_key: key.sshKey,
});

export const snapshotView = (snapshot: Snapshot) => ({
  id: snapshot.id,
  date_created: time(snapshot.createdMs),
  description: snapshot.description,
  size: snapshot.sizeBytes,
  compressed_size: Math.round(snapshot.sizeBytes / 4),
  status: snapshot.status,
  os_id: snapshot.osId,
  app_id: snapshot.appId,
});

export const planView = (plan: Plan) => ({
  id: plan.id,
  vcpu_count: plan.vcpus,
  ram: plan.ram,
  disk: plan.disk,
  disk_count: 1,
  bandwidth: plan.bandwidth,
  monthly_cost: plan.monthly,
  type: plan.type,
  locations: plan.locations,
  ...(plan.gpu ? { gpu_type: plan.gpu.type, gpu_vram_gb: plan.gpu.vramGb } : {}),
});

/** The description calls the size of a disk a text, and so it is here; its own example has a number. */
export const metalPlanView = (plan: MetalPlan) => ({
  id: plan.id,
  cpu_count: plan.cores,
  cpu_threads: plan.threads,
  cpu_model: plan.model,
  ram: plan.ram,
  disk: String(plan.disk),
  disk_count: plan.disks,
  bandwidth: plan.bandwidth,
  monthly_cost: plan.monthly,
  type: plan.kind,
  locations: plan.locations,
});

export const regionView = (region: Region) => ({
  ...region,
  options: ["ddos_protection", "block_storage_high_perf", "kubernetes", "load_balancers"],
});

export const systemView = (system: OperatingSystem) => ({ ...system, arch: "x64" });

export const applicationView = (application: Application) => ({
  id: application.id,
  name: application.name,
  short_name: application.shortName,
  deploy_name: application.deployName,
  type: application.type,
  vendor: application.vendor,
  image_id: application.imageId,
});
