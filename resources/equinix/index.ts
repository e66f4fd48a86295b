import type { Cloud } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import { isMark } from "../mark.ts";
import { readCatalog } from "./catalog.ts";
import { actualServer, isLeaving } from "./devices.ts";
import { gateway } from "./gateway.ts";
import { ENDPOINT, LIMITS, listDevices, PAGE_SIZE, readDevice, equinix as send } from "./http.ts";
import { labelsOf, problems, TAG_LENGTH, tagsOf } from "./names.ts";
import { POWER_ACTIONS, setPower } from "./power.ts";
import { accountSchema, serverSchema } from "./schemas.ts";

/** Equinix Metal, bare machines of one project. @see https://deploy.equinix.com/developers/api/metal */
export const equinix = {
  name: "equinix",
  title: "Equinix Metal",
  endpoint: ENDPOINT,
  ended: {
    on: "2026-06-30",
    note: "Equinix has closed Metal: there are no new machines there. Move those that are left to another cloud.",
  },
  capabilities: {
    inPlace: ["hostname", "labels", "options"],
    // A new device has IPv6 in any case, unless its options say otherwise.
    createOnly: ["ipv6"],
    power: POWER_ACTIONS,
    firewalls: false,
    provisioning: () => "long",
    ownStack: () => true,
    keys: true,
    keysById: true,
    backups: false,
    monitoring: false,
    ipv6: true,
    sizes: true,
    pageSize: PAGE_SIZE,
    mark: { field: "tags", maxLength: TAG_LENGTH, pattern: /^[^,]{1,255}$/ },
  },
  credentials: {
    token: {
      required: true,
      description: "API key of a project or a user that may read and write devices and SSH keys",
    },
  },
  schemas: { account: accountSchema, server: serverSchema },
  limits: LIMITS,

  async *list(call) {
    for (const device of await listDevices(call)) yield actualServer(device);
  },

  async observe(id, call) {
    const device = await readDevice(call, id);
    return device && actualServer(device);
  },

  async findByMark(mark, _server, call) {
    const found = await listDevices(call, { tag: mark });
    // One on its way out is no machine to take over, and an API that knew no filter would answer with all.
    return found.filter((device) => device.tags.includes(mark) && !isLeaving(device)).map(actualServer);
  },

  power: setPower,

  async claim(id, mark, call) {
    const device = await readDevice(call, id);
    if (!device || isLeaving(device))
      throw new FleetError("NOT_FOUND", `there is no device ${id} to adopt`, { cloud: "equinix", server: id });
    // In the order that the declaration has: the plugin takes another order for a change.
    const tags = [...device.tags.filter((tag) => !isMark(tag)), mark].sort();
    await send(call, { method: "PUT", path: `/devices/${id}`, json: { tags } });
  },

  catalog: readCatalog,

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

  group(_server, identity) {
    return [{ type: "equinix-metal:index/device:Device", name: identity }];
  },

  shared(object, identity) {
    if (object.kind !== "SshKey") return undefined;
    return { type: "equinix-metal:index/projectSshKey:ProjectSshKey", name: `key.${identity}` };
  },

  gateway,
} satisfies Cloud;
