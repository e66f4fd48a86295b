import { FleetError } from "../../resources/errors.ts";
import { type ForgeClientParts, ForgeHttp } from "./http.ts";
import { type Forge, type ForgeComment, type Login, type PullRequest, STATUS_CONTEXT } from "./types.ts";

const PER_PAGE = 100;
const LONGEST_DESCRIPTION = 255;

interface User {
  id: number;
  username: string;
}

/** @see https://docs.gitlab.com/api/merge_requests/ */
export interface GitLabMerge {
  iid: number;
  title: string;
  web_url: string;
  state: "opened" | "closed" | "locked" | "merged";
  author: User;
  sha: string;
  source_project_id: number;
  target_project_id: number;
  target_branch: string;
  merge_commit_sha: string | null;
  squash_commit_sha: string | null;
  updated_at: string;
}

interface Note {
  id: number;
  author: User;
  body: string;
  system: boolean;
  created_at: string;
  updated_at: string;
}

export class GitLab implements Forge {
  readonly longestComment = 1_000_000;
  readonly #http: ForgeHttp;
  readonly #project: string;

  constructor({ url, token, repository, now }: ForgeClientParts) {
    const headers = { accept: "application/json", "private-token": token };
    this.#http = new ForgeHttp({ title: "GitLab", api: `${url}/api/v4`, headers, now });
    this.#project = `/projects/${encodeURIComponent(repository)}`;
  }

  headRef(number: number): string {
    return `refs/merge-requests/${number}/head`;
  }

  async *openPulls(signal: AbortSignal): AsyncGenerator<PullRequest> {
    const request = { query: { state: "opened", per_page: PER_PAGE }, signal };
    for await (const one of this.#http.pages<GitLabMerge>(`${this.#project}/merge_requests`, request, nextPage))
      yield toPull(one);
  }

  async pull(number: number, signal: AbortSignal): Promise<PullRequest> {
    return toPull(await this.#http.ask<GitLabMerge>("GET", `${this.#project}/merge_requests/${number}`, { signal }));
  }

  async *files(number: number, signal: AbortSignal): AsyncGenerator<string> {
    const path = `${this.#project}/merge_requests/${number}/diffs`;
    const request = { query: { per_page: PER_PAGE }, signal };
    type Diff = { new_path: string; old_path: string };
    for await (const { new_path, old_path } of this.#http.pages<Diff>(path, request, nextPage)) {
      yield new_path;
      if (old_path !== new_path) yield old_path;
    }
  }

  async *comments(number: number, _since: string | undefined, signal: AbortSignal): AsyncGenerator<ForgeComment> {
    const path = `${this.#project}/merge_requests/${number}/notes`;
    const request = { query: { sort: "asc", order_by: "created_at", per_page: PER_PAGE }, signal };
    for await (const note of this.#http.pages<Note>(path, request, nextPage)) if (!note.system) yield toComment(note);
  }

  async addComment(number: number, body: string, signal: AbortSignal): Promise<ForgeComment> {
    const path = `${this.#project}/merge_requests/${number}/notes`;
    return toComment(await this.#http.ask<Note>("POST", path, { body: { body }, signal }));
  }

  async editComment(number: number, id: number, body: string, signal: AbortSignal): Promise<void> {
    await this.#http.ask("PUT", `${this.#project}/merge_requests/${number}/notes/${id}`, { body: { body }, signal });
  }

  async setStatus(
    commit: string,
    { state, description, url }: Parameters<Forge["setStatus"]>[1],
    signal: AbortSignal,
  ): Promise<void> {
    const body = {
      state: state === "failure" ? "failed" : state,
      name: STATUS_CONTEXT,
      description: description.slice(0, LONGEST_DESCRIPTION),
      ...(url && { target_url: url }),
    };
    try {
      await this.#http.ask("POST", `${this.#project}/statuses/${commit}`, { body, signal });
    } catch (error) {
      // A status that is so already, which GitLab refuses to say once more.
      if (!(error instanceof FleetError) || !(error.at.status === 400 && /transition/i.test(error.message)))
        throw error;
    }
  }

  async merge(number: number, head: string, signal: AbortSignal): Promise<void> {
    await this.#http.ask("PUT", `${this.#project}/merge_requests/${number}/merge`, { body: { sha: head }, signal });
  }

  async me(signal: AbortSignal): Promise<Login> {
    return toLogin(await this.#http.ask<User>("GET", "/user", { signal }));
  }

  async login(name: string, signal: AbortSignal): Promise<Login | undefined> {
    const [user] = await this.#http.ask<User[]>("GET", "/users", { query: { username: name }, signal });
    return user && toLogin(user);
  }
}

function nextPage(headers: Headers): number | undefined {
  const next = Number(headers.get("x-next-page"));
  return next > 0 ? next : undefined;
}

const toLogin = ({ id, username }: User): Login => ({ id: String(id), name: username });

const STATES = { opened: "open", locked: "open", merged: "merged", closed: "closed" } as const;

/** A merge that leaves no commit of its own has the branch's head itself. */
export function toPull({ merge_commit_sha, squash_commit_sha, sha, state, author, ...rest }: GitLabMerge): PullRequest {
  return {
    number: rest.iid,
    title: rest.title,
    url: rest.web_url,
    state: STATES[state],
    author: toLogin(author),
    head: sha,
    isFork: rest.source_project_id !== rest.target_project_id,
    base: rest.target_branch,
    ...(state === "merged" && { merged: merge_commit_sha ?? squash_commit_sha ?? sha }),
    updatedAt: rest.updated_at,
  };
}

const toComment = ({ id, author, body, created_at, updated_at }: Note): ForgeComment => ({
  id,
  author: toLogin(author),
  body,
  createdAt: created_at,
  updatedAt: updated_at,
});
