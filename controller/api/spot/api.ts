import type { Logger } from "pino";
import type { FleetSpec } from "../../../resources/spec.ts";
import type { Controller } from "../../reconcile/context.ts";
import type { Desired } from "../../reconcile/desired.ts";
import type { Authenticate, FleetService } from "../fleet/api.ts";
import { Refusal } from "./refusal.ts";

export interface SpotParts {
  controller: Controller;
  service: FleetService;
  authenticate: Authenticate;
  logger: Pick<Logger, "error">;
  /** Ends what waits. */
  stopping?: AbortSignal;
}

/** What the fleet says under `policies.dialects.spot`. */
export interface SpotPolicy {
  /** Hosts that one change may move by itself. */
  moves?: number;
  /** Machines that may be launched by themselves. */
  launches?: number;
  monthly?: { amount: number; currency: string };
  /** An admin's token is needed also from this machine. */
  gate?: "admin";
}

/** Absent: there is no spot manager. */
export const spotPolicyOf = (fleet: FleetSpec | undefined): SpotPolicy | undefined =>
  (fleet?.policies as { dialects?: { spot?: SpotPolicy } } | undefined)?.dialects?.spot;

/** What every route works with. */
export class SpotApi {
  readonly controller: Controller;
  readonly service: FleetService;

  constructor({ controller, service }: SpotParts) {
    this.controller = controller;
    this.service = service;
  }

  /** The fleet as its last valid commit wants it. @throws {Refusal} internal before the first */
  get desired(): Desired {
    const { desired } = this.service;
    if (desired !== undefined) return desired;
    throw new Refusal("internal", "no commit has been compiled yet: ask again in a moment");
  }
}
