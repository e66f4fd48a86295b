import type { ActualServer } from "../actual.ts";
import type { Cloud } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import { isMark, markIn } from "../mark.ts";
import { readAccess } from "./access.ts";
import type { Address, Droplet } from "./answers.ts";
import { readCatalog, readMarketplace } from "./catalog.ts";
import { allDroplets, dropletOf, taggedDroplets } from "./droplets.ts";
import { firewallProblems } from "./firewall.ts";
import { firewalls } from "./firewalls.ts";
import { gateway } from "./gateway.ts";
import { ENDPOINT, LIMITS, PAGE_SIZE, digitalocean as send } from "./http.ts";
import { metrics } from "./metrics.ts";
import { labelsOf, problems, TAG_LENGTH, tagsOf } from "./names.ts";
import { POWER_ACTIONS, powerOf, setPower } from "./power.ts";
import { accountSchema, serverSchema } from "./schemas.ts";
import { showcase } from "./showcase.ts";
import { snapshots } from "./snapshots.ts";

/** DigitalOcean. @see https://docs.digitalocean.com/reference/api/ */
export const digitalocean = {
  name: "digitalocean",
  title: "DigitalOcean",
  endpoint: ENDPOINT,
  capabilities: {
    // IPv6 can be switched on but not off, and the plugin replaces for "off"; so a change of it is shown as the replace that it may be.
    inPlace: ["size", "hostname", "labels", "firewalls", "backups", "options"],
    createOnly: ["monitoring"],
    power: POWER_ACTIONS,
    powerCycle: true,
    firewalls: true,
    keys: true,
    snapshots: { labels: false },
    backups: true,
    monitoring: true,
    secrets: ["rootPassword"],
    ipv6: true,
    sizes: true,
    pageSize: PAGE_SIZE,
    mark: { field: "tags", maxLength: TAG_LENGTH, pattern: /^[A-Za-z0-9:_-]{1,255}$/ },
  },
  credentials: {
    token: {
      required: true,
      description: "Personal access token that may read and write droplets, tags, firewalls, SSH keys and snapshots",
    },
  },
  schemas: { account: accountSchema, server: serverSchema },
  limits: LIMITS,

  async *list(call) {
    for (const droplet of await allDroplets(call)) yield actual(droplet);
  },

  async observe(id, call) {
    const found = await dropletOf(id, call);
    return found && actual(found);
  },

  async findByMark(mark, _server, call) {
    return (await taggedDroplets(call, mark)).map(actual);
  },

  power: setPower,

  async claim(id, mark, call) {
    const droplet = await dropletOf(id, call);
    if (!droplet)
      throw new FleetError("NOT_FOUND", `there is no droplet ${id} to adopt`, { cloud: "digitalocean", server: id });
    // All of it may be repeated: a tag that exists, is on the droplet already, or is off it already, stays as it is.
    const resources = [{ resource_id: id, resource_type: "droplet" }];
    const on = (tag: string) => ({ path: `/v2/tags/${tag}/resources`, json: { resources }, answer: "none" as const });
    if (!droplet.tags.includes(mark)) {
      await send(call, { method: "POST", path: "/v2/tags", json: { name: mark }, idempotent: true });
      await send(call, { method: "POST", ...on(mark), idempotent: true });
    }
    for (const other of droplet.tags)
      if (isMark(other) && other !== mark) await send(call, { method: "DELETE", ...on(other) });
  },

  catalog: readCatalog,
  access: readAccess,
  firewalls,
  snapshots,
  marketplace: readMarketplace,
  metrics,
  showcase,

  expect(server, mark) {
    return {
      name: server.hostname,
      size: server.size,
      region: server.region,
      tags: tagsOf(server, mark),
      backups: server.backups,
      ipv6Enabled: server.ipv6,
      power: server.power,
    };
  },

  labelsOf: (server) => labelsOf(server.tags),
  problems,
  firewallProblems,

  async declarations() {
    return (await import("./declare.ts")).declarations;
  },

  group(_server, identity) {
    return [{ type: "digitalocean:index/droplet:Droplet", name: identity }];
  },

  shared(object, identity) {
    if (object.kind === "SshKey") return { type: "digitalocean:index/sshKey:SshKey", name: `key.${identity}` };
    if (object.kind === "Snapshot")
      return { type: "digitalocean:index/dropletSnapshot:DropletSnapshot", name: `snapshot.${identity}` };
    return {
      type: "digitalocean:index/firewall:Firewall",
      name: `firewall.${identity}`,
      parts: [{ type: "digitalocean:index/tag:Tag", name: `tag.${identity}` }],
    };
  },

  gateway,
} satisfies Cloud;

function actual(droplet: Droplet): ActualServer {
  const { features, image, networks, vcpus, memory, disk } = droplet;
  const mark = markIn(droplet.tags);
  const size = droplet.size_slug ?? droplet.size?.slug;
  return {
    id: String(droplet.id),
    name: droplet.name,
    ...(mark ? { mark } : {}),
    power: powerOf(droplet.status),
    status: droplet.status,
    ...(size ? { size } : {}),
    region: droplet.region.slug,
    ...(image ? { image: image.slug ?? String(image.id) } : {}),
    ipv4: addresses(networks?.v4),
    ipv6: addresses(networks?.v6),
    ...(vcpus === undefined ? {} : { vcpus }),
    ...(memory === undefined ? {} : { memoryMiB: memory }),
    ...(disk === undefined ? {} : { diskGiB: disk }),
    tags: [...droplet.tags].sort(),
    ...(features
      ? {
          backups: features.includes("backups"),
          monitoring: features.includes("monitoring"),
          ipv6Enabled: features.includes("ipv6"),
        }
      : {}),
    ...(droplet.created_at ? { createdAt: new Date(droplet.created_at).toISOString() } : {}),
  };
}

/** Public ones first. */
function addresses(all: Address[] = []): string[] {
  const of = (wanted: boolean) => all.filter((address) => (address.type === "public") === wanted);
  return [...of(true), ...of(false)].map((address) => address.ip_address);
}
