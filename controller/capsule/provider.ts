import type { ActualServer } from "../../resources/actual.ts";
import type { Call, Cloud } from "../../resources/cloud.ts";
import type { ServerSpec } from "../../resources/spec.ts";
import type { Composed } from "../api/dialect/act.ts";
import { switchedTo } from "../api/dialect/power.ts";
import { usedBy } from "../api/dialect/used-by.ts";
import type { Desired } from "../reconcile/desired.ts";
import { type Accounts, accountAt } from "./accounts.ts";
import { change, quiet } from "./acting.ts";
import { checkConfig, type DeployConfig, fleetName, wishesOf } from "./config.ts";
import { APIError, apiError, ResourceNotFoundError } from "./errors.ts";
import { type Changed, type Instance, instanceOf, ownersOf } from "./instances.ts";
import type { Room } from "./room.ts";
import { createSnapshot, deleteSnapshot, listSnapshots, type Snapshot } from "./snapshots.ts";
import { type Template, templateOf } from "./templates.ts";

export interface ProviderParts {
  accounts: Omit<Accounts, "regions">;
  templates: readonly Template[];
  /** Opened when it is first needed. */
  room(): Promise<Room>;
}

/** What is done with a deployment while the cloud makes the machine. */
export interface DeployOptions {
  /** False comes back once the change is accepted; `id` is then empty. Default true. */
  wait?: boolean;
}

/** One account of one provider: what is asked of it is a change of the fleet, under the fleet's rules. Every method throws {APIError}. */
export class Provider {
  readonly name: string;
  /** What it sells by short ids. */
  readonly templates: readonly Template[];
  readonly #parts: ProviderParts;

  constructor(name: string, parts: ProviderParts) {
    this.name = name;
    this.templates = parts.templates.filter(({ provider }) => provider === name);
    this.#parts = parts;
  }

  /** Where its templates are sold. */
  get regions(): string[] {
    return [...new Set(this.templates.flatMap(({ regions }) => regions))];
  }

  /**
   * Makes a machine, and comes back once the cloud has told its id. The same again, while the first is under way, is the same machine; a name that
   * the fleet has is refused (409).
   */
  async deploy(
    template_id: string,
    config: DeployConfig,
    { wait = true }: DeployOptions = {},
  ): Promise<Instance & Changed> {
    return await this.#told(async () => {
      const template = templateOf(this.templates, this.name, template_id);
      checkConfig(config);
      const at = await this.#at(config.project_id);
      const { id = "", change: changed } = await change(at.room, {
        op: "create",
        compose: () => this.#deployment(at, template, config),
        asked: { provider: this.name, template_id, config },
        until: wait ? "id" : "passed",
      });
      const actual = id === "" ? undefined : await at.cloud.observe(id, at.call);
      const region = config.region ?? template.regions[0]!;
      const asked = { ...BARE, id, name: config.name, region, size: template.size };
      return { ...instanceOf(actual ?? asked, this.name, fleetName(config.name)), change: changed };
    });
  }

  async #deployment(
    { room, account, desired: { commit } }: At,
    template: Template,
    config: DeployConfig,
  ): Promise<Composed> {
    const { controller, service, by } = room;
    const owner = by.email;
    const isThere = async (path: string) => (await controller.repo.readBlob(commit, path)) !== undefined;
    const wishes = await wishesOf(template, config, { account: account.spec.name, owner }, service.desired!, isThere);
    const [server, ...keys] = wishes.map(({ kind, name }) => ({ kind, name }));
    return { title: `Deploy ${server!.name} on ${this.name}`, objects: [server!, ...keys], owner, wishes };
  }

  /** Every machine of the account, ours or not. */
  async list_instances(): Promise<Instance[]> {
    return await this.#told(async () => {
      const at = await this.#at();
      const owner = await this.#owners(at);
      const instances: Instance[] = [];
      for await (const actual of at.cloud.list(at.call)) instances.push(instanceOf(actual, this.name, owner(actual)));
      return instances.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.id < b.id ? -1 : 1));
    });
  }

  /** @throws {ResourceNotFoundError} when the cloud says that there is none */
  async get_instance(instance_id: string): Promise<Instance> {
    return await this.#told(async () => {
      const at = await this.#at();
      const actual = await this.#observe(at, instance_id);
      return instanceOf(actual, this.name, (await this.#owners(at))(actual));
    });
  }

  /** Removes the machine and its file; comes back once it is gone. @throws {APIError} 409 for one that is not the fleet's */
  async delete_instance(instance_id: string): Promise<Instance & Changed> {
    return await this.#act(instance_id, { op: "delete", verb: "Delete" });
  }

  /** Switches it on. @throws {APIError} 409 for one that is not the fleet's */
  async start_instance(instance_id: string): Promise<Instance & Changed> {
    return await this.#act(instance_id, { op: "power", verb: "Start", power: "running" });
  }

  /** Switches it off. @throws {APIError} 409 for one that is not the fleet's */
  async stop_instance(instance_id: string): Promise<Instance & Changed> {
    return await this.#act(instance_id, { op: "power", verb: "Stop", power: "stopped" });
  }

  /**
   * Takes a snapshot of a machine, and comes back once it is there. It stays when the machine goes.
   * @throws {APIError} 409 for a machine that is not the fleet's, 400 where the provider's are not taken
   */
  async create_snapshot(instance_id: string, name: string): Promise<Snapshot & Changed> {
    return await this.#told(async () => {
      const at = await this.#at();
      const server = (await this.#owners(at))(await this.#observe(at, instance_id));
      if (server === undefined) throw this.#foreign(instance_id);
      return await createSnapshot(at, { server, name });
    });
  }

  /** Every snapshot of the account, ours or not. */
  async list_snapshots(): Promise<Snapshot[]> {
    return await this.#told(async () => await listSnapshots(await this.#at()));
  }

  /** Removes a snapshot and its file. @throws {APIError} 409 for one that is not the fleet's, or is protected */
  async delete_snapshot(snapshot_id: string): Promise<Snapshot & Changed> {
    return await this.#told(async () => await deleteSnapshot(await this.#at(), String(snapshot_id)));
  }

  #foreign(id: string): APIError {
    return new APIError(
      `${this.name} ${id} is no machine of this fleet, so it is not touched: \`fleetwright adopt\` takes it over`,
      409,
    );
  }

  async #act(
    id: string,
    { op, verb, power }: { op: "delete" | "power"; verb: string; power?: "running" | "stopped" },
  ): Promise<Instance & Changed> {
    return await this.#told(async () => {
      const before = await this.#at();
      const name = (await this.#owners(before))(await this.#observe(before, id));
      if (name === undefined) throw this.#foreign(id);
      await quiet(before.room, name);
      const at = await this.#at();
      const actual = await this.#observe(at, id);
      const object = { kind: "Server", name } as const;
      const spec = serverIn(at.desired, name);
      if (spec === undefined) throw new APIError(`${name} is leaving the fleet: nothing more is done with it`, 409);
      const composed: Composed = {
        title: `${verb} ${name}`,
        objects: [object, ...(op === "delete" ? usedBy(spec) : [])],
        ...(spec.owner !== undefined && { owner: spec.owner }),
        ...(power === undefined
          ? { wishes: [{ ...object, delete: true }] }
          : switchedTo(spec, { power }, actual.power)),
      };
      const asked = { provider: this.name, op, power, id };
      const { change: changed } = await change(at.room, { op, compose: () => composed, asked, until: "done" });
      if (power === undefined) return { ...instanceOf(actual, this.name, name), status: "deleted", change: changed };
      return { ...instanceOf(await this.#observe(at, id), this.name, name), change: changed };
    });
  }

  async #observe({ cloud, call }: At, id: string): Promise<ActualServer> {
    const actual = await cloud.observe(String(id), call);
    if (actual === undefined) throw new ResourceNotFoundError(`${this.name} has no machine ${id}`, 404);
    return actual;
  }

  async #owners({ room, desired, account }: At) {
    return ownersOf(
      desired,
      account,
      await room.controller.store.objects({ account: account.identity, kind: "Server" }),
    );
  }

  async #at(project?: string): Promise<At> {
    const room = await this.#parts.room();
    const { account, desired } = await accountAt(
      this.name,
      room,
      { ...this.#parts.accounts, regions: this.regions },
      project,
    );
    const { controller, signal } = room;
    const call: Call = { account: controller.account(account.spec), signal, priority: "person" };
    return { room, account, desired, cloud: controller.clouds[this.name]!, call };
  }

  async #told<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw apiError(error);
    }
  }
}

type At = Awaited<ReturnType<typeof accountAt>> & { room: Room; cloud: Cloud; call: Call };

/** Of a machine that the cloud shows nobody yet. */
const BARE = { power: "changing" as const, status: "", ipv4: [], ipv6: [], tags: [], provisioning: {} };

/** As its file has it. */
const serverIn = ({ objects }: Pick<Desired, "objects">, server: string): ServerSpec | undefined =>
  objects.flatMap(({ spec }) => (spec.kind === "Server" && spec.name === server ? [spec] : []))[0];
