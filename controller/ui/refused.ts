import { FleetError } from "../../resources/errors.ts";
import { Refusal } from "../api/dialect/refusal.ts";

/** What a dialect would refuse in its own words, in those of the page. */
export function asFleetError(error: unknown): never {
  if (!(error instanceof Refusal)) throw error;
  const code = error.kind === "not-found" ? "NOT_FOUND" : error.kind === "conflict" ? "CONFLICT" : "USAGE";
  throw new FleetError(code, error.message, {}, { cause: error });
}
