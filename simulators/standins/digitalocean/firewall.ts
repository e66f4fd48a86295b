import type { CheckFailure, PropertyMap, PropertyValue } from "../../../resources/plugin/handler.ts";
import { isMap } from "../../../resources/plugin/paths.ts";
import type { Fields } from "../fields.ts";
import type { StandinType } from "../resource.ts";
import { type DigitalOceanClient, envelope, getOrGone, step } from "./client.ts";
import { removeOnce } from "./ssh-key.ts";

/** Members of `sources` and `destinations` in the API, by the end of the input's name. */
const ENDS = {
  Addresses: "addresses",
  DropletIds: "droplet_ids",
  KubernetesIds: "kubernetes_ids",
  LoadBalancerUids: "load_balancer_uids",
  Tags: "tags",
} as const;

function ruleFields(side: "source" | "destination"): Fields {
  const texts = { type: "string[]", set: true } as const;
  return {
    portRange: { type: "string" },
    protocol: { type: "string", required: true },
    [`${side}Addresses`]: texts,
    [`${side}DropletIds`]: { type: "integer[]", set: true },
    [`${side}KubernetesIds`]: texts,
    [`${side}LoadBalancerUids`]: texts,
    [`${side}Tags`]: texts,
  };
}

const FIELDS: Fields = {
  dropletIds: { type: "integer[]", set: true },
  inboundRules: { type: { list: ruleFields("source") }, set: true },
  name: { type: "string", required: true },
  outboundRules: { type: { list: ruleFields("destination") }, set: true },
  tags: { type: "string[]", set: true, caseless: true },
};

interface Rule {
  protocol: string;
  ports?: string;
  sources?: PropertyMap;
  destinations?: PropertyMap;
}

interface Firewall {
  id: string;
  name: string;
  status: string;
  created_at: string;
  inbound_rules: Rule[] | null;
  outbound_rules: Rule[] | null;
  droplet_ids: number[] | null;
  tags: string[] | null;
  pending_changes: { droplet_id: number; removing: boolean; status: string }[] | null;
}

const ARRAY = { arr: {} };

export const firewall: StandinType<DigitalOceanClient> = {
  type: "digitalocean:index/firewall:Firewall",
  fields: FIELDS,
  computed: ["createdAt", "pendingChanges", "status"],
  marksDefaults: true,
  timeouts: { create: 1200, update: 1200, delete: 1200 },
  metaTimeouts: [],
  rawDelta,

  validate(inputs) {
    return [
      ...portProblems("inboundRules", inputs.inboundRules),
      ...portProblems("outboundRules", inputs.outboundRules),
    ];
  },

  async create(client, inputs, { signal }) {
    const made = await step("Error creating firewall", client.call("POST", "firewalls", signal, bodyOf(inputs)));
    const { id } = envelope<Firewall>(made, "firewall");
    const found = await step("Error retrieving firewall", client.call("GET", `firewalls/${id}`, signal));
    return { id, outputs: outputsOf(envelope(found, "firewall"), inputs) };
  },

  async read(client, id, state, signal) {
    const found = await step(
      "Error retrieving firewall",
      getOrGone<Firewall>(client, `firewalls/${id}`, "firewall", signal),
    );
    return found && outputsOf(found, state);
  },

  async update(client, id, _state, news, { signal }) {
    await step("Error updating firewall", client.call("PUT", `firewalls/${id}`, signal, bodyOf(news)));
    const found = await step("Error retrieving firewall", client.call("GET", `firewalls/${id}`, signal));
    return outputsOf(envelope(found, "firewall"), news);
  },

  async delete(client, id, _state, signal) {
    await removeOnce(client, `firewalls/${id}`, "Error deleting firewall", signal);
  },
};

/** The plugin refuses rules of TCP and UDP without ports before any call. */
function portProblems(name: string, rules: PropertyValue | undefined): CheckFailure[] {
  if (!Array.isArray(rules)) return [];
  return rules.flatMap((rule, i) => {
    if (!isMap(rule) || rule.portRange || (rule.protocol !== "tcp" && rule.protocol !== "udp")) return [];
    return [{ path: `${name}[${i}].portRange`, reason: "required for the protocols tcp and udp" }];
  });
}

function bodyOf(inputs: PropertyMap): PropertyMap {
  const rules = (value: PropertyValue | undefined, side: "source" | "destination"): PropertyMap[] =>
    Array.isArray(value) ? value.filter(isMap).map((rule) => ruleBody(rule, side)) : [];
  return {
    name: inputs.name ?? null,
    inbound_rules: rules(inputs.inboundRules, "source"),
    outbound_rules: rules(inputs.outboundRules, "destination"),
    droplet_ids: Array.isArray(inputs.dropletIds) && inputs.dropletIds.length > 0 ? inputs.dropletIds : null,
    tags: inputs.tags ?? [],
  };
}

function ruleBody(rule: PropertyMap, side: "source" | "destination"): PropertyMap {
  const ends: PropertyMap = {};
  for (const [end, field] of Object.entries(ENDS)) {
    const value = rule[side + end];
    if (Array.isArray(value) && value.length > 0) ends[field] = value;
  }
  return { protocol: rule.protocol ?? null, ...(rule.portRange ? { ports: rule.portRange } : {}), [`${side}s`]: ends };
}

/** Sets that are empty show as null until they have been written once. */
function outputsOf(found: Firewall, known: PropertyMap): PropertyMap {
  const droplets = found.droplet_ids ?? [];
  return {
    createdAt: found.created_at,
    dropletIds: droplets.length > 0 || Array.isArray(known.dropletIds) ? droplets : null,
    inboundRules: (found.inbound_rules ?? []).map((rule) => ruleState(rule, "source")),
    name: found.name,
    outboundRules: (found.outbound_rules ?? []).map((rule) => ruleState(rule, "destination")).sort(byText),
    pendingChanges: (found.pending_changes ?? []).map(({ droplet_id, removing, status }) => ({
      dropletId: droplet_id,
      removing,
      status,
    })),
    status: found.status,
    tags: [...(found.tags ?? [])].sort(),
  };
}

function ruleState(rule: Rule, side: "source" | "destination"): PropertyMap {
  const ends = side === "source" ? rule.sources : rule.destinations;
  if (!isMap(ends)) return envelope(undefined, `${side}s`);
  const state: PropertyMap = { portRange: portsOf(rule), protocol: rule.protocol };
  for (const [end, field] of Object.entries(ENDS)) state[side + end] = ends[field] ?? [];
  return state;
}

/** "0" is how the API writes all ports, and that a protocol has none. */
function portsOf({ protocol, ports }: Rule): string {
  if (ports !== "0") return ports ?? "";
  return protocol === "icmp" ? "" : "all";
}

function byText(a: PropertyMap, b: PropertyMap): number {
  return String(a.protocol).localeCompare(String(b.protocol)) || String(a.portRange).localeCompare(String(b.portRange));
}

function rawDelta(outputs: PropertyMap): PropertyMap {
  const rules = (value: PropertyValue | undefined, side: string): PropertyMap => {
    const members = Object.fromEntries(Object.keys(ENDS).map((end) => [side + end, ARRAY]));
    const each = (Array.isArray(value) ? value : []).map((_, i) => [String(i), { obj: { ps: members } }]);
    return { arr: each.length > 0 ? { el: Object.fromEntries(each) as PropertyMap } : {} };
  };
  return {
    obj: {
      ps: {
        ...(Array.isArray(outputs.dropletIds) ? { dropletIds: ARRAY } : {}),
        inboundRules: rules(outputs.inboundRules, "source"),
        outboundRules: rules(outputs.outboundRules, "destination"),
        pendingChanges: ARRAY,
        tags: ARRAY,
      },
      renamed: { inboundRules: "inbound_rule", outboundRules: "outbound_rule" },
    },
  };
}
