import type { HeldEffect, Hold } from "../../reconcile/types.ts";
import type { Io } from "../io.ts";
import { renderEffects } from "./effect.ts";

/** What is held, under a heading for each reason. */
export function renderHeld(held: readonly HeldEffect[], io: Io): string[] {
  const groups = Map.groupBy(held, ({ holds }) => holds.map(holdWords).join("; "));
  return [...groups].flatMap(([why, members]) => [
    "",
    io.color.yellow(`Held: ${why}`),
    ...renderEffects(
      members.map(({ effect }) => effect),
      io,
    ),
  ]);
}

/** `server web-1 is suspended (a migration)`, `account do-main is outside its maintenance windows, until …`. */
function holdWords({ by, what, reason, until }: Hold): string {
  const end = until === undefined ? "" : `; it may be done from ${until} on (or with --outside-window)`;
  if (by === "suspend") return `${what} is suspended (${reason})`;
  if (by === "freeze") return `${what} is frozen (${reason})${end}`;
  return by === "window" ? `${what} is ${reason}${end}` : `${what}: ${reason}`;
}
