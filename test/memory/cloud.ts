import type { ActualServer } from "../../resources/actual.ts";
import { createBudget } from "../../resources/budget.ts";
import type { Catalog } from "../../resources/catalog.ts";
import type { Account, Call, Cloud, PowerAction } from "../../resources/cloud.ts";
import { FleetError } from "../../resources/errors.ts";
import { isMark, markIn } from "../../resources/mark.ts";
import type { AccountSpec, ServerSpec } from "../../resources/spec.ts";
import { createTagCodec } from "../../resources/tags.ts";

export interface MemoryMachine extends ActualServer {
  /** Told apart from `tags` only where a test looks. */
  bootCount: number;
}

export interface MemoryCloud {
  cloud: Cloud;
  account: Account;
  /** Everything the cloud has, by id: a test may read and change it at will. */
  machines: Map<string, MemoryMachine>;
  /** Adds a machine, somebody else's unless told otherwise, and returns its id. */
  add(partial?: Partial<ActualServer>): string;
  /** The next calls of this kind fail so; a failed call changes nothing. */
  fail(
    method: "list" | "observe" | "findByMark" | "power" | "claim" | "catalog",
    error: FleetError,
    times?: number,
  ): void;
  /** Forgets the failures still to come. */
  clear(): void;
  /** Calls so far, by method. */
  calls: Record<string, number>;
  /** Makes the machine as `server` wants it, as an engine run would, and returns its id. */
  make(server: ServerSpec, mark: string): string;
}

const tags = createTagCodec(/[a-z0-9._:/@-]/);

const RESTARTS: readonly PowerAction[] = ["reboot", "reset"];
const REACHED: Partial<Record<PowerAction, "running" | "stopped" | "suspended">> = {
  start: "running",
  resume: "running",
  reboot: "running",
  reset: "running",
  shutdown: "stopped",
  stop: "stopped",
  suspend: "suspended",
};

/**
 * A whole cloud in a Map, without time: the reference of the contract suite and the peer of fast controller tests. It has no Pulumi side;
 * `make` and `machines.delete` stand for what the engine does.
 */
export function createMemoryCloud(options: { name?: string; account?: Partial<AccountSpec> } = {}): MemoryCloud {
  const name = options.name ?? "memory";
  const machines = new Map<string, MemoryMachine>();
  const calls: Record<string, number> = {};
  const failures = new Map<string, FleetError[]>();
  let lastId = 1000;

  const called = (method: string, call: Call) => {
    calls[method] = (calls[method] ?? 0) + 1;
    if (call.signal.aborted) throw new FleetError("DEADLINE", `${name} did not finish ${method} in time`);
    const error = failures.get(method)?.shift();
    if (error) throw error;
  };
  const existing = (id: string) => {
    const machine = machines.get(id);
    if (!machine) throw new FleetError("NOT_FOUND", `machine ${id} is gone`, { cloud: name, server: id });
    return machine;
  };
  const shown = ({ bootCount: _, ...machine }: MemoryMachine): ActualServer => {
    const mark = markIn(machine.tags);
    return { ...structuredClone(machine), tags: [...machine.tags].sort(), ...(mark ? { mark } : {}) };
  };

  const cloud: Cloud = {
    name,
    title: "Memory",
    endpoint: `memory://${name}`,
    capabilities: {
      inPlace: ["size", "hostname", "labels", "firewalls", "backups", "ipv6", "monitoring"],
      power: ["start", "shutdown", "stop", "reboot", "reset", "suspend", "resume"],
      firewalls: true,
      keys: true,
      backups: true,
      monitoring: true,
      ipv6: true,
      sizes: true,
      pageSize: 100,
      mark: { field: "tags", maxLength: 255, pattern: /^.+$/ },
    },
    credentials: { token: { required: true, description: "Any text" } },
    schemas: { account: { type: "object" }, server: { type: "object" } },
    limits: {},

    async *list(call) {
      called("list", call);
      for (const machine of [...machines.values()]) yield shown(machine);
    },
    async observe(id, call) {
      called("observe", call);
      const machine = machines.get(id);
      return machine && shown(machine);
    },
    async findByMark(mark, _server, call) {
      called("findByMark", call);
      return [...machines.values()].filter((machine) => machine.tags.includes(mark)).map(shown);
    },
    async power(id, action, call) {
      called("power", call);
      const machine = existing(id);
      const reached = REACHED[action]!;
      if (RESTARTS.includes(action) || (machine.power === "stopped" && reached === "running")) machine.bootCount++;
      machine.power = reached;
      machine.status = reached;
    },
    async claim(id, mark, call) {
      called("claim", call);
      const machine = existing(id);
      machine.tags = [...machine.tags.filter((tag) => !isMark(tag)), mark];
    },
    async catalog(call) {
      called("catalog", call);
      return structuredClone(CATALOG);
    },
    expect: (server, mark) => ({
      name: server.hostname,
      size: server.size,
      region: server.region,
      tags: [...tags.tagsOf(server.labels), mark].sort(),
      backups: server.backups,
      monitoring: server.monitoring,
      ipv6Enabled: server.ipv6,
      power: server.power,
    }),
    labelsOf: (actual) => tags.labelsOf(actual.tags),
    async declarations() {
      throw new FleetError("CLOUD_UNSUPPORTED", "the cloud in memory has no Pulumi side");
    },
    group: (_server, identity) => [{ type: "memory:index:Machine", name: identity }],
    shared: (object, identity) => ({
      type: `memory:index:${object.kind}`,
      name: `${object.kind.toLowerCase()}.${identity}`,
    }),
  };

  const account: Account = {
    spec: {
      kind: "Account",
      name: `${name}-main`,
      formerly: [],
      provider: name,
      credentials: { token: { env: "FLEETWRIGHT_MEMORY_TOKEN" } },
      cells: 1,
      budgets: {},
      regions: [],
      deadlines: { createSeconds: 60, settleSeconds: 0 },
      options: {},
      ...options.account,
    },
    endpoint: `memory://${name}`,
    credentials: { token: "memory-token" },
    budget: createBudget({}),
  };

  const add = (partial: Partial<ActualServer> = {}) => {
    const id = partial.id ?? String(++lastId);
    const power = partial.power ?? "running";
    machines.set(id, {
      name: `machine-${id}`,
      status: power,
      size: "small",
      region: "here",
      image: "debian-12",
      ipv4: ["192.0.2.1"],
      ipv6: [],
      vcpus: 1,
      memoryMiB: 1024,
      diskGiB: 25,
      backups: false,
      monitoring: false,
      ipv6Enabled: false,
      createdAt: "2026-01-01T00:00:00.000Z",
      ...partial,
      id,
      power,
      tags: [...(partial.tags ?? [])],
      bootCount: 1,
    });
    return id;
  };

  return {
    cloud,
    account,
    machines,
    calls,
    add,
    clear: () => failures.clear(),
    make: (server, mark) => add({ ...cloud.expect(server, mark), image: server.createOnly.image }),
    fail: (method, error, times = 1) => {
      failures.set(method, [...(failures.get(method) ?? []), ...Array.from({ length: times }, () => error)]);
    },
  };
}

const CATALOG: Catalog = {
  sizes: [
    {
      name: "small",
      title: "Small",
      kind: "shared",
      vcpus: 1,
      memoryMiB: 1024,
      diskGiB: 25,
      pricePerHourMicro: 7_500,
      pricePerMonthMicro: 5_000_000,
      currency: "USD",
    },
    {
      name: "large",
      title: "Large",
      kind: "shared",
      vcpus: 4,
      memoryMiB: 8192,
      diskGiB: 160,
      pricePerHourMicro: 60_000,
      pricePerMonthMicro: 40_000_000,
      currency: "USD",
    },
  ],
  regions: [
    { name: "here", title: "Here", available: true },
    { name: "there", title: "There", available: true },
  ],
  images: [{ name: "debian-12", title: "Debian 12" }],
  readAt: "2026-01-01T00:00:00.000Z",
};
