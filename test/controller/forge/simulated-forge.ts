import { execFileSync } from "node:child_process";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";

export interface SimulatedUser {
  id: number;
  login: string;
}

export interface SimulatedPull {
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

export interface SimulatedAnswer {
  status: number;
  body: unknown;
  headers?: Record<string, string>;
}

/** The repository that pull requests are for. */
export const OWN = 1;

/** What simulated forges have in common: pull requests over a real bare repository, comments, statuses, and faults that are asked for. */
export abstract class SimulatedForge {
  readonly token = "simulated-forge-token";
  readonly bot: SimulatedUser = { id: 900, login: "fleet-bot" };
  readonly users: SimulatedUser[] = [this.bot];
  readonly comments: SimulatedComment[] = [];
  readonly statuses: { commit: string; state: string; description: string; name?: string; target_url?: string }[] = [];
  readonly requests: string[] = [];
  /** Answers of this status come next, with these headers. */
  readonly faults: { status: number; headers?: Record<string, string>; body?: string }[] = [];
  protected readonly pulls: SimulatedPull[] = [];
  readonly #repo: string;
  #server: Server | undefined;
  #ids = 100;

  constructor(bareRepo: string) {
    this.#repo = bareRepo;
  }

  /** Ref of the repository that has the head of a pull request. */
  protected abstract headRef(number: number): string;
  protected abstract isMe(request: IncomingMessage): boolean;
  protected abstract route(method: string, url: URL, given: Record<string, string>): SimulatedAnswer;
  /** To whoever has no token, or another. */
  protected abstract readonly stranger: SimulatedAnswer;

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
    const number = this.pulls.length + 1;
    this.pulls.push({ number, title, user, branch, from: fork ? 2 : OWN, state: "open", updatedAt: now() });
    return number;
  }

  /** Its branch has moved. */
  pushed(number: number): void {
    this.git("update-ref", this.headRef(number), this.git("rev-parse", `refs/heads/${this.pullOf(number).branch}`));
    this.touch(number);
  }

  close(number: number): void {
    this.pullOf(number).state = "closed";
    this.touch(number);
  }

  comment(pull: number, user: SimulatedUser, body: string, { edited = false } = {}): SimulatedComment {
    const at = now();
    const updated = edited ? new Date(Date.parse(at) + 5000).toISOString() : at;
    const comment = { id: ++this.#ids, pull, user, body, created_at: at, updated_at: updated };
    this.comments.push(comment);
    this.touch(pull);
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
    return this.git("rev-parse", this.headRef(pull));
  }

  git(...args: string[]): string {
    return execFileSync("git", args, { cwd: this.#repo, encoding: "utf8" }).trim();
  }

  merge(number: number): string {
    const pull = this.pullOf(number);
    const [main, head] = [this.git("rev-parse", "refs/heads/main"), this.head(number)];
    const tree = this.git("merge-tree", "--write-tree", main, head);
    const who = ["-c", "user.name=Forge", "-c", "user.email=noreply@forge.test"];
    const commit = this.git(...who, "commit-tree", tree, "-p", main, "-p", head, "-m", `Merge pull request #${number}`);
    this.git("update-ref", "refs/heads/main", commit, main);
    Object.assign(pull, { state: "closed", merged: commit });
    this.touch(number);
    return commit;
  }

  protected pullOf(number: number): SimulatedPull {
    return this.pulls[number - 1]!;
  }

  protected touch(number: number): void {
    this.pullOf(number).updatedAt = now();
  }

  /** Paths that it changes. */
  protected paths(number: number): string[] {
    const base = this.git("merge-base", "refs/heads/main", this.head(number));
    return this.git("diff", "--name-only", "--no-renames", base, this.head(number)).split("\n").filter(Boolean);
  }

  async #answer(request: IncomingMessage): Promise<SimulatedAnswer> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const url = new URL(request.url!, "http://forge.test");
    this.requests.push(`${request.method} ${url.pathname}`);
    const fault = this.faults.shift();
    if (fault !== undefined) return { body: { message: "fault" }, ...fault };
    if (!this.isMe(request)) return this.stranger;
    const given = chunks.length === 0 ? {} : (JSON.parse(Buffer.concat(chunks).toString()) as Record<string, string>);
    return this.route(request.method!, url, given);
  }
}

export const now = (): string => new Date().toISOString();
export const refused = (status: number, message: string): SimulatedAnswer => ({ status, body: { message } });
