import type { Cloud } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import { readCatalog } from "./catalog.ts";
import { console } from "./console.ts";
import { firewalls } from "./firewalls.ts";
import { ENDPOINT, LIMITS, PAGE_SIZE } from "./http.ts";
import { isOurs, relabel } from "./labels.ts";
import { actualServer, listInstances, readInstance } from "./machines.ts";
import { labelsOf, NAME_LENGTH, problems, remarked, tagsOf } from "./names.ts";
import { POWER_ACTIONS, setPower } from "./power.ts";
import { firewallProblems } from "./rules.ts";
import { accountSchema, serverSchema } from "./schemas.ts";

/** Hyperstack (NexGenCloud's Infrahub). @see https://docs.hyperstack.cloud/docs/api-reference/ */
export const hyperstack = {
  name: "hyperstack",
  title: "Hyperstack",
  endpoint: ENDPOINT,
  capabilities: {
    // There is no request that renames a machine, so another hostname is another machine.
    inPlace: ["size", "labels", "firewalls", "options"],
    power: POWER_ACTIONS,
    firewalls: true,
    sharedPerRegion: true,
    keys: true,
    keysById: true,
    backups: false,
    monitoring: false,
    ipv6: false,
    sizes: true,
    pageSize: PAGE_SIZE,
    mark: { field: "labels", maxLength: NAME_LENGTH, pattern: /^\S{1,50}$/ },
  },
  credentials: {
    apiKey: { required: true, description: "API key of an organization's member who may manage its resources" },
  },
  schemas: { account: accountSchema, server: serverSchema },
  limits: LIMITS,

  async *list(call) {
    for (const instance of await listInstances(call)) yield actualServer(instance, call);
  },

  async observe(id, call) {
    const instance = await readInstance(id, call);
    return instance && actualServer(instance, call);
  },

  async findByMark(mark, _server, call) {
    const all = await listInstances(call);
    return all.filter((instance) => isOurs(instance, mark)).map((instance) => actualServer(instance, call));
  },

  power: setPower,

  async claim(id, mark, call) {
    const instance = await readInstance(id, call);
    if (!instance) {
      throw new FleetError("NOT_FOUND", `there is no machine ${id} to adopt`, { cloud: "hyperstack", server: id });
    }
    await relabel(instance, remarked(instance.labels, mark), call);
  },

  catalog: (call) => readCatalog(call),
  console,

  firewalls,
  firewallProblems,

  expect(server, mark) {
    return {
      name: server.hostname,
      size: server.size,
      region: server.region,
      tags: tagsOf(server, mark),
      power: server.power,
    };
  },

  labelsOf: (actual) => labelsOf(actual.tags),
  problems,

  async declarations() {
    return (await import("./declare.ts")).declarations;
  },

  group(_server, identity) {
    return [{ type: "fleetwright:hyperstack:VirtualMachine", name: identity }];
  },

  shared(object, identity) {
    if (object.kind === "Firewall") return { type: "fleetwright:hyperstack:Firewall", name: `firewall.${identity}` };
    if (object.kind === "SshKey") return { type: "fleetwright:hyperstack:KeyPair", name: `key.${identity}` };
    return undefined;
  },

  async types() {
    return (await import("./types.ts")).types;
  },
} satisfies Cloud;
