import { execFileSync } from "node:child_process";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";

export interface SimulatedUser {
  id: number;
  login: string;
}

interface Pull {
  number: number;
  title: string;
  user: SimulatedUser;
  branch: string;
  /** Id of the repository that it comes from. */
  from: number;
  state: "open" | "closed";
  merged?: string;
  updatedAt: string;
}

export interface SimulatedComment {
  id: number;
  pull: number;
  user: SimulatedUser;
  body: string;
  created_at: string;
  updated_at: string;
}

const OWN = 1;
const PAGE = 2;

/**
 * A simulated GitHub: the part of its REST API that pull requests need, over a real bare repository, with its pages (short ones), its refusals and its
 * merges. Named as what it is: GitHub itself cannot run here.
 */
export class SimulatedGitHub {
  readonly token = "simulated-forge-token";
  readonly bot: SimulatedUser = { id: 900, login: "fleet-bot" };
  readonly users: SimulatedUser[] = [this.bot];
  readonly comments: SimulatedComment[] = [];
  readonly statuses: { commit: string; state: string; context: string; description: string; target_url?: string }[] =
    [];
  readonly requests: string[] = [];
  /** Answers of this status come next, with these headers. */
  readonly faults: { status: number; headers?: Record<string, string>; body?: string }[] = [];
  readonly #repo: string;
  readonly #pulls: Pull[] = [];
  #server: Server | undefined;
  #ids = 100;

  constructor(bareRepo: string) {
    this.#repo = bareRepo;
  }

  async start(): Promise<string> {
    this.#server = createServer((request, response) => {
      void this.#answer(request).then(({ status, body, headers }) => {
        response.writeHead(status, { "content-type": "application/json", ...headers });
        response.end(typeof body === "string" ? body : JSON.stringify(body));
      });
    });
    await new Promise<void>((done) => this.#server!.listen(0, "127.0.0.1", done));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise<void>((done) => this.#server?.close(() => done()) ?? done());
  }

  user(login: string): SimulatedUser {
    const user = { id: ++this.#ids, login };
    this.users.push(user);
    return user;
  }

  open(title: string, branch: string, user: SimulatedUser, { fork = false } = {}): number {
    const number = this.known(title, branch, user, { fork });
    this.pushed(number);
    return number;
  }

  /** One without a head. */
  known(title: string, branch: string, user: SimulatedUser, { fork = false } = {}): number {
    const number = this.#pulls.length + 1;
    this.#pulls.push({ number, title, user, branch, from: fork ? 2 : OWN, state: "open", updatedAt: now() });
    return number;
  }

  /** Its branch has moved. */
  pushed(number: number): void {
    this.git(
      "update-ref",
      `refs/pull/${number}/head`,
      this.git("rev-parse", `refs/heads/${this.#pull(number).branch}`),
    );
    this.#touch(number);
  }

  close(number: number): void {
    this.#pull(number).state = "closed";
    this.#touch(number);
  }

  comment(pull: number, user: SimulatedUser, body: string, { edited = false } = {}): SimulatedComment {
    const at = now();
    const updated = edited ? new Date(Date.parse(at) + 5000).toISOString() : at;
    const comment = { id: ++this.#ids, pull, user, body, created_at: at, updated_at: updated };
    this.comments.push(comment);
    this.#touch(pull);
    return comment;
  }

  /** Comments of the bot on one pull request. */
  said(pull: number): SimulatedComment[] {
    return this.comments.filter((one) => one.pull === pull && one.user === this.bot);
  }

  status(pull: number): string | undefined {
    const head = this.head(pull);
    const last = this.statuses.filter(({ commit }) => commit === head).at(-1);
    return last && `${last.state}: ${last.description}`;
  }

  head(pull: number): string {
    return this.git("rev-parse", `refs/pull/${pull}/head`);
  }

  git(...args: string[]): string {
    return execFileSync("git", args, { cwd: this.#repo, encoding: "utf8" }).trim();
  }

  merge(number: number): string {
    const pull = this.#pull(number);
    const [main, head] = [this.git("rev-parse", "refs/heads/main"), this.head(number)];
    const tree = this.git("merge-tree", "--write-tree", main, head);
    const who = ["-c", "user.name=GitHub", "-c", "user.email=noreply@forge.test"];
    const commit = this.git(...who, "commit-tree", tree, "-p", main, "-p", head, "-m", `Merge pull request #${number}`);
    this.git("update-ref", "refs/heads/main", commit, main);
    Object.assign(pull, { state: "closed", merged: commit });
    this.#touch(number);
    return commit;
  }

  #pull(number: number): Pull {
    return this.#pulls[number - 1]!;
  }

  #touch(number: number): void {
    this.#pull(number).updatedAt = now();
  }

  async #answer(
    request: IncomingMessage,
  ): Promise<{ status: number; body: unknown; headers?: Record<string, string> }> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const url = new URL(request.url!, "http://forge.test");
    this.requests.push(`${request.method} ${url.pathname}`);
    const fault = this.faults.shift();
    if (fault !== undefined) return { body: { message: "fault" }, ...fault };
    if (request.headers.authorization !== `Bearer ${this.token}`) return refused(401, "Bad credentials");
    const given = chunks.length === 0 ? {} : (JSON.parse(Buffer.concat(chunks).toString()) as Record<string, string>);
    return this.#route(request.method!, url, given);
  }

  #route(method: string, url: URL, given: Record<string, string>) {
    const path = url.pathname.replace("/api/v3", "");
    if (path === "/user") return { status: 200, body: this.bot };
    const named = /^\/users\/([^/]+)$/.exec(path)?.[1];
    if (named !== undefined) {
      const user = this.users.find(({ login }) => login === decodeURIComponent(named));
      return user === undefined ? refused(404, "Not Found") : { status: 200, body: user };
    }
    const [, what, id, more] = /^\/repos\/acme\/fleet\/(pulls|issues|statuses)\/?([^/]*)\/?(.*)$/.exec(path) ?? [];
    if (what === "statuses" && method === "POST") {
      this.statuses.push({ commit: id!, ...given } as never);
      return { status: 201, body: {} };
    }
    if (what === "issues" && id === "comments" && method === "PATCH") {
      const comment = this.comments.find((one) => one.id === Number(more));
      if (comment === undefined) return refused(404, "Not Found");
      if (comment.user !== this.bot) return refused(403, "Must have admin rights");
      Object.assign(comment, { body: given.body, updated_at: now() });
      this.#touch(comment.pull);
      return { status: 200, body: comment };
    }
    if (what === "pulls" && id === "") {
      const open = this.#pulls.filter(({ state }) => state === url.searchParams.get("state"));
      return paged(
        open.map((pull) => this.#shown(pull)),
        url,
      );
    }
    const pull = this.#pulls[Number(id) - 1];
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
      const base = this.git("merge-base", "refs/heads/main", this.head(pull.number));
      const names = this.git("diff", "--name-only", "--no-renames", base, this.head(pull.number))
        .split("\n")
        .filter(Boolean);
      return paged(
        names.map((filename) => ({ filename })),
        url,
      );
    }
    if (more === "merge") {
      if (given.sha !== this.head(pull.number))
        return refused(409, "Head branch was modified. Review and try the merge again.");
      return { status: 200, body: { sha: this.merge(pull.number), merged: true } };
    }
    return { status: 200, body: this.#shown(pull) };
  }

  #shown({ number, title, user, from, state, merged, updatedAt }: Pull) {
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

const now = (): string => new Date().toISOString();
const refused = (status: number, message: string) => ({ status, body: { message } });

function paged(all: unknown[], url: URL) {
  const page = Number(url.searchParams.get("page") ?? 1);
  const headers: Record<string, string> =
    page * PAGE < all.length ? { link: `<http://forge.test${url.pathname}?page=${page + 1}>; rel="next"` } : {};
  return { status: 200, body: all.slice((page - 1) * PAGE, page * PAGE), headers };
}
