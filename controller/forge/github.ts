import { GitHubApi, type GitHubUser } from "./github-api.ts";
import type { ForgeClientParts } from "./http.ts";
import type { Login, PullRequest } from "./types.ts";

/** @see https://docs.github.com/en/rest/pulls/pulls */
export interface GitHubPull {
  number: number;
  title: string;
  html_url: string;
  state: "open" | "closed";
  merged_at: string | null;
  merge_commit_sha: string | null;
  user: GitHubUser | null;
  head: { sha: string; repo: { id: number } | null };
  base: { ref: string; repo: { id: number } };
  updated_at: string;
}

/** GitHub, and GitHub Enterprise Server at an address of its own. */
export class GitHub extends GitHubApi<GitHubPull> {
  readonly longestComment = 65_536;
  protected readonly longestDescription = 140;
  protected readonly perPage = { per_page: 100 };
  protected readonly toPull = toPull;
  protected readonly toLogin = toLogin;

  constructor({ url, token, repository, now }: ForgeClientParts) {
    const api = url === "https://github.com" ? "https://api.github.com" : `${url}/api/v3`;
    const headers = {
      accept: "application/vnd.github+json",
      authorization: `Bearer ${token}`,
      "x-github-api-version": "2022-11-28",
    };
    super({ title: "GitHub", api, headers, now }, repository);
  }

  async merge(number: number, head: string, signal: AbortSignal): Promise<void> {
    await this.http.ask("PUT", `${this.repository}/pulls/${number}/merge`, { body: { sha: head }, signal });
  }
}

/** Whose account is gone is nobody. */
const toLogin = (user: GitHubUser | null): Login => ({ id: String(user?.id ?? 0), name: user?.login ?? "ghost" });

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
