import type { PropertyMap } from "../../../resources/plugin/handler.ts";
import type { StandinType } from "../resource.ts";
import { envelope, getOrGone, step, type VultrClient } from "./client.ts";

interface Group {
  id: string;
  description: string;
  date_created: string;
  date_modified: string;
  instance_count: number;
  rule_count: number;
  max_rule_count: number;
}

export const firewallGroup: StandinType<VultrClient> = {
  type: "vultr:index/firewallGroup:FirewallGroup",
  fields: { description: { type: "string" } },
  computed: ["dateCreated", "dateModified", "instanceCount", "maxRuleCount", "ruleCount"],
  marksDefaults: true,
  readsBy: "resource",
  timeouts: { create: 1200, update: 1200, delete: 1200 },
  metaTimeouts: [],

  async create(client, inputs, { signal }) {
    const body = { description: inputs.description ?? "" };
    const made = await step("error creating firewall group", client.call("POST", "firewalls", signal, body));
    const { id } = envelope<Group>(made, "firewall_group");
    return { id, outputs: outputsOf(await readOne(client, id, signal)) };
  },

  async read(client, id, _state, signal) {
    const path = `firewalls/${id}`;
    // The only one that is told by the status in the body, written without a space.
    const found = getOrGone<Group>(client, path, "firewall_group", '"status":404', signal);
    const group = await step("error getting firewall group", found);
    return group && outputsOf(group);
  },

  async update(client, id, _state, news, { signal }) {
    const body = { description: news.description ?? "" };
    await step("error updating firewall group", client.call("PUT", `firewalls/${id}`, signal, body));
    return outputsOf(await readOne(client, id, signal));
  },

  async delete(client, id, _state, signal) {
    await step(`error deleting firewall group ${id} `, client.call("DELETE", `firewalls/${id}`, signal));
  },
};

async function readOne(client: VultrClient, id: string, signal: AbortSignal): Promise<Group> {
  const answer = await step("error getting firewall group", client.call("GET", `firewalls/${id}`, signal));
  return envelope<Group>(answer, "firewall_group");
}

function outputsOf(group: Group): PropertyMap {
  return {
    dateCreated: group.date_created,
    dateModified: group.date_modified,
    description: group.description,
    instanceCount: group.instance_count,
    maxRuleCount: group.max_rule_count,
    ruleCount: group.rule_count,
  };
}
