import { request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { SimulatorClient } from "../../simulators/client.ts";
import { addGpuHosts } from "../../simulators/gpu-cloud.ts";
import { OPENSTACK_CREDENTIALS, startOpenStack } from "../../simulators/openstack/index.ts";
import { addAggregate } from "../../simulators/openstack/seed.ts";
import type { World } from "../../simulators/openstack/world.ts";
import type { Simulator } from "../../simulators/simulator.ts";
import { Fleet } from "./fleet.ts";
import { runProcesses } from "./processes.ts";
import { Serving, withRemote } from "./serving.ts";

/** The spot manager on a port of its own, in a process of its own: who gets in there, and a move that is killed (-9) at each of its steps. */
const TIMEOUT = 240_000;
const [SOURCE, TARGET] = ["L40-n3", "L40-n3-spot"] as const;
const HOSTS = ["gpu-host-001", "gpu-host-002", "gpu-host-003", "gpu-host-004"];

let stack: Simulator;
let world: World;
let openstack: SimulatorClient;
let fleet: Fleet;
let clone: string;
let serving: Serving | undefined;

beforeAll(async () => {
  const ids = { source: 0, target: 0 };
  const more = (made: World) => {
    world = made;
    addGpuHosts(made, HOSTS);
    ids.source = addAggregate(made, SOURCE, { hosts: [...HOSTS] }).id;
    ids.target = addAggregate(made, TARGET, {}).id;
  };
  stack = await startOpenStack({ more, provisionMs: 20, actionMs: 10 });
  openstack = new SimulatorClient(stack.url);
  fleet = new Fleet(undefined, {
    id: "spot-kills",
    fleet: { policies: { dialects: { spot: { moves: true } } } },
    environment: {
      FLEETWRIGHT_OS_ID: OPENSTACK_CREDENTIALS.applicationCredentialId,
      FLEETWRIGHT_OS_SECRET: OPENSTACK_CREDENTIALS.applicationCredentialSecret,
    },
  });
  fleet.write({
    "accounts/stack-main.yaml": {
      kind: "Account",
      name: "stack-main",
      provider: "openstack",
      endpoint: stack.url,
      credentials: {
        applicationCredentialId: { env: "FLEETWRIGHT_OS_ID" },
        applicationCredentialSecret: { env: "FLEETWRIGHT_OS_SECRET" },
      },
      deadlines: { settleSeconds: 1 },
    },
    // Taken over before, so that a move has its two requests and no marks.
    "aggregates/l40.yaml": {
      kind: "Aggregate",
      name: SOURCE,
      account: "stack-main",
      gpuType: "L40",
      class: "ondemand",
      adopt: ids.source,
      hosts: HOSTS,
      variants: [{ name: TARGET, class: "spot", adopt: ids.target, hosts: [] }],
    },
  });
  fleet.commit("Begin");
  await fleet.converge();
  clone = withRemote(fleet).clone;
}, TIMEOUT);

afterEach(async () => await openstack.clearFaults());

afterAll(async () => {
  await serving?.end("SIGKILL");
  await fleet?.close();
  await stack?.close();
});

interface Told {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the document says.
  body: any;
}

/** The service, once it has read the fleet, and its own address of the spot manager. */
async function serve(spotListen: string): Promise<{ service: Serving; url: string }> {
  serving = new Serving(fleet, clone, ["--spot-listen", spotListen, "--poll-seconds", "1", "--drift-seconds", "0"]);
  const { spotListen: url } = await serving.line("its addresses", ({ msg }) => msg === "serving");
  await serving.line("the first commit", ({ msg }) => msg === "new commit");
  return { service: serving, url: String(url) };
}

/** With exactly these headers, which `fetch` would not send. */
function ask(
  url: string,
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body?: string,
): Promise<Told> {
  const { promise, resolve, reject } = Promise.withResolvers<Told>();
  const sent = request(new URL(path, url), { method, headers, agent: false }, (response) => {
    const parts: Buffer[] = [];
    response.on("data", (part: Buffer) => parts.push(part));
    response.on("end", () => {
      const text = Buffer.concat(parts).toString();
      const { statusCode: status = 0, headers } = response;
      resolve({ status, headers, body: text === "" ? undefined : JSON.parse(text) });
    });
  });
  sent.once("error", reject);
  sent.end(body);
  return promise;
}

describe("a listener of its own", () => {
  it(
    "lets in whoever is on this machine, under its name, with JSON, and no page of another origin or site",
    async () => {
      const { service, url } = await serve("127.0.0.1:0");
      const get = (headers: Record<string, string>) => ask(url, "GET", "/api/gpu-types", headers);
      const clear = (type?: string) =>
        ask(url, "POST", "/api/clear-log", type === undefined ? {} : { "content-type": type }, "{}");

      expect(url).not.toBe(await service.url());
      expect(await get({})).toMatchObject({ status: 200, body: { data: [{ name: "A100" }, { name: "L40" }] } });
      expect((await get({ host: "localhost:6969" })).status).toBe(200);
      expect((await get({ host: "spot.example.net" })).status).toBe(401);
      expect((await get({ host: "127.0.0.1.example.net" })).status).toBe(401);
      expect((await get({ origin: "https://evil.example" })).status).toBe(403);
      expect((await get({ origin: "null" })).status).toBe(403);
      for (const site of ["cross-site", "same-site"]) expect((await get({ "sec-fetch-site": site })).status).toBe(403);
      const same = await get({ origin: url, "sec-fetch-site": "same-origin" });
      expect([same.status, same.headers["access-control-allow-origin"]]).toEqual([200, undefined]);
      expect((await clear("text/plain")).status).toBe(400);
      expect((await clear("application/x-www-form-urlencoded")).status).toBe(400);
      expect((await clear()).status).toBe(400);
      expect((await clear("application/json; charset=utf-8")).status).toBe(200);
      const preflight = await ask(url, "OPTIONS", "/api/execute-migration", {
        origin: "https://evil.example",
        "access-control-request-method": "POST",
      });
      expect(preflight.status).toBe(404);
      expect(Object.keys(preflight.headers).filter((name) => name.startsWith("access-control-"))).toEqual([]);
      // It has the spot manager and nothing else; the main listener has both.
      expect((await ask(url, "GET", "/fleet/v1/version")).status).toBe(404);
      expect((await ask(url, "GET", "/openapi/spot.json")).body.openapi).toBe("3.1.0");
      expect((await ask(await service.url(), "GET", "/api/gpu-types")).status).toBe(200);
      expect(await service.end()).toBe(0);
    },
    TIMEOUT,
  );

  it(
    "that others may reach takes an admin's key, whatever name it is asked under",
    async () => {
      // An address that is not known as this machine's own, and that no other reaches all the same.
      const { service, url } = await serve("[::ffff:127.0.0.1]:0");
      const at = `http://127.0.0.1:${new URL(url).port}`;
      const key = async (role: string) => {
        const user = `${role}@example.org`;
        await fleet.json(["users", "add", user, "--name", role, "--role", role, "--no-password"]);
        const { text } = await fleet.json<{ text: string }>(["tokens", "add", "spot", "--user", user]);
        return { host: "localhost", authorization: `Bearer ${text}` };
      };

      expect((await ask(at, "GET", "/api/gpu-types", { host: "localhost" })).status).toBe(401);
      expect((await ask(at, "GET", "/api/gpu-types", await key("operator"))).status).toBe(403);
      expect((await ask(at, "GET", "/api/gpu-types", await key("admin"))).status).toBe(200);
      expect(await service.end()).toBe(0);
    },
    TIMEOUT,
  );
});

/** Which aggregates have a host. */
const placesOf = (host: string): string[] =>
  [...world.aggregates.values()].filter(({ hosts }) => hosts.includes(host)).map(({ name }) => name);

describe("a move", () => {
  const json = { "content-type": "application/json" };
  const bodyOf = (host: string) => JSON.stringify({ host, source_aggregate: SOURCE, target_aggregate: TARGET });

  it.each([
    {
      host: HOSTS[0]!,
      step: "before the host is taken out",
      skip: 0,
      action: { kind: "late", ms: 2_000 },
      at: [SOURCE],
    },
    { host: HOSTS[1]!, step: "when it is in none", skip: 0, action: { kind: "delay", ms: 60_000 }, at: [] },
    { host: HOSTS[2]!, step: "before it is put in", skip: 1, action: { kind: "late", ms: 2_000 }, at: [] },
    { host: HOSTS[3]!, step: "once it is put in", skip: 1, action: { kind: "delay", ms: 60_000 }, at: [TARGET] },
  ] as const)(
    "whose process is killed $step goes on forward after the restart: the host is in one aggregate",
    async ({ host, skip, action, at }) => {
      const before = await serve("127.0.0.1:0");
      // Of the actions on aggregates a move has two; marks are written by others.
      await openstack.fault({ match: { method: "POST", path: "/os-aggregates/\\d+/action$" }, skip, action });
      const lost = ask(before.url, "POST", "/api/execute-migration", json, bodyOf(host)).catch(() => "lost");
      await until(async () => (await openstack.faults()).some(({ acted }) => acted === 1));
      await until(async () => placesOf(host).join() === at.join());
      await before.service.end("SIGKILL");
      expect([await lost, placesOf(host)]).toEqual(["lost", at]);

      const after = await serve("127.0.0.1:0");
      await until(async () => placesOf(host).join() === TARGET);
      const told = await ask(after.url, "POST", "/api/execute-migration", json, bodyOf(host));

      expect([told.status, told.body]).toMatchObject([200, { status: "success", data: { host } }]);
      expect(placesOf(host)).toEqual([TARGET]);
      expect(await after.service.end()).toBe(0);
      // What the killed one had sent and the cloud carries out later changes nothing any more.
      await until(async () => (await openstack.faults()).every(({ acted }) => acted === 1));
      expect(placesOf(host)).toEqual([TARGET]);
      expect(runProcesses(fleet.dataDir)).toEqual([]);
    },
    TIMEOUT,
  );
});

async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (const end = performance.now() + 120_000; performance.now() < end; await sleep(20)) if (await isSo()) return;
  throw new Error("it has not come to that");
}
