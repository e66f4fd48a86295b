import type { Catalog } from "../../resources/catalog.ts";
import type { Capabilities, CredentialField } from "../../resources/cloud.ts";
import type {
  AccountSpec,
  FirewallText,
  FleetSpec,
  PlanSpec,
  PortSpec,
  ServerSpec,
  SnapshotSpec,
} from "../../resources/spec.ts";
import type { ParsedFile } from "./file.ts";
import type { FieldFault } from "./validate.ts";

/** The part of a `Cloud` that compiling needs. */
export interface CloudRules {
  readonly title: string;
  readonly capabilities: Pick<
    Capabilities,
    | "power"
    | "firewalls"
    | "firewallScope"
    | "sharedPerRegion"
    | "keys"
    | "ports"
    | "snapshots"
    | "backups"
    | "monitoring"
    | "ipv6"
    | "secrets"
    | "sizes"
  >;
  readonly credentials: Readonly<Record<string, CredentialField>>;
  readonly schemas: { account: object; server: object };
  /** What the cloud cannot take, told without asking it. */
  problems?(server: ServerSpec): { path: string; message: string }[];
  /** Why the cloud takes no snapshot of such a server. */
  snapshotProblem?(server: ServerSpec): string | undefined;
  /** Present where the cloud has aggregates of hosts. */
  readonly hosts?: object;
  /** What the cloud cannot express of a firewall. */
  firewallProblems?(firewall: FirewallText): { path: readonly (string | number)[]; message: string }[];
  /** Undefined where each account has its own. */
  readonly endpoint?: string;
}

/** A firewall of the fleet, before it is known on which accounts it is. */
export type FleetFirewall = FirewallText & { protect: boolean };

/** What objects look up in each other, by name. `file` holds texts by path. */
export interface Tables {
  /** Under the name "". */
  Fleet: Map<string, FleetSpec>;
  Account: Map<string, AccountSpec>;
  Plan: Map<string, PlanSpec>;
  Firewall: Map<string, FleetFirewall>;
  SshKey: Map<string, { name: string; publicKey: string }>;
  Port: Map<string, PortSpec>;
  Snapshot: Map<string, SnapshotSpec>;
  cloud: Map<string, CloudRules>;
  /** By account. */
  catalog: Map<string, Catalog>;
}

type Found<Table> = Table extends Map<string, infer Value> ? Value : never;

/** What one object came to. `spec` is missing when it has faults. */
export interface Result<Spec> {
  spec?: Spec;
  hash: string;
  createHash: string;
  faults: FieldFault[];
  notes: FieldFault[];
}

type Table = keyof Tables | "file";

/** A result and what it was made from: table, name and what was found, in turn. Good while every look-up finds the same object. */
export interface Memo {
  dependencies: unknown[];
  result: Result<unknown>;
}

/** Look-ups of one compile. Records what an object looks up, so that its result can be used again. */
export class Context {
  readonly tables: Tables;
  readonly #broken = new Set<string>();
  readonly #memos: WeakMap<ParsedFile, Memo>;
  readonly #readFile: (path: string) => string | undefined;
  #dependencies: unknown[] = [];
  #usesBroken = false;

  constructor(
    memos: WeakMap<ParsedFile, Memo>,
    readFile: (path: string) => string | undefined,
    tables = emptyTables(),
  ) {
    this.#memos = memos;
    this.#readFile = readFile;
    this.tables = tables;
  }

  /** The same tables, read at another commit. */
  renew(readFile: (path: string) => string | undefined): Context {
    return new Context(this.#memos, readFile, this.tables);
  }

  find<Name extends keyof Tables>(table: Name, name: string): Found<Tables[Name]> | undefined {
    const found = this.tables[table].get(name);
    this.#dependencies.push(table, name, found);
    return found as Found<Tables[Name]> | undefined;
  }

  /** The text of a file of the fleet repository. */
  readFile(path: string): string | undefined {
    const found = this.#readFile(path);
    this.#dependencies.push("file", path, found);
    return found;
  }

  names(table: keyof Tables): Iterable<string> {
    return this.tables[table].keys();
  }

  /** Notes a name that exists although its file is wrong: who refers to it needs no fault of its own. */
  addBroken(kind: string, name: string): void {
    this.#broken.add(`${kind}/${name}`);
  }

  isBroken(kind: string, name: string): boolean {
    const isBroken = this.#broken.has(`${kind}/${name}`);
    this.#usesBroken ||= isBroken;
    return isBroken;
  }

  /** The earlier result of this file if nothing that it looked up has changed, else a new one. */
  once<Spec>(parsed: ParsedFile, make: () => Result<Spec>): Result<Spec> {
    const memo = this.#memos.get(parsed);
    if (memo !== undefined && this.#isCurrent(memo.dependencies)) return memo.result as Result<Spec>;
    this.#dependencies = [];
    this.#usesBroken = false;
    const result = make();
    // A fault can quote names that were never looked up (the nearest match), so only good results last; and none that had a name for one that
    // there is, as long as its file is wrong.
    if (result.faults.length === 0 && !this.#usesBroken)
      this.#memos.set(parsed, { dependencies: this.#dependencies, result });
    return result;
  }

  #isCurrent(dependencies: unknown[]): boolean {
    for (let at = 0; at < dependencies.length; at += 3) {
      const table = dependencies[at] as Table;
      const name = dependencies[at + 1] as string;
      const found = table === "file" ? this.#readFile(name) : this.tables[table].get(name);
      if (found !== dependencies[at + 2]) return false;
    }
    return true;
  }
}

function emptyTables(): Tables {
  return {
    Fleet: new Map(),
    Account: new Map(),
    Plan: new Map(),
    Firewall: new Map(),
    SshKey: new Map(),
    Port: new Map(),
    Snapshot: new Map(),
    cloud: new Map(),
    catalog: new Map(),
  };
}
