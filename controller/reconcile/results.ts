import type { EngineResult } from "../engine/engine.ts";
import type { Work } from "./types.ts";
import type { Groups } from "./urns.ts";

/** What a run did to one object. */
export interface ObjectResult {
  work: Work;
  /** Error messages of the engine and the cloud; empty when all steps went well. */
  errors: string[];
  /** Nothing of this object failed, but the run stopped before it had done all of it: it may be run again. */
  unreached?: true;
  /** The cloud's id of the machine or shared object. */
  id?: string;
  /** ISO instant since when the cloud is making it ready; set where it is not ready yet. */
  provisioningSince?: string;
}

const KILLED = "the engine was killed before it had saved its state; what it did is found by its marks";
const STOPPED = "the engine stopped before it came to this";

/**
 * What a run did to each object. `targets` is what the run was to act on, `saved` what its state has now, looked at when it failed. The engine
 * goes on after a failed step, but not after an input that a provider finds invalid, and what depends on a failed step has such inputs.
 */
export function resultsOf(
  works: Work[],
  { all, wanted }: Groups,
  targets: readonly string[],
  result: EngineResult,
  saved?: ReadonlySet<string>,
): ObjectResult[] {
  const due = new Set(targets);
  // A refresh says only that something was looked at, and what a killed engine did is not in its state.
  const outcomes = result.killed ? [] : result.outcomes.filter(({ op, failed }) => !failed && op !== "refresh");
  const done = new Set(outcomes.map(({ urn }) => urn));
  return works.map((work) => {
    const group = all.get(work) ?? [];
    const declared = new Set(wanted.get(work));
    const id = result.outcomes.findLast(({ urn, id }) => urn === group[0] && id !== undefined)?.id;
    const found: ObjectResult = { work, errors: errorsOf(group, result), ...(id === undefined ? {} : { id }) };
    if (found.errors.length > 0 || result.succeeded) return found;
    const isSaved = (urn: string) => saved === undefined || saved.has(urn) === declared.has(urn);
    if (!group.some((urn) => due.has(urn) && !(done.has(urn) && isSaved(urn)))) return found;
    const reason = result.killed ? [KILLED] : (result.errors.get("") ?? []);
    return { ...found, errors: reason.length > 0 ? reason : [STOPPED], unreached: true };
  });
}

/** Those of the first resource of a group that failed: the errors of what depends on it only follow from them. */
function errorsOf(group: string[], { errors, outcomes }: EngineResult): string[] {
  const told = group.map((urn) => errors.get(urn) ?? []).find((list) => list.length > 0);
  if (told !== undefined) return [...told];
  const failed = outcomes.some(({ urn, failed }) => failed && group.includes(urn));
  return failed ? ["a step failed and the engine gave no reason"] : [];
}
