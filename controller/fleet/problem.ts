/** Something wrong in one file, wherever that file lies. */
export interface Fault {
  /** From 1. */
  line: number;
  /** From 1, in characters. */
  column: number;
  /** Field in the file, `rules[0].ports`; empty for the file as a whole. */
  path: string;
  message: string;
  allowed?: string[];
  /** The allowed word that a typo most likely meant. */
  nearest?: string;
}

/** A fault with the file it is in: path from the top of the fleet repository. */
export interface Problem extends Fault {
  file: string;
}

export type FieldPath = readonly (string | number)[];

const SHOWN_ALLOWED = 12;

/** One line: `servers/a.yaml:7:9: region: "us-esat" is not sold by Linode; did you mean "us-east"? allowed: us-east, us-west`. */
export function formatProblem(problem: Problem): string {
  const place = `${problem.file}:${problem.line}:${problem.column}`;
  const field = problem.path === "" ? "" : `${problem.path}: `;
  const guess = problem.nearest === undefined ? "" : `; did you mean "${problem.nearest}"?`;
  return `${place}: ${field}${problem.message}${guess}${formatAllowed(problem.allowed)}`;
}

function formatAllowed(allowed: string[] | undefined): string {
  if (allowed === undefined || allowed.length === 0) return "";
  const rest = allowed.length - SHOWN_ALLOWED;
  return `; allowed: ${allowed.slice(0, SHOWN_ALLOWED).join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
}

/** `["rules", 0, "ports"]` as `rules[0].ports`. */
export function formatPath(path: FieldPath): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === "number") return `${text}[${step}]`;
    return text === "" ? step : `${text}.${step}`;
  }, "");
}

/** The allowed word with the fewest typing errors from `word`, if there are few enough for a typo. */
export function findNearest(word: string, allowed: Iterable<string>): string | undefined {
  const limit = Math.max(1, Math.floor(word.length / 3));
  let best: string | undefined;
  let bestDistance = limit + 1;
  for (const candidate of allowed) {
    if (Math.abs(candidate.length - word.length) >= bestDistance) continue;
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** Insertions, deletions, substitutions and swaps of neighbours that lead from one word to the other. */
export function editDistance(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= to.length; j += 1) {
      const same = from[i - 1] === to[j - 1];
      let cost = Math.min(row[j - 1]! + 1, last[j]! + 1, last[j - 1]! + (same ? 0 : 1));
      const swapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      if (swapped) cost = Math.min(cost, beforeLast[j - 2]! + 1);
      row.push(cost);
    }
    [beforeLast, last] = [last, row];
  }
  return last[to.length]!;
}
