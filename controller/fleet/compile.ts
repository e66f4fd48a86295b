import type { Catalog } from "../../resources/catalog.ts";
import type {
  AccountSpec,
  FirewallSpec,
  FleetSpec,
  ForgeSpec,
  KeySpec,
  NetboxSpec,
  PlanSpec,
  PortSpec,
  ServerSpec,
  SnapshotSpec,
} from "../../resources/spec.ts";
import type { Kind } from "../../schemas/index.ts";
import type {
  AccountFields,
  AggregateFields,
  FirewallFields,
  FleetFields,
  PlanFields,
  PortFields,
  ServerFields,
  SnapshotFields,
  SshKeyFields,
} from "../../schemas/types.ts";
import { compileAccount } from "./account.ts";
import { adoptFaults, formerlyFaults } from "./across.ts";
import { type AggregateParts, compileAggregate } from "./aggregate.ts";
import { type CompiledAggregates, joinAggregates } from "./aggregates.ts";
import { createParsedCache, type ParsedCache, trimCache } from "./cache.ts";
import { type CloudRules, Context, type Result } from "./context.ts";
import { driftFaults } from "./drift.ts";
import { type Entry, type InvalidObject, readEntries } from "./entries.ts";
import { type FleetFile, faultAt } from "./file.ts";
import { compileFirewall } from "./firewall.ts";
import { forgeFaults } from "./forge.ts";
import { makesClaims, recompile } from "./incremental.ts";
import { netboxFaults } from "./netbox.ts";
import { notificationFaults, targetsOf } from "./notifications.ts";
import { compilePlan } from "./plan.ts";
import { compilePort, portFaults } from "./port.ts";
import type { Problem } from "./problem.ts";
import { compileServer } from "./server.ts";
import { compileShared } from "./shared.ts";
import { compileSnapshot } from "./taken.ts";
import type { FieldFault } from "./validate.ts";

export interface CompileOptions {
  /** By cloud name: `clouds` of the registry fits. */
  clouds: Readonly<Record<string, CloudRules>>;
  /** What the clouds sell, by account name; sizes and regions of other accounts are not checked. */
  catalogs?: Readonly<Record<string, Catalog>>;
  /** The text of a file of the fleet repository at the same commit, for `userData: {file}`; undefined when there is none. */
  readFile?(path: string): string | undefined;
  /** Remembers parsed texts and results between compiles. */
  cache?: ParsedCache;
}

export interface CompiledObject<Spec> {
  spec: Spec;
  /** SHA-256 of what a running object can be brought in line with; constant over moves, renames of files and reformatting. */
  hash: string;
  /** Of the same and of what only a new machine takes. */
  createHash: string;
  path: string;
  blob: string;
}

export interface Compiled {
  /** Missing when `fleet.yaml` is missing or wrong. */
  fleet?: FleetSpec;
  accounts: Map<string, AccountSpec>;
  /** Files of the accounts, by name. */
  accountPaths: Map<string, string>;
  plans: Map<string, PlanSpec>;
  servers: Map<string, CompiledObject<ServerSpec>>;
  /** Under `account/kind/name`: firewalls and keys for each account whose servers use them, ports, and snapshots. */
  shared: Map<string, CompiledObject<FirewallSpec | KeySpec | PortSpec | SnapshotSpec>>;
  /** Aggregates and their hosts, under `account/kind/name`. */
  aggregates: CompiledAggregates;
  /** Files whose object is wrong and therefore in none of the maps. They are not removals: see `isUsable`. */
  invalid: InvalidObject[];
  /** Everything that is wrong, by file and place. */
  problems: Problem[];
  /** What is allowed and looks wrong. */
  notes: Problem[];
}

/** Whether this fleet may be compared with what was applied. One with a problem may not: objects that are missing could be unreadable ones. */
export function isUsable(compiled: Compiled): compiled is Compiled & { fleet: FleetSpec } {
  return compiled.fleet !== undefined && compiled.problems.length === 0 && compiled.invalid.length === 0;
}

/** Canonical documents and hashes of a fleet's files. Pure: no clock, no environment, no disk. Never throws for what a file says. */
export function compile(files: readonly FleetFile[], options: CompileOptions): Compiled {
  const cache = options.cache ?? createParsedCache();
  const compiled = recompile(files, options, cache) ?? compileAll(files, options, cache);
  trimCache(cache, files);
  return compiled;
}

function compileAll(files: readonly FleetFile[], options: CompileOptions, cache: ParsedCache): Compiled {
  const texts = new Map<string, string | undefined>();
  const context = new Context(cache.memos, (path) => {
    const text = options.readFile?.(path);
    texts.set(path, text);
    return text;
  });
  fill(context.tables.cloud, options.clouds);
  fill(context.tables.catalog, options.catalogs ?? {});
  const { byKind, problems, invalid } = readEntries(files, cache);
  for (const { kind, name } of invalid) {
    if (kind !== undefined && name !== undefined) context.addBroken(kind, name);
  }
  const notes: Problem[] = [];

  const tell = (entry: Entry, faults: readonly FieldFault[], into: Problem[]) => {
    for (const fault of faults) into.push({ file: entry.file.path, ...faultAt(entry.parsed, fault) });
  };
  const reject = (kind: Kind, entry: Entry, faults: readonly FieldFault[]) => {
    tell(entry, faults, problems);
    invalid.push({ kind, name: entry.name, path: entry.file.path, blob: entry.file.blob });
    context.addBroken(kind, entry.name);
  };
  /** Compiles each object of a kind and hands on the good ones. */
  const each = <Fields, Spec>(
    kind: Kind,
    make: (fields: Fields) => Result<Spec>,
    take: (name: string, spec: Spec, entry: Entry, result: Result<Spec>) => void,
  ) => {
    for (const entry of byKind[kind].values()) {
      const result = context.once(entry.parsed, () => make(entry.parsed.fields as Fields));
      if (result.faults.length > 0) reject(kind, entry, result.faults);
      else if (result.spec !== undefined) take(entry.name, result.spec, entry, result);
      if (result.notes.length > 0) tell(entry, result.notes, notes);
    }
  };

  const { tables } = context;
  const servers: Compiled["servers"] = new Map();
  const accountPaths: Compiled["accountPaths"] = new Map();
  const aggregated: { entry: Entry; parts: AggregateParts }[] = [];
  each("Fleet", compileFleet, (name, spec) => tables.Fleet.set(name, spec));
  each(
    "Plan",
    (fields: PlanFields) => compilePlan(fields, context),
    (name, spec) => tables.Plan.set(name, spec),
  );
  each("SshKey", compileKey, (name, spec) => tables.SshKey.set(name, spec));
  each(
    "Firewall",
    (fields: FirewallFields) => compileFirewall(fields),
    (name, spec) => tables.Firewall.set(name, spec),
  );
  each(
    "Account",
    (fields: AccountFields) => compileAccount(fields, context),
    (name, spec, entry) => {
      tables.Account.set(name, spec);
      accountPaths.set(name, entry.file.path);
    },
  );
  each(
    "Port",
    (fields: PortFields) => compilePort(fields, context),
    (name, spec) => tables.Port.set(name, spec),
  );
  each(
    "Snapshot",
    (fields: SnapshotFields) => compileSnapshot(fields, context),
    (name, spec) => tables.Snapshot.set(name, spec),
  );
  each(
    "Aggregate",
    (fields: AggregateFields) => compileAggregate(fields, context),
    (_name, parts, entry) => aggregated.push({ entry, parts }),
  );
  const { aggregates, faults: aggregateFaults } = joinAggregates(aggregated);
  for (const [entry, fault] of aggregateFaults) reject("Aggregate", entry, [fault]);
  each(
    "Server",
    (fields: ServerFields) => compileServer(fields, context),
    (name, spec, entry, result) => servers.set(name, object(spec, entry, result)),
  );
  for (const kind of ["Account", "Server"] as const) {
    for (const [entry, fault] of formerlyFaults(byKind[kind])) reject(kind, entry, [fault]);
  }
  for (const [entry, fault] of adoptFaults(byKind.Server, servers)) reject("Server", entry, [fault]);
  for (const [entry, fault] of portFaults(byKind.Server, servers, tables.Port.values()))
    reject("Server", entry, [fault]);
  for (const { kind, name } of invalid) if (kind === "Server" && name !== undefined) servers.delete(name);

  const { shared, faults } = compileShared(servers, byKind, context);
  for (const [entry, fault] of faults) tell(entry, [fault], problems);
  const fleet = tables.Fleet.get("");
  const compiled: Compiled = {
    ...(fleet && { fleet }),
    accounts: tables.Account,
    accountPaths,
    plans: tables.Plan,
    servers,
    shared,
    aggregates,
    invalid,
    problems: problems.sort(byPlace),
    notes: notes.sort(byPlace),
  };
  const { clouds, catalogs } = options;
  const isPlain = isUsable(compiled) && notes.length === 0 && !servers.values().some(({ spec }) => makesClaims(spec));
  delete cache.last;
  if (isPlain)
    cache.last = { files, options: { clouds, ...(catalogs && { catalogs }) }, compiled, context, byKind, texts };
  return compiled;
}

function compileFleet({ kind, notifications, forge, netbox, ...fields }: FleetFields): Result<FleetSpec> {
  const faults = [
    ...driftFaults(fields.policies.drift, ["policies", "drift"]),
    ...notificationFaults(notifications, fields.envPrefixes),
    ...forgeFaults(forge, fields.envPrefixes),
    ...netboxFaults(netbox, fields.envPrefixes),
  ];
  const spec: FleetSpec = {
    ...fields,
    ...(notifications.length > 0 && { notifications: targetsOf(notifications) }),
    ...(forge && { forge: forge as ForgeSpec }),
    ...(netbox && { netbox: netbox as NetboxSpec }),
  };
  return { ...(faults.length === 0 && { spec }), hash: "", createHash: "", faults, notes: [] };
}

/** Blanks in a key mean nothing, so they are made the same. */
function compileKey({ name, publicKey }: SshKeyFields): Result<{ name: string; publicKey: string }> {
  return {
    spec: { name, publicKey: publicKey.trim().replace(/\s+/g, " ") },
    hash: "",
    createHash: "",
    faults: [],
    notes: [],
  };
}

function object<Spec>(spec: Spec, { file }: Entry, { hash, createHash }: Result<Spec>): CompiledObject<Spec> {
  return { spec, hash, createHash, path: file.path, blob: file.blob };
}

function fill<Value>(table: Map<string, Value>, values: Readonly<Record<string, Value>>): void {
  for (const [name, value] of Object.entries(values)) table.set(name, value);
}

function byPlace(a: Problem, b: Problem): number {
  return a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line || a.column - b.column;
}
