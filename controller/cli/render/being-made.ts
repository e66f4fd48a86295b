import type { BeingMade } from "../../reconcile/being-made.ts";
import { span } from "../../words/time.ts";
import type { Io } from "../io.ts";

/** `being made: 40 %, PROVISION_STARTED, since 12 min, deadline in 48 min`, and what to do once that is over. */
export function beingMadeText(machine: BeingMade, now: number): string {
  const { percent, step, since, deadline, overdue, failed, problem } = machine;
  const where = [percent === undefined ? "" : `${percent} %`, step ?? ""].filter(Boolean);
  const age = `since ${span(now - Date.parse(since))}`;
  const left = Date.parse(deadline) - now;
  if (failed) return `the cloud has given up on it (${step ?? "no reason told"}), ${age}: ${WHAT_TO_DO}`;
  if (overdue || left < 0) return `overdue by ${span(-left)}: ${[...where, age].join(", ")}: ${WHAT_TO_DO}`;
  const unseen = problem === undefined ? [] : [`could not be looked at now (${problem})`];
  return `being made: ${[...where, age, `deadline in ${span(left)}`, ...unseen].join(", ")}`;
}

const WHAT_TO_DO =
  "ask the cloud's support; or raise `rebuild`, or remove the file, to give it up. It is neither deleted nor ordered again by itself";

/** A line a machine, for the end of a preview and of a status. */
export function renderBeingMade(machines: BeingMade[], { color }: Io, now: number = Date.now()): string[] {
  return machines.map((machine) => {
    const paint = machine.failed || machine.overdue ? color.red : color.yellow;
    const id = machine.id === undefined ? "" : ` ${color.dim(machine.id)}`;
    return `  ${paint("◌")} ${machine.name}${id}  ${paint(beingMadeText(machine, now))}`;
  });
}
