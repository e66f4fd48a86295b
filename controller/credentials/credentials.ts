import { endpointOf, type Lender, ownEndpoint, referenceOf, resolveAccount } from "../../resources/account.ts";
import type { Account } from "../../resources/cloud.ts";
import { canonicalEndpoint, isAllowedByEnvironment } from "../../resources/endpoints.ts";
import { FleetError } from "../../resources/errors.ts";
import { netbox } from "../../resources/netbox/index.ts";
import type { AccountSpec } from "../../resources/spec.ts";
import { accountsAt } from "../catalog/shops.ts";
import { findNearest } from "../fleet/problem.ts";
import { FORGE, fileOfAccount, forgeAccount, forgeAt, forgeLender } from "../forge/account.ts";
import { NETBOX, netboxAccount, netboxAt } from "../netbox/account.ts";
import { type Controller, cloudOf } from "../reconcile/context.ts";
import type { CredentialRecords, SealedCredential } from "../store/types.ts";
import type { KeyRing } from "./keys.ts";
import { type KeyChange, rotateKeys } from "./rotate.ts";
import { type HeldCredentials, identityOf } from "./safe.ts";
import { seal, unseal } from "./seal.ts";
import { type Validation, validateAccount } from "./validate.ts";
import { credentialValue } from "./value.ts";

type Parts = Pick<Controller, "repo" | "store" | "clouds" | "loaded" | "environment" | "now"> & {
  account(spec: AccountSpec): Account;
  ring: KeyRing;
  held: HeldCredentials;
};

/** Which account, as a commit (default: HEAD) has it. */
interface Named {
  account: string;
  commit?: string;
}

/** An account as its file is going to be, with the values of its sealed fields. */
interface Candidate {
  spec: AccountSpec;
  values: Readonly<Record<string, string>>;
  /** An address that an operator has said outside git: it is allowed. */
  trusted?: string | undefined;
}

/** A sealed credential as it is told: everything but the value. */
export interface ListedCredential {
  account: string;
  field: string;
  /** The one address that it may be sent to. */
  endpoint: string;
  /** Names the key that it is sealed with. */
  key: string;
  /** Whether that key is known here. */
  readable: boolean;
  by: string;
  /** ISO instant. */
  at: string;
}

export interface ListedBinding {
  account: string;
  field: string;
  /** `env:NAME`, `file:/PATH`. */
  reference: string;
  endpoint: string;
  by: string;
  at: string;
}

export interface CredentialList {
  credentials: ListedCredential[];
  bindings: ListedBinding[];
}

export interface Bound {
  account: string;
  endpoint: string;
  /** Fields that may be sent there from now on. */
  fields: string[];
  /** Sealed fields that nothing was sealed for yet: `set` has to name the address. */
  unset: string[];
}

/**
 * What operators keep beside git: credentials, sealed and write-only, and the addresses that credentials may be sent to. Whoever calls this decides
 * who may; `by` is who it was. Each change counts in this process at once, and in others with their next look.
 */
export class Credentials {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** All that is kept, by account and field; no value and no part of one. */
  async list(): Promise<CredentialList> {
    const { store, ring } = this.#parts;
    const [{ sealed, bindings }, accounts, keys] = await Promise.all([
      store.credentials(),
      store.accounts(),
      ring.read(),
    ]);
    const names = new Map(accounts.map(({ identity, name }) => [identity, name]));
    const nameOf = (identity: string) => names.get(identity) ?? identity;
    const known = new Set(keys.map(({ id }) => id));
    return {
      credentials: sealed.map(({ account, field, endpoint, key, by, at }) => ({
        account: nameOf(account),
        field,
        endpoint,
        key,
        readable: known.has(key),
        by,
        at,
      })),
      bindings: bindings.map(({ account, ...rest }) => ({ account: nameOf(account), ...rest })),
    };
  }

  /**
   * Seals a value for an account's field and one address: `endpoint`, or the one that the account's file names, where credentials of the account may
   * go already. A value that was sealed for it before is gone.
   *
   * @throws {FleetError} NOT_FOUND for an account that the commit has not; USAGE for a field or a value that can be none, and for an address of the
   * file that nobody has allowed.
   */
  async set(
    request: Named & { field: string; value: string; endpoint?: string; by: string },
  ): Promise<ListedCredential & { isUsed: boolean }> {
    const { field, by } = request;
    const { spec, cloud, identity, named } = await this.#find(request);
    if (!Object.hasOwn(cloud.credentials, field)) throw noField(field, cloud);
    const value = credentialValue(request.value, "the value");
    const endpoint = request.endpoint === undefined ? this.#allowed(spec, cloud, field) : addressOf(request.endpoint);
    const at = new Date(this.#parts.now()).toISOString();
    let sealed: SealedCredential | undefined;
    await this.#parts.store.changeCredentials(async () => {
      const place = { account: identity, field, endpoint };
      sealed = { ...place, ...seal(value, place, await this.#parts.ring.newest()), by, at };
      const data = { account: spec.name, field, endpoint, key: sealed.key, by };
      return { seal: [sealed], event: { kind: "credentials.set", object: spec.name, data } };
    });
    await this.#parts.held.renew();
    // Whether the account's file has this reference and this address.
    const isUsed = spec.credentials[field]?.sealed === true && endpoint === named;
    return { account: spec.name, field, endpoint, key: sealed!.key, readable: true, by, at, isUsed };
  }

  /**
   * Seals the credentials of an account whose file is about to be written, for the address that it names.
   * @throws {FleetError} USAGE for what can be no credential, and for an address that nobody has allowed
   */
  async keep({ by, ...candidate }: Candidate & { by: string }): Promise<void> {
    const { store, ring, held, now } = this.#parts;
    const { spec, values } = candidate;
    const endpoint = this.#addressFor(candidate);
    const account = identityOf(spec, await store.accounts());
    const at = new Date(now()).toISOString();
    await store.changeCredentials(async () => {
      const key = await ring.newest();
      const sealed = Object.entries(values).map(([field, text]) => {
        const place = { account, field, endpoint };
        return { ...place, ...seal(credentialValue(text, "the value"), place, key), by, at };
      });
      const data = { account: spec.name, fields: Object.keys(values), endpoint, by };
      return { seal: sealed, event: { kind: "credentials.set", object: spec.name, data } };
    });
    await held.renew();
  }

  /** Asks a cloud once what credentials may do that nothing was sealed of yet. @throws {FleetError} CLOUD_AUTH when it does not take them, and others */
  async probe({ signal, ...candidate }: Candidate & { signal: AbortSignal }): Promise<Validation> {
    const { spec } = candidate;
    const account = this.lend(candidate);
    return await validateAccount(spec, cloudOf(this.#parts, spec.provider), { account, signal, priority: "person" });
  }

  /** An account with values that nothing was sealed of yet, for calls before its file is there. @throws {FleetError} USAGE for what can be no credential, and for an address that nobody has allowed */
  lend(candidate: Candidate): Account {
    const { environment, store } = this.#parts;
    const { spec, values } = candidate;
    this.#addressFor(candidate);
    const cloud = cloudOf(this.#parts, spec.provider);
    const safe = {
      isBound: () => false,
      unseal: (_: AccountSpec, field: string) => credentialValue(values[field] ?? "", `credentials.${field}`),
      readFile: () => "",
    };
    return resolveAccount(spec, cloud, environment, { safe, ledger: store.budgets });
  }

  /** Forgets what is sealed for an account, a field of it, or an address. Answers what is gone. @throws {FleetError} NOT_FOUND when there is nothing. */
  async remove(request: {
    account: string;
    field?: string;
    endpoint?: string;
    by: string;
  }): Promise<Pick<ListedCredential, "account" | "field" | "endpoint">[]> {
    const { account: name, field, by } = request;
    const endpoint = request.endpoint === undefined ? undefined : addressOf(request.endpoint);
    const account = await this.#identity(name);
    let gone: SealedCredential[] = [];
    await this.#parts.store.changeCredentials(async ({ sealed }) => {
      gone = sealed.filter(
        (one) =>
          one.account === account &&
          (field === undefined || one.field === field) &&
          (endpoint === undefined || one.endpoint === endpoint),
      );
      if (gone.length === 0) throw nothing(`${name}${field === undefined ? "" : ` ${field}`}`, "is sealed");
      const data = { account: name, removed: gone.map(({ field, endpoint }) => ({ field, endpoint })), by };
      return { unseal: gone, event: { kind: "credentials.removed", object: name, data } };
    });
    await this.#parts.held.renew();
    return gone.map(({ field, endpoint }) => ({ account: name, field, endpoint }));
  }

  /**
   * Lets all credentials of an account go to an address: `endpoint`, or the one that its file names. What the file refers to is bound, so another
   * variable or file under the same field is not; what is sealed is sealed for this address as well.
   * @throws {FleetError} NOT_FOUND, USAGE, CREDENTIAL_MISSING when nothing could be bound or a sealed value cannot be opened.
   */
  async bind(request: Named & { endpoint?: string; by: string }): Promise<Bound> {
    const { by } = request;
    const { spec, identity, own, named } = await this.#find(request);
    const endpoint = request.endpoint === undefined ? named : addressOf(request.endpoint);
    const at = new Date(this.#parts.now()).toISOString();
    const bound: Bound = { account: spec.name, endpoint, fields: [], unset: [] };
    await this.#parts.store.changeCredentials(async ({ sealed }) => {
      const { ring } = this.#parts;
      const references = Object.entries(spec.credentials);
      const plain = references.filter(([, ref]) => !ref.sealed);
      const resealed: SealedCredential[] = [];
      for (const [field] of references.filter(([, ref]) => ref.sealed)) {
        const place = { account: identity, field, endpoint };
        const before = latest(sealed, place);
        if (before === undefined) bound.unset.push(field);
        else if (before.endpoint !== endpoint)
          resealed.push({ ...place, ...seal(unseal(before, await ring.read()), place, await ring.newest()), by, at });
      }
      bound.fields = references.map(([field]) => field).filter((field) => !bound.unset.includes(field));
      if (bound.fields.length === 0)
        throw new FleetError(
          "CREDENTIAL_MISSING",
          `${spec.name} has nothing that could be bound: \`fleetwright credentials set ${spec.name} ${bound.unset[0] ?? "FIELD"} --endpoint ${endpoint}\` seals a credential for it`,
          { account: spec.name, endpoint },
        );
      // The cloud's own address is for everybody's credentials: a record of it would say nothing.
      const bind =
        endpoint === own
          ? []
          : plain.map(([field, ref]) => ({ account: identity, field, reference: referenceOf(ref), endpoint, by, at }));
      const data = { account: spec.name, endpoint, fields: bound.fields, by };
      return { bind, seal: resealed, event: { kind: "credentials.bound", object: spec.name, data } };
    });
    await this.#parts.held.renew();
    return bound;
  }

  /** Nothing of an account may go to this address any more: bindings and what is sealed for it are gone. @throws {FleetError} NOT_FOUND */
  async unbind(request: { account: string; endpoint: string; by: string }): Promise<Omit<Bound, "unset">> {
    const { account: name, by } = request;
    const endpoint = addressOf(request.endpoint);
    const account = await this.#identity(name);
    let fields: string[] = [];
    await this.#parts.store.changeCredentials(async (now: CredentialRecords) => {
      const isMeant = (one: { account: string; endpoint: string }) =>
        one.account === account && one.endpoint === endpoint;
      const unbind = now.bindings.filter(isMeant);
      const unseal = now.sealed.filter(isMeant);
      if (unbind.length + unseal.length === 0) throw nothing(name, `is bound to ${endpoint}`);
      fields = [...new Set([...unbind, ...unseal].map(({ field }) => field))].sort();
      const data = { account: name, endpoint, fields, by };
      return { unbind, unseal, event: { kind: "credentials.unbound", object: name, data } };
    });
    await this.#parts.held.renew();
    return { account: name, endpoint, fields };
  }

  /** @see rotateKeys */
  async rotate({ by }: { by: string }): Promise<KeyChange> {
    const change = await rotateKeys(this.#parts, by);
    await this.#parts.held.renew();
    return change;
  }

  /** Asks the account's cloud once, and says what its credentials may do. @throws {FleetError} NOT_FOUND, CREDENTIAL_MISSING, CLOUD_AUTH and others */
  async validate(request: Named & { signal: AbortSignal }): Promise<Validation> {
    if (request.account === FORGE)
      throw new FleetError("USAGE", "`fleetwright forge check` asks the forge what its token may do", {});
    if (request.account === NETBOX)
      throw new FleetError("USAGE", "the spot manager asks NetBox when hosts are read, and says what is wrong", {});
    const { spec } = await this.#find(request);
    const cloud = cloudOf(this.#parts, spec.provider);
    const call = { account: this.#parts.account(spec), signal: request.signal, priority: "person" } as const;
    return await validateAccount(spec, cloud, call);
  }

  async #find({ account, commit }: Named): Promise<Found> {
    const { spec, cloud } = await this.#lent(account, commit);
    await this.#parts.held.renew();
    return {
      spec,
      cloud,
      identity: identityOf(spec, await this.#parts.store.accounts()),
      own: ownEndpoint(cloud),
      named: endpointOf(spec, cloud).canonical,
    };
  }

  async #lent(account: string, commit: string | undefined): Promise<Pick<Found, "spec" | "cloud">> {
    const { repo } = this.#parts;
    if (account === NETBOX) return { spec: netboxAccount(await netboxAt(repo, commit)), cloud: netbox };
    if (account === FORGE) {
      const forge = await forgeAt(repo, commit);
      return { spec: forgeAccount(forge), cloud: forgeLender(forge.kind) };
    }
    const [spec] = await accountsAt(this.#parts, [account], commit);
    return { spec: spec!, cloud: cloudOf(this.#parts, spec!.provider) };
  }

  /** Of an account that may have left the files. */
  async #identity(name: string): Promise<string> {
    const found = (await this.#parts.store.accounts()).find((account) => account.name === name);
    if (found !== undefined) return found.identity;
    return await this.#find({ account: name }).then(
      ({ identity }) => identity,
      () => name,
    );
  }

  #addressFor({ spec, values, trusted }: Candidate): string {
    const cloud = cloudOf(this.#parts, spec.provider);
    const { canonical } = endpointOf(spec, cloud);
    return canonical === trusted ? canonical : this.#allowed(spec, cloud, Object.keys(values)[0] ?? "");
  }

  /** What the file names counts only where an operator has said before that credentials of this account may go there. */
  #allowed(spec: AccountSpec, cloud: Lender, field: string): string {
    const { canonical } = endpointOf(spec, cloud);
    const { environment, held } = this.#parts;
    if (canonical === ownEndpoint(cloud)) return canonical;
    if (isAllowedByEnvironment(spec.name, canonical, environment) || held.hasAddress(spec, canonical)) return canonical;
    throw new FleetError(
      "USAGE",
      `${fileOfAccount(spec.name)} names ${canonical}, which is not ${cloud.title}'s own address and which nobody has allowed yet: say \`fleetwright credentials set ${spec.name} ${field} --endpoint ${canonical}\` where that is meant`,
      { account: spec.name, endpoint: canonical },
    );
  }
}

interface Found {
  spec: AccountSpec;
  cloud: Lender;
  identity: string;
  /** The cloud's own address. */
  own: string | undefined;
  /** The address that the account's requests go to. */
  named: string;
}

/** What was sealed for a field last, for this address where there is such a one. */
function latest(
  sealed: readonly SealedCredential[],
  { account, field, endpoint }: Pick<SealedCredential, "account" | "field" | "endpoint">,
): SealedCredential | undefined {
  const all = sealed.filter((one) => one.account === account && one.field === field);
  return all.find((one) => one.endpoint === endpoint) ?? all.sort((a, b) => b.at.localeCompare(a.at))[0];
}

/** @throws {FleetError} USAGE */
function addressOf(text: string): string {
  const endpoint = canonicalEndpoint(text);
  if (endpoint !== undefined) return endpoint;
  throw new FleetError("USAGE", "--endpoint: an http(s) address without user name, query and fragment is wanted", {});
}

function noField(field: string, cloud: Lender): FleetError {
  const allowed = Object.keys(cloud.credentials);
  const nearest = findNearest(field, allowed);
  // A value that was typed in the place of the name must not show.
  const guess = nearest === undefined ? "" : `; did you mean ${nearest}?`;
  return new FleetError(
    "USAGE",
    `this is no credential of ${cloud.title}, which has ${allowed.join(", ")}${guess}`,
    {},
  );
}

const nothing = (what: string, is: string): FleetError =>
  new FleetError("NOT_FOUND", `nothing of ${what} ${is}: \`fleetwright credentials list\` shows what is kept`, {});
