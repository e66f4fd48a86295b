import type { Cloud } from "../../resources/cloud.ts";
import { FleetError } from "../../resources/errors.ts";
import type { Calls } from "./calls.ts";
import { serverHandler } from "./handler.ts";
import type { Machines } from "./machines.ts";
import { labelsOf, SERVER_TYPE, serverInputs, serverSchema, tagsOf } from "./server.ts";

export const PAGE_SIZE = 200;

const POWER = {
  start: "running",
  resume: "running",
  reboot: "running",
  reset: "running",
  shutdown: "stopped",
  stop: "stopped",
  suspend: "suspended",
} as const;

/** A whole cloud that answers at once, so that what is measured is the product and the engine. */
export function createBenchCloud(machines: Machines, calls: Calls): Cloud {
  return {
    name: "bench",
    title: "Benchmark cloud",
    // Loopback, so that no variable has to allow it; nothing is ever sent there.
    endpoint: "http://127.0.0.1:9",
    capabilities: {
      inPlace: ["size", "hostname", "labels", "backups", "ipv6", "monitoring", "options"],
      power: ["start", "shutdown", "stop", "reboot", "reset", "suspend", "resume"],
      firewalls: false,
      keys: false,
      backups: true,
      monitoring: true,
      ipv6: true,
      sizes: true,
      pageSize: PAGE_SIZE,
      mark: { field: "tags", maxLength: 64, pattern: /^fw-[a-z2-7]{20}$/ },
    },
    credentials: { token: { required: true, description: "Any text" } },
    schemas: {
      account: { type: "object", additionalProperties: false },
      server: {
        type: "object",
        additionalProperties: false,
        properties: { network: { type: "string" }, project: { type: "string" } },
      },
    },
    limits: {},

    async *list() {
      const all = machines.all();
      for (let from = 0; from === 0 || from < all.length; from += PAGE_SIZE) {
        calls.count("list");
        yield* all.slice(from, from + PAGE_SIZE);
      }
    },
    async observe(id) {
      calls.count("observe");
      return machines.get(id);
    },
    async findByMark(mark) {
      calls.count("findByMark");
      return machines.all().filter((machine) => machine.mark === mark);
    },
    async power(id, action) {
      calls.count("power");
      const machine = machines.get(id);
      if (machine === undefined) throw new FleetError("NOT_FOUND", `there is no server ${id}`, { id });
      machines.put({ ...machine, power: POWER[action] });
    },
    async claim(id, mark) {
      calls.count("claim");
      const machine = machines.get(id);
      if (machine === undefined) throw new FleetError("NOT_FOUND", `there is no server ${id}`, { id });
      machines.put({ ...machine, mark, tags: [...machine.tags, mark].sort() });
    },
    async catalog() {
      calls.count("catalog");
      return {
        sizes: ["small", "large"].map((name) => ({
          name,
          title: name,
          kind: "shared" as const,
          vcpus: 2,
          memoryMiB: 2048,
          diskGiB: 50,
          pricePerHourMicro: 15_000,
          pricePerMonthMicro: 10_000_000,
          currency: "USD",
        })),
        regions: [{ name: "here", title: "Here", available: true }],
        images: [{ name: "debian-12", title: "Debian 12" }],
        readAt: "2026-01-01T00:00:00.000Z",
      };
    },
    expect: (server, mark) => ({
      name: server.hostname,
      size: server.size,
      region: server.region,
      tags: tagsOf(server, mark),
      backups: server.backups,
      monitoring: server.monitoring,
      ipv6Enabled: server.ipv6,
      power: server.power,
    }),
    labelsOf: (actual) => labelsOf(actual.tags),
    async declarations() {
      // With Pulumi's SDK, which a process without a run has no use for.
      const { BenchServer } = await import("./resource.ts");
      return {
        declareServer(server, context) {
          const { id } = new BenchServer(context.identity, serverInputs(server, context.mark), context.opts);
          return { id };
        },
        declareShared(object) {
          throw new FleetError("CLOUD_UNSUPPORTED", `the benchmark cloud has no ${object.kind}`, {});
        },
      };
    },
    group: (_server, identity) => [{ type: SERVER_TYPE, name: identity }],
    shared: () => undefined,
    types: async () => ({ handlers: (parts) => [serverHandler(machines, calls, parts)], schema: serverSchema }),
  };
}
