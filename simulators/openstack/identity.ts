import type { Clock, Ids } from "../kit.ts";
import { keystoneError, unauthorized } from "./errors.ts";

export interface Domain {
  id: string;
  name: string;
}
export interface Project {
  id: string;
  name: string;
  domain: Domain;
}
export interface User {
  id: string;
  name: string;
  domain: Domain;
  password: string;
  /** Roles by project id. */
  roles: Record<string, string[]>;
  defaultProject: string;
}
export interface ApplicationCredential {
  id: string;
  name: string;
  secret: string;
  user: string;
  project: string;
}

export interface Token {
  id: string;
  methods: string[];
  user: User;
  project?: Project;
  roles: string[];
  issuedAt: number;
  expiresAt: number;
  applicationCredential?: ApplicationCredential;
  auditId: string;
}

type Json = Record<string, unknown>;

/** Users, projects and tokens. */
export class Identity {
  readonly projects: Project[];
  readonly users: User[];
  readonly applicationCredentials: ApplicationCredential[];
  readonly #tokens = new Map<string, Token>();
  readonly #clock: Clock;
  readonly #ids: Ids;
  readonly #lifetimeMs: number;

  constructor(
    parts: { projects: Project[]; users: User[]; applicationCredentials: ApplicationCredential[] },
    clock: Clock,
    ids: Ids,
    lifetimeMs = 3_600_000,
  ) {
    this.projects = parts.projects;
    this.users = parts.users;
    this.applicationCredentials = parts.applicationCredentials;
    this.#clock = clock;
    this.#ids = ids;
    this.#lifetimeMs = lifetimeMs;
  }

  /** The token of a request's `X-Auth-Token`. @throws {ApiError} 401 */
  check(id: string | undefined): Token {
    const token = id === undefined ? undefined : this.#tokens.get(id);
    if (!token || token.expiresAt <= this.#clock.now()) throw unauthorized();
    return token;
  }

  find(id: string | undefined): Token | undefined {
    const token = id === undefined ? undefined : this.#tokens.get(id);
    return token && token.expiresAt > this.#clock.now() ? token : undefined;
  }

  revoke(id: string): boolean {
    return this.#tokens.delete(id);
  }

  /** `POST /v3/auth/tokens`. @throws {ApiError} 400, 401 */
  login(body: unknown): Token {
    const auth = (body as { auth?: { identity?: Json; scope?: unknown } } | null)?.auth;
    const methods = auth?.identity?.methods;
    if (!auth?.identity || !Array.isArray(methods)) {
      throw keystoneError(400, "'auth' is a required property");
    }
    for (const method of methods) {
      if (auth.identity[method] === undefined) {
        throw keystoneError(
          400,
          `Expecting to find ${method} in identity. The server could not comply with the request.`,
        );
      }
    }
    if (methods.includes("application_credential")) {
      if (auth.scope !== undefined) {
        throw keystoneError(401, "Application credentials cannot request a scope.");
      }
      return this.#byApplicationCredential(auth.identity.application_credential as Json);
    }
    if (methods.includes("token")) {
      const { id } = auth.identity.token as { id?: string };
      const known = this.check(id);
      return this.#issue(["token", ...known.methods], known.user, this.#scope(known.user, auth.scope));
    }
    if (!methods.includes("password")) throw unauthorized();
    const user = this.#byPassword((auth.identity.password as { user?: Json }).user ?? {});
    return this.#issue(["password"], user, this.#scope(user, auth.scope));
  }

  #byApplicationCredential(given: Json): Token {
    const found = this.applicationCredentials.find(({ id }) => id === given.id);
    if (!found || found.secret !== given.secret) throw unauthorized();
    const user = this.users.find(({ id }) => id === found.user) as User;
    const project = this.projects.find(({ id }) => id === found.project) as Project;
    const token = this.#issue(["application_credential"], user, project);
    token.applicationCredential = found;
    return token;
  }

  #byPassword({ id, name, domain, password }: Json): User {
    const user = this.users.find(
      (candidate) => candidate.id === id || (candidate.name === name && matches(candidate.domain, domain)),
    );
    if (!user || user.password !== password) throw unauthorized();
    return user;
  }

  /** The project of a scope; undefined for an unscoped token. */
  #scope(user: User, scope: unknown): Project | undefined {
    if (scope === undefined) return this.projects.find(({ id }) => id === user.defaultProject);
    if (scope === "unscoped" || (scope as Json).unscoped !== undefined) return undefined;
    const wanted = (scope as { project?: Json }).project;
    if (!wanted) throw keystoneError(400, "Expecting to find project in scope.");
    const project = this.projects.find(
      ({ id, name, domain }) => id === wanted.id || (name === wanted.name && matches(domain, wanted.domain)),
    );
    if (!project || !user.roles[project.id]) throw unauthorized();
    return project;
  }

  #issue(methods: string[], user: User, project: Project | undefined): Token {
    const issuedAt = this.#clock.now();
    const token: Token = {
      id: `gAAAAAB${this.#ids.hex(120)}`,
      methods,
      user,
      roles: project ? (user.roles[project.id] ?? []) : [],
      issuedAt,
      expiresAt: issuedAt + this.#lifetimeMs,
      auditId: this.#ids.hex(22),
      ...(project ? { project } : {}),
    };
    this.#tokens.set(token.id, token);
    return token;
  }
}

function matches(domain: Domain, wanted: unknown): boolean {
  const { id, name } = (wanted ?? {}) as Partial<Domain>;
  return id === domain.id || (name !== undefined && name.toLowerCase() === domain.name.toLowerCase());
}
