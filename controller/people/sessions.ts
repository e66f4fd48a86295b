import type { Principal } from "./principal.ts";
import type { Recent } from "./recent.ts";
import { mint, readSecret } from "./secrets.ts";
import { toPrincipal } from "./standing.ts";
import type { Lifetimes, PeopleStore, User, WebSession } from "./types.ts";

/** Of a sign-in of the web page: since it was last used, and since it began. */
const LIFETIMES: Lifetimes = { idleMs: 8 * 3600_000, absoluteMs: 7 * 24 * 3600_000 };

/** Sign-ins of the web page: its cookie holds a value that only the browser has, the database its hash. */
export class Sessions {
  readonly #store: PeopleStore;
  readonly #recent: Recent;
  readonly #lifetimes: Lifetimes;

  constructor(store: PeopleStore, recent: Recent, lifetimes: Lifetimes = LIFETIMES) {
    this.#store = store;
    this.#recent = recent;
    this.#lifetimes = lifetimes;
  }

  /** For somebody who has just signed in. Always a new one, whatever cookie came with the request. */
  async start(user: User, source: string): Promise<{ cookie: string; maxAgeSeconds: number }> {
    const { text, ...kept } = mint("session");
    await this.#store.addSession({ ...kept, user: user.id, source: source.slice(0, 100), ...this.#lifetimes });
    return { cookie: text, maxAgeSeconds: Math.floor(this.#lifetimes.absoluteMs / 1000) };
  }

  /** Undefined when it has ended, in whatever way. */
  async principal(cookie: string): Promise<Principal | undefined> {
    const given = readSecret("session", cookie);
    if (given === undefined) return undefined;
    // By the hash as well: whoever has only the id is nobody.
    const look = () => this.#store.session(given, this.#lifetimes.idleMs);
    const user = await this.#recent.get(`session ${given.id} ${given.hash}`, look);
    return user && toPrincipal(user, "session");
  }

  /** Signs out. */
  async end(cookie: string, source: string): Promise<void> {
    const given = readSecret("session", cookie);
    const who = given && (await this.principal(cookie));
    if (given && who) await this.endById(given.id, who, source);
  }

  /** Those of one user that have not ended; ids are no secrets. */
  async list(user: string): Promise<WebSession[]> {
    return await this.#store.sessions(user, this.#lifetimes.idleMs);
  }

  /** Ends one of somebody's own; false when there is no such. */
  async endById(id: string, who: Principal, source: string): Promise<boolean> {
    const { id: user, email, via } = who;
    const entry = { who: { id: user, email, via }, action: "sign-out", object: `user ${email}`, source };
    const ended = await this.#store.endSession(id, user, entry);
    this.#recent.clear();
    return ended;
  }
}
