import { load } from "js-yaml";
import { FleetError } from "../resources/errors.ts";
import type { Controller } from "./reconcile/context.ts";

/** The id that a data folder belongs to; of one that is new the id in the fleet's file. @throws {FleetError} FLEET_INVALID, GIT_FAILED */
export async function fleetIdOf({ store, repo }: Pick<Controller, "store" | "repo">): Promise<string> {
  const recorded = await store.setting("fleet.id");
  if (recorded !== undefined) return recorded;
  const text = await repo.readBlob(await repo.head(), "fleet.yaml");
  const id = (load(text ?? "") as { id?: string } | undefined)?.id;
  if (id === undefined) throw new FleetError("FLEET_INVALID", "fleet.yaml:1:1: id is missing", {});
  return id;
}
