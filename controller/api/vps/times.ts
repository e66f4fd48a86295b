import { FleetError } from "../../../resources/errors.ts";
import type { Desired } from "../../reconcile/desired.ts";
import type { FleetRepo } from "../../repo/repo.ts";

/** Instants of a row, as the document writes them. */
export interface RowTimes {
  created_at: string;
  updated_at: string;
}

/** More edits of one file than these are not looked through for the first. */
const MOST_COMMITS = 10_000;

/** As the document writes instants: to the second. */
export const instantOf = (iso: string): string => `${new Date(iso).toISOString().slice(0, 19)}Z`;

/** When files came to be and were last changed, by git: read once a commit and path. */
export class FileTimes {
  readonly #repo: FleetRepo;
  readonly #known = new WeakMap<Desired, Map<string, Promise<RowTimes>>>();

  constructor(repo: FleetRepo) {
    this.#repo = repo;
  }

  /** @throws {FleetError} GIT_FAILED */
  async of(desired: Desired, path: string): Promise<RowTimes> {
    const known = this.#known.get(desired) ?? new Map<string, Promise<RowTimes>>();
    this.#known.set(desired, known);
    const found = known.get(path) ?? this.#read(path, desired.commit);
    known.set(path, found);
    // What failed is tried again.
    found.catch(() => known.delete(path));
    return await found;
  }

  async #read(path: string, commit: string): Promise<RowTimes> {
    const commits = await this.#repo.fileHistory(path, commit, MOST_COMMITS);
    const [last, first] = [commits[0], commits.at(-1)];
    if (last === undefined || first === undefined)
      throw new FleetError("GIT_FAILED", `${path} has no history up to ${commit}`, { path, commit });
    return { created_at: instantOf(first.at), updated_at: instantOf(last.at) };
  }
}
