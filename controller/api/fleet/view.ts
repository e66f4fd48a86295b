import type { ServerSpec } from "../../../resources/spec.ts";
import { plainName } from "../../../resources/spec.ts";
import { KINDS, type Kind } from "../../../schemas/index.ts";
import type { AnyFields } from "../../../schemas/types.ts";
import { parseCached } from "../../fleet/cache.ts";
import { type FleetFile, kindOfPath } from "../../fleet/file.ts";
import { concerns, isAboutAll, type Principal } from "../../people/principal.ts";
import type { Controller } from "../../reconcile/context.ts";
import { costOf, priceOf } from "../../reconcile/cost.ts";
import type { Desired } from "../../reconcile/desired.ts";
import type { DesiredObject } from "../../reconcile/match.ts";
import type { Cost } from "../../store/types.ts";

/** An object of the fleet files, with what it is compiled to. */
export interface FleetObject {
  kind: Kind;
  name: string;
  file: FleetFile;
  /** What stacks hold of it: a server is one, a firewall one for each account that uses it, a plan none. */
  compiled: readonly DesiredObject[];
  /** Of a server. */
  spec?: ServerSpec;
  cost?: Cost;
  price?: Cost;
}

type Concern = Pick<Principal, "accounts" | "owners">;

/** One commit of the fleet, by kind and name. Made once a commit and shared by all requests: nobody changes it. */
export class FleetView {
  readonly desired: Desired;
  readonly #controller: Controller;
  readonly #byKind: ReadonlyMap<Kind, ReadonlyMap<string, FleetObject>>;
  readonly #sorted = new Map<string, readonly FleetObject[]>();

  private constructor(controller: Controller, desired: Desired, objects: readonly FleetObject[]) {
    this.#controller = controller;
    this.desired = desired;
    const kinds = Map.groupBy(objects, ({ kind }) => kind);
    this.#byKind = new Map([...kinds].map(([kind, all]) => [kind, new Map(all.map((one) => [one.name, one]))]));
  }

  /** Reads nothing anew of a commit that was just compiled. @throws {FleetError} GIT_FAILED */
  static async open(controller: Controller, desired: Desired): Promise<FleetView> {
    const { loaded, repo } = controller;
    const { commit } = desired;
    const files = loaded.listing?.commit === commit ? loaded.listing.files : await repo.files(commit, loaded.listing);
    const byPath = Map.groupBy(desired.objects, ({ path }) => path);
    const tariff = { catalogs: desired.catalogs, plans: desired.plans };
    const objects = files.flatMap((file): FleetObject[] => {
      const compiled = byPath.get(file.path) ?? [];
      const [first] = compiled;
      if (first?.spec.kind === "Server") {
        const { spec } = first;
        const [cost, price] = [costOf(spec, tariff), priceOf(spec, tariff)];
        const money = { ...(cost && { cost }), ...(price && { price }) };
        return [{ kind: "Server", name: spec.name, file, compiled, spec, ...money }];
      }
      const { name = "" } = parseCached(file, loaded.parsed);
      const kind = kindOfPath(file.path);
      return kind === undefined ? [] : [{ kind, name, file, compiled }];
    });
    return new FleetView(controller, desired, objects);
  }

  object(kind: Kind, name: string): FleetObject | undefined {
    return this.#byKind.get(kind)?.get(name);
  }

  objects(kind: Kind): Iterable<FleetObject> {
    return this.#byKind.get(kind)?.values() ?? [];
  }

  /** All of a kind in the order of a key, then of their names; sorted once. */
  sorted(kind: Kind, by: string, key: (object: FleetObject) => string | number): readonly FleetObject[] {
    const name = `${kind} ${by}`;
    let found = this.#sorted.get(name);
    if (found === undefined) {
      found = [...this.objects(kind)].sort((a, b) => compareKeys([key(a), a.name], [key(b), b.name]));
      this.#sorted.set(name, found);
    }
    return found;
  }

  /** What a file says, with defaults filled in. Not to be changed. */
  fields({ file }: FleetObject): AnyFields | undefined {
    return parseCached(file, this.#controller.loaded.parsed).fields;
  }

  /**
   * Whether somebody may see an object. What has an owner or an account is within their scopes or is not there for them; plans are for all who may
   * read; firewalls, keys and accounts for those with a server that uses them.
   */
  isWithin(principal: Concern, object: FleetObject): boolean {
    if (isAboutAll(principal) || object.kind === "Plan") return true;
    if (object.kind === "Server") return this.#isServerWithin(principal, object);
    if (object.kind === "Account") return this.isAccountWithin(principal, object.name);
    if (object.kind === "Aggregate" || object.kind === "Port" || object.kind === "Snapshot")
      return object.compiled.some(({ spec }) => concerns(principal, { account: spec.account }));
    return this.#users(object).some((server) => this.#isServerWithin(principal, server));
  }

  isAccountWithin(principal: Concern, name: string): boolean {
    const { accounts, owners } = principal;
    if (accounts !== undefined && !accounts.includes(name)) return false;
    if (owners === undefined || accounts !== undefined) return true;
    return [...this.objects("Server")].some(
      (server) => accountOf(server) === name && this.#isServerWithin(principal, server),
    );
  }

  /** By what names it in events and runs: `Server//web-1`, `Firewall/linode-main/web`. */
  isKeyWithin(principal: Concern, key: string): boolean {
    if (isAboutAll(principal)) return true;
    const [kind, account = "", ...name] = key.split("/");
    if (kind === "Server") {
      const server = this.object("Server", name.join("/"));
      return server !== undefined && this.#isServerWithin(principal, server);
    }
    if (!this.isAccountWithin(principal, account)) return false;
    if (principal.owners === undefined) return true;
    const shared = Object.hasOwn(KINDS, kind ?? "") ? this.object(kind as Kind, plainName(name.join("/"))) : undefined;
    return shared !== undefined && this.isWithin(principal, shared);
  }

  #isServerWithin(principal: Concern, server: FleetObject): boolean {
    const account = accountOf(server);
    const owner = server.spec?.owner;
    return concerns(principal, { ...(account && { account }), ...(owner !== undefined && { owner }) });
  }

  #users({ kind, name }: FleetObject): FleetObject[] {
    return [...this.objects("Server")].filter(({ spec }) =>
      kind === "Firewall" ? spec?.firewalls.includes(name) : spec?.createOnly.keys.some((key) => key.name === name),
    );
  }
}

const accountOf = ({ spec }: FleetObject): string | undefined => spec?.account;

type SortKey = readonly [key: string | number, name: string];

/** Numbers before texts, each by their own order. */
export function compareKeys([a, nameA]: SortKey, [b, nameB]: SortKey): number {
  if (a !== b) return typeof a === typeof b ? (a < b ? -1 : 1) : typeof a === "number" ? -1 : 1;
  return nameA < nameB ? -1 : nameA > nameB ? 1 : 0;
}
