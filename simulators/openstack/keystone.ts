import { Hono } from "hono";
import { ApiError, keystoneError } from "./errors.ts";
import type { Identity, Project, Token, User } from "./identity.ts";
import { answerError, isoMicros, originOf } from "./wire.ts";

export const REGION = "RegionOne";

const SERVICES = [
  { type: "identity", name: "keystone", path: "/identity" },
  { type: "compute", name: "nova", path: "/compute/v2.1" },
  { type: "network", name: "neutron", path: "/network" },
  { type: "image", name: "glance", path: "/image" },
  { type: "placement", name: "placement", path: "/placement" },
] as const;

/** Keystone v3. It is mounted under `/identity`, and at the root as well, where it stands when it has a port of its own. */
export function keystone(identity: Identity, prefix: string): Hono {
  const app = new Hono();
  const version = (request: Request) => ({
    id: "v3.14",
    status: "stable",
    updated: "2020-04-07T00:00:00Z",
    links: [{ rel: "self", href: `${originOf(request)}${prefix}/v3/` }],
    "media-types": [{ base: "application/json", type: "application/vnd.openstack.identity-v3+json" }],
  });

  app.onError((error, c) =>
    answerError(
      c,
      error instanceof ApiError ? error : keystoneError(500, String(error)),
      `${originOf(c.req.raw)}${prefix}`,
    ),
  );
  app.notFound((c) => answerError(c, keystoneError(404, `Could not find: ${c.req.path}.`)));

  app.get("/", (c) => c.json({ versions: { values: [version(c.req.raw)] } }, 300));
  for (const path of ["/v3", "/v3/"]) app.get(path, (c) => c.json({ version: version(c.req.raw) }));

  app.post("/v3/auth/tokens", async (c) => {
    const body = await c.req.json().catch(() => {
      throw keystoneError(400, "The request body could not be decoded.");
    });
    const token = identity.login(body);
    c.header("x-subject-token", token.id);
    c.header("vary", "X-Auth-Token");
    return c.json({ token: tokenView(token, originOf(c.req.raw)) }, 201);
  });

  app.use("/v3/*", async (c, next) => {
    identity.check(c.req.header("x-auth-token"));
    await next();
  });
  const own = (token: string | undefined) => identity.check(token);

  app.get("/v3/auth/tokens", (c) => {
    const token = identity.find(c.req.header("x-subject-token"));
    if (!token) throw keystoneError(404, "Could not find token.");
    c.header("x-subject-token", token.id);
    return c.json({ token: tokenView(token, originOf(c.req.raw)) });
  });
  app.delete("/v3/auth/tokens", (c) => {
    const id = c.req.header("x-subject-token") ?? "";
    if (!identity.revoke(id)) throw keystoneError(404, "Could not find token.");
    return c.body(null, 204);
  });
  app.get("/v3/auth/catalog", (c) => {
    const origin = originOf(c.req.raw);
    return c.json({ catalog: catalog(origin), links: { self: `${origin}/identity/v3/auth/catalog` } });
  });

  const list = (c: { req: { raw: Request; path: string } }, key: string, items: unknown[]) => ({
    [key]: items,
    links: { next: null, previous: null, self: `${originOf(c.req.raw)}${c.req.path}` },
  });
  app.get("/v3/auth/projects", (c) => {
    const { user } = own(c.req.header("x-auth-token"));
    const mine = identity.projects.filter(({ id }) => user.roles[id]);
    return c.json(
      list(
        c,
        "projects",
        mine.map((project) => projectView(project, originOf(c.req.raw))),
      ),
    );
  });
  app.get("/v3/projects", (c) => {
    const name = c.req.query("name");
    const found = identity.projects.filter((project) => name === undefined || project.name === name);
    return c.json(
      list(
        c,
        "projects",
        found.map((project) => projectView(project, originOf(c.req.raw))),
      ),
    );
  });
  app.get("/v3/projects/:id", (c) => {
    const project = identity.projects.find(({ id }) => id === c.req.param("id"));
    if (!project) throw keystoneError(404, `Could not find project: ${c.req.param("id")}.`);
    return c.json({ project: projectView(project, originOf(c.req.raw)) });
  });
  app.get("/v3/users", (c) =>
    c.json(
      list(
        c,
        "users",
        identity.users.map((user) => userView(user, originOf(c.req.raw))),
      ),
    ),
  );
  app.get("/v3/users/:id", (c) => {
    const user = identity.users.find(({ id }) => id === c.req.param("id"));
    if (!user) throw keystoneError(404, `Could not find user: ${c.req.param("id")}.`);
    return c.json({ user: userView(user, originOf(c.req.raw)) });
  });
  app.get("/v3/regions", (c) => {
    const self = `${originOf(c.req.raw)}/identity/v3/regions/${REGION}`;
    return c.json(list(c, "regions", [{ id: REGION, description: "", parent_region_id: null, links: { self } }]));
  });
  return app;
}

function projectView({ id, name, domain }: Project, origin: string) {
  return {
    id,
    name,
    domain_id: domain.id,
    parent_id: domain.id,
    description: "",
    enabled: true,
    is_domain: false,
    options: {},
    tags: [],
    links: { self: `${origin}/identity/v3/projects/${id}` },
  };
}

function userView({ id, name, domain, defaultProject }: User, origin: string) {
  return {
    id,
    name,
    domain_id: domain.id,
    default_project_id: defaultProject,
    enabled: true,
    options: {},
    password_expires_at: null,
    links: { self: `${origin}/identity/v3/users/${id}` },
  };
}

function tokenView(token: Token, origin: string) {
  const { user, project, roles, applicationCredential: credential } = token;
  return {
    methods: token.methods,
    user: { domain: user.domain, id: user.id, name: user.name, password_expires_at: null },
    audit_ids: [token.auditId],
    issued_at: isoMicros(token.issuedAt),
    expires_at: isoMicros(token.expiresAt),
    ...(project
      ? {
          project: { domain: project.domain, id: project.id, name: project.name },
          is_domain: false,
          roles: roles.map((name) => ({ id: `role${name}`.padEnd(32, "0"), name })),
          catalog: catalog(origin),
        }
      : {}),
    ...(credential ? { application_credential: { id: credential.id, name: credential.name, restricted: true } } : {}),
  };
}

function catalog(origin: string) {
  return SERVICES.map(({ type, name, path }, index) => ({
    type,
    name,
    id: `5e1${index}`.padEnd(32, "0"),
    endpoints: ["public", "internal", "admin"].map((kind, position) => ({
      id: `e0${index}${position}`.padEnd(32, "0"),
      interface: kind,
      region: REGION,
      region_id: REGION,
      url: `${origin}${path}`,
    })),
  }));
}
