import { FleetError } from "../../resources/errors.ts";
import { ForgeHttp, type ForgeHttpParts } from "./http.ts";
import { hasNextLink, instantOf } from "./pages.ts";
import { type Forge, type ForgeComment, type Login, type PullRequest, STATUS_CONTEXT } from "./types.ts";

export interface GitHubUser {
  id: number;
  login: string;
}

interface Comment {
  id: number;
  user: GitHubUser | null;
  body?: string;
  created_at: string;
  updated_at: string;
}

/** The REST API of GitHub, which Gitea and Forgejo follow but for a few things. `Pull` is a pull request as the forge has it. */
export abstract class GitHubApi<Pull> implements Forge {
  abstract readonly longestComment: number;
  protected abstract readonly longestDescription: number;
  /** Asks for as many on a page as there may be. */
  protected abstract readonly perPage: Readonly<Record<string, number>>;
  protected readonly http: ForgeHttp;
  protected readonly repository: string;

  constructor(http: ForgeHttpParts, repository: string) {
    this.http = new ForgeHttp(http);
    this.repository = `/repos/${repository.split("/").map(encodeURIComponent).join("/")}`;
  }

  protected abstract toPull(pull: Pull): PullRequest;
  protected abstract toLogin(user: GitHubUser | null): Login;
  abstract merge(number: number, head: string, signal: AbortSignal): Promise<void>;

  headRef(number: number): string {
    return `refs/pull/${number}/head`;
  }

  async *openPulls(signal: AbortSignal): AsyncGenerator<PullRequest> {
    const request = { query: { state: "open", ...this.perPage }, signal };
    for await (const one of this.http.pages<Pull>(`${this.repository}/pulls`, request, hasNextLink))
      yield this.toPull(one);
  }

  async pull(number: number, signal: AbortSignal): Promise<PullRequest> {
    return this.toPull(await this.http.ask<Pull>("GET", `${this.repository}/pulls/${number}`, { signal }));
  }

  async *files(number: number, signal: AbortSignal): AsyncGenerator<string> {
    const path = `${this.repository}/pulls/${number}/files`;
    const request = { query: this.perPage, signal };
    type File = { filename: string; previous_filename?: string };
    for await (const { filename, previous_filename } of this.http.pages<File>(path, request, hasNextLink)) {
      yield filename;
      if (previous_filename) yield previous_filename;
    }
  }

  async *comments(number: number, since: string | undefined, signal: AbortSignal): AsyncGenerator<ForgeComment> {
    const request = { query: { ...this.perPage, since: instantOf(since) }, signal };
    for await (const one of this.http.pages<Comment>(this.#commentsOf(number), request, hasNextLink))
      yield this.#toComment(one);
  }

  async addComment(number: number, body: string, signal: AbortSignal): Promise<ForgeComment> {
    return this.#toComment(await this.http.ask<Comment>("POST", this.#commentsOf(number), { body: { body }, signal }));
  }

  async editComment(_number: number, id: number, body: string, signal: AbortSignal): Promise<void> {
    await this.http.ask("PATCH", `${this.repository}/issues/comments/${id}`, { body: { body }, signal });
  }

  async setStatus(
    commit: string,
    { state, description, url }: Parameters<Forge["setStatus"]>[1],
    signal: AbortSignal,
  ): Promise<void> {
    const body = {
      state,
      context: STATUS_CONTEXT,
      description: description.slice(0, this.longestDescription),
      ...(url && { target_url: url }),
    };
    await this.http.ask("POST", `${this.repository}/statuses/${commit}`, { body, signal });
  }

  async me(signal: AbortSignal): Promise<Login> {
    return this.toLogin(await this.http.ask<GitHubUser>("GET", "/user", { signal }));
  }

  async login(name: string, signal: AbortSignal): Promise<Login | undefined> {
    try {
      return this.toLogin(await this.http.ask<GitHubUser>("GET", `/users/${encodeURIComponent(name)}`, { signal }));
    } catch (error) {
      if (error instanceof FleetError && error.code === "NOT_FOUND") return undefined;
      throw error;
    }
  }

  #commentsOf(number: number): string {
    return `${this.repository}/issues/${number}/comments`;
  }

  #toComment({ id, user, body, created_at, updated_at }: Comment): ForgeComment {
    return { id, author: this.toLogin(user), body: body ?? "", createdAt: created_at, updatedAt: updated_at };
  }
}
