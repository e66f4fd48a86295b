import { FleetError } from "../../resources/errors.ts";
import type { ForgeSpec } from "../../resources/spec.ts";
import type { Changes } from "../changes/changes.ts";
import { closePull, mergePull, pullChangeId, putPullChange } from "../changes/pull.ts";
import { toChange } from "../changes/records.ts";
import type { Ground } from "../changes/steps.ts";
import { OPEN } from "../changes/transitions.ts";
import type { Change } from "../changes/types.ts";
import { upstreamOf } from "../repo/remote.ts";
import type { StoredPull } from "../store/types.ts";
import { commandOf } from "./commands.ts";
import { gateOf, isFleetPath } from "./gate.ts";
import { heed } from "./heed.ts";
import { ForgeDesk, forgeKey, forgeUrl } from "./open.ts";
import { authorOf, personOf } from "./people.ts";
import { type Desk, reply, tellPull } from "./tell.ts";
import type { Forge, ForgeComment, PullRequest } from "./types.ts";

/** What a forge writes down only to the second, or shows late, is looked at again for so long. */
const SETTLED_MS = 120_000;

interface Parts {
  ground: Ground;
  changes: Changes;
  /** The main line. */
  branch: string;
  /** Names the fleet in comments. */
  fleetId: string;
  /** Told of a pull request that could not be looked at, and comes again. */
  onFailure(number: number, error: FleetError): void;
}

/** Keeps the pull requests of the fleet repository and their changes together: what is new at the forge becomes a change, what becomes of a change is told there. */
export class Pulls {
  readonly #parts: Parts;
  readonly #desk = new ForgeDesk();
  #isAgain = false;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Looks at all that are open, and at those that something may still become of. One that fails leaves the others alone. Answers whether something of
   * it waits for the main line, or was merged by it.
   * @throws {FleetError} FORGE_FAILED, FORGE_REFUSED, CREDENTIAL_MISSING when the forge cannot be asked; the first failure of one of them.
   */
  async look(spec: ForgeSpec, signal: AbortSignal): Promise<boolean> {
    this.#isAgain = false;
    const { ground, branch, fleetId } = this.#parts;
    const { store } = ground.controller;
    const forge = this.#desk.open(ground.controller, spec);
    const key = forgeKey(spec);
    const desk: Desk = { forge, key, spec, me: await this.#desk.me(signal), fleetId, controller: ground.controller };
    const left = new Map((await store.openPulls(key)).map((row) => [row.number, row]));
    const failures: FleetError[] = [];
    const attempt = async (number: number, work: () => Promise<void>) => {
      try {
        await work();
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof FleetError)) throw error;
        failures.push(error);
        this.#parts.onFailure(number, error);
        // Nothing is to be had from a forge that wants to be left alone.
        if (error.at.waitMs !== undefined) throw error;
      }
    };
    const open: PullRequest[] = [];
    for await (const pull of forge.openPulls(signal)) if (pull.base === branch) open.push(pull);
    for (const pull of open) {
      const known = left.get(pull.number) ?? (await store.pull(key, pull.number));
      left.delete(pull.number);
      await attempt(pull.number, () => this.#look(desk, pull, known ?? fresh(key, pull), signal));
    }
    for (const row of left.values())
      await attempt(row.number, async () => await this.#look(desk, await forge.pull(row.number, signal), row, signal));
    if (failures.length > 0) throw failures[0]!;
    return this.#isAgain;
  }

  async #look(desk: Desk, pull: PullRequest, known: StoredPull, signal: AbortSignal): Promise<void> {
    const { ground } = this.#parts;
    const { controller, main } = ground;
    const isWaiting = known.problem !== undefined && known.base !== main();
    const isSeen =
      known.seen === pull.updatedAt && known.head === pull.head && known.state === pull.state && !isWaiting;
    let row: StoredPull = known;
    // Merged is what the main line here has to be waited for.
    if (!isSeen || pull.state === "merged") {
      row = await this.#bring(desk, pull, known, signal);
      row = await this.#heed(desk, pull, row, signal);
    }
    const change = row.change === undefined ? undefined : await ground.controller.store.change(row.change);
    if (!isSeen || change?.version !== row.told) row = await tellPull(desk, pull, row, signal);
    const isOver = pull.state !== "open" && (change === undefined || !OPEN.includes(change.state as Change["state"]));
    const isSettled = controller.now() - Date.parse(pull.updatedAt) > SETTLED_MS;
    const { seen: _, ...rest } = row;
    const next: StoredPull = {
      ...rest,
      state: isOver ? "done" : row.state,
      ...(isSettled && { seen: pull.updatedAt }),
    };
    if (JSON.stringify(next) !== JSON.stringify(known)) await controller.store.putPull(next);
    if (isOver) await controller.repo.dropPull(pull.number);
  }

  /** Does what people ask for in comments that are new, each once. One that somebody has edited may say what its author has not. */
  async #heed(desk: Desk, pull: PullRequest, known: StoredPull, signal: AbortSignal): Promise<StoredPull> {
    const { ground, changes } = this.#parts;
    const { forge, key, me, spec } = desk;
    const { controller } = ground;
    if (!spec.commands) return known;
    const comments: ForgeComment[] = [];
    for await (const comment of forge.comments(pull.number, known.seen, signal)) comments.push(comment);
    let row = known;
    for (const comment of comments.sort((a, b) => a.id - b.id)) {
      if (comment.id <= row.cursor) continue;
      const command = comment.author.id === me.id ? undefined : commandOf(comment.body);
      if (command !== undefined) {
        const stored = row.change === undefined ? undefined : await controller.store.change(row.change);
        const change = stored && toChange(stored);
        const heeding = { ground, changes, forge, spec, key };
        const asked = { comment, change, number: pull.number };
        const { refused } =
          comment.createdAt === comment.updatedAt
            ? await heed(heeding, command, asked, signal)
            : { refused: "an edited comment is not heeded: say it in a new one" };
        this.#isAgain ||= refused === undefined && command.verb === "execute";
        if (refused !== undefined) await reply(desk, pull, { comment, text: refused, all: comments }, signal);
      }
      row = { ...row, cursor: comment.id };
      if (command !== undefined) await controller.store.putPull(row);
    }
    return row;
  }

  /** Makes the change be as the pull request is. */
  async #bring(desk: Desk, pull: PullRequest, known: StoredPull, signal: AbortSignal): Promise<StoredPull> {
    const { ground } = this.#parts;
    const { problem: _, base: __, ...rest } = known;
    const row: StoredPull = { ...rest, state: pull.state, head: pull.head };
    if (pull.state === "closed") {
      if (row.change !== undefined) await closePull(ground, row.change, "the pull request was closed");
      return row;
    }
    if (pull.state === "merged") {
      const isHere =
        row.change === undefined ||
        (pull.merged !== undefined && (await mergePull(ground, row.change, pull.merged, signal)));
      this.#isAgain ||= !isHere;
      return row;
    }
    try {
      return await this.#change(desk, pull, row, signal);
    } catch (error) {
      if (!(error instanceof FleetError) || error.retry) throw error;
      return { ...row, problem: error.message, base: ground.main() };
    }
  }

  async #change(desk: Desk, pull: PullRequest, row: StoredPull, signal: AbortSignal): Promise<StoredPull> {
    const { ground, branch } = this.#parts;
    const { controller, main } = ground;
    const { forge, key, spec } = desk;
    if (!(await touchesFleet(forge, pull.number, signal))) {
      if (row.change === undefined) return row;
      await closePull(ground, row.change, "it touches the fleet no more");
      return row;
    }
    const upstream = await upstreamOf(controller.repo.dir, branch);
    if (upstream === undefined)
      throw new FleetError("GIT_FAILED", "the fleet repository has no remote to fetch pull requests from", {});
    const head = await controller.repo.fetchPull(upstream.remote, pull.number, forge.headRef(pull.number));
    if (head !== pull.head)
      throw new FleetError(
        "GIT_FAILED",
        `${upstream.remote} has ${head} as the head of ${pull.number}, and the forge ${pull.head}`,
        {},
      );
    // The forge may have left some out.
    const own = await controller.repo.pullPaths(main(), head);
    const gate = gateOf({ isFork: pull.isFork, paths: own });
    const earlier = row.change === undefined ? undefined : await controller.store.change(row.change);
    const isOver = earlier?.state === "closed";
    const id = earlier !== undefined && !isOver ? earlier.id : pullChangeId(key, pull.number, isOver ? earlier.id : "");
    const person = await personOf(controller, key, pull.author);
    const wish = {
      id,
      title:
        pull.title
          .replace(/[\u0000-\u001f]+/g, " ")
          .trim()
          .slice(0, 200) || `Pull request ${pull.number}`,
      ...authorOf(pull.author, person, forgeUrl(spec)),
      pull: { number: pull.number, url: pull.url, head, ...(gate !== undefined && { gate }) },
    };
    const change = await putPullChange(ground, wish, signal);
    return change === undefined ? row : { ...row, change: change.id };
  }
}

const fresh = (forge: string, { number, head }: PullRequest): StoredPull => ({
  forge,
  number,
  state: "open",
  head,
  cursor: 0,
});

async function touchesFleet(forge: Forge, number: number, signal: AbortSignal): Promise<boolean> {
  for await (const path of forge.files(number, signal)) if (isFleetPath(path)) return true;
  return false;
}
