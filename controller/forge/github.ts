import { FleetError } from "../../resources/errors.ts";
import { ForgeHttp, type ForgeHttpParts } from "./http.ts";
import { hasNextLink, instantOf } from "./pages.ts";
import { type Forge, type ForgeComment, type Login, type PullRequest, STATUS_CONTEXT } from "./types.ts";

const PER_PAGE = 100;
const LONGEST_DESCRIPTION = 140;

interface User {
  id: number;
  login: string;
}

/** @see https://docs.github.com/en/rest/pulls/pulls */
export interface GitHubPull {
  number: number;
  title: string;
  html_url: string;
  state: "open" | "closed";
  merged_at: string | null;
  merge_commit_sha: string | null;
  user: User | null;
  head: { sha: string; repo: { id: number } | null };
  base: { ref: string; repo: { id: number } };
  updated_at: string;
}

interface Comment {
  id: number;
  user: User | null;
  body?: string;
  created_at: string;
  updated_at: string;
}

/** GitHub, and GitHub Enterprise Server at an address of its own. */
export class GitHub implements Forge {
  readonly longestComment = 65_536;
  readonly #http: ForgeHttp;
  readonly #repository: string;

  constructor({
    url,
    token,
    repository,
    now,
  }: { url: string; token: string; repository: string; now: ForgeHttpParts["now"] }) {
    this.#http = new ForgeHttp({
      title: "GitHub",
      api: url === "https://github.com" ? "https://api.github.com" : `${url}/api/v3`,
      headers: {
        accept: "application/vnd.github+json",
        authorization: `Bearer ${token}`,
        "x-github-api-version": "2022-11-28",
      },
      now,
    });
    this.#repository = `/repos/${repository.split("/").map(encodeURIComponent).join("/")}`;
  }

  headRef(number: number): string {
    return `refs/pull/${number}/head`;
  }

  async *openPulls(signal: AbortSignal): AsyncGenerator<PullRequest> {
    const query = { state: "open", per_page: PER_PAGE };
    for await (const one of this.#http.pages<GitHubPull>(`${this.#repository}/pulls`, { query, signal }, hasNextLink))
      yield toPull(one);
  }

  async pull(number: number, signal: AbortSignal): Promise<PullRequest> {
    return toPull(await this.#http.ask<GitHubPull>("GET", `${this.#repository}/pulls/${number}`, { signal }));
  }

  async *files(number: number, signal: AbortSignal): AsyncGenerator<string> {
    const path = `${this.#repository}/pulls/${number}/files`;
    const request = { query: { per_page: PER_PAGE }, signal };
    type File = { filename: string; previous_filename?: string };
    for await (const { filename, previous_filename } of this.#http.pages<File>(path, request, hasNextLink)) {
      yield filename;
      if (previous_filename !== undefined) yield previous_filename;
    }
  }

  async *comments(number: number, since: string | undefined, signal: AbortSignal): AsyncGenerator<ForgeComment> {
    const path = `${this.#repository}/issues/${number}/comments`;
    const request = { query: { per_page: PER_PAGE, since: instantOf(since) }, signal };
    for await (const comment of this.#http.pages<Comment>(path, request, hasNextLink)) yield toComment(comment);
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
    const body = {
      state,
      context: STATUS_CONTEXT,
      description: description.slice(0, LONGEST_DESCRIPTION),
      ...(url && { target_url: url }),
    };
    await this.#http.ask("POST", `${this.#repository}/statuses/${commit}`, { body, signal });
  }

  async merge(number: number, head: string, signal: AbortSignal): Promise<void> {
    await this.#http.ask("PUT", `${this.#repository}/pulls/${number}/merge`, { body: { sha: head }, signal });
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

/** Whose account is gone is nobody. */
const toLogin = (user: User | null): Login => ({ id: String(user?.id ?? 0), name: user?.login ?? "ghost" });

export function toPull({ merged_at, merge_commit_sha, user, head, base, ...rest }: GitHubPull): PullRequest {
  const isMerged = merged_at !== null && merged_at !== undefined;
  return {
    number: rest.number,
    title: rest.title,
    url: rest.html_url,
    state: isMerged ? "merged" : rest.state,
    author: toLogin(user),
    head: head.sha,
    isFork: head.repo?.id !== base.repo.id,
    base: base.ref,
    ...(isMerged && merge_commit_sha && { merged: merge_commit_sha }),
    updatedAt: rest.updated_at,
  };
}

const toComment = ({ id, user, body, created_at, updated_at }: Comment): ForgeComment => ({
  id,
  author: toLogin(user),
  body: body ?? "",
  createdAt: created_at,
  updatedAt: updated_at,
});
