import type { Capabilities } from "../../resources/cloud.ts";
import type { AccountSpec, StackObject } from "../../resources/spec.ts";
import { canonicalJson } from "../fleet/canonical.ts";
import type { AppliedObject, RecordedAccount, Store } from "../store/types.ts";
import { baseStack, ownStack, serverStack } from "./cells.ts";
import { withCounters } from "./counters.ts";
import type { Desired } from "./desired.ts";
import { objectKey } from "./types.ts";

/** A desired object as compile leaves it. */
export interface DesiredObject {
  spec: StackObject;
  /** Hash of the live part. */
  hash: string;
  path: string;
}

/** An object of the fleet files and what is recorded of it, told apart by identity. One of the two is always there. */
export interface Match {
  key: string;
  identity: string;
  /** Identity of the account that the object is to live in, or lives in when it is removed. */
  account: string;
  stack: string;
  desired?: DesiredObject;
  applied?: AppliedObject;
}

/** An account of the fleet files beside what is recorded; a renamed one keeps its identity, and so its stacks. */
export interface MatchedAccount {
  identity: string;
  spec: AccountSpec;
  /** The recorded count of cells rules; another in the file is a pending reshard. */
  cells: number;
  recorded: boolean;
  /** Servers that its cloud wants in stacks of their own. */
  ownStack?: Capabilities["ownStack"];
}

/** Finds each account's record by its name, or by a name it had before. A new account never gets the stacks of another one. */
export function matchAccounts(
  specs: Iterable<AccountSpec>,
  recorded: RecordedAccount[],
  clouds: Readonly<Record<string, { capabilities: Pick<Capabilities, "ownStack"> }>> = {},
): Map<string, MatchedAccount> {
  const byName = new Map(recorded.map((account) => [account.name, account]));
  const taken = new Set(recorded.map(({ identity }) => identity));
  const matched = new Map<string, MatchedAccount>();
  for (const spec of specs) {
    const record = byName.get(spec.name) ?? firstOf(spec.formerly, byName);
    const identity = record?.identity ?? freshAccountIdentity(spec.name, taken);
    taken.add(identity);
    const wantsOwn = clouds[spec.provider]?.capabilities.ownStack;
    matched.set(spec.name, {
      identity,
      spec,
      cells: record?.cells ?? spec.cells,
      recorded: record !== undefined,
      ...(wantsOwn && { ownStack: wantsOwn }),
    });
  }
  return matched;
}

/**
 * Records of servers that stand twice: a move to another account was cut off after the new record was written. Those of the lower generation
 * are of machines that have been removed.
 */
export function supersededRecords(applied: AppliedObject[]): AppliedObject[] {
  const highest = new Map<string, number>();
  for (const { kind, identity, generation } of applied)
    if (kind === "Server") highest.set(identity, Math.max(generation, highest.get(identity) ?? 0));
  return applied.filter(
    ({ kind, identity, generation }) => kind === "Server" && generation < (highest.get(identity) ?? 0),
  );
}

/**
 * Pairs what the files want with what is recorded. A server is found by its name, or by a name it had before; never by its path. Objects
 * whose pair is equal are left out, so the answer is as large as the change.
 */
export function matchObjects(
  desired: Iterable<DesiredObject>,
  applied: AppliedObject[],
  accounts: ReadonlyMap<string, MatchedAccount>,
): Match[] {
  const stale = new Set(supersededRecords(applied));
  const records = new Map(applied.filter((record) => !stale.has(record)).map((record) => [recordKey(record), record]));
  const identities = new Set(applied.filter(({ kind }) => kind === "Server").map(({ identity }) => identity));
  const matches: Match[] = [];
  const used = new Set<string>();
  const renamed: DesiredObject[] = [];
  const take = (object: DesiredObject, record: AppliedObject | undefined) => {
    const account = accounts.get(object.spec.account);
    if (account === undefined || account.spec.retired) return;
    if (record !== undefined) used.add(recordKey(record));
    const identity = record?.identity ?? freshIdentity(object.spec, identities);
    if (object.spec.kind === "Server") identities.add(identity);
    const moved = record === undefined || record.account !== account.identity;
    const stack = moved ? stackOf(object.spec, identity, account) : record.stack;
    const match: Match = { key: objectKey(object.spec), identity, account: account.identity, stack, desired: object };
    if (record !== undefined) match.applied = record;
    matches.push(match);
  };

  for (const object of desired) {
    const account = accounts.get(object.spec.account);
    const record = records.get(desiredKey(object.spec, account?.identity ?? object.spec.account));
    if (record === undefined && object.spec.kind === "Server" && object.spec.formerly.length > 0) renamed.push(object);
    else take(object, record);
  }
  // After all that kept their names: an old name may have been given to a new server.
  for (const object of renamed) {
    const names = object.spec.kind === "Server" ? object.spec.formerly : [];
    const key = names.map((name) => `Server//${name}`).find((name) => records.has(name) && !used.has(name));
    take(object, key === undefined ? undefined : records.get(key));
  }
  for (const [recorded, record] of records) {
    if (used.has(recorded)) continue;
    // Its name may be another's by now.
    const key = `removed ${recorded}`;
    matches.push({ key, identity: record.identity, account: record.account, stack: record.stack, applied: record });
  }
  return matches;
}

/** Whether a pair may have work: its hashes differ, it is new or gone, moved, renamed, or suspect. */
export function isSettled({ desired, applied, account }: Match): boolean {
  if (desired === undefined || applied === undefined) return false;
  if (applied.refresh || applied.hash !== desired.hash || applied.account !== account) return false;
  // Most are one and the same: see `readRecords`.
  if (applied.document === desired.spec) return applied.name === desired.spec.name;
  const wanted = withCounters(desired.spec, applied.document);
  return applied.name === desired.spec.name && canonicalJson(applied.document) === canonicalJson(wanted);
}

/** Everything on record, but for what retired accounts have; what is as the files have it has their own documents. */
export async function readRecords(
  { objectsBeside }: Pick<Store, "objectsBeside">,
  { objects, accounts, byIdentity }: Pick<Desired, "objects" | "accounts" | "byIdentity">,
): Promise<AppliedObject[]> {
  let specs: Map<string, StackObject> | undefined;
  const all = await objectsBeside((record) => {
    specs ??= new Map(
      objects.map(({ spec }) => [desiredKey(spec, accounts.get(spec.account)?.identity ?? spec.account), spec]),
    );
    return specs.get(recordKey(record));
  });
  const retired = [...byIdentity.values()].filter(({ spec }) => spec.retired).map(({ identity }) => identity);
  return retired.length === 0 ? all : all.filter(({ account }) => !retired.includes(account));
}

/** Servers are unique in the fleet, other objects within their account. */
function recordKey(record: Pick<AppliedObject, "account" | "kind" | "name">): string {
  return record.kind === "Server" ? `Server//${record.name}` : `${record.kind}/${record.account}/${record.name}`;
}

function desiredKey(spec: StackObject, account: string): string {
  return spec.kind === "Server" ? `Server//${spec.name}` : `${spec.kind}/${account}/${spec.name}`;
}

function stackOf(spec: StackObject, identity: string, account: MatchedAccount): string {
  if (spec.kind !== "Server") return baseStack(account.identity);
  return account.ownStack?.(spec)
    ? ownStack(account.identity, identity)
    : serverStack(account.identity, identity, account.cells);
}

/** The first name a server ever had is its identity, so that a lost database finds it again; a name given anew gets a number behind it. */
function freshIdentity(spec: StackObject, taken: ReadonlySet<string>): string {
  if (spec.kind !== "Server") return spec.name;
  const first = spec.formerly[0] ?? spec.name;
  if (!taken.has(first)) return first;
  let number = 2;
  while (taken.has(`${first}~${number}`)) number++;
  return `${first}~${number}`;
}

/** A renamed account keeps its first name as its identity, so another of that name needs one that no file can have. */
function freshAccountIdentity(name: string, taken: ReadonlySet<string>): string {
  let identity = name;
  for (let number = 2; taken.has(identity); number++) identity = `${name}_${number}`;
  return identity;
}

function firstOf<T>(names: string[], byName: ReadonlyMap<string, T>): T | undefined {
  return names.map((name) => byName.get(name)).find((found) => found !== undefined);
}
