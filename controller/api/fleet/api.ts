import type { Logger } from "pino";
import type { Changes } from "../../changes/changes.ts";
import type { Credentials } from "../../credentials/credentials.ts";
import type { People } from "../../people/people.ts";
import type { Principal } from "../../people/principal.ts";
import type { Controller } from "../../reconcile/context.ts";
import type { Desired } from "../../reconcile/desired.ts";
import { FleetMemory } from "./memory.ts";
import type { Description } from "./openapi.ts";
import { ApiError } from "./problems.ts";
import type { FleetView } from "./view.ts";

/** Who asks, by what a request brings and the address that it comes from; undefined when nobody is known by it. */
export type Authenticate = (headers: Headers, source: string) => Promise<Principal | undefined>;

/** What of a service is read from. */
export interface FleetService {
  readonly desired: Desired | undefined;
  readonly changes: Changes;
  /** Looks at the repository now, and resolves once it has. */
  look(): Promise<void>;
  poke(): void;
}

/** What of people the routes need beside knowing who asks. */
export type FleetPeople = Pick<People, "signIn" | "tokens" | "audit" | "users" | "keys">;

export interface FleetParts {
  controller: Controller & { credentials: Credentials };
  /** Shared with others who read the fleet. Default: its own. */
  memory?: FleetMemory;
  service: FleetService;
  people: FleetPeople;
  authenticate: Authenticate;
  logger: Pick<Logger, "error" | "warn">;
  /** Ends the streams. */
  stopping?: AbortSignal;
  /** Between two looks of a stream for new events. Default 500 ms. */
  pollMs?: number;
  /** Between two signs of life of a stream that has nothing to tell. Default 15 s. */
  heartbeatMs?: number;
}

/** Streams that may be open at once: each asks the database all the time. */
export const MOST_STREAMS = 200;

export const POLL_MS = 500;
export const HEARTBEAT_MS = 15_000;

/** What every route works with. */
export class FleetApi {
  readonly controller: Controller;
  /** What operators keep beside git. */
  readonly credentials: Credentials;
  readonly service: FleetService;
  readonly people: FleetPeople;
  readonly description: Description;
  readonly stopping: AbortSignal;
  readonly pollMs: number;
  readonly heartbeatMs: number;
  streams = 0;
  readonly #memory: FleetMemory;

  constructor(parts: FleetParts, description: Description) {
    this.controller = parts.controller;
    this.credentials = parts.controller.credentials;
    this.service = parts.service;
    this.people = parts.people;
    this.description = description;
    this.#memory = parts.memory ?? new FleetMemory(parts.controller, parts.service);
    this.stopping = parts.stopping ?? new AbortController().signal;
    this.pollMs = parts.pollMs ?? POLL_MS;
    this.heartbeatMs = parts.heartbeatMs ?? HEARTBEAT_MS;
  }

  /** @see FleetMemory.records */
  records(): ReturnType<FleetMemory["records"]> {
    return this.#memory.records();
  }

  /** @see FleetMemory.hashes */
  hashes(): ReturnType<FleetMemory["hashes"]> {
    return this.#memory.hashes();
  }

  /** @see FleetMemory.metrics */
  get metrics(): FleetMemory["metrics"] {
    return this.#memory.metrics;
  }

  /** @throws {ApiError} NOT_READY. @see FleetMemory.view */
  async view(): Promise<FleetView> {
    const view = await this.#memory.view();
    if (view !== undefined) return view;
    throw new ApiError("NOT_READY", "no commit has been compiled yet", { headers: { "retry-after": "5" } });
  }
}
