import type { Git } from "./git.ts";
import { importLines, type Line, type PlannedCommit } from "./stream.ts";

/** Where commits are kept that no branch has. Names are words of `a-z0-9-`. */
const refOf = (name: string): string => `refs/fleetwright/drafts/${name}`;

/** So many go together. */
const BATCH = 250;

interface Waiting {
  line: Line;
  kept: PromiseWithResolvers<string>;
}

/** Commits that no branch has. Those that are asked for while git is at work go together: to start it takes longer than what it does. */
export class Drafts {
  readonly #git: Git;
  #waiting: Waiting[] = [];
  #writing = false;

  constructor(git: Git) {
    this.#git = git;
  }

  /**
   * Writes commits on top of a parent and keeps the last one under a name, whatever was kept there before.
   * @throws {FleetError} GIT_FAILED
   */
  async keep(name: string, parent: string, commits: readonly PlannedCommit[]): Promise<string> {
    const waiting = { line: { ref: refOf(name), parent, commits }, kept: Promise.withResolvers<string>() };
    this.#waiting.push(waiting);
    if (!this.#writing) void this.#writeAll();
    return await waiting.kept.promise;
  }

  /** Lets drafts go; one that is not there is no error. @throws {FleetError} GIT_FAILED */
  async drop(names: readonly string[]): Promise<void> {
    if (names.length === 0) return;
    await this.#git.feed(["update-ref", "--stdin"], [...names.map((name) => `delete ${refOf(name)}`), ""].join("\n"));
  }

  async #writeAll(): Promise<void> {
    this.#writing = true;
    while (this.#waiting.length > 0) await this.#write(this.#waiting.splice(0, BATCH));
    this.#writing = false;
  }

  async #write(batch: readonly Waiting[]): Promise<void> {
    try {
      const heads = await importLines(
        this.#git,
        batch.map(({ line }) => line),
      );
      for (const [index, { kept }] of batch.entries()) kept.resolve(heads[index]!.at(-1)!);
    } catch (error) {
      const [only] = batch;
      if (batch.length === 1) return only!.kept.reject(error);
      // One that git does not take leaves the others alone.
      for (const one of batch) await this.#write([one]);
    }
  }
}
