import type { ActualServer } from "../actual.ts";
import type { Call, Cloud } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import { HOSTNAME } from "../hostname.ts";
import { isMark, markIn } from "../mark.ts";
import { readAccess } from "./access.ts";
import { type Instance, isInstance } from "./answers.ts";
import { readCatalog, readMarketplace } from "./catalog.ts";
import { firewallProblems, firewalls } from "./firewalls.ts";
import { gateway } from "./gateway.ts";
import { ENDPOINT, invalidAnswer, LIMITS, linodeList, linodeObject, PAGE_SIZE, linode as send } from "./http.ts";
import { metrics } from "./metrics.ts";
import { isInstanceLabel, labelOf, problems, TAG_LENGTH, tags, tagsOf } from "./names.ts";
import { POWER_ACTIONS, powerOf, setPower } from "./power.ts";
import { accountSchema, serverSchema } from "./schemas.ts";
import { showcase } from "./showcase.ts";

const INSTANCES = "/v4/linode/instances";

/** Linode (Akamai). @see https://techdocs.akamai.com/linode-api/reference/api */
export const linode = {
  name: "linode",
  title: "Linode",
  endpoint: ENDPOINT,
  capabilities: {
    inPlace: ["size", "hostname", "labels", "firewalls", "backups", "options"],
    power: POWER_ACTIONS,
    firewalls: true,
    keys: true,
    backups: true,
    monitoring: false,
    secrets: ["rootPassword", "stackscriptData"],
    ipv6: true,
    sizes: true,
    pageSize: PAGE_SIZE,
    mark: { field: "tags", maxLength: TAG_LENGTH.max, pattern: /^.{3,50}$/ },
  },
  credentials: {
    token: {
      required: true,
      description: "Personal access token that may read and write Linodes, Firewalls, Account (events) and Profile",
    },
  },
  schemas: { account: accountSchema, server: serverSchema },
  limits: LIMITS,

  async *list(call) {
    for (const instance of await linodeList<Instance>(call, INSTANCES, isInstance)) yield actual(instance);
  },

  async observe(id, call) {
    const instance = await read(id, call);
    return instance && actual(instance);
  },

  async findByMark(mark, _server, call) {
    const found = await linodeList<Instance>(call, INSTANCES, isInstance, { tags: mark });
    // One on its way out is no machine to take over, and an API that knew no filters would answer with all.
    return found.filter((instance) => instance.tags.includes(mark) && instance.status !== "deleting").map(actual);
  },

  power: setPower,

  async claim(id, mark, call) {
    const instance = await read(id, call);
    if (!instance)
      throw new FleetError("NOT_FOUND", `there is no Linode ${id} to adopt`, { cloud: "linode", server: id });
    const others = instance.tags.filter((tag) => !isMark(tag));
    if (instance.tags.includes(mark) && others.length === instance.tags.length - 1) return;
    const path = `${INSTANCES}/${id}`;
    const { body } = await send(call, { method: "PUT", path, json: { tags: [...others, mark] } });
    if (!isInstance(body) || !body.tags.includes(mark)) throw invalidAnswer(call, "PUT", path, "the mark did not stay");
  },

  catalog: readCatalog,
  firewalls,
  marketplace: readMarketplace,
  showcase,
  access: readAccess,
  metrics,

  expect(server, mark) {
    return {
      name: labelOf(server),
      size: server.size,
      region: server.region,
      tags: tagsOf(server, mark),
      backups: server.backups,
      power: server.power,
    };
  },

  labelsOf: (server) => tags.labelsOf(server.tags),
  problems,
  firewallProblems,

  async declarations() {
    return (await import("./declare.ts")).declarations;
  },

  group(server, identity) {
    return [
      { type: "linode:index/instance:Instance", name: identity },
      ...server.firewalls.map((firewall) => ({
        type: "linode:index/firewallDevice:FirewallDevice",
        name: `${identity}.${firewall}`,
      })),
    ];
  },

  shared(object, identity) {
    return object.kind === "Firewall"
      ? { type: "linode:index/firewall:Firewall", name: `firewall.${identity}` }
      : { type: "linode:index/sshKey:SshKey", name: `key.${identity}` };
  },

  gateway,
} satisfies Cloud;

function read(id: string, call: Call): Promise<Instance | undefined> {
  if (!/^\d{1,15}$/.test(id)) {
    throw new FleetError("FLEET_INVALID", `"${id}" is no id of a Linode: these are numbers`, {
      cloud: "linode",
      server: id,
    });
  }
  return linodeObject<Instance>(call, `${INSTANCES}/${id}`, isInstance);
}

function actual(instance: Instance): ActualServer {
  const mark = markIn(instance.tags);
  const { specs, backups, created, ipv6 } = instance;
  return {
    id: String(instance.id),
    name: instance.label,
    ...(mark ? { mark } : {}),
    power: powerOf(instance.status),
    status: instance.status,
    ...(instance.type ? { size: instance.type } : {}),
    region: instance.region,
    ...(instance.image ? { image: instance.image } : {}),
    ipv4: instance.ipv4 ?? [],
    ipv6: ipv6 ? [ipv6.replace(/\/\d+$/, "")] : [],
    ...(specs ? { vcpus: specs.vcpus, memoryMiB: specs.memory, diskGiB: Math.round(specs.disk / 1024) } : {}),
    tags: [...instance.tags].sort(),
    // A label that no host name can be stays as it is.
    ...(!HOSTNAME.test(instance.label) && isInstanceLabel(instance.label) && { options: { label: instance.label } }),
    ...(backups ? { backups: backups.enabled } : {}),
    // Times are UTC without saying so.
    ...(created
      ? { createdAt: new Date(/Z|[+-]\d\d:\d\d$/.test(created) ? created : `${created}Z`).toISOString() }
      : {}),
  };
}
