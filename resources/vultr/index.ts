import type { ActualFirewall } from "../actual.ts";
import type { Call, Cloud, ResourceName } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import { isMark, markWithin } from "../mark.ts";
import type { ServerSpec } from "../spec.ts";
import { readAccess } from "./access.ts";
import { actualInstance, actualMetal } from "./actual.ts";
import {
  type BareMetal,
  type FirewallGroup,
  type GroupRule,
  type Instance,
  isBareMetal,
  isFirewallGroup,
  isGroupRule,
  isInstance,
} from "./answers.ts";
import { readCatalog, readMarketplace } from "./catalog.ts";
import {
  actualRules,
  expectedRules,
  firewallProblems,
  normalized,
  ruleKey,
  ruleName,
  singleRules,
} from "./firewall.ts";
import { gateway } from "./gateway.ts";
import { ENDPOINT, invalidAnswer, LIMITS, PAGE_SIZE, vultr as send, vultrList, vultrObject } from "./http.ts";
import { isMetal, placeOf, serverId } from "./ids.ts";
import { metrics } from "./metrics.ts";
import { problems, TAG_LENGTH, tags, tagsOf } from "./names.ts";
import { POWER_ACTIONS, readInstance, readMetal, setPower } from "./power.ts";
import { accountSchema, serverSchema } from "./schemas.ts";
import { snapshotProblem, snapshots } from "./snapshots.ts";

const INSTANCE = "vultr:index/instance:Instance";
const METAL = "vultr:index/bareMetalServer:BareMetalServer";

/** Vultr: cloud compute and bare metal. @see https://www.vultr.com/api/ */
export const vultr = {
  name: "vultr",
  title: "Vultr",
  endpoint: ENDPOINT,
  capabilities: {
    inPlace: ["size", "hostname", "labels", "firewalls", "backups", "ipv6", "options"],
    power: POWER_ACTIONS,
    firewalls: true,
    provisioning: ({ size }) => (isMetal(size) ? "long" : "short"),
    // The plugin waits up to an hour for bare metal.
    ownStack: ({ size }) => isMetal(size),
    keys: true,
    keysById: true,
    snapshots: { labels: false },
    backups: true,
    monitoring: false,
    ipv6: true,
    sizes: true,
    pageSize: PAGE_SIZE,
    mark: { field: "tags", maxLength: TAG_LENGTH, pattern: /^[a-z0-9-]{1,255}$/ },
  },
  credentials: {
    apiKey: {
      required: true,
      description:
        "API key that may provision and upgrade machines and manage firewalls and snapshots, allowed for this machine's address",
    },
  },
  schemas: { account: accountSchema, server: serverSchema },
  limits: LIMITS,

  async *list(call) {
    yield* await allServers(call);
  },

  async observe(id, call) {
    if (placeOf(id).kind === "instances") {
      const instance = await readInstance(id, call);
      return instance && actualInstance(instance);
    }
    const metal = await readMetal(id, call);
    return metal && actualMetal(metal);
  },

  // The lists of both kinds, whatever the file says now: the machine may have been bought as the other. A filter by tag is deprecated, and one
  // that is passed over in silence would hide a machine.
  async findByMark(mark, _server, call) {
    return (await allServers(call)).filter((server) => server.tags.includes(mark));
  },

  power: setPower,

  async claim(id, mark, call) {
    const { kind, path } = placeOf(id);
    const machine = kind === "instances" ? await readInstance(id, call) : await readMetal(id, call);
    if (!machine)
      throw new FleetError("NOT_FOUND", `there is no machine ${id} to adopt`, { cloud: "vultr", server: id });
    const others = machine.tags.filter((tag) => !isMark(tag));
    if (machine.tags.includes(mark) && others.length === machine.tags.length - 1) return;
    const wanted = { tags: [...others, mark] };
    const { body } = await send<Record<string, unknown>>(call, {
      method: "PATCH",
      path,
      json: wanted,
      idempotent: true,
    });
    const [isItem, envelope] = kind === "instances" ? [isInstance, "instance"] : [isBareMetal, "bare_metal"];
    const item = body?.[envelope];
    if (!isItem(item) || !item.tags.includes(mark)) throw invalidAnswer(call, "PATCH", path, "the mark did not stay");
  },

  catalog: readCatalog,
  marketplace: readMarketplace,
  access: readAccess,
  metrics,

  firewalls: {
    async list(call) {
      const groups = await vultrList<FirewallGroup>(call, "/v2/firewalls", "firewall_groups", isFirewallGroup);
      return Promise.all(groups.map((group) => withRules(group, call)));
    },
    async observe(id, call) {
      const path = `/v2/firewalls/${encodeURIComponent(id)}`;
      const group = await vultrObject<FirewallGroup>(call, path, "firewall_group", isFirewallGroup, /./);
      return group && withRules(group, call);
    },
    expect: expectedRules,
    async trim(id, firewall, call) {
      const wanted = new Set(singleRules(firewall).map(ruleKey));
      const path = rulesPath(id);
      const rules = await vultrList<GroupRule>(call, path, "firewall_rules", isGroupRule);
      const strange = rules.filter((rule) => !wanted.has(ruleKey(normalized(rule))));
      // Another may have taken it away meanwhile.
      for (const rule of strange)
        await send(call, { method: "DELETE", path: `${path}/${rule.id}`, answer: "none", ok: [404] });
    },
  },

  expect(server, mark) {
    return {
      name: server.hostname,
      size: server.size,
      region: server.region,
      tags: tagsOf(server, mark),
      ipv6Enabled: server.ipv6,
      ...(isMetal(server.size) ? {} : { backups: server.backups }),
      power: server.power,
    };
  },

  labelsOf: (server) => tags.labelsOf(server.tags),
  problems,
  snapshots,
  snapshotProblem,
  firewallProblems,

  mustReplace(before, after) {
    const metal = isMetal(after.size);
    if (isMetal(before.size) !== metal) return ["size"];
    return [
      ...(metal && before.size !== after.size ? ["size"] : []),
      ...(before.ipv6 !== after.ipv6 && (metal || before.ipv6) ? ["ipv6"] : []),
    ];
  },

  idOf: (resourceId, server) => serverId(isMetal(server.size) ? "bare-metals" : "instances", resourceId),

  async declarations() {
    return (await import("./declare.ts")).declarations;
  },

  group(server: ServerSpec, identity): ResourceName[] {
    return [{ type: isMetal(server.size) ? METAL : INSTANCE, name: identity }];
  },

  shared(object, identity) {
    if (object.kind === "SshKey") return { type: "vultr:index/sSHKey:SSHKey", name: `key.${identity}` };
    if (object.kind === "Snapshot") return { type: "vultr:index/snapshot:Snapshot", name: `snapshot.${identity}` };
    if (object.kind !== "Firewall") return undefined;
    return {
      type: "vultr:index/firewallGroup:FirewallGroup",
      name: `firewall.${identity}`,
      parts: singleRules(object).map((rule) => ({
        type: "vultr:index/firewallRule:FirewallRule",
        name: `firewall.${identity}.${ruleName(rule)}`,
      })),
    };
  },

  gateway,
} satisfies Cloud;

const rulesPath = (group: string): string => `/v2/firewalls/${encodeURIComponent(group)}/rules`;

async function allServers(call: Call) {
  const [instances, metals] = await Promise.all([
    vultrList<Instance>(call, "/v2/instances", "instances", isInstance),
    vultrList<BareMetal>(call, "/v2/bare-metals", "bare_metals", isBareMetal),
  ]);
  return [...instances.map(actualInstance), ...metals.map(actualMetal)];
}

async function withRules({ id, description }: FirewallGroup, call: Call): Promise<ActualFirewall> {
  const rules = await vultrList<GroupRule>(call, rulesPath(id), "firewall_rules", isGroupRule);
  const mark = markWithin(description);
  return { id, name: description, ...(mark ? { mark } : {}), ...actualRules(rules) };
}
