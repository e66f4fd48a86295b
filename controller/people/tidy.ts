import { FleetError } from "../../resources/errors.ts";
import type { Controller } from "../reconcile/context.ts";

const VARIABLE = "FLEETWRIGHT_AUDIT_DAYS";
/** The database removes nothing younger. */
const FEWEST_DAYS = 30;

/** Removes what has long ended, and entries of the audit log where an operator has said after how many days. Answers how many entries. @throws {FleetError} USAGE */
export async function tidyPeople({ store, environment }: Pick<Controller, "store" | "environment">): Promise<number> {
  await store.people.tidy();
  const days = environment[VARIABLE];
  if (!days) return 0;
  if (!/^\d{1,5}$/.test(days) || Number(days) < FEWEST_DAYS)
    throw new FleetError("USAGE", `${VARIABLE} must be a count of days from ${FEWEST_DAYS}; without it all is kept`);
  return await store.people.pruneAudit(Number(days));
}
