import type { Wire } from "../../resources/wire.ts";
import type { DeployConfig } from "./config.ts";
import { type Environment, isConfigured, withCredentials } from "./credentials.ts";
import { APIError, apiError, ResourceNotFoundError } from "./errors.ts";
import { homeOf } from "./home.ts";
import type { Changed, Instance } from "./instances.ts";
import { type Logger, loggerOf, wireLog } from "./log.ts";
import { type DeployOptions, Provider } from "./provider.ts";
import type { Room } from "./room.ts";
import { fitting, readTemplates, type Template } from "./templates.ts";
import { PROVIDERS } from "./variables.ts";

export interface ManagerOptions {
  /** The fleet repository. Default: FLEETWRIGHT_FLEET, else `~/.capsule/fleet`, which is made. */
  fleet?: string;
  /** The controller's folder. Default: FLEETWRIGHT_DATA, else one of this user's for this fleet. */
  data?: string;
  /** Default: `process.env`. */
  environment?: Environment;
  /** Names of accounts by provider, where a fleet has several of one: `{ digitalocean: "do-main" }`. */
  accounts?: Readonly<Record<string, string>>;
  /** Attempts after the first. Default 3. */
  max_retries?: number;
  /** Milliseconds that the pauses between attempts begin with; each is up to twice as long as the one before. Default 500. */
  retry_delay?: number;
  /** Takes requests and answers, with what is secret masked. Default: standard error where FLEETWRIGHT_LOG is `debug`. */
  logger?: Logger;
  /** Drive simulated clouds by stand-ins of the official plugins. Default: FLEETWRIGHT_STAND_INS. */
  stand_ins?: boolean;
}

const MAX_RETRIES = 3;
/** No other answer is worth asking again. */
const RETRIED: readonly number[] = [429, 500, 502, 503, 504];

/**
 * Machines of several providers under one roof. What changes something is a change of the fleet, which says what may be: see `docs/capsule.md`. Every
 * method is awaited and throws {APIError}. It holds a controller from the first call on that needs one until `close`.
 */
export class ProviderManager {
  readonly #options: ManagerOptions;
  readonly #templates: readonly Template[];
  readonly #providers = new Map<string, Provider>();
  #room: Promise<Room> | undefined;
  #closed: Promise<void> | undefined;

  constructor(options: ManagerOptions = {}) {
    this.#options = options;
    this.#templates = readTemplates();
  }

  /** Makes a machine by a template, and comes back once the cloud has told its id. */
  async deploy_to_provider(
    provider: string,
    template_id: string,
    config: DeployConfig,
    options: DeployOptions = {},
  ): Promise<Instance & Changed> {
    return await (await this.get_provider(provider)).deploy(template_id, config, options);
  }

  /** @throws {ResourceNotFoundError} for a name that no provider has */
  async get_provider(name: string): Promise<Provider> {
    if (!Object.hasOwn(PROVIDERS, name))
      throw new ResourceNotFoundError(
        `there is no provider ${name}; there are ${Object.keys(PROVIDERS).join(", ")}`,
        404,
      );
    const known = this.#providers.get(name);
    if (known !== undefined) return known;
    const environment = this.#environment();
    const { fleet, accounts: chosen = {} } = this.#options;
    const provider = new Provider(name, {
      accounts: { home: homeOf(environment, fleet), environment, chosen },
      templates: this.#templates,
      room: () => this.#opened(),
    });
    this.#providers.set(name, provider);
    return provider;
  }

  /** Providers that there are credentials for. */
  async configured_providers(): Promise<string[]> {
    const environment = this.#environment();
    return Object.keys(PROVIDERS).filter((name) => isConfigured(name, environment));
  }

  /** The template with the lowest price that has as many processors and as much memory (GiB); null when none has. */
  async get_cheapest_option(min_cpu = 0, min_memory = 0): Promise<Template | null> {
    return (await this.compare_templates(min_cpu, min_memory))[0] ?? null;
  }

  /** All templates that have it, for at most so many US dollars an hour; the cheapest first. */
  async compare_templates(min_cpu = 0, min_memory = 0, max_price = Number.POSITIVE_INFINITY): Promise<Template[]> {
    return fitting(this.#templates, { min_cpu, min_memory, max_price });
  }

  /** Finishes what is under way and ends everything that was started. Nothing can be asked after it. */
  async close(): Promise<void> {
    this.#closed ??= this.#close();
    await this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    await (await this.#room?.catch(() => undefined))?.close();
  }

  #environment(): Environment {
    return withCredentials(this.#options.environment ?? process.env);
  }

  async #opened(): Promise<Room> {
    if (this.#closed !== undefined) throw new APIError("the manager is closed: make another one", 409);
    this.#room ??= this.#open();
    try {
      return await this.#room;
    } catch (error) {
      // Whoever asks again may have mended it.
      this.#room = undefined;
      throw apiError(error);
    }
  }

  async #open(): Promise<Room> {
    const environment = this.#environment();
    const { fleet, data, max_retries = MAX_RETRIES, retry_delay, stand_ins } = this.#options;
    const logger = this.#options.logger ?? loggerOf(environment.FLEETWRIGHT_LOG);
    const log = logger && wireLog(logger);
    const wire: Wire = {
      retries: max_retries,
      retryStatuses: RETRIED,
      ...(retry_delay !== undefined && { backoffMs: retry_delay }),
      ...(log && { tell: log.tell }),
    };
    // Templates are compared without all that a controller is made of.
    const { openRoom } = await import("./room.ts");
    return await openRoom({
      home: homeOf(environment, fleet),
      environment,
      standIns: stand_ins ?? Boolean(environment.FLEETWRIGHT_STAND_INS),
      wire,
      ...(data !== undefined && { dataDir: data }),
      ...(log && { onSecrets: log.hide }),
    });
  }
}
