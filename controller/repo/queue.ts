import { FleetError, type FleetErrorCode } from "../../resources/errors.ts";
import type { ParsedCache } from "../fleet/cache.ts";
import { canonicalJson, sha256 } from "../fleet/canonical.ts";
import type { CloudRules } from "../fleet/context.ts";
import type { CommitAnswer, Store } from "../store/types.ts";
import { checkPath, checkPerson, type Person } from "./commit.ts";
import type { FileEdit } from "./edits.ts";
import { type Planned, planRequests } from "./plan-requests.ts";
import type { FleetRepo } from "./repo.ts";
import type { PlannedCommit } from "./stream.ts";
import { advance, createViewCache, type ViewCache } from "./view.ts";
import type { Ground } from "./write.ts";

/** What somebody wants to have committed. */
export interface EditRequest {
  /** The Idempotency-Key, up to 200 visible characters of ASCII: whoever asks again with it gets the same answer, and never a second commit. */
  key: string;
  author: Person;
  message: string;
  /** Made on the text that is there when the request's turn comes. All of them, or none. */
  edits: readonly FileEdit[];
  /** Lines at the end of the message: `Approved-by: NAME`. */
  trailers?: Readonly<Record<string, string>>;
}

export interface CommitQueueOptions {
  repo: FleetRepo;
  store: Pick<Store, "rememberCommits" | "commitAnswers" | "setting" | "putSetting">;
  clouds: Readonly<Record<string, CloudRules>>;
  parsed: ParsedCache;
  /** What readers of the fleet have read and compiled already. */
  loaded?: ViewCache["loaded"];
  now(): number;
  sleep(ms: number): Promise<void>;
}

/** One request that waits for its turn. */
interface Waiting {
  request: EditRequest;
  fingerprint: string;
  answer: PromiseWithResolvers<string>;
}

/** So many go together. */
const BATCH = 250;
/** Trying again is quick, since edits are remembered. Only who loses this often takes half as many: less work is between a look and a push then. */
const LOSSES_BEFORE_LESS = 3;
/** After as many tries, about 20 s, whoever waits is told. */
const ATTEMPTS = 10;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 5_000;

/** What asking again cannot change is remembered like a commit. */
const LASTING: readonly FleetErrorCode[] = ["COMMIT_CONFLICT", "FLEET_INVALID"];

/**
 * Makes one commit of each of many requests: linear history, written in batches. What has landed is known by trailers of the commits themselves,
 * so a crash at any instant neither loses nor doubles one; the database remembers what history says, and refusals.
 */
export class CommitQueue {
  readonly #options: CommitQueueOptions;
  readonly #cache: ViewCache;
  #branch: string | undefined;
  #waiting: Waiting[] = [];
  readonly #byKey = new Map<string, Waiting>();
  #writing: Promise<void> | undefined;
  /** Whether the remote has been looked at for those who wait, and nothing has gone wrong since. */
  #isFresh = false;

  constructor(options: CommitQueueOptions) {
    this.#options = options;
    this.#cache = createViewCache(options.clouds, options.parsed, options.loaded);
  }

  /** From now on commits go to this branch, and at once to its upstream where it has one: whoever follows that would go another way otherwise. */
  follow(branch: string): void {
    this.#branch = branch;
  }

  /**
   * @returns the request's commit; the head that it found where it changes nothing.
   * @throws {FleetError} COMMIT_CONFLICT when what it edits is gone or is not what it was made for; FLEET_INVALID when the fleet would not be
   *   valid; DIRTY_TREE; USAGE for a key that another request has used; GIT_FAILED when the remote did not take it: ask again with the same key.
   */
  async submit(request: EditRequest): Promise<string> {
    checkRequest(request);
    const { key } = request;
    const fingerprint = fingerprintOf(request);
    const same = this.#byKey.get(key);
    if (same !== undefined) {
      if (same.fingerprint !== fingerprint) throw usedKey(key);
      return await same.answer.promise;
    }
    const waiting: Waiting = { request, fingerprint, answer: Promise.withResolvers() };
    this.#byKey.set(key, waiting);
    this.#waiting.push(waiting);
    this.#writing ??= this.#writeAll();
    return await waiting.answer.promise;
  }

  /**
   * The commits that requests would be on top of a commit, one after the other; undefined where one changes nothing. Nothing is written.
   * @throws {FleetError} as `submit`, when one of them does not fit.
   */
  async plan(requests: readonly EditRequest[], head: string): Promise<(PlannedCommit | undefined)[]> {
    for (const request of requests) checkRequest(request);
    const items = requests.map((request) => ({ request, fingerprint: fingerprintOf(request) }));
    const ground: Ground = { branch: "", head, dirty: async () => new Set() };
    const { repo, now } = this.#options;
    const { commits, commitIndex, refused } = await planRequests(items, ground, repo, this.#cache, new Date(now()));
    const [error] = refused.values();
    if (error !== undefined) throw error;
    let last = -1;
    return items.map((item) => {
      const index = commitIndex.get(item)!;
      const isOwn = index > last;
      last = index;
      return isOwn ? commits[index] : undefined;
    });
  }

  /** Waits until all that was asked for is answered. */
  async close(): Promise<void> {
    await this.#writing;
  }

  async #writeAll(): Promise<void> {
    // Those who ask in the same moment go together.
    await Promise.resolve();
    let size = BATCH;
    let failures = 0;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.slice(0, size);
      const failed = await this.#attempt(batch).catch((error: FleetError) => {
        for (const waiting of batch) this.#refuse(waiting, error);
        return undefined;
      });
      this.#dropAnswered();
      failures = failed === undefined ? 0 : failures + 1;
      if (failed === undefined) {
        size = BATCH;
        continue;
      }
      this.#isFresh = false;
      if (failures >= ATTEMPTS) {
        // A remote that is gone is so for everybody.
        for (const waiting of failed.isGone ? this.#waiting : batch) this.#refuse(waiting, givenUp(failed.error));
        this.#dropAnswered();
        failures = 0;
        continue;
      }
      if (!failed.isGone && failures >= LOSSES_BEFORE_LESS) size = Math.max(1, Math.floor(batch.length / 2));
      const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures);
      await this.#options.sleep(pause * (0.5 + Math.random() / 2));
    }
    // Who comes later is not to be refused for what the remote was like now.
    this.#isFresh = false;
    this.#writing = undefined;
  }

  /** Answers every request of the batch, or none and tells why it may be tried again. */
  async #attempt(batch: readonly Waiting[]): Promise<{ error: FleetError; isGone: boolean } | undefined> {
    const { repo, store } = this.#options;
    const branch = this.#branch;
    const upstream = await repo.upstream(branch, branch === undefined ? "configured" : "upstream");
    if (upstream !== undefined && !this.#isFresh) {
      try {
        await repo.fetch(upstream.remote);
      } catch (error) {
        return { error: error as FleetError, isGone: true };
      }
    }
    this.#isFresh = true;

    let known = new Map<string, CommitAnswer>();
    let planned: Planned<Waiting> | undefined;
    let ground: Ground | undefined;
    const target = { ...(branch !== undefined && { branch }), ...(upstream !== undefined && { upstream }) };
    const written = await repo.write(target, async (found) => {
      ground = found;
      await this.#learn(found);
      known = await store.commitAnswers(batch.map(({ request }) => request.key));
      const fresh = batch.filter(({ request }) => !known.has(request.key));
      planned = await planRequests(fresh, found, repo, this.#cache, new Date(this.#options.now()));
      return planned.commits;
    });
    if ("moved" in written) return { error: written.moved, isGone: false };
    const changes = planned!.commits.flatMap((commit) => commit.changes);
    if (written.commits.length > 0) advance(this.#cache, ground!.head, changes, written.head!);

    const commitOf = (index: number) => (index < 0 ? ground!.head : written.commits[index]);
    const { commitIndex, refused } = planned!;
    await store.rememberCommits([
      ...[...commitIndex].map(([waiting, index]) => ({ ...named(waiting), commit: commitOf(index)! })),
      ...[...refused].flatMap(([waiting, error]) => {
        const { code, message, at } = error;
        return LASTING.includes(code) ? [{ ...named(waiting), conflict: { code, message, at } }] : [];
      }),
    ]);
    if (written.commits.length > 0) await store.putSetting(knownSetting(ground!), written.head!);

    for (const waiting of batch) {
      const answer = known.get(waiting.request.key);
      if (answer !== undefined) this.#repeat(waiting, answer);
      else if (refused.has(waiting)) this.#refuse(waiting, refused.get(waiting)!);
      else this.#accept(waiting, commitOf(commitIndex.get(waiting)!)!);
    }
    return undefined;
  }

  /** Remembers what history has and the database has not: what a killed process, or another one, has written. */
  async #learn(ground: Ground): Promise<void> {
    const { repo, store } = this.#options;
    if (ground.head === undefined) return;
    const known = await store.setting(knownSetting(ground));
    if (known === ground.head) return;
    await store.rememberCommits(await repo.landed(known, ground.head));
    await store.putSetting(knownSetting(ground), ground.head);
  }

  #dropAnswered(): void {
    this.#waiting = this.#waiting.filter((waiting) => this.#byKey.get(waiting.request.key) === waiting);
  }

  #repeat(waiting: Waiting, { fingerprint, commit, conflict }: CommitAnswer): void {
    if (fingerprint !== waiting.fingerprint) this.#refuse(waiting, usedKey(waiting.request.key));
    else if (commit !== undefined) this.#accept(waiting, commit);
    else this.#refuse(waiting, new FleetError(conflict!.code as FleetErrorCode, conflict!.message, conflict!.at));
  }

  #accept({ request, answer }: Waiting, commit: string): void {
    this.#byKey.delete(request.key);
    answer.resolve(commit);
  }

  #refuse({ request, answer }: Waiting, error: FleetError): void {
    this.#byKey.delete(request.key);
    answer.reject(error);
  }
}

const knownSetting = ({ branch }: Ground): string => `commits.known.${branch}`;

const named = ({ request, fingerprint }: Waiting) => ({ key: request.key, fingerprint });

const fingerprintOf = ({ key: _, ...rest }: EditRequest): string => sha256(canonicalJson(rest));

function checkRequest({ key, author, message, edits }: EditRequest): void {
  if (!/^[\x21-\x7e]{1,200}$/.test(key))
    throw new FleetError("USAGE", "an Idempotency-Key has 1 to 200 visible characters of ASCII");
  checkPerson(author);
  if (message.trim() === "") throw new FleetError("USAGE", "a commit needs a message");
  for (const edit of edits) if ("path" in edit) checkPath(edit.path);
}

function usedKey(key: string): FleetError {
  const message = `the Idempotency-Key ${key} was used for another request: take a new one`;
  return new FleetError("USAGE", message, { key });
}

function givenUp(cause: FleetError): FleetError {
  const message = `the fleet repository did not take the commit: ${cause.message}; ask again with the same key`;
  return new FleetError("GIT_FAILED", message, cause.at, { cause });
}
