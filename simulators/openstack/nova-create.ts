import { novaError } from "./errors.ts";
import { buildServer } from "./lifecycle.ts";
import { checkMetadata } from "./nova-metadata.ts";
import { bodyOf, invalid, type NovaContext, projectOf, viewerOf } from "./nova-request.ts";
import { checkName } from "./nova-server.ts";
import { serverLinks } from "./server-view.ts";
import { DEFAULT_ZONE, type Flavor, type Group, type Network, type Port, type SimServer, type World } from "./world.ts";

/** What a new server may have; each with the microversion it came with. */
const PROPERTIES: Readonly<Record<string, number>> = {
  name: 1,
  imageRef: 1,
  flavorRef: 1,
  adminPass: 1,
  metadata: 1,
  networks: 1,
  "OS-DCF:diskConfig": 1,
  accessIPv4: 1,
  accessIPv6: 1,
  availability_zone: 1,
  block_device_mapping: 1,
  block_device_mapping_v2: 1,
  config_drive: 1,
  key_name: 1,
  max_count: 1,
  min_count: 1,
  return_reservation_id: 1,
  security_groups: 1,
  user_data: 1,
  description: 19,
  tags: 52,
  trusted_image_certificates: 63,
  host: 74,
  hypervisor_hostname: 74,
  hostname: 90,
};

/** `POST /servers`. The answer has little more than the id; all else comes with time. @throws {ApiError} 400, 403, 409 */
export async function createServers(c: NovaContext, world: World): Promise<object> {
  const body = await bodyOf(c, "server");
  const minor = c.get("minor");
  const unknown = Object.keys(body).find((key) => (PROPERTIES[key] ?? Number.POSITIVE_INFINITY) > minor);
  if (unknown) throw invalid("server", body, `Additional properties are not allowed ('${unknown}' was unexpected)`);
  for (const key of ["name", "flavorRef", ...(minor >= 37 ? ["networks"] : [])]) {
    if (body[key] === undefined) throw invalid("server", body, `'${key}' is a required property`);
  }
  const project = projectOf(c);
  const name = checkName(body.name);
  const flavor = world.flavors.get(String(body.flavorRef));
  if (!flavor) throw novaError(400, `Flavor ${body.flavorRef} could not be found.`);
  const boot = bootOf(body, flavor, world);
  const metadata = checkMetadata(body.metadata ?? {}, world.quota(project).metadata_items);
  const keyName = keyOf(body.key_name, c, world);
  const userData = userDataOf(body.user_data);
  const zone = zoneOf(body.availability_zone, world);
  const groups = groupsOf(body.security_groups, project, world);
  const places = placesOf(body.networks, project, world);
  checkQuota(project, flavor, world);

  const now = world.clock.now();
  const server: SimServer = {
    id: world.ids.uuid(),
    name,
    hostname: name.toLowerCase().replace(/[^a-z0-9.-]+/g, "-"),
    project,
    user: c.get("token").user.id,
    flavor,
    image: boot.image,
    zone: zone ?? DEFAULT_ZONE,
    host: undefined,
    metadata,
    tags: Array.isArray(body.tags) ? (body.tags as string[]) : [],
    keyName,
    userData,
    configDrive: body.config_drive === true || body.config_drive === "true",
    volumes: boot.volumes,
    description: minor >= 19 ? ((body.description as string | undefined) ?? null) : name,
    vm: "building",
    task: "scheduling",
    locked: false,
    createdAt: now,
    updatedAt: now,
    launchedAt: null,
    reservation: `r-${world.ids.hex(8)}`,
  };
  world.servers.add(server);
  buildServer(server, world, { zone, places, groups });
  const { origin } = viewerOf(c);
  return {
    id: server.id,
    links: serverLinks(server.id, origin),
    "OS-DCF:diskConfig": "MANUAL",
    security_groups: (groups.length > 0 ? groups.map((group) => group.name) : ["default"]).map((group) => ({
      name: group,
    })),
    adminPass: world.ids.hex(12),
  };
}

function bootOf(
  body: Record<string, unknown>,
  flavor: Flavor,
  world: World,
): { image: string | undefined; volumes: string[] } {
  const devices = (body.block_device_mapping_v2 ?? []) as {
    boot_index?: number | string;
    destination_type?: string;
    uuid?: string;
    volume_size?: number;
  }[];
  // A local disk made of the image is what a server has anyway.
  const volume = devices.find(
    ({ boot_index, destination_type }) => Number(boot_index) === 0 && destination_type === "volume",
  );
  const ref = volume ? volume.uuid : (body.imageRef as string | undefined);
  if (!ref)
    throw novaError(400, "Block Device Mapping is Invalid: You specified more local devices than the limit allows");
  const image = world.images.get(ref);
  if (!image) throw novaError(400, `Invalid imageRef provided.`);
  if ((image.status ?? "active") !== "active") throw novaError(400, `Image ${image.id} is not active.`);
  if (volume) {
    if (!volume.volume_size || volume.volume_size < image.minDisk) {
      throw novaError(400, `Volume is smaller than the minimum size specified in image metadata.`);
    }
    return { image: undefined, volumes: [world.ids.uuid()] };
  }
  if (flavor.disk > 0 && flavor.disk < image.minDisk)
    throw novaError(400, "Flavor's disk is too small for requested image.");
  if (flavor.disk === 0) throw novaError(403, "Only volume-backed servers are allowed for flavors with zero disk.");
  return { image: image.id, volumes: [] };
}

function keyOf(name: unknown, c: NovaContext, world: World): string | null {
  if (name === undefined || name === null) return null;
  if (world.keys.has(`${c.get("token").user.id}/${name}`)) return String(name);
  throw novaError(400, "Invalid key_name provided.");
}

function userDataOf(data: unknown): string | null {
  if (data === undefined || data === null) return null;
  if (typeof data !== "string" || data.length > 65_535) throw invalid("user_data", "", "is too long");
  if (!/^[A-Za-z0-9+/\r\n]*={0,2}\s*$/.test(data)) throw invalid("user_data", data, `'${data}' is not a 'base64'`);
  return data;
}

function zoneOf(zone: unknown, world: World): string | undefined {
  if (zone === undefined || zone === null) return undefined;
  const [name = "", host] = String(zone).split(":");
  if (host === undefined && world.zones().includes(name)) return name;
  throw novaError(400, "The requested availability zone is not available");
}

/** By name or by id, as nova takes them. */
function groupsOf(given: unknown, project: string, world: World): Group[] {
  if (!Array.isArray(given)) return [];
  return given.map(({ name }: { name?: unknown }) => {
    const mine = [...world.groups.values()].filter((group) => group.project === project);
    const named = mine.filter((group) => group.name === name);
    if (named.length > 1) {
      throw novaError(409, `Multiple security groups found matching '${name}'. Use an ID to be more specific.`);
    }
    const group = named[0] ?? mine.find(({ id }) => id === name);
    if (group) return group;
    throw novaError(400, `Security group ${name} not found for project ${project}.`);
  });
}

export type Place = { network: Network } | { port: Port };

function placesOf(given: unknown, project: string, world: World): Place[] {
  if (given === "none") return [];
  if (given === undefined || given === "auto") {
    const usable = world.usableNetworks(project);
    if (usable.length > 1)
      throw novaError(409, "Multiple possible networks found, use a Network ID to be more specific.");
    return usable.map((network) => ({ network }));
  }
  if (!Array.isArray(given))
    throw invalid("networks", given, `${JSON.stringify(given)} is not valid under any of the given schemas`);
  return given.map(({ uuid, port: portId }: { uuid?: string; port?: string }) => {
    if (portId !== undefined) {
      const port = world.ports.get(portId);
      if (!port) throw novaError(400, `Port id ${portId} could not be found.`);
      if (port.device !== "") throw novaError(409, `Port ${portId} is still in use.`);
      return { port };
    }
    const network = world.networks.get(uuid ?? "");
    const allowed = network && (network.project === project || network.shared || network.external);
    if (!network || !allowed) throw novaError(400, `Network ${uuid} could not be found.`);
    return { network };
  });
}

function checkQuota(project: string, flavor: Flavor, world: World): void {
  const mine = world.servers.values().filter((server) => server.project === project);
  const quota = world.quota(project);
  const used = {
    instances: mine.length,
    cores: mine.reduce((sum, server) => sum + server.flavor.vcpus, 0),
    ram: mine.reduce((sum, server) => sum + server.flavor.ram, 0),
  };
  const asked = { instances: 1, cores: flavor.vcpus, ram: flavor.ram };
  for (const resource of ["instances", "cores", "ram"] as const) {
    if (quota[resource] < 0 || used[resource] + asked[resource] <= quota[resource]) continue;
    const message = `Quota exceeded for ${resource}: Requested ${asked[resource]}, but already used ${used[resource]} of ${quota[resource]} ${resource}`;
    throw novaError(403, message);
  }
}
