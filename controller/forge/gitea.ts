import { GitHubApi, type GitHubUser } from "./github-api.ts";
import type { ForgeClientParts } from "./http.ts";
import type { Login, PullRequest } from "./types.ts";

/** @see https://docs.gitea.com/api/ */
export interface GiteaPull {
  number: number;
  title: string;
  html_url: string;
  state: "open" | "closed";
  merged?: boolean;
  merge_commit_sha?: string | null;
  user: GitHubUser | null;
  head: { sha: string; repo: { id: number } | null };
  base: { ref: string; repo: { id: number } | null };
  updated_at: string;
}

/** Gitea and Forgejo. */
export class Gitea extends GitHubApi<GiteaPull> {
  readonly longestComment = 65_000;
  protected readonly longestDescription = 1_000;
  /** Forges may be set to give less; their `Link` says what is behind. Comments have no pages: their list is whole. */
  protected readonly perPage = { limit: 50 };
  protected readonly toPull = toPull;
  protected readonly toLogin = toLogin;

  constructor({ url, token, repository, now }: ForgeClientParts) {
    const headers = { accept: "application/json", authorization: `token ${token}` };
    super({ title: "Gitea", api: `${url}/api/v1`, headers, now }, repository);
  }

  async merge(number: number, head: string, signal: AbortSignal): Promise<void> {
    const body = { Do: "merge", head_commit_id: head };
    await this.http.ask("POST", `${this.repository}/pulls/${number}/merge`, { body, signal });
  }
}

const toLogin = (user: GitHubUser | null): Login => ({ id: String(user?.id ?? -1), name: user?.login ?? "Ghost" });

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
