import { FleetError } from "../../../resources/errors.ts";
import type { FleetRepo } from "../../repo/repo.ts";

/** Instants of a row, as the document writes them. */
export interface RowTimes {
  created_at: string;
  updated_at: string;
}

/** As the document writes instants: to the second. */
export const instantOf = (iso: string): string => `${new Date(iso).toISOString().slice(0, 19)}Z`;

/** When files came to be and were last changed, by git: one walk over what is new of the main line, whichever files are asked for. */
export class FileTimes {
  readonly #repo: Pick<FleetRepo, "mainline" | "isAncestor">;
  #read: Promise<{ commit: string; times: ReadonlyMap<string, RowTimes> }> | undefined;

  constructor(repo: Pick<FleetRepo, "mainline" | "isAncestor">) {
    this.#repo = repo;
  }

  /** @throws {FleetError} GIT_FAILED */
  async of({ commit }: { commit: string }, path: string): Promise<RowTimes> {
    const { times } = await this.#upTo(commit);
    const found = times.get(path);
    if (found !== undefined) return found;
    throw new FleetError("GIT_FAILED", `${path} has no history up to ${commit}`, { path, commit });
  }

  async #upTo(commit: string): Promise<{ commit: string; times: ReadonlyMap<string, RowTimes> }> {
    const before = await this.#read?.catch(() => undefined);
    if (before?.commit === commit) return before;
    const reading = this.#walk(commit, before);
    this.#read = reading;
    return await reading;
  }

  async #walk(commit: string, before: { commit: string; times: ReadonlyMap<string, RowTimes> } | undefined) {
    const goesOn = before !== undefined && (await this.#repo.isAncestor(before.commit, commit));
    const times = new Map(goesOn ? before.times : []);
    const commits = await this.#repo.mainline(goesOn ? before.commit : undefined, commit);
    for (const { at, changes } of commits.reverse()) {
      const instant = instantOf(at);
      for (const { path, before, after } of changes) {
        if (after === undefined) times.delete(path);
        else
          times.set(path, {
            created_at: before === undefined ? instant : (times.get(path)?.created_at ?? instant),
            updated_at: instant,
          });
      }
    }
    return { commit, times };
  }
}
