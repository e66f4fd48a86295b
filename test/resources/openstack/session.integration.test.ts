import { afterEach, describe, expect, it, vi } from "vitest";
import { createBudget } from "../../../resources/budget.ts";
import type { Account, Call } from "../../../resources/cloud.ts";
import { openstack } from "../../../resources/openstack/index.ts";
import { endpointOf } from "../../../resources/openstack/services.ts";
import type { Session } from "../../../resources/openstack/session.ts";
import { SimulatorClient } from "../../../simulators/client.ts";
import {
  OPENSTACK_CREDENTIALS,
  OPENSTACK_MEMBER,
  OPENSTACK_PASSWORD,
  OPENSTACK_PROJECT,
  OPENSTACK_USERNAME,
  startOpenStack,
} from "../../../simulators/openstack/index.ts";
import { accountSpec } from "../fixtures.ts";

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
  for (const close of closers.splice(0)) await close();
});

const PASSWORD = { username: OPENSTACK_USERNAME, password: OPENSTACK_PASSWORD };

async function open(
  parts: {
    credentials?: Record<string, string>;
    options?: Record<string, unknown>;
    suffix?: string;
    tokenLifetimeMs?: number;
  } = {},
) {
  const { tokenLifetimeMs } = parts;
  const simulator = await startOpenStack(tokenLifetimeMs === undefined ? {} : { tokenLifetimeMs });
  closers.push(() => simulator.close());
  const account: Account = {
    spec: accountSpec({ provider: "openstack", options: parts.options ?? {} }),
    endpoint: `${simulator.url}${parts.suffix ?? ""}`,
    credentials: parts.credentials ?? OPENSTACK_CREDENTIALS,
    budget: createBudget({}),
  };
  const call = (): Call => ({ signal: AbortSignal.timeout(10_000), account, priority: "person" });
  const client = new SimulatorClient(simulator.url);
  const logins = async () =>
    (await client.calls())
      .filter(({ method, route }) => method === "POST" && route.endsWith("/auth/tokens"))
      .reduce((sum, { count }) => sum + count, 0);
  return { call, client, logins, list: () => Array.fromAsync(openstack.list(call())), url: simulator.url };
}

describe("logging in", () => {
  it.each([
    { name: "by an application credential", parts: {} },
    {
      name: "by password and project name",
      parts: { credentials: PASSWORD, options: { projectName: OPENSTACK_PROJECT } },
    },
    { name: "at an address with /v3", parts: { suffix: "/v3" } },
    { name: "at an address with a path", parts: { suffix: "/identity/v3" } },
    { name: "for the region it names", parts: { options: { region: "RegionOne", interface: "internal" } } },
  ])("works $name", async ({ parts }) => {
    const { list, client } = await open(parts);
    const { id } = await client.addForeign();

    expect((await list()).map((server) => server.id)).toEqual([id]);
  });

  it.each([
    { name: "nothing", parts: { credentials: {} }, code: "CREDENTIAL_MISSING" },
    { name: "a password without a project", parts: { credentials: PASSWORD }, code: "FLEET_INVALID" },
    {
      name: "a wrong password",
      parts: { credentials: { ...PASSWORD, password: "wrong-password" }, options: { projectName: OPENSTACK_PROJECT } },
      code: "CLOUD_AUTH",
    },
    { name: "a region that is not there", parts: { options: { region: "RegionTwo" } }, code: "CLOUD_UNSUPPORTED" },
  ])("fails with $code for $name", async ({ parts, code }) => {
    const { list } = await open(parts);

    await expect(list()).rejects.toMatchObject({ code });
  });

  it("is done once for many calls at once, and the version is asked once", async () => {
    const { list, client } = await open();

    await Promise.all(Array.from({ length: 20 }, () => list()));

    const calls = await client.calls();
    const count = (route: string) => calls.find((call) => call.route === route)?.count;
    expect(count("/v3/auth/tokens")).toBe(1);
    expect(count("/compute/v2.1/")).toBe(1);
  });

  it("is done anew before the token ends", async () => {
    const { list, logins, client } = await open({ tokenLifetimeMs: 400 });
    await list();
    await client.resetCalls();
    await new Promise((resolve) => setTimeout(resolve, 450));

    await list();

    expect(await logins()).toBe(1);
    expect((await client.calls()).filter(({ status }) => status === 401)).toEqual([]);
  });

  it("is done anew when a service no longer takes the token, once", async () => {
    const { list, client, logins, url } = await open();
    await client.addForeign();
    const real = globalThis.fetch;
    const tokens = new Set<string>();
    vi.spyOn(globalThis, "fetch").mockImplementation((input, init) => {
      const token = new Headers(init?.headers).get("x-auth-token");
      if (token) tokens.add(token);
      return real(input, init);
    });
    await list();
    const [token = ""] = tokens;
    const headers = { "x-auth-token": token, "x-subject-token": token };
    expect((await real(`${url}/v3/auth/tokens`, { method: "DELETE", headers })).status).toBe(204);
    await client.resetCalls();

    expect(await list()).toHaveLength(1);
    expect(await logins()).toBe(1);

    await client.fault({ match: { path: "/servers/detail" }, times: 5, action: { kind: "status", status: 401 } });
    await expect(list()).rejects.toMatchObject({ code: "CLOUD_AUTH" });
    expect(await logins()).toBe(2);
  });

  it("lets no token or secret into a message", async () => {
    const { list, client } = await open();
    const seen: string[] = [];
    const real = globalThis.fetch;
    vi.spyOn(globalThis, "fetch").mockImplementation((input, init) => {
      const token = new Headers(init?.headers).get("x-auth-token");
      if (token) seen.push(token);
      return real(input, init);
    });
    await list();
    const said = `your token ${seen[0]} and secret ${OPENSTACK_CREDENTIALS.applicationCredentialSecret} are no good`;
    const body = { badRequest: { code: 400, message: said } };
    await client.fault({ match: { path: "/servers/detail" }, action: { kind: "status", status: 400, body } });

    const error = await list().catch((caught: unknown) => caught);

    expect(String(error)).toContain("are no good");
    expect(String(error)).not.toContain(seen[0]);
    expect(String(error)).not.toContain(OPENSTACK_CREDENTIALS.applicationCredentialSecret);
  });
});

describe("a member who is no administrator", () => {
  it("has servers, and no aggregates: that is a credential's fault and no empty list", async () => {
    const { list, client, call } = await open({
      credentials: { username: OPENSTACK_MEMBER, password: OPENSTACK_PASSWORD },
      options: { projectName: OPENSTACK_PROJECT },
    });
    await client.addForeign();

    expect(await list()).toHaveLength(1);
    await expect(openstack.hosts.list(call())).rejects.toMatchObject({
      code: "CLOUD_AUTH",
      message: expect.stringContaining("Policy doesn't allow"),
    });
  });
});

describe("the token", () => {
  const session = (url: string, secure: boolean, more: object[] = []): Session => ({
    token: "t",
    renewAt: 0,
    projectId: "p",
    userId: "u",
    user: "ada",
    project: "web",
    roles: ["member"],
    secure,
    catalog: new Map([["compute", [{ interface: "public", region: "one", url }, ...(more as [])]]]),
  });
  const account = (options = {}) => ({ spec: accountSpec({ options }) }) as Account;

  it("is not sent in the clear when Keystone is reached by TLS", () => {
    expect(() => endpointOf(account(), session("http://nova.example.net", true), "compute")).toThrow(/show the token/);
    expect(endpointOf(account(), session("https://nova.example.net", true), "compute").url).toBe(
      "https://nova.example.net",
    );
  });

  it("goes to no region by chance", () => {
    const two = session("https://a.example.net", true, [
      { interface: "public", region: "two", url: "https://b.example.net" },
    ]);

    expect(() => endpointOf(account(), two, "compute")).toThrow(/options.region must choose one of one, two/);
    expect(endpointOf(account({ region: "two" }), two, "compute").url).toBe("https://b.example.net");
  });

  it("does not follow a link to a next page on another host, but reads that page where it is", async () => {
    const { list, client, url } = await open();
    const first = await client.addForeign();
    const { body } = await rawPage(url, first.id);
    await client.fault({ match: { path: "/servers/detail" }, action: { kind: "status", status: 200, body } });
    const asked: string[] = [];
    const real = globalThis.fetch;
    vi.spyOn(globalThis, "fetch").mockImplementation((input, init) => {
      asked.push(new URL(String(input)).origin);
      return real(input, init);
    });

    await list();

    expect([...new Set(asked)]).toEqual([url]);
  });
});

describe("nova's versions", () => {
  const versions = (version: string, min = "2.1") => ({
    kind: "status" as const,
    status: 200,
    body: { version: { id: "v2.1", version, min_version: min } },
  });

  it.each([
    { has: "2.72", uses: "compute 2.72" },
    { has: "2.104", uses: "compute 2.93" },
  ])("that reach to $has are spoken as $uses", async ({ has, uses }) => {
    const { list, client } = await open();
    await client.fault({ match: { path: "/compute/v2.1/$" }, action: versions(has) });
    const asked: (string | null)[] = [];
    const real = globalThis.fetch;
    vi.spyOn(globalThis, "fetch").mockImplementation((input, init) => {
      if (String(input).includes("/servers")) asked.push(new Headers(init?.headers).get("openstack-api-version"));
      return real(input, init);
    });

    await list();

    expect(asked).toEqual([uses]);
  });

  it.each(["2.53", "2.68"])(
    "that end at %s are refused, because their lists may silently lack servers",
    async (has) => {
      const { list, client } = await open();
      await client.fault({ match: { path: "/compute/v2.1/$" }, action: versions(has), times: 5 });

      await expect(list()).rejects.toMatchObject({ code: "CLOUD_UNSUPPORTED" });
    },
  );

  it("never take a server in a cell that is down for one without a mark", async () => {
    const { list, client, call } = await open();
    const id = "0f3c1a52-7b7e-4ee0-9a43-26c21b1f2a10";
    const partial = { id, status: "UNKNOWN", tenant_id: "p", created: "2026-01-01T00:00:00Z", links: [] };
    await client.fault({
      match: { path: "/servers/detail" },
      action: { kind: "status", status: 200, body: { servers: [partial] } },
    });
    await client.fault({
      match: { path: `/servers/${id}` },
      action: { kind: "status", status: 200, body: { server: partial } },
    });

    await expect(list()).rejects.toMatchObject({ code: "CLOUD_UNAVAILABLE" });
    await expect(openstack.observe(id, call())).rejects.toMatchObject({ code: "CLOUD_UNAVAILABLE" });
  });
});

/** A page whose link to the next one points elsewhere. */
async function rawPage(url: string, marker: string): Promise<{ body: object }> {
  const login = await fetch(`${url}/v3/auth/tokens`, {
    method: "POST",
    body: JSON.stringify({
      auth: {
        identity: {
          methods: ["application_credential"],
          application_credential: {
            id: OPENSTACK_CREDENTIALS.applicationCredentialId,
            secret: OPENSTACK_CREDENTIALS.applicationCredentialSecret,
          },
        },
      },
    }),
  });
  const headers = {
    "x-auth-token": login.headers.get("x-subject-token") ?? "",
    "openstack-api-version": "compute 2.93",
  };
  const page = (await (await fetch(`${url}/compute/v2.1/servers/detail`, { headers })).json()) as object;
  const href = `http://attacker.example/servers/detail?marker=${marker}`;
  return { body: { ...page, servers_links: [{ rel: "next", href }] } };
}
