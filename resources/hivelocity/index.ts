import type { Cloud } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import { isMark } from "../mark.ts";
import { readCatalog } from "./catalog.ts";
import { findDevices, listDevices, observeDevice } from "./devices.ts";
import { ENDPOINT, LIMITS, send } from "./http.ts";
import { devicePath, parseId } from "./ids.ts";
import { problems, TAG_LENGTH, tags, tagsOf } from "./names.ts";
import { POWER_ACTIONS, setPower } from "./power.ts";
import { accountSchema, serverSchema } from "./schemas.ts";

/** Hivelocity, bare metal. @see https://developers.hivelocity.net/reference */
export const hivelocity = {
  name: "hivelocity",
  title: "Hivelocity",
  endpoint: ENDPOINT,
  capabilities: {
    inPlace: ["hostname", "labels"],
    createOnly: ["options"],
    power: POWER_ACTIONS,
    firewalls: false,
    keys: true,
    keysById: true,
    backups: false,
    monitoring: false,
    ipv6: false,
    sizes: true,
    // Lists have no pages.
    pageSize: Number.MAX_SAFE_INTEGER,
    mark: { field: "tags", maxLength: TAG_LENGTH, pattern: /^fw-[a-z2-7]{20}$/ },
    provisioning: () => "long",
  },
  credentials: {
    apiKey: { required: true, description: "API key of the account, as the portal makes it" },
  },
  schemas: { account: accountSchema, server: serverSchema },
  limits: LIMITS,

  async *list(call) {
    yield* await listDevices(call);
  },

  observe: observeDevice,

  findByMark: (mark, _server, call) => findDevices(mark, call),

  power: setPower,

  async claim(id, mark, call) {
    const device = await observeDevice(id, call);
    if (!device)
      throw new FleetError("NOT_FOUND", `there is no device ${id} to adopt`, { cloud: "hivelocity", server: id });
    const others = device.tags.filter((tag) => !isMark(tag));
    if (device.mark === mark && others.length === device.tags.length - 1) return;
    const path = `${devicePath(parseId(id))}/tags`;
    await send(call, { method: "PUT", path, json: { tags: [...others, mark] } });
    if ((await observeDevice(id, call))?.mark !== mark)
      throw new FleetError("CLOUD_ANSWER_INVALID", `the mark ${mark} did not stay on device ${id}`, {
        cloud: "hivelocity",
        server: id,
      });
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

  labelsOf: (actual) => tags.labelsOf(actual.tags),
  problems,

  async declarations() {
    return (await import("./declare.ts")).declarations;
  },

  group(_server, identity) {
    return [{ type: "fleetwright:hivelocity:Device", name: identity }];
  },

  shared(object, identity) {
    return object.kind === "SshKey" ? { type: "fleetwright:hivelocity:SshKey", name: `key.${identity}` } : undefined;
  },

  async types() {
    return (await import("./types.ts")).types;
  },
} satisfies Cloud;
