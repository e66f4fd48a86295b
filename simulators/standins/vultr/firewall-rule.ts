import type { PropertyMap } from "../../../resources/plugin/handler.ts";
import type { StandinType } from "../resource.ts";
import { envelope, getOrGone, step, type VultrClient } from "./client.ts";

const GONE = "Firewall rule ID not found";
const PROTOCOLS = ["icmp", "tcp", "udp", "gre", "ah", "esp"];

interface Rule {
  id: number;
  ip_type: string;
  protocol: string;
  port: string;
  subnet: string;
  subnet_size: number;
  source: string;
  notes: string;
}

export const firewallRule: StandinType<VultrClient> = {
  type: "vultr:index/firewallRule:FirewallRule",
  fields: {
    firewallGroupId: { type: "string", required: true, replace: true },
    ipType: { type: "string", required: true, replace: true },
    notes: { type: "string", default: "", replace: true },
    port: { type: "string", default: "", replace: true },
    protocol: { type: "string", required: true, replace: true },
    source: { type: "string", default: "", replace: true },
    subnet: { type: "string", required: true, replace: true },
    subnetSize: { type: "integer", required: true, replace: true },
  },
  computed: [],
  marksDefaults: true,
  readsBy: "resource",
  timeouts: { create: 1200, update: 1200, delete: 1200 },
  metaTimeouts: [],

  validate({ protocol }) {
    if (typeof protocol !== "string" || PROTOCOLS.includes(protocol)) return [];
    return [{ path: "protocol", reason: `expected protocol to be one of ${JSON.stringify(PROTOCOLS)}` }];
  },

  async create(client, inputs, { signal }) {
    const path = `firewalls/${String(inputs.firewallGroupId)}/rules`;
    const made = await step("error creating firewall rule ", client.call("POST", path, signal, bodyOf(inputs)));
    const id = String(envelope<Rule>(made, "firewall_rule").id);
    const found = await step("error getting firewall rule", client.call("GET", `${path}/${id}`, signal));
    return { id, outputs: outputsOf(envelope<Rule>(found, "firewall_rule"), inputs) };
  },

  async read(client, id, state, signal) {
    const path = `firewalls/${String(state.firewallGroupId)}/rules/${id}`;
    const found = getOrGone<Rule>(client, path, "firewall_rule", GONE, signal);
    const rule = await step(`error getting firewall rule ${String(state.firewallGroupId)}`, found);
    return rule && outputsOf(rule, state);
  },

  async update(_client, _id, state) {
    return state;
  },

  async delete(client, id, state, signal) {
    const path = `firewalls/${String(state.firewallGroupId)}/rules/${id}`;
    await step(`error destroying firewall rule ${id}`, client.call("DELETE", path, signal));
  },
};

function bodyOf(inputs: PropertyMap): PropertyMap {
  return {
    ip_type: inputs.ipType ?? null,
    protocol: inputs.protocol ?? null,
    subnet: inputs.subnet ?? null,
    subnet_size: inputs.subnetSize ?? null,
    ...(inputs.port ? { port: inputs.port } : {}),
    ...(inputs.source ? { source: inputs.source } : {}),
    ...(inputs.notes ? { notes: inputs.notes } : {}),
  };
}

function outputsOf(rule: Rule, known: PropertyMap): PropertyMap {
  return {
    firewallGroupId: known.firewallGroupId ?? null,
    ipType: rule.ip_type,
    notes: rule.notes,
    port: rule.port,
    protocol: rule.protocol,
    source: rule.source,
    subnet: rule.subnet,
    subnetSize: rule.subnet_size,
  };
}
