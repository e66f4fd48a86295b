import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { Clock } from "../kit.ts";
import { PveError } from "./errors.ts";

const TICKET_LIFETIME_MS = 2 * 3_600_000;

export interface Credentials {
  /** "USER@REALM!ID=SECRET" */
  token: string;
  username: string;
  password: string;
}

/** API tokens and tickets, as the real server checks them. */
export class Auth {
  readonly #credentials: Credentials;
  readonly #clock: Clock;
  readonly #key = randomBytes(32);
  readonly #lifetimeMs: number;

  constructor(credentials: Credentials, clock: Clock, lifetimeMs = TICKET_LIFETIME_MS) {
    this.#credentials = credentials;
    this.#clock = clock;
    this.#lifetimeMs = lifetimeMs;
  }

  /** `POST /access/ticket`; a valid ticket does as a password, which is how tickets are renewed. */
  login(username: string, password: string, realm?: string): Record<string, unknown> {
    const user = realm && !username.includes("@") ? `${username}@${realm}` : username;
    const good = same(password, this.#credentials.password) || this.#userOf(password) === user;
    if (user !== this.#credentials.username || !good) throw new PveError(401, "authentication failure");
    const ticket = this.#stamp("PVE", user);
    return { username: user, ticket, CSRFPreventionToken: this.#csrf(user), clustername: "simulated" };
  }

  /** The user of a request, "root@pam" or "root@pam!id". @throws {PveError} 401 */
  user(method: string, headers: Headers): string {
    const ticket = cookie(headers.get("cookie") ?? "", "PVEAuthCookie");
    if (ticket !== undefined) {
      const user = this.#userOf(ticket);
      if (user === undefined) throw new PveError(401, "permission denied - invalid PVE ticket");
      if (method !== "GET" && !this.#csrfValid(user, headers.get("csrfpreventiontoken") ?? "")) {
        throw new PveError(401, "Permission denied - invalid csrf token");
      }
      return user;
    }
    const token = /^PVEAPIToken=(.+)$/.exec(headers.get("authorization") ?? "")?.[1];
    if (token === undefined) throw new PveError(401, "No ticket");
    if (!same(token, this.#credentials.token)) throw new PveError(401, "Authentication failed!");
    return token.slice(0, token.lastIndexOf("="));
  }

  #userOf(ticket: string): string | undefined {
    const match = /^PVE:([^:]+):([0-9A-F]{8})::(.+)$/.exec(ticket);
    if (!match) return undefined;
    const [, user = "", time = ""] = match;
    return this.#fresh(time) && same(ticket, this.#stampAt("PVE", user, time)) ? user : undefined;
  }

  #csrf(user: string): string {
    const time = this.#time();
    return `${time}:${this.#sign(`csrf:${user}:${time}`)}`;
  }

  #csrfValid(user: string, token: string): boolean {
    const time = token.slice(0, 8);
    return this.#fresh(time) && same(token, `${time}:${this.#sign(`csrf:${user}:${time}`)}`);
  }

  #stamp(prefix: string, user: string): string {
    return this.#stampAt(prefix, user, this.#time());
  }

  #stampAt(prefix: string, user: string, time: string): string {
    return `${prefix}:${user}:${time}::${this.#sign(`${prefix}:${user}:${time}`)}`;
  }

  #sign(text: string): string {
    return createHmac("sha256", this.#key).update(text).digest("base64");
  }

  #time(): string {
    return Math.floor(this.#clock.now() / 1000)
      .toString(16)
      .toUpperCase()
      .padStart(8, "0");
  }

  #fresh(time: string): boolean {
    const ageMs = this.#clock.now() - Number.parseInt(time, 16) * 1000;
    return ageMs >= -300_000 && ageMs < this.#lifetimeMs;
  }
}

function same(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

function cookie(header: string, name: string): string | undefined {
  for (const part of header.split(/;\s*/)) {
    const [key, ...value] = part.split("=");
    if (key === name) return decodeURIComponent(value.join("="));
  }
  return undefined;
}
