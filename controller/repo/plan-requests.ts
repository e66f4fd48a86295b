import { FleetError } from "../../resources/errors.ts";
import { formatProblem } from "../fleet/problem.ts";
import { withTrailers } from "./commit.ts";
import { applyEdits } from "./edits.ts";
import { requestTrailers } from "./landed.ts";
import type { EditRequest } from "./queue.ts";
import type { FleetRepo } from "./repo.ts";
import type { PlannedCommit } from "./stream.ts";
import { FleetView, type ViewCache } from "./view.ts";
import { dirtyTree, type Ground } from "./write.ts";

interface Item {
  request: EditRequest;
  fingerprint: string;
}

/** What becomes of each request on one ground. */
export interface Planned<T> {
  commits: PlannedCommit[];
  /** Of those that go through: the place in `commits` of the one that has what was asked for; -1 for the ground's head. */
  commitIndex: Map<T, number>;
  refused: Map<T, FleetError>;
}

/** Applies requests one after the other, each to what those before it have left. Who is refused leaves the others alone. */
export async function planRequests<T extends Item>(
  items: readonly T[],
  ground: Ground,
  repo: FleetRepo,
  cache: ViewCache,
  at: Date,
): Promise<Planned<T>> {
  const refused = new Map<T, FleetError>();
  for (;;) {
    const open = items.filter((item) => !refused.has(item));
    const plan = await applyAll(open, ground, repo, cache, at);
    // What a refused one would have left is under those behind it: they are applied anew.
    const faults = await findFaults(plan, ground, new FleetView(repo, ground.head, cache));
    for (const [item, error] of [...plan.refused, ...faults]) refused.set(item, error);
    if (faults.size === 0) return { ...plan, refused };
  }
}

async function applyAll<T extends Item>(
  items: readonly T[],
  ground: Ground,
  repo: FleetRepo,
  cache: ViewCache,
  at: Date,
): Promise<Planned<T>> {
  const view = new FleetView(repo, ground.head, cache);
  const planned: Planned<T> = { commits: [], commitIndex: new Map(), refused: new Map() };
  // All at once, through one process; each read again finds them.
  await Promise.all(
    items.flatMap(({ request }) => request.edits.map((edit) => "path" in edit && view.read(edit.path))),
  );
  for (const item of items) {
    const { author, message, edits, key, trailers: own } = item.request;
    try {
      const changes = await applyEdits(edits, view);
      await view.take(changes);
      const trailers = { ...own, ...requestTrailers(key, item.fingerprint) };
      if (changes.length > 0) planned.commits.push({ author, message: withTrailers(message, trailers), at, changes });
      planned.commitIndex.set(item, planned.commits.length - 1);
    } catch (error) {
      if (!(error instanceof FleetError)) throw error;
      planned.refused.set(item, error);
    }
  }
  return planned;
}

/** Requests that cannot go through, though their edits can be made: files with uncommitted changes, or a fleet that is not valid any more. */
async function findFaults<T extends Item>(
  { commits, commitIndex }: Planned<T>,
  ground: Ground,
  view: FleetView,
): Promise<Map<T, FleetError>> {
  const makers = [...Map.groupBy(commitIndex, ([, index]) => index)].map(
    ([index, [first]]) => [index, first![0]] as const,
  );
  const makerOf = new Map(makers.filter(([index]) => index >= 0));
  const faults = new Map<T, FleetError>();
  const dirty = await ground.dirty([...new Set(commits.flatMap(({ changes }) => changes.map(([path]) => path)))]);
  if (dirty.size > 0) {
    for (const [index, item] of makerOf) {
      const path = commits[index]!.changes.find(([path]) => dirty.has(path))?.[0];
      if (path !== undefined) faults.set(item, dirtyTree(path));
    }
    return faults;
  }
  const fault = await firstInvalid(commits, view);
  if (fault !== undefined) faults.set(makerOf.get(fault.index)!, fault.error);
  return faults;
}

/** The commit that makes the fleet invalid, found by halves; a fault that it was invalid with before counts for nobody. */
async function firstInvalid(
  commits: readonly PlannedCommit[],
  view: FleetView,
): Promise<{ index: number; error: FleetError } | undefined> {
  const problemsAfter = (count: number) => view.problemsOf(commits.slice(0, count).flatMap(({ changes }) => changes));
  let problems = commits.length === 0 ? [] : await problemsAfter(commits.length);
  if (problems.length === 0) return undefined;
  let good = 0;
  let bad = commits.length;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    const found = await problemsAfter(middle);
    if (found.length === 0) good = middle;
    else [bad, problems] = [middle, found];
  }
  const [first] = problems;
  const message = `the fleet would not be valid: ${formatProblem(first!)}`;
  return { index: bad - 1, error: new FleetError("FLEET_INVALID", message, { file: first!.file, line: first!.line }) };
}
