import { Turns } from "../../../resources/plugin/turns.ts";
import type { SpotPolicy } from "../../../resources/spec.ts";
import type { Desired } from "../../reconcile/desired.ts";
import { Refusal } from "../dialect/refusal.ts";
import type { FleetParts, FleetPeople } from "../fleet/api.ts";
import { HostOwners } from "./owners.ts";

export interface SpotParts extends Pick<FleetParts, "controller" | "service" | "authenticate" | "logger" | "stopping"> {
  /** Where mutations are on record. */
  people: Pick<FleetPeople, "audit">;
}

/** What the fleet says under `policies.dialects.spot`; without it there is no spot manager. */
export const spotPolicyOf = (desired: Desired | undefined): SpotPolicy | undefined =>
  desired?.fleet.policies.dialects?.spot;

/** What every route works with. */
export class SpotApi {
  readonly controller: SpotParts["controller"];
  readonly service: SpotParts["service"];
  readonly owners: HostOwners;
  /** Of mutations that must not overtake each other. */
  readonly turns = new Turns();

  constructor({ controller, service }: SpotParts) {
    this.controller = controller;
    this.service = service;
    this.owners = new HostOwners(controller);
  }

  /** The fleet as its last valid commit wants it. @throws {Refusal} internal before the first */
  get desired(): Desired {
    const { desired } = this.service;
    if (desired !== undefined) return desired;
    throw new Refusal("internal", "no commit has been compiled yet: ask again in a moment");
  }
}
