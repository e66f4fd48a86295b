import { FleetError } from "../../resources/errors.ts";
import { ForgeHttp, type ForgeHttpParts } from "./http.ts";
import { hasNextLink, instantOf } from "./pages.ts";
import { type Forge, type ForgeComment, type Login, type PullRequest, STATUS_CONTEXT } from "./types.ts";

/** Forges may be set to give less; their `Link` says what is behind. */
const PER_PAGE = 50;

interface User {
  id: number;
  login: string;
}

/** @see https://docs.gitea.com/api/ */
export interface GiteaPull {
  number: number;
  title: string;
  html_url: string;
  state: "open" | "closed";
  merged?: boolean;
  merge_commit_sha?: string | null;
  user: User | null;
  head: { sha: string; repo: { id: number } | null };
  base: { ref: string; repo: { id: number } | null };
  updated_at: string;
}

interface Comment {
  id: number;
  user: User | null;
  body: string;
  created_at: string;
  updated_at: string;
}

/** Gitea and Forgejo. */
export class Gitea implements Forge {
  readonly longestComment = 65_000;
  readonly #http: ForgeHttp;
  readonly #repository: string;

  constructor({
    url,
    token,
    repository,
    now,
  }: { url: string; token: string; repository: string; now: ForgeHttpParts["now"] }) {
    const headers = { accept: "application/json", authorization: `token ${token}` };
    this.#http = new ForgeHttp({ title: "Gitea", api: `${url}/api/v1`, headers, now });
    this.#repository = `/repos/${repository.split("/").map(encodeURIComponent).join("/")}`;
  }

  headRef(number: number): string {
    return `refs/pull/${number}/head`;
  }

  async *openPulls(signal: AbortSignal): AsyncGenerator<PullRequest> {
    const query = { state: "open", limit: PER_PAGE };
    for await (const one of this.#http.pages<GiteaPull>(`${this.#repository}/pulls`, { query, signal }, hasNextLink))
      yield toPull(one);
  }

  async pull(number: number, signal: AbortSignal): Promise<PullRequest> {
    return toPull(await this.#http.ask<GiteaPull>("GET", `${this.#repository}/pulls/${number}`, { signal }));
  }

  async *files(number: number, signal: AbortSignal): AsyncGenerator<string> {
    const path = `${this.#repository}/pulls/${number}/files`;
    const request = { query: { limit: PER_PAGE }, signal };
    type File = { filename: string; previous_filename?: string };
    for await (const { filename, previous_filename } of this.#http.pages<File>(path, request, hasNextLink)) {
      yield filename;
      if (previous_filename) yield previous_filename;
    }
  }

  async *comments(number: number, since: string | undefined, signal: AbortSignal): AsyncGenerator<ForgeComment> {
    const path = `${this.#repository}/issues/${number}/comments`;
    // This list has no pages: it is whole.
    const comments = await this.#http.ask<Comment[]>("GET", path, { query: { since: instantOf(since) }, signal });
    yield* comments.map(toComment).sort((a, b) => a.id - b.id);
  }

  async addComment(number: number, body: string, signal: AbortSignal): Promise<ForgeComment> {
    const path = `${this.#repository}/issues/${number}/comments`;
    return toComment(await this.#http.ask<Comment>("POST", path, { body: { body }, signal }));
  }

  async editComment(_number: number, id: number, body: string, signal: AbortSignal): Promise<void> {
    await this.#http.ask("PATCH", `${this.#repository}/issues/comments/${id}`, { body: { body }, signal });
  }

  async setStatus(
    commit: string,
    { state, description, url }: Parameters<Forge["setStatus"]>[1],
    signal: AbortSignal,
  ): Promise<void> {
    const body = { state, context: STATUS_CONTEXT, description, ...(url && { target_url: url }) };
    await this.#http.ask("POST", `${this.#repository}/statuses/${commit}`, { body, signal });
  }

  async merge(number: number, head: string, signal: AbortSignal): Promise<void> {
    const body = { Do: "merge", head_commit_id: head };
    await this.#http.ask("POST", `${this.#repository}/pulls/${number}/merge`, { body, signal });
  }

  async me(signal: AbortSignal): Promise<Login> {
    return toLogin(await this.#http.ask<User>("GET", "/user", { signal }));
  }

  async login(name: string, signal: AbortSignal): Promise<Login | undefined> {
    try {
      return toLogin(await this.#http.ask<User>("GET", `/users/${encodeURIComponent(name)}`, { signal }));
    } catch (error) {
      if (error instanceof FleetError && error.code === "NOT_FOUND") return undefined;
      throw error;
    }
  }
}

const toLogin = (user: User | null): Login => ({ id: String(user?.id ?? -1), name: user?.login ?? "Ghost" });

export function toPull({ merged, merge_commit_sha, user, head, base, ...rest }: GiteaPull): PullRequest {
  return {
    number: rest.number,
    title: rest.title,
    url: rest.html_url,
    state: merged ? "merged" : rest.state,
    author: toLogin(user),
    head: head.sha,
    isFork: head.repo === null || head.repo.id !== base.repo?.id,
    base: base.ref,
    ...(merged && merge_commit_sha && { merged: merge_commit_sha }),
    updatedAt: rest.updated_at,
  };
}

const toComment = ({ id, user, body, created_at, updated_at }: Comment): ForgeComment => ({
  id,
  author: toLogin(user),
  body,
  createdAt: created_at,
  updatedAt: updated_at,
});
