import { isAboutAll, type Principal } from "../../../people/principal.ts";
import { ApiError } from "../problems.ts";

/** @throws {ApiError} FORBIDDEN */
export function requireAll(principal: Principal, what: string): void {
  if (!isAboutAll(principal)) throw new ApiError("FORBIDDEN", `${what} is for those who are about all of the fleet`);
}
