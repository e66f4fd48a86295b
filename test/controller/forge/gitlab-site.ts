import type { IncomingMessage } from "node:http";
import {
  now,
  OWN,
  refused,
  type SimulatedAnswer,
  type SimulatedComment,
  SimulatedForge,
  type SimulatedPull,
} from "./simulated-forge.ts";

const USUAL_PAGE = 20;
const LONGEST_NOTE = 1_000_000;
const LONGEST_TEXT = 255;
const STATES = ["pending", "running", "success", "failed", "canceled", "skipped"];

/**
 * A simulated GitLab: the part of its REST API (v4) that merge requests need, over a real bare repository, with what it documents of tokens, pages,
 * notes, commit statuses and merges. Named as what it is: GitLab itself cannot run here.
 * @see https://docs.gitlab.com/api/rest/
 */
export class SimulatedGitLab extends SimulatedForge {
  protected readonly stranger = refused(401, "401 Unauthorized");

  protected headRef(number: number): string {
    return `refs/merge-requests/${number}/head`;
  }

  protected isMe({ headers }: IncomingMessage): boolean {
    return headers["private-token"] === this.token;
  }

  protected route(method: string, url: URL, given: Record<string, string>): SimulatedAnswer {
    const path = url.pathname.replace("/api/v4", "");
    if (path === "/user") return { status: 200, body: userOf(this.bot) };
    if (path === "/users") {
      const name = url.searchParams.get("username");
      return paged(this.users.filter(({ login }) => login === name).map(userOf), url);
    }
    // The path of a project is one step, its slash written as %2F.
    const [, what, id, more, note] =
      /^\/projects\/acme%2Ffleet\/(merge_requests|statuses)(?:\/([^/]+)(?:\/([a-z]+)(?:\/(\d+))?)?)?$/.exec(path) ?? [];
    if (what === undefined) return refused(404, "404 Project Not Found");
    if (what === "statuses") return this.#status(id!, given);
    if (id === undefined) {
      const state = url.searchParams.get("state") ?? "all";
      const all = this.pulls.filter((pull) => state === "all" || stateOf(pull) === state).reverse();
      return paged(
        all.map((pull) => this.#shown(pull)),
        url,
      );
    }
    const pull = this.pulls[Number(id) - 1];
    if (pull === undefined) return refused(404, "404 Not found");
    switch (`${method} ${more ?? ""}`) {
      case "GET ":
        return { status: 200, body: this.#shown(pull) };
      case "GET diffs":
        return paged(
          this.paths(pull.number).map((path) => ({ old_path: path, new_path: path, renamed_file: false })),
          url,
        );
      case "PUT merge":
        return this.#merge(pull, given);
      case "GET notes":
        return paged(this.#notes(pull.number, url), url);
      case "POST notes":
        return this.#written(given) ?? { status: 201, body: noteOf(this.comment(pull.number, this.bot, given.body!)) };
      case "PUT notes":
        return this.#edited(pull.number, Number(note), given);
      default:
        return refused(405, "405 Method Not Allowed");
    }
  }

  #notes(pull: number, { searchParams }: URL): object[] {
    const own = this.comments.filter((one) => one.pull === pull).map(noteOf);
    // What GitLab itself writes there is a note as well.
    const system = { id: 1, body: "changed the description", system: true, author: userOf(this.bot), ...AT };
    const all = [system, ...own];
    return searchParams.get("sort") === "asc" ? all : all.reverse();
  }

  #written({ body }: Record<string, string>): SimulatedAnswer | undefined {
    if (body === undefined) return { status: 400, body: { error: "body is missing" } };
    return body.length > LONGEST_NOTE
      ? refused(400, "400 Bad request - Note is too long (maximum is 1000000 characters)")
      : undefined;
  }

  #edited(pull: number, id: number, given: Record<string, string>): SimulatedAnswer {
    const note = this.comments.find((one) => one.pull === pull && one.id === id);
    if (note === undefined) return refused(404, "404 Note Not Found");
    if (note.user !== this.bot) return refused(403, "403 Forbidden");
    const fault = this.#written(given);
    if (fault !== undefined) return fault;
    Object.assign(note, { body: given.body, updated_at: now() });
    this.touch(pull);
    return { status: 200, body: noteOf(note) };
  }

  /** A status of one name that has not ended is the one that is changed, and refuses to become what it is already. */
  #status(
    commit: string,
    { state, name = "default", description, target_url }: Record<string, string>,
  ): SimulatedAnswer {
    if (!this.pulls.some(({ number }) => this.head(number) === commit)) return refused(404, "404 Commit Not Found");
    if (!STATES.includes(state ?? "")) return { status: 400, body: { error: "state does not have a valid value" } };
    for (const text of [description, target_url])
      if ((text ?? "").length > LONGEST_TEXT) return refused(400, "is too long (maximum is 255 characters)");
    const last = this.statuses.findLast((one) => one.commit === commit && one.name === name);
    const isOpen = last?.state === "pending" || last?.state === "running";
    const event = { pending: "enqueue", running: "run" }[state!];
    if (isOpen && event !== undefined && (last.state === state || state === "pending"))
      return refused(
        400,
        `Cannot transition status via :${event} from :${last.state} (Reason(s): Status cannot transition via "${event}")`,
      );
    const next = { commit, state: state!, name, description: description ?? "", ...(target_url && { target_url }) };
    if (isOpen) Object.assign(last, next);
    else this.statuses.push(next);
    return { status: 201, body: { sha: commit, status: state, name } };
  }

  #merge(pull: SimulatedPull, { sha }: Record<string, string>): SimulatedAnswer {
    if (pull.state !== "open") return refused(405, "405 Method Not Allowed");
    if (sha !== undefined && sha !== this.head(pull.number))
      return refused(409, "SHA does not match HEAD of source branch");
    this.merge(pull.number);
    return { status: 200, body: this.#shown(pull) };
  }

  #shown(pull: SimulatedPull) {
    const { number, title, user, from, merged, updatedAt } = pull;
    return {
      id: 1000 + number,
      iid: number,
      title,
      web_url: `http://forge.test/acme/fleet/-/merge_requests/${number}`,
      state: stateOf(pull),
      author: userOf(user),
      sha: this.head(number),
      source_project_id: from,
      target_project_id: OWN,
      target_branch: "main",
      merge_commit_sha: merged ?? null,
      squash_commit_sha: null,
      updated_at: updatedAt,
    };
  }
}

const AT = { created_at: "2026-01-01T00:00:00.000Z", updated_at: "2026-01-01T00:00:00.000Z" };

const userOf = ({ id, login }: { id: number; login: string }) => ({ id, username: login, name: login });

const noteOf = ({ id, user, body, created_at, updated_at }: SimulatedComment) => ({
  id,
  body,
  author: userOf(user),
  system: false,
  created_at,
  updated_at,
});

const stateOf = ({ state, merged }: SimulatedPull): string =>
  merged !== undefined ? "merged" : state === "open" ? "opened" : "closed";

/** At most two a page, so that all lists have several. The header of the next page is there and empty on the last one. */
function paged(all: readonly unknown[], { searchParams }: URL): SimulatedAnswer {
  const page = Number(searchParams.get("page") ?? 1);
  const size = Math.min(2, Number(searchParams.get("per_page") ?? USUAL_PAGE));
  const headers = {
    "x-page": String(page),
    "x-per-page": String(size),
    "x-next-page": page * size < all.length ? String(page + 1) : "",
    "x-prev-page": page > 1 ? String(page - 1) : "",
    "x-total": String(all.length),
    "x-total-pages": String(Math.ceil(all.length / size)),
  };
  return { status: 200, body: all.slice((page - 1) * size, page * size), headers };
}
