import { type Flavor, IMAGES, type Image, type Region } from "./catalog.ts";
import type {
  Environment,
  Firewall,
  HyperstackWorld,
  Instance,
  KeyPair,
  SecurityRule,
  VmEvent,
  Volume,
} from "./world.ts";

/** Times are UTC without saying so. */
const time = (ms: number): string => new Date(ms).toISOString().slice(0, 19);
/** What is not there is left out. */
const known = (fields: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

const FEATURES = { green_status: "GREEN", network_optimised: false };
const EPOCH = "2026-01-01T00:00:00";

export const environmentView = ({ id, name, region, createdMs }: Environment) => ({
  id,
  name,
  region,
  created_at: time(createdMs),
  features: FEATURES,
});

export const keyPairView = ({ id, name, environment, publicKey, fingerprint, createdMs }: KeyPair) => ({
  id,
  name,
  environment: environmentView(environment),
  public_key: publicKey,
  fingerprint,
  created_at: time(createdMs),
});

export const ruleView = ({ portMin, portMax, prefix, createdMs, ...rule }: SecurityRule) =>
  known({
    ...rule,
    port_range_min: portMin,
    port_range_max: portMax,
    remote_ip_prefix: prefix,
    status: "SUCCESS",
    created_at: time(createdMs),
  });

export function firewallView(firewall: Firewall, world: HyperstackWorld) {
  const { id, name, region } = firewall.environment;
  return {
    id: firewall.id,
    name: firewall.name,
    description: firewall.description,
    environment: { id, name, region },
    rules: firewall.rules.map(ruleView),
    attachments: firewall.attachments.flatMap(({ id: attachment, instanceId, createdMs }) => {
      const instance = world.instances.get(instanceId);
      return instance
        ? [{ id: attachment, vm: attachedView(instance), status: "ATTACHED", created_at: time(createdMs) }]
        : [];
    }),
    status: "SUCCESS",
    created_at: time(firewall.createdMs),
  };
}

const attachedView = ({ id, name, environment, flavor, status, createdMs }: Instance) => ({
  id,
  name,
  environment: environment.name,
  flavor: flavor.name,
  status,
  created_at: time(createdMs),
});

const POWER: Readonly<Record<Instance["steady"], string>> = {
  ACTIVE: "RUNNING",
  SHUTOFF: "SHUTDOWN",
  HIBERNATED: "SHUTDOWN",
  ERROR: "NOSTATE",
};

export function instanceView(instance: Instance) {
  const { environment, flavor } = instance;
  return known({
    id: instance.id,
    name: instance.name,
    status: instance.status,
    environment: {
      id: environment.id,
      org_id: 1,
      name: environment.name,
      region: environment.region,
      features: FEATURES,
    },
    image: { name: instance.image },
    flavor: {
      id: flavor.id,
      name: flavor.name,
      cpu: flavor.cpu,
      ram: flavor.ram,
      disk: flavor.disk,
      ephemeral: flavor.ephemeral,
      gpu: flavor.gpu,
      gpu_count: flavor.gpuCount,
      features: {},
      labels: [],
    },
    keypair: { name: instance.keyName },
    volume_attachments: [],
    security_rules: instance.rules.map(ruleView),
    power_state: instance.status === "CREATING" || instance.status === "BUILD" ? "NOSTATE" : POWER[instance.steady],
    vm_state: instance.steady.toLowerCase(),
    fixed_ip: instance.status === "CREATING" ? undefined : instance.fixedIp,
    floating_ip: instance.floatingIp,
    floating_ip_status: instance.floatingIpStatus,
    requires_public_ip: instance.wantsPublicIp,
    port_randomization: instance.portRandomization,
    locked: false,
    os: instance.image,
    labels: instance.labels,
    features: {},
    created_at: time(instance.createdMs),
  });
}

export const eventView = ({ instanceId, type, reason, message, timeMs }: VmEvent) => ({
  instance_id: instanceId,
  object: "vm",
  org_id: 1,
  user_id: 1,
  type,
  reason,
  message,
  time: time(timeMs),
});

export const volumeView = ({ id, name, environment, size, type, description, createdMs }: Volume) => ({
  id,
  name,
  environment: { name: environment.name, region: environment.region, features: {} },
  size,
  volume_type: type,
  description,
  bootable: false,
  status: "available",
  attachments: [],
  created_at: time(createdMs),
  updated_at: time(createdMs),
});

export const regionView = ({ id, name, description, country }: Region) => ({
  id,
  name,
  description,
  country,
  features: {},
  green_status: "GREEN",
});

export const flavorView = (flavor: Flavor, region: string) => ({
  id: flavor.id,
  name: flavor.name,
  display_name: flavor.name,
  region_name: region,
  cpu: flavor.cpu,
  ram: flavor.ram,
  disk: flavor.disk,
  ephemeral: flavor.ephemeral,
  gpu: flavor.gpu,
  gpu_count: flavor.gpuCount,
  stock_available: flavor.stock.get(region) === true,
  created_at: EPOCH,
  labels: [],
  features: {},
});

const GIB = 1024 ** 3;

export const imageView = ({ id, name, type, version, region }: Image) => ({
  id,
  name,
  type,
  version,
  region_name: region,
  size: 20 * GIB,
  display_size: "20.0 GB",
  description: name,
  labels: [],
  is_public: true,
});

export const findImage = (name: string, region: string): Image | undefined =>
  IMAGES.find((image) => image.name === name && image.region === region);
