import { PartialCreation, type PropertyMap, type PropertyValue } from "../../../resources/plugin/handler.ts";
import { isMap } from "../../../resources/plugin/paths.ts";
import { changedNames } from "../diff.ts";
import type { Fields } from "../fields.ts";
import type { StandinType } from "../resource.ts";
import { getOrGone, type LinodeClient, step } from "./client.ts";
import { zoned } from "./dates.ts";

const RULE_FIELDS = {
  action: { type: "string", required: true },
  description: { type: "string" },
  ipv4s: { type: "string[]" },
  ipv6s: { type: "string[]" },
  label: { type: "string", required: true },
  ports: { type: "string" },
  protocol: { type: "string", required: true },
} as const satisfies Fields;

const FIELDS = {
  disabled: { type: "boolean", computed: true },
  inboundPolicy: { type: "string", required: true },
  inbounds: { type: { list: RULE_FIELDS } },
  label: { type: "string", required: true },
  linodes: { type: "integer[]", set: true, computed: true },
  nodebalancers: { type: "integer[]", set: true, computed: true, unsupported: true },
  outboundPolicy: { type: "string", required: true },
  outbounds: { type: { list: RULE_FIELDS } },
  tags: { type: "string[]", set: true, caseless: true, computed: true },
} as const satisfies Fields;

interface Rules {
  inbound: PropertyMap[];
  outbound: PropertyMap[];
  inbound_policy: string;
  outbound_policy: string;
}

interface Firewall {
  id: number;
  label: string;
  status: string;
  tags?: string[];
  created: string;
  updated: string;
}

interface Device {
  id: number;
  entity: { id: number; type: string; label?: string; url?: string };
}

export const firewall: StandinType<LinodeClient> = {
  type: "linode:index/firewall:Firewall",
  fields: FIELDS,
  computed: ["created", "devices", "nodebalancers", "status", "updated"],
  marksDefaults: false,
  timeouts: { create: 900, update: 900, delete: 900 },
  metaTimeouts: [],

  async create(client, inputs, { signal }) {
    const body = {
      label: inputs.label,
      rules: rulesBody(inputs),
      devices: { linodes: inputs.linodes ?? [], nodebalancers: [] },
      ...(inputs.tags ? { tags: inputs.tags } : {}),
    };
    const made = await step(
      "Failed to Create Firewall",
      client.call<Firewall>("POST", "networking/firewalls", signal, body),
    );
    const id = String(made.id);
    try {
      const current =
        inputs.disabled === true ? await client.call<Firewall>("PUT", path(id), signal, { status: "disabled" }) : made;
      const devices = await client.list<Device>(`${path(id)}/devices`, signal);
      const rules = await client.call<Rules>("GET", `${path(id)}/rules`, signal);
      return { id, outputs: outputsOf(current, rules, devices) };
    } catch (error) {
      throw new PartialCreation(id, inputs, [`Failed to Create Firewall: ${(error as Error).message}`], {
        cause: error,
      });
    }
  },

  async read(client, id, _state, signal) {
    const found = await step("Failed to Get Firewall", getOrGone<Firewall>(client, path(id), signal));
    if (!found) return undefined;
    const rules = await step("Failed to Get Rules", client.call<Rules>("GET", `${path(id)}/rules`, signal));
    const devices = await step("Failed to Get Devices", client.list<Device>(`${path(id)}/devices`, signal));
    return outputsOf(found, rules, devices);
  },

  async update(client, id, state, news, { signal }) {
    const changed = changedNames(FIELDS, state, news);
    const any = (...names: string[]) => names.some((name) => changed.has(name));
    let outputs: PropertyMap = { ...state };
    if (any("label", "tags", "disabled")) {
      const body = {
        label: news.label,
        ...(changed.has("tags") ? { tags: news.tags } : {}),
        ...(changed.has("disabled") ? { status: news.disabled ? "disabled" : "enabled" } : {}),
      };
      const put = await step("Failed to Update Firewall", client.call<Firewall>("PUT", path(id), signal, body));
      outputs = { ...outputs, ...headOf(put) };
    }
    if (any("inbounds", "outbounds", "inboundPolicy", "outboundPolicy")) {
      const rules = await step(
        "Failed to Update Firewall Rules",
        client.call<Rules>("PUT", `${path(id)}/rules`, signal, rulesBody(news)),
      );
      outputs = { ...outputs, ...rulesOf(rules) };
    }
    if (changed.has("linodes"))
      outputs = {
        ...outputs,
        ...devicesOf(
          await step("Failed to Update Firewall Devices", attach(client, id, news.linodes as number[], signal)),
        ),
      };
    return outputs;
  },

  async delete(client, id, _state, signal) {
    await step("Failed to Delete Firewall", client.call("DELETE", path(id), signal));
  },
};

function path(id: string): string {
  return `networking/firewalls/${id}`;
}

/** Attaches what is missing, then takes off what is left over. */
async function attach(
  client: LinodeClient,
  id: string,
  wanted: readonly number[],
  signal: AbortSignal,
): Promise<Device[]> {
  const devices = await client.list<Device>(`${path(id)}/devices`, signal);
  const linodes = devices.filter((device) => device.entity.type === "linode");
  const kept = devices.filter((device) => device.entity.type !== "linode" || wanted.includes(device.entity.id));
  for (const linode of wanted) {
    if (linodes.some((device) => device.entity.id === linode)) continue;
    kept.push(await client.call<Device>("POST", `${path(id)}/devices`, signal, { id: linode, type: "linode" }));
  }
  for (const device of linodes)
    if (!wanted.includes(device.entity.id)) await client.call("DELETE", `${path(id)}/devices/${device.id}`, signal);
  return kept;
}

function rulesBody(inputs: PropertyMap): PropertyMap {
  const rules = (list: PropertyValue | undefined) => (Array.isArray(list) ? list.filter(isMap).map(ruleBody) : []);
  return {
    inbound: rules(inputs.inbounds),
    inbound_policy: inputs.inboundPolicy ?? null,
    outbound: rules(inputs.outbounds),
    outbound_policy: inputs.outboundPolicy ?? null,
  };
}

function ruleBody(rule: PropertyMap): PropertyMap {
  const addresses: PropertyMap = {};
  if (rule.ipv4s) addresses.ipv4 = rule.ipv4s;
  if (rule.ipv6s) addresses.ipv6 = rule.ipv6s;
  return {
    action: rule.action ?? null,
    label: rule.label ?? null,
    protocol: rule.protocol ?? null,
    ...(rule.ports ? { ports: rule.ports } : {}),
    ...(rule.description ? { description: rule.description } : {}),
    addresses,
  };
}

function outputsOf(found: Firewall, rules: Rules, devices: readonly Device[]): PropertyMap {
  return { ...headOf(found), ...rulesOf(rules), ...devicesOf(devices) };
}

function headOf(found: Firewall): PropertyMap {
  return {
    created: zoned(found.created),
    disabled: found.status === "disabled",
    label: found.label,
    status: found.status,
    tags: [...(found.tags ?? [])].sort(),
    updated: zoned(found.updated),
  };
}

function rulesOf(rules: Rules): PropertyMap {
  return {
    inboundPolicy: rules.inbound_policy,
    inbounds: rules.inbound.map(ruleState),
    outboundPolicy: rules.outbound_policy,
    outbounds: rules.outbound.map(ruleState),
  };
}

function ruleState(rule: PropertyMap): PropertyMap {
  const { ipv4, ipv6 } = isMap(rule.addresses) ? rule.addresses : {};
  return {
    action: rule.action ?? "",
    description: rule.description ?? "",
    ipv4s: ipv4 ?? [],
    ipv6s: ipv6 ?? [],
    label: rule.label ?? "",
    ports: rule.ports ?? "",
    protocol: rule.protocol ?? "",
  };
}

function devicesOf(devices: readonly Device[]): PropertyMap {
  const ids = (type: string) =>
    devices.filter((device) => device.entity.type === type).map((device) => device.entity.id);
  return {
    devices: devices.map(({ id, entity }) => ({
      entityId: entity.id,
      id,
      label: entity.label ?? "",
      type: entity.type,
      url: entity.url ?? "",
    })),
    linodes: ids("linode"),
    nodebalancers: ids("nodebalancer"),
  };
}
