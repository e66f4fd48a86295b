import type { Cloud } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import { readAccess } from "./access.ts";
import { hosts } from "./aggregates.ts";
import { readCatalog } from "./catalog.ts";
import { readChanges } from "./changes.ts";
import { console } from "./console.ts";
import { actualFirewall, firewallProblems, linesOf, rulesOf } from "./firewall.ts";
import { listGroups, readGroup } from "./groups.ts";
import { openstack as send } from "./http.ts";
import { PAGE_SIZE } from "./lists.ts";
import { labelsOf, MARK_KEY, problems, tagsOf } from "./names.ts";
import { networks } from "./networks.ts";
import { POWER_ACTIONS, setPower } from "./power.ts";
import { accountSchema, serverSchema } from "./schemas.ts";
import { actual, isDeleting, listServers, markOf, readServer, serverPath } from "./servers.ts";
import { snapshotProblem, snapshots } from "./snapshots.ts";

/** OpenStack: nova from Stein (2.69) on, Neutron, Glance, Keystone v3. @see https://docs.openstack.org/api-ref/ */
export const openstack = {
  name: "openstack",
  title: "OpenStack",
  capabilities: {
    inPlace: ["size", "hostname", "labels", "firewalls", "ports"],
    createOnly: ["options", "ipv6", "monitoring"],
    power: POWER_ACTIONS,
    firewalls: true,
    keys: true,
    keysById: true,
    ports: true,
    snapshots: { labels: true },
    backups: false,
    monitoring: false,
    ipv6: false,
    sizes: true,
    pageSize: PAGE_SIZE,
    mark: { field: `metadata.${MARK_KEY}`, maxLength: 255, pattern: /^.{1,255}$/ },
  },
  credentials: {
    applicationCredentialId: {
      required: false,
      description: "Id of an application credential; or else username and password",
    },
    applicationCredentialSecret: { required: false, description: "The application credential's secret" },
    username: { required: false, description: "User, where there is no application credential" },
    password: { required: false, description: "The user's password" },
  },
  schemas: { account: accountSchema, server: serverSchema },
  // OpenStack limits nothing by itself; an account's `budgets.api` does, where an operator wants it.
  limits: {},

  async *list(call) {
    for (const server of await listServers(call)) yield actual(server);
  },

  changes: readChanges,
  access: readAccess,
  console,

  async observe(id, call) {
    const server = await readServer(call, id);
    return server && actual(server);
  },

  async findByMark(mark, _server, call) {
    // Nova filters by metadata for administrators only, and says nothing when it ignores the filter. One on its way out is no machine to take over.
    const found = (await listServers(call)).filter((server) => markOf(server) === mark && !isDeleting(server));
    return found.map(actual);
  },

  power: setPower,

  async claim(id, mark, call) {
    const server = await readServer(call, id);
    if (!server) {
      throw new FleetError("NOT_FOUND", `there is no server ${id} to adopt`, { cloud: "openstack", server: id });
    }
    if (markOf(server) === mark) return;
    const json = { metadata: { [MARK_KEY]: mark } };
    // Adds to what is there, and may be repeated.
    await send(call, "compute", { method: "POST", path: `${serverPath(id)}/metadata`, json, idempotent: true });
  },

  catalog: (call) => readCatalog(call),

  firewalls: {
    list: async (call) => (await listGroups(call)).map(actualFirewall),
    async observe(id, call) {
      const group = await readGroup(call, id);
      return group && actualFirewall(group);
    },
    expect: (firewall) => rulesOf(linesOf(firewall)),
  },
  firewallProblems,
  hosts,
  networks,
  snapshots,
  snapshotProblem,

  expect(server, mark) {
    return {
      name: server.hostname,
      size: server.size,
      region: server.region,
      tags: tagsOf(server, mark),
      power: server.power,
    };
  },

  labelsOf: (server) => labelsOf(server.tags),
  problems,

  async declarations() {
    return (await import("./declare.ts")).declarations;
  },

  group({ ports = [] }, identity) {
    return [
      { type: "fleetwright:openstack:Server", name: identity },
      ...ports.map((port) => ({ type: "fleetwright:openstack:PortAttachment", name: `${identity}.${port}` })),
    ];
  },

  shared(object, identity) {
    switch (object.kind) {
      case "Firewall":
        return { type: "fleetwright:openstack:SecurityGroup", name: `firewall.${identity}` };
      case "SshKey":
        return { type: "fleetwright:openstack:KeyPair", name: `key.${identity}` };
      case "Aggregate":
        return { type: "fleetwright:openstack:Aggregate", name: `aggregate.${identity}` };
      case "AggregateHost":
        return { type: "fleetwright:openstack:AggregateHost", name: `host.${identity}` };
      case "Snapshot":
        return { type: "fleetwright:openstack:Snapshot", name: `snapshot.${identity}` };
      case "Port":
        return { type: "fleetwright:openstack:Port", name: `port.${identity}` };
    }
  },

  async types() {
    return (await import("./types.ts")).types;
  },
} satisfies Cloud;
