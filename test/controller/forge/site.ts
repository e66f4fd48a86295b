import type { IncomingMessage } from "node:http";
import { now, OWN, refused, SimulatedForge, type SimulatedPull } from "./simulated-forge.ts";

export type { SimulatedUser } from "./simulated-forge.ts";

const PAGE = 2;
const LONGEST_DESCRIPTION = 140;

/**
 * A simulated GitHub: the part of its REST API that pull requests need, over a real bare repository, with its pages (short ones), its refusals and its
 * merges. Named as what it is: GitHub itself cannot run here.
 */
export class SimulatedGitHub extends SimulatedForge {
  protected readonly stranger = refused(401, "Bad credentials");

  protected headRef(number: number): string {
    return `refs/pull/${number}/head`;
  }

  protected isMe({ headers }: IncomingMessage): boolean {
    return headers.authorization === `Bearer ${this.token}`;
  }

  protected route(method: string, url: URL, given: Record<string, string>) {
    const path = url.pathname.replace("/api/v3", "");
    if (path === "/user") return { status: 200, body: this.bot };
    const named = /^\/users\/([^/]+)$/.exec(path)?.[1];
    if (named !== undefined) {
      const user = this.users.find(({ login }) => login === decodeURIComponent(named));
      return user === undefined ? refused(404, "Not Found") : { status: 200, body: user };
    }
    const [, what, id, more] = /^\/repos\/acme\/fleet\/(pulls|issues|statuses)\/?([^/]*)\/?(.*)$/.exec(path) ?? [];
    if (what === "statuses" && method === "POST") {
      if (!this.pulls.some(({ number }) => this.head(number) === id)) return refused(404, "Not Found");
      if ((given.description ?? "").length > LONGEST_DESCRIPTION) return refused(422, "Validation Failed");
      this.statuses.push({ commit: id!, ...given } as never);
      return { status: 201, body: {} };
    }
    if (what === "issues" && id === "comments" && method === "PATCH") {
      const comment = this.comments.find((one) => one.id === Number(more));
      if (comment === undefined) return refused(404, "Not Found");
      if (comment.user !== this.bot) return refused(403, "Must have admin rights");
      Object.assign(comment, { body: given.body, updated_at: now() });
      this.touch(comment.pull);
      return { status: 200, body: comment };
    }
    if (what === "pulls" && id === "") {
      const open = this.pulls.filter(({ state }) => state === url.searchParams.get("state"));
      return paged(
        open.map((pull) => this.#shown(pull)),
        url,
      );
    }
    const pull = this.pulls[Number(id) - 1];
    if (pull === undefined) return refused(404, "Not Found");
    if (what === "issues" && more === "comments") {
      if (method === "GET") {
        const since = url.searchParams.get("since") ?? "";
        return paged(
          this.comments.filter((one) => one.pull === pull.number && one.updated_at >= since),
          url,
        );
      }
      if (given.body!.length > 65_536) return refused(422, "Validation Failed");
      return { status: 201, body: this.comment(pull.number, this.bot, given.body!) };
    }
    if (more === "files") {
      return paged(
        this.paths(pull.number).map((filename) => ({ filename })),
        url,
      );
    }
    if (more === "merge") {
      if (pull.state !== "open") return refused(405, "Pull Request is not mergeable");
      if (given.sha !== this.head(pull.number))
        return refused(409, "Head branch was modified. Review and try the merge again.");
      return { status: 200, body: { sha: this.merge(pull.number), merged: true } };
    }
    return { status: 200, body: this.#shown(pull) };
  }

  #shown({ number, title, user, from, state, merged, updatedAt }: SimulatedPull) {
    return {
      number,
      title,
      html_url: `http://forge.test/acme/fleet/pull/${number}`,
      state,
      merged_at: merged === undefined ? null : updatedAt,
      merge_commit_sha: merged ?? null,
      user,
      head: { sha: this.head(number), repo: { id: from } },
      base: { ref: "main", repo: { id: OWN } },
      updated_at: updatedAt,
    };
  }
}

function paged(all: unknown[], url: URL) {
  const page = Number(url.searchParams.get("page") ?? 1);
  const headers: Record<string, string> =
    page * PAGE < all.length ? { link: `<http://forge.test${url.pathname}?page=${page + 1}>; rel="next"` } : {};
  return { status: 200, body: all.slice((page - 1) * PAGE, page * PAGE), headers };
}
