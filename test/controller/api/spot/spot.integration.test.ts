import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pointedSchemas } from "../../../../controller/api/fleet/check.ts";
import { addUser, PASSWORD } from "../../people/support.ts";
import { findChromium, findings, launch, newPage } from "../../ui/chromium.ts";
import { Visitor } from "../../ui/visitor.ts";
import { SpotSite } from "./site.ts";
import { stepsOf } from "./walk.ts";

/** The spot manager with real git, database and engine, on a simulated OpenStack and NetBox. */
const TIMEOUT = 240_000;
const CHROMIUM = findChromium();

let site: SpotSite;
beforeAll(async () => {
  site = await SpotSite.open();
}, TIMEOUT);
afterAll(async () => await site?.close());

const get = (path: string) => site.ask("GET", path);
const post = (path: string, body?: unknown) => site.ask("POST", path, body);
const MOVE = { host: "gpu-host-002", source_aggregate: "L40-n3", target_aggregate: "L40-n3-spot" };
const COMMANDS = [
  "openstack aggregate remove host L40-n3 gpu-host-002",
  "openstack aggregate add host L40-n3-spot gpu-host-002",
];
const namesOf = (hosts: { hostname: string }[]) => hosts.map(({ hostname }) => hostname);

describe("what the spot manager reads", () => {
  it("gives GPU types with their aggregates in four classes, none of which a file has", async () => {
    const { status, body } = await get("/api/gpu-types");

    expect(status).toBe(200);
    expect(body).toEqual({
      status: "success",
      data: [
        {
          name: "A100",
          display_name: "A100",
          aggregates: { ondemand: ["A100-n3"], spot: ["A100-n3-spot"], runpod: ["A100-n3-runpod"], contracts: [] },
        },
        {
          name: "L40",
          display_name: "L40",
          aggregates: {
            ondemand: ["L40-n3", "L40-n3-NVLink"],
            spot: ["L40-n3-spot"],
            runpod: ["L40-n3-runpod"],
            contracts: ["Contract-L40-Customer1"],
          },
        },
        {
          name: "RTX-A6000",
          display_name: "RTX-A6000",
          aggregates: { ondemand: ["RTX-A6000-n3"], spot: [], runpod: [], contracts: ["Contract-RTX-A6000-Big-Co"] },
        },
      ],
    });
  });

  it("gives the hosts of a class with their machines, GPUs, state and owners, and sums them", async () => {
    const { body } = await get("/api/aggregates/L40/spot");

    expect(body.data).toEqual({
      name: "L40-n3-spot",
      hosts: [
        {
          hostname: "gpu-host-004",
          status: "active",
          vm_count: 2,
          gpu_used: 2,
          gpu_capacity: 8,
          has_vms: true,
          tenant: "nexgen-cloud",
          owner_group: "Nexgen Cloud",
        },
      ],
      gpu_summary: { gpu_used: 2, gpu_capacity: 8, gpu_usage_ratio: "2/8", gpu_usage_percentage: 25 },
    });
  });

  it("gives all classes of a type, each the union of its variants, with the sum over them", async () => {
    const { body } = await get("/api/aggregates/L40");
    const { ondemand, spot, runpod, gpu_overview: overview } = body.data;

    expect(ondemand.name).toBe("L40-n3");
    expect(namesOf(ondemand.hosts)).toEqual(["gpu-host-001", "gpu-host-002", "gpu-host-003"]);
    expect(ondemand.gpu_summary).toEqual({
      gpu_used: 8,
      gpu_capacity: 24,
      gpu_usage_ratio: "8/24",
      gpu_usage_percentage: 33.33,
    });
    expect(ondemand.variants.map(({ name, hosts }: never) => [name, namesOf(hosts)])).toEqual([
      ["L40-n3", ["gpu-host-001", "gpu-host-002"]],
      ["L40-n3-NVLink", ["gpu-host-003"]],
    ]);
    const byName = Object.fromEntries([...ondemand.hosts, ...runpod.hosts].map((host) => [host.hostname, host]));
    expect(byName["gpu-host-003"]).toMatchObject({ status: "down", has_vms: false, tenant: "", owner_group: "" });
    expect(byName["gpu-host-002"]).toMatchObject({ tenant: "alone", owner_group: "" });
    // Placement counts none: the aggregate says how many each has.
    expect(byName["gpu-host-005"]).toMatchObject({ status: "disabled", gpu_used: 0, gpu_capacity: 10 });
    expect(spot.variants).toHaveLength(1);
    expect(overview).toEqual({ gpu_usage_ratio: "10/42", gpu_usage_percentage: 23.81 });
  });

  it("gives an absent class an empty name and nothing, and divides nothing by nothing", async () => {
    const { body } = await get("/api/aggregates/RTX-A6000");

    expect(body.data.spot).toEqual({
      name: "",
      hosts: [],
      gpu_summary: { gpu_used: 0, gpu_capacity: 0, gpu_usage_ratio: "0/0", gpu_usage_percentage: 0 },
      variants: [],
    });
    expect(body.data.gpu_overview).toEqual({ gpu_usage_ratio: "0/4", gpu_usage_percentage: 0 });
  });

  it("gives contracts with whose they are, and the GPUs that only NetBox tells", async () => {
    const { body } = await get("/api/contract-aggregates/L40");

    expect(body.data).toEqual([
      {
        aggregate: "Contract-L40-Customer1",
        hosts: [expect.objectContaining({ hostname: "gpu-host-006", gpu_capacity: 6, tenant: "customer1" })],
        gpu_summary: { gpu_used: 0, gpu_capacity: 6, gpu_usage_ratio: "0/6", gpu_usage_percentage: 0 },
        tenant_info: { primary_tenant: "customer1", owner_group: "Investors" },
      },
    ]);
    expect((await get("/api/contract-aggregates/A100")).body).toEqual({ status: "success", data: [] });
  });

  it("gives the machines of all tenants on a host", async () => {
    const { body } = await get("/api/host-vms/gpu-host-001");

    expect(body.data).toEqual({
      hostname: "gpu-host-001",
      vms: [
        {
          id: expect.any(String),
          name: "instance-001",
          status: "ACTIVE",
          flavor: "n3-L40-8",
          tenant: "tenant-a",
          created: "2024-01-15T10:30:00Z",
        },
      ],
      total_vms: 1,
    });
    expect((await get("/api/host-vms/gpu-host-009")).body.data).toMatchObject({ vms: [], total_vms: 0 });
  });

  it(
    "asks NetBox once in five minutes, by two requests, and not at all for what needs nothing of it",
    async () => {
      await get("/api/aggregates/L40");
      await site.netbox.resetCalls();

      await get("/api/aggregates/L40");
      await get("/api/aggregates/L40/runpod");
      await get("/api/gpu-types");
      expect(await site.netbox.calls()).toEqual([]);

      await site.netbox.fault({ match: { path: "/api/" }, action: { kind: "status", status: 403 } });
      const { status, body } = await get("/api/aggregates/A100");
      await site.netbox.clearFaults();
      expect([status, body.details.service]).toEqual([503, "netbox"]);
      expect((await get("/api/gpu-types")).status).toBe(200);

      await site.netbox.resetCalls();
      expect((await get("/api/aggregates/A100")).status).toBe(200);
      // None of its hosts has a tenant.
      expect(await site.netbox.calls()).toEqual([expect.objectContaining({ route: "/api/dcim/devices/", count: 1 })]);
    },
    TIMEOUT,
  );
});

describe("a migration", () => {
  it("is previewed as exactly two commands, and nothing is changed", async () => {
    await site.openstack.resetCalls();

    const { body } = await post("/api/preview-migration", MOVE);
    const wrong = await post("/api/preview-migration", {
      ...MOVE,
      source_aggregate: "L40-n3-spot",
      target_aggregate: "x",
    });

    expect(body).toEqual({
      status: "success",
      data: { commands: COMMANDS, validation: { source_exists: true, target_exists: true, host_in_source: true } },
    });
    expect(wrong.body.data.validation).toEqual({ source_exists: true, target_exists: false, host_in_source: false });
    const writes = (await site.openstack.calls()).filter(
      ({ method, route }) => method !== "GET" && !/tokens/.test(route),
    );
    expect(writes).toEqual([]);
  });

  it("is recommended for a host without machines", async () => {
    const of = async (hostname: string) =>
      (await post("/api/get-target-aggregate", { hostname, gpu_type: "L40" })).body.data;

    expect(await of("gpu-host-002")).toEqual({
      hostname: "gpu-host-002",
      recommended_aggregate: "L40-n3-spot",
      reasoning: "Host has no running VMs, suitable for spot aggregate",
    });
    expect(await of("gpu-host-001")).toMatchObject({
      recommended_aggregate: "L40-n3",
      reasoning: expect.stringContaining("1 running VM"),
    });
    expect(await of("gpu-host-006")).toMatchObject({ recommended_aggregate: "Contract-L40-Customer1" });
  });

  it(
    "runs the same commands, takes both aggregates over by their ids, and is told the same when asked again",
    async () => {
      const first = await post("/api/execute-migration", MOVE);

      expect(first.body).toEqual({
        status: "success",
        data: { ...MOVE, commands_executed: COMMANDS, execution_time: expect.stringMatching(/^\d+\.\ds$/) },
      });
      expect(first.status).toBe(200);
      expect(first.headers.get("fleetwright-change")).toMatch(/^c-/);
      const { ondemand, spot } = (await get("/api/aggregates/L40")).body.data;
      expect(namesOf(ondemand.hosts)).toEqual(["gpu-host-001", "gpu-host-003"]);
      expect(namesOf(spot.hosts)).toEqual(["gpu-host-002", "gpu-host-004"]);
      expect(site.fleet.git("show", "main:aggregates/L40-n3-spot.yaml")).toMatch(
        /adopt: "\d+"\nhosts: \[gpu-host-002\]\n/,
      );
      const change = await site.desk.changes.get(first.headers.get("fleetwright-change")!);
      expect(change.author.name).toBe("system");
      expect(change.approvals[0]!.by).toBe("policy: dialects.spot of fleet.yaml");

      expect((await post("/api/execute-migration", MOVE)).body).toEqual(first.body);
    },
    TIMEOUT,
  );

  it(
    "goes back by the files that it has made, and several at once stand in line",
    async () => {
      const back = { host: MOVE.host, source_aggregate: "L40-n3-spot", target_aggregate: "L40-n3" };
      const other = { ...back, host: "gpu-host-004" };

      const answers = await Promise.all([
        post("/api/execute-migration", back),
        post("/api/execute-migration", other),
        post("/api/execute-migration", back),
      ]);

      expect(
        answers.map(({ status }) => status),
        JSON.stringify(answers.map(({ body }) => body)),
      ).toEqual([200, 200, 200]);
      const { ondemand, spot } = (await get("/api/aggregates/L40")).body.data;
      expect(namesOf(ondemand.hosts)).toEqual(["gpu-host-001", "gpu-host-002", "gpu-host-003", "gpu-host-004"]);
      expect(spot.hosts).toEqual([]);
    },
    TIMEOUT,
  );

  it(
    "that the cloud refuses leaves the host where it was, and the files as they were",
    async () => {
      // The second of two: taken out already, and not taken in.
      await site.openstack.fault({
        match: { method: "POST", path: "/os-aggregates/\\d+/action$" },
        skip: 1,
        action: {
          kind: "status",
          status: 409,
          body: { conflictingRequest: { code: 409, message: "Host contains instances." } },
        },
      });
      const { status, body } = await post("/api/execute-migration", MOVE);
      await site.openstack.clearFaults();

      expect([status, body.details], JSON.stringify(body)).toEqual([
        500,
        expect.objectContaining({ change: expect.stringMatching(/^c-/) }),
      ]);
      const { ondemand, spot } = (await get("/api/aggregates/L40")).body.data;
      expect(namesOf(ondemand.hosts)).toContain(MOVE.host);
      expect(spot.hosts).toEqual([]);
      expect(site.fleet.git("show", "main:aggregates/L40-n3-spot.yaml")).not.toContain(MOVE.host);
      expect((await post("/api/execute-migration", MOVE)).status).toBe(200);
    },
    TIMEOUT,
  );

  it("of what there is not, or is not there, is refused without a change", async () => {
    const before = site.fleet.git("rev-parse", "main");
    const execute = async (more: object) => await post("/api/execute-migration", { ...MOVE, ...more });

    expect((await execute({ host: "nowhere" })).status).toBe(404);
    expect((await execute({ target_aggregate: "nowhere" })).status).toBe(404);
    expect((await execute({ target_aggregate: MOVE.source_aggregate })).status).toBe(400);
    const elsewhere = await execute({ host: "gpu-host-005" });
    expect(elsewhere.status).toBe(400);
    expect(elsewhere.body.details.validation).toMatchObject({ host_in_source: false });
    expect(site.fleet.git("rev-parse", "main")).toBe(before);
  });
});

describe("the command log", () => {
  it("has each command that was executed, and is empty once it was cleared", async () => {
    const { body } = await get("/api/command-log");
    const commands = body.data.map(({ command }: { command: string }) => command);
    expect(commands.slice(0, 2)).toEqual(COMMANDS);
    expect(body.data[0]).toEqual({
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      command: COMMANDS[0],
      status: "success",
      execution_time: expect.stringMatching(/^\d+\.\ds$/),
      user: "system",
    });
    expect(body.data.map(({ status }: { status: string }) => status)).toContain("error");

    const cleared = await site.ask("POST", "/api/clear-log");
    expect(cleared.body).toEqual({ status: "success", message: "Command log cleared successfully" });
    const { entries } = await site.people.audit.list();
    expect(entries[0]).toMatchObject({ action: "spot.clear-log", who: { email: "system@fleetwright.invalid" } });
    expect(entries.map(({ action }) => action)).toContain("spot.execute-migration");
    expect((await get("/api/command-log")).body).toEqual({ status: "success", data: [] });
    // Answers as before: the history has it still.
    expect((await post("/api/execute-migration", MOVE)).status).toBe(200);
  });
});

describe("every endpoint", () => {
  const PARAMETERS: Record<string, string> = { gpu_type: "L40", aggregate_type: "spot", hostname: "gpu-host-001" };
  const pathOf = (path: string) => path.replace(/\{(\w+)\}/g, (_, name: string) => PARAMETERS[name]!);

  // The others need a Hyperstack: `launch.integration.test.ts` walks those.
  it.each(stepsOf("spot"))(
    "$id answers with the documented members, and its documented errors",
    async ({ id, method, path, found, codes }) => {
      const example = found.request.body as { examples?: object[] };
      const body = method === "POST" ? { ...example.examples?.[0], ...bodies[id] } : undefined;
      const ask = (more: { path?: string; body?: object } = {}) =>
        site.ask(method, pathOf(more.path ?? path), more.body ?? body);
      const schema = found.responses[0]!.schema as object | undefined;

      const answer = await ask();
      expect(answer.status, JSON.stringify(answer.body)).toBe(200);
      if (schema !== undefined) {
        const check = pointedSchemas({ paths: { one: schema } } as never)("/paths/one");
        expect(check(answer.body), JSON.stringify(check.errors)).toBe(true);
      }

      const drive: Record<number, () => Promise<{ status: number; body: unknown }>> = {
        400: async () =>
          path.includes("{aggregate_type}")
            ? await ask({ path: path.replace("{aggregate_type}", "contracts") })
            : method === "GET"
              ? await ask({ path: path.replace(/\{\w+\}$/, "%00") })
              : await ask({ body: {} }),
        404: async () =>
          method === "GET"
            ? await ask({ path: path.replace(/\{(gpu_type|hostname)\}/, "nothing") })
            : await ask({ body: { ...body, host: "nowhere", hostname: "nowhere" } }),
        500: async () => await failing(id, ask),
        503: async () => await withoutCredential(ask),
      };
      for (const code of codes) {
        const { status, body } = await drive[code]!();
        expect([code, status, Object.keys(body as object).sort()], JSON.stringify(body)).toEqual([
          code,
          code,
          ["details", "error", "status"],
        ]);
      }
    },
    TIMEOUT,
  );
});

const bodies: Record<string, object> = {
  "preview-migration": { host: "gpu-host-001" },
  "execute-migration": MOVE,
  "get-target-aggregate": { hostname: "gpu-host-001", gpu_type: "L40" },
};

type Ask = () => ReturnType<SpotSite["ask"]>;

/** While OpenStack refuses our key, or for what asks none the database is gone. */
async function failing(id: string, ask: Ask) {
  if (id === "command-log" || id === "clear-log") {
    const { store } = site.desk.controller;
    const { setting, putSetting } = store;
    const fail = async () => {
      throw new Error("the database is gone");
    };
    Object.assign(store, { setting: fail, putSetting: fail });
    try {
      return await ask();
    } finally {
      Object.assign(store, { setting, putSetting });
    }
  }
  const action = { kind: "status", status: 403 } as const;
  await site.openstack.fault({ match: { path: "/os-aggregates|/os-services" }, times: 100, action });
  try {
    return await ask();
  } finally {
    await site.openstack.clearFaults();
  }
}

async function withoutCredential(ask: Ask) {
  const environment = site.desk.controller.environment as Record<string, string>;
  const secret = environment.FLEETWRIGHT_OS_SECRET!;
  environment.FLEETWRIGHT_OS_SECRET = "";
  try {
    return await ask();
  } finally {
    environment.FLEETWRIGHT_OS_SECRET = secret;
  }
}

describe("who may ask", () => {
  it("is whoever is on this machine, by its name, and no page of another site", async () => {
    const status = async (headers: Record<string, string>, loopback = true) =>
      (await site.ask("GET", "/api/command-log", undefined, headers, loopback)).status;

    expect(await status({})).toBe(200);
    expect(await status({ host: "127.0.0.1:6969" })).toBe(200);
    expect(await status({ host: "spot.example.net" })).toBe(401);
    expect(await status({ origin: "http://localhost:6969", "sec-fetch-site": "same-origin" })).toBe(200);
    expect(await status({ origin: "https://evil.example" })).toBe(403);
    expect(await status({ "sec-fetch-site": "cross-site" })).toBe(403);
    expect(await status({ "sec-fetch-site": "same-site" })).toBe(403);
  });

  it("needs an admin's token at an address that others reach", async () => {
    const status = async (headers: Record<string, string>) =>
      (await site.ask("GET", "/api/command-log", undefined, headers, false)).status;

    expect(await status({})).toBe(401);
    expect(await status({ authorization: "Bearer otto" })).toBe(403);
    expect(await status({ authorization: "Bearer admin" })).toBe(200);
    expect(await status({ authorization: "Bearer admin", host: "spot.example.net" })).toBe(200);
  });

  it("sends JSON, and gets no leave for other origins", async () => {
    const form = await site.ask("POST", "/api/preview-migration", MOVE, { "content-type": "text/plain" });
    expect(form.status).toBe(400);
    expect((await site.ask("POST", "/api/clear-log", undefined, { "content-type": "text/plain" })).status).toBe(400);
    const preflight = await site.ask("OPTIONS", "/api/execute-migration");
    expect(preflight.headers.get("access-control-allow-origin")).toBeNull();
    expect(preflight).toMatchObject({ status: 404, body: { status: "error", error: "no route" } });
  });

  it("finds nothing where the fleet has no policy for it", async () => {
    const { dialects } = site.desk.service.desired!.fleet.policies;
    site.desk.service.desired!.fleet.policies.dialects = {};
    const { status, body } = await get("/api/gpu-types");
    site.desk.service.desired!.fleet.policies.dialects = dialects!;

    expect([status, body]).toEqual([
      404,
      { status: "error", error: "no route", details: { method: "GET", path: "/api/gpu-types" } },
    ]);
  });
});

describe("the page for GPU hosts", () => {
  const LINK = "/ui/spot?type=L40&host=gpu-host-005&source=L40-n3-runpod";

  beforeAll(async () => {
    await addUser(site.people, "rita@example.org", { name: "Rita", role: "requester" });
    await addUser(site.people, "viola@example.org", { name: "Viola", role: "viewer" });
    await addUser(site.people, "tim@example.org", { name: "Tim", role: "operator", owners: ["tim"] });
  }, TIMEOUT);

  const visitor = async (name: string) => {
    const one = new Visitor(site.page);
    await one.signIn(`${name}@example.org`, PASSWORD);
    return one;
  };

  it(
    "shows hosts by class, and what a move would do beside them, and opens it as a change of whoever asks",
    async () => {
      const rita = await visitor("rita");
      const { text } = await rita.get("/ui/spot?type=L40");
      for (const words of ["On demand", "L40-n3-NVLink", "gpu-host-006", "customer1", "(Investors)", "0/10 GPUs, 0 %"])
        expect(text).toContain(words);
      expect(text).toContain("GPU hosts</a>");

      const chosen = (await rita.get(LINK)).text;
      expect(chosen).toContain("Host has no running VMs, suitable for spot aggregate");
      expect(chosen).toContain("<option selected>L40-n3-spot</option>");
      const shown = await rita.get(`${LINK}&target=L40-n3-spot`);
      expect(shown.text).toContain("openstack aggregate remove host L40-n3-runpod gpu-host-005");
      expect(shown.text).toContain("no instances on it: nothing else moves");

      const opened = await rita.send(`${LINK}&target=L40-n3-spot`, "/ui/spot/move");
      expect(opened.status, opened.text).toBe(303);
      const change = await site.desk.changes.get(opened.location!.split("/").at(-1)!);
      expect(change).toMatchObject({
        title: "Move gpu-host-005 from L40-n3-runpod to L40-n3-spot",
        author: { name: "Rita" },
        surface: "page",
      });
      await site.desk.changes.close(change.id, { name: "Rita", email: "rita@example.org" });
    },
    TIMEOUT,
  );

  it("offers moves to those who may open changes, and is not there for whoever is about some owners only", async () => {
    const viola = await visitor("viola");
    const { text } = await viola.get(LINK);
    expect(text).toContain("gpu-host-005");
    expect(text).not.toContain('href="/ui/spot?type=L40&amp;host=');
    expect(text).not.toContain('id="move"');
    const tim = await visitor("tim");
    expect((await tim.get("/ui/spot")).status).toBe(404);
    expect((await tim.get("/ui/me")).text).not.toContain("GPU hosts</a>");
  });

  it.skipIf(CHROMIUM === undefined)(
    "is dragged in a browser, without a complaint, in both schemes and on a telephone",
    async () => {
      const server = serve({ fetch: site.page.fetch, hostname: "127.0.0.1", port: 0 });
      const browser = await launch(CHROMIUM!);
      try {
        const { port } = server.address() as AddressInfo;
        const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
        const { page, complaints } = await newPage(context);
        await page.goto(`http://127.0.0.1:${port}/ui/sign-in`);
        await page.fill("input[name=email]", "rita@example.org");
        await page.fill("input[name=password]", PASSWORD);
        await page.click("main button");
        await page.waitForURL("**/ui/fleet");
        await page.goto(`http://127.0.0.1:${port}/ui/spot?type=L40`);

        await page.dragAndDrop('[data-host="gpu-host-005"]', '[data-aggregate="L40-n3-spot"]');
        await page.waitForSelector("#move .commands");

        expect(await page.textContent("#move")).toContain("openstack aggregate add host L40-n3-spot gpu-host-005");
        const found: string[] = [];
        for (const colorScheme of ["light", "dark"] as const)
          for (const width of [1280, 375]) {
            await page.emulateMedia({ colorScheme });
            await page.setViewportSize({ width, height: 800 });
            found.push(...(await findings(page)));
            expect(await page.evaluate("document.documentElement.scrollWidth - innerWidth")).toBeLessThanOrEqual(0);
            const pictures = process.env.PAGE_PICTURES;
            if (pictures !== undefined)
              await page.screenshot({ path: `${pictures}/spot-${colorScheme}-${width}.png`, fullPage: true });
          }
        expect(found).toEqual([]);
        expect(complaints).toEqual([]);
      } finally {
        await browser.close();
        server.close();
      }
    },
    TIMEOUT,
  );
});
