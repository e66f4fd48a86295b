import type { Fault } from "./simulator.ts";

/** A fault as `GET /_simulator/faults` shows it. */
export interface FaultState {
  fault: Fault;
  /** Matching requests met so far. */
  matched: number;
  /** Times it has acted. */
  acted: number;
}

const KINDS: readonly Fault["action"]["kind"][] = [
  "status",
  "delay",
  "dropBefore",
  "dropAfter",
  "late",
  "truncate",
  "omit",
  "empty",
];

/** What is wrong with a fault that came over the wire; undefined when nothing is. */
export function faultProblem(value: unknown): string | undefined {
  const fault = value as Partial<Fault> | null;
  if (typeof fault !== "object" || fault === null) return "a fault is an object";
  if (typeof fault.match !== "object" || fault.match === null) return "match: an object with method and path is needed";
  if (!fault.action || !KINDS.includes(fault.action.kind)) return `action.kind: one of ${KINDS.join(", ")} is needed`;
  const { action } = fault;
  if (action.kind === "status" && !(Number.isInteger(action.status) && action.status >= 200 && action.status <= 599)) {
    return "action.status: an HTTP status from 200 to 599 is needed";
  }
  if ((action.kind === "delay" || action.kind === "late") && !(action.ms >= 0)) {
    return "action.ms: a number of milliseconds is needed";
  }
  try {
    new RegExp(fault.match.path ?? "");
  } catch (error) {
    return `match.path: ${(error as Error).message}`;
  }
  return undefined;
}

/** The injected faults of one simulator. The first one that matches a request and is not used up acts on it. */
export class FaultBook {
  #entries: (FaultState & { pattern: RegExp })[] = [];

  add(fault: Fault): void {
    this.#entries.push({ fault, matched: 0, acted: 0, pattern: new RegExp(fault.match.path ?? "") });
  }

  clear(): void {
    this.#entries = [];
  }

  list(): FaultState[] {
    return this.#entries.map(({ fault, matched, acted }) => ({ fault, matched, acted }));
  }

  /** The fault that acts on this request. `giveBack` undoes the count when it found nothing to act on. */
  take(method: string, path: string): { fault: Fault; giveBack(): void } | undefined {
    for (const entry of this.#entries) {
      const { fault, pattern } = entry;
      if (entry.acted >= (fault.times ?? 1)) continue;
      if (fault.match.method && fault.match.method.toUpperCase() !== method) continue;
      if (!pattern.test(path)) continue;
      entry.matched += 1;
      if (entry.matched <= (fault.skip ?? 0)) continue;
      entry.acted += 1;
      return {
        fault,
        giveBack: () => {
          entry.acted -= 1;
        },
      };
    }
    return undefined;
  }
}
