import type { Cloud } from "../cloud.ts";
import { readAccess } from "./access.ts";
import { readCatalog } from "./catalog.ts";
import { findByMark, observe } from "./find.ts";
import { expectedRules, firewallProblems } from "./firewall-rules.ts";
import { pve } from "./http.ts";
import { coresOf, nodeOf, problems } from "./inputs.ts";
import { labelsOf, retagged, splitTags, tagsOf, withMark } from "./marks.ts";
import { metrics } from "./metrics.ts";
import { act } from "./power.ts";
import { accountSchema, serverSchema } from "./schemas.ts";
import { listedServer, listVms, parseId, readConfig, text, vmPath } from "./vms.ts";

/** Proxmox VE 8.2 and later. @see https://pve.proxmox.com/pve-docs/api-viewer/ */
export const proxmox = {
  name: "proxmox",
  title: "Proxmox VE",
  capabilities: {
    // Processors and memory of a running machine apply at its next start, unless its template hot-plugs them.
    inPlace: ["resources", "hostname", "labels", "firewalls", "options"],
    power: ["start", "shutdown", "stop", "reboot", "reset", "suspend", "resume"],
    firewalls: true,
    // Each machine has rules of its own.
    firewallScope: "server",
    // Keys go into the machine by cloud-init; the account has no list of them.
    keys: false,
    backups: false,
    monitoring: false,
    ipv6: false,
    sizes: false,
    // The list has no pages.
    pageSize: Number.MAX_SAFE_INTEGER,
    mark: { field: "tags", maxLength: 23, pattern: /^fw-[a-z2-7]{20}$/ },
  },
  credentials: {
    token: { required: false, description: "API token as USER@REALM!ID=SECRET; or else username and password" },
    username: { required: false, description: "User with realm, as root@pam, where there is no token" },
    password: { required: false, description: "The user's password" },
  },
  schemas: { account: accountSchema, server: serverSchema },
  // Proxmox VE limits nothing; an account's `budgets.api` does, where an operator wants it.
  limits: {},

  problems,
  firewallProblems,

  async *list(call) {
    for (const vm of await listVms(call)) if (vm.template !== 1) yield listedServer(vm);
  },

  async observe(id, call) {
    return observe(call, parseId(id));
  },

  findByMark(mark, server, call) {
    return findByMark(call, mark, server.hostname);
  },

  async power(id, action, call) {
    await act(call, parseId(id), action);
  },

  async claim(id, mark, call) {
    const place = parseId(id);
    const config = await readConfig(call, place);
    const description = withMark(text(config.description), mark);
    const tags = retagged(splitTags(text(config.tags)), mark).join(";");
    // The digest refuses the write when somebody else was faster, rather than undo what they wrote.
    await pve(call, {
      method: "PUT",
      path: `${vmPath(place)}/config`,
      form: { tags, description, ...(config.digest ? { digest: config.digest } : {}) },
      idempotent: false,
    });
  },

  catalog: (call) => readCatalog(call),
  access: readAccess,
  metrics,

  expect(server, mark) {
    const { memoryMiB, diskGiB } = server.resources;
    const vcpus = coresOf(server);
    return {
      name: server.hostname,
      region: nodeOf(server),
      ...(vcpus === undefined ? {} : { vcpus }),
      ...(memoryMiB === undefined ? {} : { memoryMiB }),
      ...(diskGiB === undefined ? {} : { diskGiB }),
      tags: tagsOf(server, mark),
      ...(server.rules ? { rules: expectedRules(server.rules) } : {}),
      power: server.power,
    };
  },

  labelsOf: (actual) => labelsOf(actual.tags),

  async declarations() {
    return (await import("./declare.ts")).declarations;
  },

  group(_server, identity) {
    return [{ type: "fleetwright:proxmox:VirtualMachine", name: identity }];
  },

  shared: () => undefined,

  async types() {
    return (await import("./types.ts")).types;
  },
} satisfies Cloud;
