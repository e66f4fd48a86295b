import type { Principal } from "./principal.ts";
import type { Recent } from "./recent.ts";
import { mint, readSecret } from "./secrets.ts";
import { overtaken } from "./sign-in.ts";
import { toPrincipal } from "./standing.ts";
import type { Lifetimes, PeopleStore, SignedIn, WebSession } from "./types.ts";

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

  /**
   * For somebody who has just signed in. Always a new one, whatever cookie came with the request.
   * @throws {FleetError} UNAUTHENTICATED when the password was changed meanwhile, or whatever else ends all sign-ins
   */
  async start(user: SignedIn, source: string): Promise<{ cookie: string; maxAgeSeconds: number }> {
    const { text, ...kept } = mint("session");
    const { id, signOuts } = user;
    const session = { ...kept, user: { id, signOuts }, source: source.slice(0, 100), ...this.#lifetimes };
    if (!(await this.#store.addSession(session))) throw overtaken();
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
