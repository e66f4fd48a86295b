import type { AccountSpec } from "../../resources/spec.ts";
import type { AccountFields } from "../../schemas/types.ts";
import { isDate } from "./calendar.ts";
import { fieldFault } from "./file.ts";
import type { FieldFault } from "./validate.ts";

type Holds = Pick<AccountSpec, "suspend" | "suspendStacks" | "windows" | "freeze" | "rollout">;

/** What an account's file says about when and how its changes are executed; fields that say nothing are left out. */
export function holdsOf({ suspend, suspendStacks, windows, freeze, rollout }: AccountFields): Holds {
  return {
    ...(suspend && { suspend }),
    ...(Object.keys(suspendStacks).length > 0 && { suspendStacks }),
    ...(windows.length > 0 && { windows }),
    ...(freeze && { freeze }),
    ...(rollout && { rollout }),
  };
}

export function holdFaults({ windows, freeze }: AccountFields): FieldFault[] {
  const zones = windows.flatMap(({ timezone }, index) => {
    if (isTimezone(timezone)) return [];
    const choice = { word: timezone, allowed: ["UTC", ...Intl.supportedValuesOf("timeZone")] };
    return [fieldFault(["windows", index, "timezone"], `"${timezone}" is no time zone of IANA`, choice)];
  });
  const isBad = freeze !== undefined && !isDate(freeze.until);
  return [...zones, ...(isBad ? [fieldFault(["freeze", "until"], "is no day of the calendar")] : [])];
}

/** Other names that IANA keeps for a zone are good as well; an offset is no zone, since it does not change with the seasons. */
function isTimezone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
