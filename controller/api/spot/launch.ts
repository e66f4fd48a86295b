import { setTimeout as delay } from "node:timers/promises";
import type { LaunchImage } from "../../../resources/cloud.ts";
import type { RunPodSettings } from "../../../resources/spec.ts";
import { act, type Composed } from "../dialect/act.ts";
import { Refusal } from "../dialect/refusal.ts";
import type { SpotApi } from "./api.ts";
import { bodyOf, COUNT, FLAG, NAME, objectOf, type SpotRoute, spotRoute, TEXT } from "./route.ts";
import { findNetwork, type LaunchPlace, launchPlaces, networkPlaces } from "./services.ts";
import { readAggregates, type Zone } from "./world.ts";

interface LaunchBody {
  hostname: string;
  image_name: string;
  image_id: string;
}

/** A launch that may be. */
interface Launch {
  zone: Zone;
  place: LaunchPlace;
  settings: RunPodSettings;
  image: LaunchImage;
  environment: string;
}

/** Whose launched machines are, for whoever reads their files. */
const OWNER = "spot-manager";
const MADE_MS = 60_000;
const PLACED_MS = 30_000;
const LOOK_MS = 500;

const BODY = bodyOf({ hostname: NAME, image_name: NAME, image_id: NAME });

/** Machines that a partner's customers rent: one takes a whole host of class `runpod`. */
export const launchRoutes: readonly SpotRoute[] = [
  spotRoute<unknown, LaunchBody>({
    id: "preview-runpod-launch",
    method: "post",
    path: "/api/preview-runpod-launch",
    summary: "The command that would launch a machine on a host, and what it takes",
    body: BODY,
    data: objectOf({
      command: TEXT,
      masked_command: TEXT,
      estimated_resources: objectOf({ flavor: TEXT, gpu_count: COUNT }),
    }),
    run: async (api, { body, signal }) => {
      const { settings, place, environment, image } = await readLaunch(api, body, signal);
      const { flavor, key } = settings;
      const machine = { name: body.hostname, environment, flavor, image: image.name, key };
      const { command, masked } = place.launching.commands(machine);
      const estimated_resources = { flavor, gpu_count: gpusOf(flavor) };
      return { data: { command, masked_command: masked, estimated_resources } };
    },
  }),
  spotRoute<unknown, LaunchBody>({
    id: "execute-runpod-launch",
    method: "post",
    path: "/api/execute-runpod-launch",
    summary: "Launch a machine on a host",
    description:
      "The machine and its port become files of the fleet, by the settings of the host's aggregate. `network_setup` and `firewall_configured` say that both are declared and that port and firewall are there.",
    body: BODY,
    data: objectOf({
      vm_id: TEXT,
      hostname: TEXT,
      image_name: TEXT,
      status: TEXT,
      flavor: TEXT,
      network_setup: FLAG,
      firewall_configured: FLAG,
    }),
    run: async (api, { by, body, signal }) => {
      const launch = await readLaunch(api, body, signal);
      const { controller, service } = api;
      const compose = async (seed: string) => {
        // One that is sent again because its answer was lost finds its own machine there.
        if ((await service.changes.opened({ by, key: seed })) === undefined) await refuseTaken(launch, body.hostname);
        return await composeLaunch(api, launch, body, signal);
      };
      const request = { dialect: "spot", op: "launch", by, asked: ["launch", body], until: "id" } as const;
      const acted = await act({ controller, service }, { ...request, compose, waitMs: MADE_MS }, signal);
      const change = acted.change && { change: acted.change.id };
      if (acted.id === undefined)
        throw new Refusal("internal", "Hyperstack has not answered within a minute; the launch goes on", { ...change });
      try {
        await refuseElsewhere(api, launch, body.hostname, { vm_id: acted.id }, change, signal);
      } finally {
        // A caller that has gone joins it.
        if (!signal.aborted) await acted.answered();
      }
      const { flavor, firewall, region } = launch.settings;
      const isThere = async (kind: "Port" | "Firewall", names: string[]) =>
        (await controller.store.objects({ kind, names })).some(({ cloudId }) => cloudId !== undefined);
      return {
        data: {
          vm_id: acted.id,
          hostname: body.hostname,
          image_name: launch.image.name,
          status: "BUILDING",
          flavor,
          network_setup: await isThere("Port", [portName(body.hostname)]),
          firewall_configured: await isThere("Firewall", [firewall, `${firewall}@${region}`]),
        },
        ...change,
      };
    },
  }),
];

/** `n3-RTX-A6000x4` has four, and `n3-L40-8` eight; a flavor that does not say has one. */
export function gpusOf(flavor: string): number {
  return Number(/(?:x|-)(\d+)$/.exec(flavor)?.[1] ?? 1);
}

/** @throws {Refusal} not-found for a host or image that there is not; action for a host of another class, or a class without settings */
async function readLaunch(api: SpotApi, body: LaunchBody, signal: AbortSignal): Promise<Launch> {
  const { hostname } = body;
  const aggregates = await readAggregates(api, signal);
  const own = aggregates.filter(({ hosts }) => hosts.includes(hostname));
  const [aggregate] = own;
  if (aggregate === undefined)
    throw new Refusal("not-found", `no aggregate has a host ${hostname}`, { field: "hostname" });
  const runpod = own.find((one) => one.class === "runpod");
  if (runpod === undefined) {
    const message = `${hostname} is in ${aggregate.name}, and machines are launched on hosts of class runpod: move it first`;
    throw new Refusal("action", message, { field: "hostname" });
  }
  const settings = runpod.file?.runpod;
  if (settings === undefined)
    throw new Refusal("action", `the file of ${runpod.name} has no \`runpod\` settings to launch by`);
  const place = launchPlaces(api, signal).find(({ account }) => account.spec.name === settings.account);
  if (place === undefined)
    throw new Refusal("action", `no machines are launched on the account ${settings.account} of ${runpod.name}`);
  const image = imageOf(await place.launching.images(place.call, settings.region), body, settings.region);
  const environment = settings.environment ?? place.launching.environment(place.account.spec.options, settings.region);
  return { zone: runpod.zone, place, settings, image, environment };
}

function imageOf(images: readonly LaunchImage[], body: LaunchBody, region: string): LaunchImage {
  const found = images.find(({ id }) => id === body.image_id);
  if (found === undefined)
    throw new Refusal("not-found", `there is no image ${body.image_id} in ${region}`, { field: "image_id" });
  if (found.name === body.image_name) return found;
  throw new Refusal("invalid", `the image ${found.id} is called ${found.name}`, { field: "image_name" });
}

/** @throws {Refusal} action */
async function refuseTaken({ zone }: Launch, hostname: string): Promise<void> {
  const instances = await zone.hosts.instances(hostname, zone.call);
  if (instances.length === 0) return;
  const names = instances.slice(0, 5).map(({ name }) => name);
  throw new Refusal("action", `${hostname} has machines already: ${names.join(", ")}`, {
    field: "hostname",
    details: { total_vms: instances.length },
  });
}

async function composeLaunch(
  api: SpotApi,
  { zone, place, settings, image }: Launch,
  { hostname }: LaunchBody,
  signal: AbortSignal,
): Promise<Composed> {
  const { region, key, flavor, firewall, environment } = settings;
  const { network } = await findNetwork(api, settings.network, "hostname", signal);
  const port = portName(hostname);
  const hasPort = api.desired.objects.some(({ spec }) => spec.kind === "Port" && spec.name === port);
  const server = nameOf(hostname);
  const fields = {
    account: place.account.spec.name,
    hostname,
    size: flavor,
    region,
    image: image.name,
    keys: [key],
    firewalls: [firewall],
    owner: OWNER,
    ...(environment !== undefined && { provider: { environment } }),
  };
  const portFields = {
    account: zone.account.spec.name,
    network: network.id,
    description: `Storage of ${hostname}`,
    machine: hostname,
  };
  return {
    title: `Launch a machine on ${hostname}`,
    objects: [
      { kind: "Server", name: server },
      { kind: "Port", name: port },
      // What it shares with others of its region is made with the first.
      ...[firewall, `${firewall}@${region}`].map((name) => ({ kind: "Firewall", name }) as const),
      ...[key, `${key}@${region}`].map((name) => ({ kind: "SshKey", name }) as const),
    ],
    wishes: [
      { kind: "Server", name: server, create: fields },
      ...(hasPort ? [] : [{ kind: "Port", name: port, create: portFields } as const]),
    ],
  };
}

/** A host's name as the name of a file's object. */
const nameOf = (hostname: string): string =>
  hostname
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "")
    .slice(0, 55);

const portName = (hostname: string): string => `${nameOf(hostname)}-storage`.replace(/^-/, "");

/** Waits for nova to show the machine on its host. @throws {Refusal} provider when it shows another host, or none in time */
async function refuseElsewhere(
  api: SpotApi,
  { zone }: Launch,
  hostname: string,
  details: Record<string, unknown>,
  change: { change?: string } | undefined,
  signal: AbortSignal,
): Promise<void> {
  const until = Date.now() + PLACED_MS;
  for (;;) {
    const there = await zone.hosts.instances(hostname, zone.call);
    if (there.some(({ name }) => name === hostname)) return;
    const host = await hostOf(api, hostname, signal);
    if (host !== undefined && host !== hostname) {
      const message = `the machine is launched, and nova has put it on ${host} rather than ${hostname}`;
      throw new Refusal("provider", message, { ...change, details: { ...details, host } });
    }
    if (Date.now() >= until) break;
    await delay(LOOK_MS, undefined, { signal });
  }
  const message = `the machine is launched, and nova does not show it on ${hostname} so far`;
  throw new Refusal("provider", message, { ...change, details });
}

/** The host of a machine of this name, where nova shows one. */
async function hostOf(api: SpotApi, name: string, signal: AbortSignal): Promise<string | undefined> {
  const places = networkPlaces(api, signal);
  const found = await Promise.all(places.map(({ networks, call }) => networks.serversNamed(name, call)));
  return found.flat().find(({ host }) => host !== undefined)?.host;
}
