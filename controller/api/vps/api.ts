import type { FleetParts, FleetPeople, FleetService } from "../fleet/api.ts";
import { FleetMemory } from "../fleet/memory.ts";
import type { FleetView } from "../fleet/view.ts";
import { VpsRefusal } from "./envelope.ts";
import { FileTimes } from "./times.ts";

export interface VpsParts extends Pick<FleetParts, "controller" | "service" | "people" | "authenticate" | "logger"> {
  /** Shared with others who read the fleet. Default: its own. */
  memory?: FleetMemory;
  /** Ends what is waited for. */
  stopping?: AbortSignal;
  /** How long callers are kept waiting. Milliseconds. */
  patience?: Partial<Patience>;
}

interface Patience {
  /** A create is answered once its cloud has answered it, or after this long. Default 20 s. */
  createMs: number;
  /** An action is answered once nothing refuses it any more: after this long it is told as it stands. Default 50 s. */
  actionMs: number;
  /** Whatever is asked is given up after this long. Default 60 s. */
  deadlineMs: number;
}

const PATIENCE: Patience = { createMs: 20_000, actionMs: 50_000, deadlineMs: 60_000 };

/** What every route of this dialect works with. */
export class VpsApi {
  readonly controller: VpsParts["controller"];
  readonly service: FleetService;
  readonly people: FleetPeople;
  readonly memory: FleetMemory;
  readonly times: FileTimes;
  readonly stopping: AbortSignal;
  readonly patience: Patience;

  constructor(parts: VpsParts) {
    this.controller = parts.controller;
    this.service = parts.service;
    this.people = parts.people;
    this.memory = parts.memory ?? new FleetMemory(parts.controller, parts.service);
    this.times = new FileTimes(parts.controller.repo);
    this.stopping = parts.stopping ?? new AbortController().signal;
    this.patience = { ...PATIENCE, ...parts.patience };
  }

  /** The commit that is served. @throws {VpsRefusal} internal before the first */
  async view(): Promise<FleetView> {
    const view = await this.memory.view();
    if (view !== undefined) return view;
    throw new VpsRefusal("internal", "the service is starting: ask again in some seconds", { status: 503 });
  }
}
