import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROUTES } from "../../../../controller/api/fleet/routes.ts";
import { mayAs, ROLES } from "../../../../controller/people/principal.ts";
import { server } from "../../../e2e/fleet.ts";
import { description, Site } from "./site.ts";

/** The whole way of a request: a converged fleet, its service, PostgreSQL, git. Every answer is held against the description. */
const keyHeader = () => ({ "idempotency-key": randomUUID() });

let site: Site;
let run: string;

beforeAll(async () => {
  site = await Site.open({ fleet: { policies: { spending: { monthly: { amount: 50, currency: "USD" } } } } });
  const runs = await site.ask("/fleet/v1/runs?stack=linode-main.0");
  run = runs.body.items[0].id;
  const by = { email: "operator@example.org", via: "command-line" } as const;
  const wish = { name: "Bea", email: "bea@example.org", role: "viewer", owners: ["acme"] } as const;
  const bea = await site.people.users.create(wish, by);
  const { key } = await site.people.keys.create({ user: bea.id, name: "walk" }, by);
  Object.assign(NAMES, { users: bea.id, "api-keys": key.id });
}, 240_000);
afterAll(async () => await site?.close());

/** Somebody stops web-2, and a pass sees it. */
async function stopByHand(): Promise<void> {
  const { cloud, id } = await site.clouds.server("web-2");
  await site.clouds.of(cloud).change(id, { power: "stopped" });
  await site.pass();
}

const names = (items: { name: string }[]) => items.map(({ name }) => name);

/** The address of a route with things that are there, all of which belong to acme or to nobody. */
function addressOf(path: string, name?: string): string {
  const member = name ?? (path.includes("/runs/") ? run : NAMES[path.split("/")[3] ?? ""]);
  return path
    .replace("{account}", name ?? "linode-main")
    .replace("{part}", "sizes")
    .replace("{field}", "token")
    .replace(/\{(name|id)\}/, member ?? "none");
}
/** Of mutations that want one, by the last word of their address. */
const BODIES: Record<string, object> = {
  approve: { hashes: ["0".repeat(64)] },
  close: {},
  bind: {},
  unbind: { endpoint: "https://api.example.org" },
  password: { password: "a long enough pass phrase" },
  "put {field}": { value: "a secret of this walk" },
  "patch users": { name: "Somebody" },
};
const NAMES: Record<string, string> = {
  servers: "web-1",
  firewalls: "web",
  plans: "small",
  keys: "ops",
  accounts: "linode-main",
};

describe("the table of routes", () => {
  it.each(ROUTES.map((route) => ({ route, name: `${route.method} ${route.path}` })))(
    "lets in whom $name is for, and nobody else",
    async ({ route: { method, path, role } }) => {
      const init = () => ({ method: method.toUpperCase(), headers: keyHeader() });
      const address = addressOf(path);

      const nobody = await site.ask(address, "", init());
      const unknown = await site.ask(address, "a token that nobody has", init());
      const others = await Promise.all(
        ROLES.map(async (one) => ({ one, status: (await site.ask(address, one, init())).status })),
      );

      // Without a body some refuse what is sent, and nobody for who it is.
      if (role === "anyone")
        return void expect([nobody, unknown].map(({ status }) => status === 200 || status === 415)).toEqual([
          true,
          true,
        ]);
      expect([nobody.status, unknown.status]).toEqual([401, 401]);
      expect(nobody.headers.get("www-authenticate")).toBe("Bearer");
      for (const { one, status } of others)
        expect([one, status === 403 || status === 401]).toEqual([one, !mayAs({ role: one }, role)]);
    },
  );

  it.each(
    ROUTES.filter(({ path }) => path.includes("{")).map((route) => ({ route, name: `${route.method} ${route.path}` })),
  )("answers 404 at $name for what is another's, as for what is not there", async ({ route: { method, path } }) => {
    const address = addressOf(path);
    const words = path.split("/");
    const [last] = words.slice(-1);
    const body =
      BODIES[last!] ??
      BODIES[`${method} ${last}`] ??
      BODIES[`${method} ${words[3]}`] ??
      (method === "patch" ? { labels: {} } : undefined);
    const init = {
      method: method.toUpperCase(),
      headers: { ...keyHeader(), ...(body && { "content-type": "application/json" }) },
      ...(body && { body: JSON.stringify(body) }),
    };
    const missing = await site.ask(addressOf(path, "none"), "admin", init);

    const another = await site.ask(address, "nobody", init);

    expect(missing.status).toBe(404);
    // Plans are for all who may read, and for admins of all of the fleet to write; notifications are for those alone.
    const isForAll = path.startsWith("/fleet/v1/plans/") || path.startsWith("/fleet/v1/webhooks/");
    const expected = isForAll ? (method === "get" ? 200 : 403) : 404;
    expect(another.status).toBe(expected);
  });

  it("is told whole by a description whose references all lead somewhere", async () => {
    const { body } = await site.ask("/openapi.json", "");
    const pointers = [...JSON.stringify(body).matchAll(/"\$ref":"#([^"]+)"/g)].map(([, pointer]) => pointer!);
    const at = (pointer: string) =>
      pointer
        .split("/")
        .slice(1)
        .reduce((value, part) => value?.[part.replaceAll("~1", "/").replaceAll("~0", "~")], body);
    const ids = ROUTES.map(({ id }) => id);

    expect(body.openapi).toBe("3.1.0");
    expect(pointers.length).toBeGreaterThan(50);
    expect(pointers.filter((pointer) => at(pointer) === undefined)).toEqual([]);
    expect(new Set(ids).size).toBe(ids.length);
    expect(Object.keys(description.paths)).toHaveLength(new Set(ROUTES.map(({ path }) => path)).size);
  });
});

describe("what a cloud tells of a machine", () => {
  const secret = "https://console.example.org/?token=of-this-test";

  it("are figures of what it has measured, asked for once a minute", async () => {
    await site.clouds.forgetCalls();

    const { status, body } = await site.ask("/fleet/v1/servers/web-2/metrics", "globex");

    expect([status, body.window, body.windows]).toEqual([200, "day", ["day"]]);
    expect(body.series.map(({ metric }: { metric: string }) => metric)).toEqual([
      "cpu",
      "network-in",
      "network-out",
      "disk",
    ]);
    await site.ask("/fleet/v1/servers/web-2/metrics?window=day", "viewer");
    const asked = (await site.clouds.of("linode").calls()).filter(({ route }) => route.endsWith("/stats"));
    expect(asked.map(({ count }) => count)).toEqual([1]);
    const of = async (path: string, token = "viewer") => {
      const { status, body } = await site.ask(`/fleet/v1/servers/${path}`, token);
      return [status, body.code, body.detail];
    };
    expect(await of("web-2/metrics?window=week")).toEqual([
      422,
      "CLOUD_UNSUPPORTED",
      "Linode tells no figures for a week, only for a day",
    ]);
    const { clouds } = site.controller;
    const { metrics: _, ...blind } = clouds.digitalocean!;
    Object.assign(site.controller, { clouds: { ...clouds, digitalocean: blind } });
    expect(await of("api-1/metrics")).toEqual([422, "CLOUD_UNSUPPORTED", "DigitalOcean tells no figures of machines"]);
    Object.assign(site.controller, { clouds });
    // It is not monitored.
    expect((await site.ask("/fleet/v1/servers/api-1/metrics")).body.series).toEqual([]);
    expect((await of("web-2/metrics", "acme"))[0]).toBe(404);
  });

  it("is a console in one answer alone: whoever has its address is let in", async () => {
    const { clouds } = site.controller;
    const console = { open: async () => ({ url: secret }) };
    Object.assign(site.controller, { clouds: { ...clouds, digitalocean: { ...clouds.digitalocean, console } } });
    const open = async (name: string, token: string, headers = keyHeader()) =>
      await site.ask(`/fleet/v1/servers/${name}/console`, token, { method: "POST", headers });
    const headers = keyHeader();

    const first = await open("api-1", "operator", headers);
    const again = await open("api-1", "operator", headers);

    expect([first.status, first.body]).toEqual([200, { server: "api-1", url: secret }]);
    expect(first.headers.get("cache-control")).toBe("no-store");
    expect(again.body).toEqual({ server: "api-1" });
    expect((await open("api-1", "approver")).status).toBe(403);
    expect((await open("api-1", "acme")).status).toBe(200);
    expect((await open("api-1", "globex")).status).toBe(404);
    const none = await open("web-1", "operator");
    expect([none.status, none.body.detail]).toEqual([422, "Linode has no console that a program can open"]);
    const audit = await site.ask("/fleet/v1/audit?limit=500", "admin");
    const opened = { action: "api.openServerConsole", object: "/fleet/v1/servers/api-1/console" };
    expect(audit.body.items).toContainEqual(expect.objectContaining(opened));
    const { rows } = await site.controller.store.jobs.executeSql("select answer::text from api_request", []);
    expect(rows.length).toBeGreaterThan(0);
    for (const text of [audit.text, JSON.stringify(rows), site.logged.join("\n")])
      expect(text).not.toContain("of-this-test");
    Object.assign(site.controller, { clouds });
  });
});

describe("an object", () => {
  it("has what its file says beside what is recorded and seen, and no user data", async () => {
    await site.pass();
    const { body, text } = await site.ask("/fleet/v1/servers/web-1");

    expect(body).toMatchObject({
      name: "web-1",
      file: { path: "servers/web-1.yaml", blob: site.fleet.git("rev-parse", "HEAD:servers/web-1.yaml") },
      desired: { kind: "Server", region: "us-east", owner: "acme" },
      hidden: ["userData"],
      state: { sync: "synced", recorded: { stack: "linode-main.0" }, actual: { class: "managed", power: "running" } },
    });
    expect(body.state.recorded.id).toBe((await site.clouds.server("web-1")).id);
    expect(body.state.cost.currency).toBe("USD");
    expect(text).not.toContain("a secret of web-1");
  });

  it("is 304 for whoever has it, until it has changed or its state has", async () => {
    const first = await site.ask("/fleet/v1/servers/web-2");
    const etag = first.headers.get("etag")!;
    const again = await site.ask("/fleet/v1/servers/web-2", "viewer", {
      headers: { "if-none-match": `"x", W/${etag}` },
    });
    await stopByHand();
    const drifted = await site.ask("/fleet/v1/servers/web-2", "viewer", { headers: { "if-none-match": etag } });

    expect([again.status, again.text, again.headers.get("etag")]).toEqual([304, "", etag]);
    expect(etag.slice(1, 41)).toBe(first.body.file.blob);
    expect([drifted.status, drifted.body.state.sync]).toEqual([200, "drifted"]);
    expect(drifted.headers.get("etag")!.slice(1, 41)).toBe(first.body.file.blob);
  });

  it("has its history in git over a move of its file: who, when, and which fields", async () => {
    const before = site.fleet.read("servers/api-1.yaml");
    await site.commit({ "servers/api-1.yaml": before.replace("env: test", "env: stage") }, "Stage api-1");
    await site.commit(
      { "servers/api-1.yaml": null, "servers/eu/api-1.yaml": site.fleet.read("servers/api-1.yaml") },
      "Move api-1",
    );

    const all = await site.ask("/fleet/v1/servers/api-1/history");
    const pages: unknown[] = [];
    for (let next = "", at = 0; at < 9; at += 1) {
      const { body } = await site.ask(`/fleet/v1/servers/api-1/history?limit=1${next && `&cursor=${next}`}`);
      pages.push(...body.items);
      next = body.next ?? "";
      if (next === "") break;
    }

    expect(all.body.items).toMatchObject([
      { subject: "Move api-1", path: "servers/eu/api-1.yaml", changes: [] },
      {
        subject: "Stage api-1",
        path: "servers/api-1.yaml",
        author: { name: "Ada Operator", email: "ada@example.org" },
        changes: [{ path: "labels.env", before: "test", after: "stage" }],
      },
      { subject: "Begin", path: "servers/api-1.yaml" },
    ]);
    expect(pages).toEqual(all.body.items);
    const secrets = await site.ask("/fleet/v1/servers/web-1/history");
    expect(secrets.text).not.toContain("a secret of web-1");
    expect(secrets.body.items[0].changes).toContainEqual({ path: "userData", secret: true });
  });

  it("that servers share is there for those who have such a server", async () => {
    const own = await site.ask("/fleet/v1/firewalls/web", "acme");
    const others = await site.ask("/fleet/v1/firewalls/web", "globex");

    expect([own.status, others.status]).toEqual([200, 404]);
    expect(own.body.state.compiled).toMatchObject([{ account: "linode-main", sync: "synced" }]);
  });
});

describe("a list", () => {
  it("has what is within somebody's scopes", async () => {
    const [all, acme, linode] = await Promise.all(
      ["viewer", "acme", "linode"].map(async (who) => names((await site.ask("/fleet/v1/servers", who)).body.items)),
    );

    expect(all).toEqual(["api-1", "web-1", "web-2"]);
    expect(acme).toEqual(["api-1", "web-1"]);
    expect(linode).toEqual(["web-1", "web-2"]);
    expect(names((await site.ask("/fleet/v1/accounts", "globex")).body.items)).toEqual(["linode-main"]);
  });

  it("is filtered and sorted as described", async () => {
    await stopByHand();
    const of = async (query: string) => names((await site.ask(`/fleet/v1/servers?${query}`)).body.items);

    expect(await of("q=web&owner=acme")).toEqual(["web-1"]);
    expect(await of("label=env:prod")).toEqual(["web-2"]);
    expect(await of("provider=digitalocean")).toEqual(["api-1"]);
    expect(await of("sync=drifted")).toEqual(["web-2"]);
    expect(await of("sort=-name")).toEqual(["web-2", "web-1", "api-1"]);
    expect(await of("sort=account&limit=1")).toEqual(["api-1"]);
  });

  it("tells every object once while others are added and removed between its pages", async () => {
    const many = Array.from({ length: 12 }, (_, at) => `page-${String(at * 2).padStart(2, "0")}`);
    const file = (name: string) => ({ [`servers/${name}.yaml`]: server("linode", name, { owner: "pages" }) });
    await site.commit(Object.assign({}, ...many.map(file)));
    const seen: string[] = [];
    let next = "";
    for (let page = 0; page < 20; page += 1) {
      const { body } = await site.ask(`/fleet/v1/servers?owner=pages&limit=3${next && `&cursor=${next}`}`);
      seen.push(...names(body.items));
      next = body.next ?? "";
      if (next === "") break;
      if (page === 1)
        await site.commit({
          ...file("page-01"),
          ...file("page-21"),
          "servers/page-04.yaml": null,
          "servers/page-20.yaml": null,
        });
    }

    expect(seen).toEqual([...many.filter((name) => name !== "page-20"), "page-21"].sort());
    await site.commit(
      Object.fromEntries(
        [...seen, "page-01"].filter((name) => name !== "page-04").map((name) => [`servers/${name}.yaml`, null]),
      ),
    );
  });

  it("takes no cursor of another list or order, and none that is made up", async () => {
    const { body } = await site.ask("/fleet/v1/servers?limit=1");
    const others = await Promise.all(
      [
        `servers?sort=-name&cursor=${body.next}`,
        `drift?cursor=${body.next}`,
        "servers?cursor=W10",
        "runs?cursor=e30",
      ].map(async (path) => (await site.ask(`/fleet/v1/${path}`)).body),
    );

    for (const problem of others)
      expect(problem).toMatchObject({ status: 400, code: "USAGE", errors: [{ parameter: "cursor" }] });
  });
});

describe("what else is read", () => {
  it("tells drift by field and by cause, each owner theirs", async () => {
    await stopByHand();
    const { body } = await site.ask("/fleet/v1/drift");
    const acme = await site.ask("/fleet/v1/drift", "acme");

    expect(body.items).toMatchObject([{ name: "web-2", field: "power", desired: "running", actual: "stopped" }]);
    expect(body.causes).toMatchObject([{ path: "power", names: ["web-2"], account: "linode-main" }]);
    expect([acme.body.items, acme.body.causes]).toEqual([[], []]);
  });

  it("tells the machines of the clouds, and foreign ones only to those who are about every owner", async () => {
    await site.pass();
    const all = await site.ask("/fleet/v1/inventory?class=managed");
    const acme = await site.ask("/fleet/v1/inventory", "acme");

    expect(all.body.items.map(({ server: name }: { server: string }) => name).sort()).toEqual([
      "api-1",
      "web-1",
      "web-2",
    ]);
    expect(acme.body.items.map(({ server: name }: { server: string }) => name).sort()).toEqual(["api-1", "web-1"]);
  });

  it("tells accounts without anything of their credentials", async () => {
    const { text, body } = await site.ask("/fleet/v1/accounts/linode-main");

    expect(body).toMatchObject({ name: "linode-main", provider: "linode", servers: 2, inFiles: true });
    for (const secret of [site.clouds.tokens.linode, "FLEETWRIGHT_LINODE_TOKEN", "credentials"])
      expect(text).not.toContain(secret);
  });

  it("sums what servers cost, by currency and group", async () => {
    const { body } = await site.ask("/fleet/v1/costs?by=owner");
    const one = await site.ask("/fleet/v1/servers/web-2");

    expect(body.total.servers).toBe(3);
    expect(body.groups.map(({ key }: { key: string }) => key)).toEqual(["acme", "globex"]);
    expect(body.groups[1].cost).toEqual([one.body.state.cost]);
    expect((await site.ask("/fleet/v1/costs", "globex")).body.total.servers).toBe(1);
  });

  it("tells what the accounts have cost day by day, to each what is theirs", async () => {
    await site.pass();
    const now = (await site.ask("/fleet/v1/costs")).body.total.cost;
    const { body } = await site.ask("/fleet/v1/costs/history?days=7");
    const theirs = (await site.ask("/fleet/v1/costs/history?by=owner", "globex")).body.currencies[0];
    const one = (await site.ask("/fleet/v1/servers/web-2")).body.state.cost;

    expect(body.currencies.map(({ currency }: { currency: string }) => currency)).toEqual(["USD"]);
    expect(body.currencies[0].total.at(-1)).toMatchObject({ day: body.to, monthlyMicro: now[0].monthlyMicro });
    expect(body.currencies[0].groups.map(({ key }: { key: string }) => key).sort()).toEqual(["do-main", "linode-main"]);
    expect(theirs.groups).toMatchObject([{ key: "globex", points: [{ servers: 1, monthlyMicro: one.monthlyMicro }] }]);
    expect(theirs.total).toEqual(theirs.groups[0].points);
  });

  it("tells what accounts may cost and do, to those who are about all owners", async () => {
    await site.pass();
    const { body } = await site.ask("/fleet/v1/spending");
    const of = (name: string) => body.accounts.find(({ account }: { account: string }) => account === name);
    const { groups } = (await site.ask("/fleet/v1/costs?by=account")).body;

    expect(names(body.accounts.map(({ account: name }: { account: string }) => ({ name })))).toEqual([
      "do-main",
      "linode-main",
      "pve-lab",
    ]);
    for (const name of ["do-main", "linode-main"])
      expect(of(name)).toMatchObject({
        limitMicro: 50e6,
        cap: false,
        committedMicro: groups.find(({ key }: { key: string }) => key === name).cost[0].monthlyMicro,
        spentMicro: expect.any(Number),
        projectedMicro: expect.any(Number),
        uncounted: 0,
      });
    expect((await site.ask("/fleet/v1/spending", "globex")).body.accounts).toEqual([]);
  });

  it("finds the cheapest, compares up to a price, and tells what is sold", async () => {
    const cheapest = await site.ask("/fleet/v1/cheapest?vcpus=2&memoryMiB=2048&account=linode-main&account=do-main");
    const { hourlyMicro } = cheapest.body.offers[0].cost;
    const compared = await site.ask(`/fleet/v1/compare?maxHourlyMicro=${hourlyMicro}&vcpus=2`);
    const sizes = await site.ask("/fleet/v1/accounts/linode-main/catalog/sizes");
    for (const part of ["regions", "images", "marketplace"])
      expect((await site.ask(`/fleet/v1/accounts/linode-main/catalog/${part}`)).status).toBe(200);

    for (const { vcpus, memoryMiB } of cheapest.body.offers) expect(vcpus >= 2 && memoryMiB >= 2048).toBe(true);
    for (const { cost } of compared.body.offers) expect(cost.hourlyMicro).toBeLessThanOrEqual(hourlyMicro);
    expect(compared.body.offers.length).toBeGreaterThan(0);
    expect(names(sizes.body.items)).toContain("g6-nanode-1");
  });

  it("lists stacks and runs; of those of several owners each is told theirs", async () => {
    const stacks = await site.ask("/fleet/v1/stacks");
    const first = await site.ask("/fleet/v1/runs?limit=1");
    const second = await site.ask(`/fleet/v1/runs?limit=1&cursor=${first.body.next}`);
    const acme = await site.ask(`/fleet/v1/runs/${run}`, "acme");

    expect(names(stacks.body.items)).toEqual(["do-main.0", "do-main.base", "linode-main.0", "linode-main.base"]);
    expect(second.body.items[0].id).not.toBe(first.body.items[0].id);
    expect(acme.body.objects.map(({ key }: { key: string }) => key)).toEqual(["Server//web-1"]);
    expect((await site.ask(`/fleet/v1/runs/${run}`)).body.objects).toHaveLength(2);
  });

  it("has the service look at the repository, and waits for that when asked to", async () => {
    const ask = (query: string, headers: Record<string, string>) =>
      site.ask(`/fleet/v1/looks${query}`, "requester", { method: "POST", headers: { ...keyHeader(), ...headers } });
    const commit = site.fleet.write({ "README.md": "A fleet." }).commit();

    const waited = await ask("", { prefer: "respond-async, wait=30" });
    const sent = await ask("", {});
    const dry = await ask("?dryRun=true", {});
    const keyless = await site.ask("/fleet/v1/looks", "requester", { method: "POST" });

    expect([waited.status, waited.body.commit]).toEqual([200, commit]);
    expect([sent.status, sent.headers.get("location")]).toEqual([202, "/fleet/v1/version"]);
    expect(dry.status).toBe(200);
    expect(keyless.body).toMatchObject({
      status: 400,
      errors: [{ parameter: "Idempotency-Key", detail: "is missing" }],
    });
    expect((await site.ask("/fleet/v1/whoami", "acme")).body).toMatchObject({ role: "admin", owners: ["acme"] });
    expect((await site.ask("/fleet/v1/version")).body.commit).toBe(commit);
  });
});

interface Sent {
  id: string;
  event: string;
}

/** Reads a stream until it ends, or until `most` events have come; then it is cut. */
async function follow(path: string, from = "", most = Number.POSITIVE_INFINITY, token = "viewer") {
  const headers = { authorization: `Bearer ${token}`, ...(from && { "last-event-id": from }) };
  const response = await site.app.request(path, { headers });
  const events: Sent[] = [];
  let text = "";
  if (response.body !== null) {
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      const blocks = text.split("\n\n");
      events.length = 0;
      for (const block of blocks.slice(0, -1)) {
        const field = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(block)?.[1] ?? "";
        if (field("event") !== "") events.push({ id: field("id"), event: field("event") });
      }
      if (events.length >= most) break;
    }
  }
  return { status: response.status, events: events.slice(0, most), text };
}

describe("a run that is followed", () => {
  const startRun = async (id: string) => {
    const { store } = site.controller;
    const controller = { pid: process.pid, startTime: "1", host: "another machine" };
    await store.startRun({
      id,
      stack: "linode-main.0",
      kind: "up",
      controller,
      startedAt: new Date().toISOString(),
      objects: [],
      commit: "c",
    });
    const tell = (from: number, to: number) =>
      store.putEvents(Array.from({ length: to - from }, (_, at) => ({ run: id, kind: `step-${from + at}`, data: {} })));
    return { store, tell };
  };

  it("is told without a gap and without a repeat, over cuts, while events come, and ends with the run", async () => {
    const id = "run-of-the-test";
    const { store, tell } = await startRun(id);
    const path = `/fleet/v1/runs/${id}/events`;
    await tell(0, 3);
    const seen: Sent[] = [];
    for (const [from, to] of [
      [3, 6],
      [6, 7],
      [7, 12],
    ] as const) {
      const cut = await follow(path, seen.at(-1)?.id, 2);
      seen.push(...cut.events);
      await tell(from, to);
    }
    const rest = follow(path, seen.at(-1)?.id);
    await tell(12, 20);
    await store.finishRun(id, "succeeded");
    const { events, text } = await rest;
    const whole = await follow(path);
    const after = await follow(path, events.at(-2)!.id);

    const steps = Array.from({ length: 20 }, (_, at) => `step-${at}`);
    expect([...seen, ...events].map(({ event }) => event)).toEqual([...steps, "end"]);
    expect(whole.events.map(({ event }) => event)).toEqual([...steps, "end"]);
    expect(text).toContain('data: {"outcome":"succeeded"}');
    expect([after.status, after.events]).toEqual([204, []]);
  });

  it("gives signs of life while nothing happens, and its head without a body", async () => {
    const { store } = await startRun("quiet-run");
    const path = "/fleet/v1/runs/quiet-run/events";
    const response = await site.app.request(path, {
      headers: { authorization: "Bearer viewer" },
    });
    let text = "";
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      if (text.includes(": still here\n\n")) break;
    }
    const head = await site.ask(path, "viewer", { method: "HEAD" });
    await store.finishRun("quiet-run", "failed");

    expect(text).toContain(": still here\n\n");
    expect([head.status, head.text]).toEqual([200, ""]);
  });

  it("of several owners tells each what is theirs, and the run's end", async () => {
    const acme = await follow(`/fleet/v1/runs/${run}/events`, "", undefined, "acme");
    const all = await follow(`/fleet/v1/runs/${run}/events`);

    expect(acme.text).toContain("Server//web-1");
    expect(acme.text).not.toContain("web-2");
    expect(all.text).toContain("web-2");
    expect(acme.events.at(-1)!.event).toBe("end");
  });
});

describe("a request that is not as described", () => {
  it.each([
    { path: "/fleet/v1/servers?limit=0", errors: [{ parameter: "limit" }] },
    { path: "/fleet/v1/servers?limit=1&limit=2", errors: [{ parameter: "limit" }] },
    { path: "/fleet/v1/servers?sort=blob", errors: [{ parameter: "sort" }] },
    { path: "/fleet/v1/servers?ownr=acme", errors: [{ parameter: "ownr" }] },
    {
      path: "/fleet/v1/servers?__proto__=1&constructor=2",
      errors: [{ parameter: "__proto__" }, { parameter: "constructor" }],
    },
    { path: "/fleet/v1/servers/a%00b", errors: [{ parameter: "name" }] },
    { path: "/fleet/v1/servers?label=constructor", errors: undefined },
  ])("is a problem that names what is wrong: $path", async ({ path, errors }) => {
    const { status, body } = await site.ask(path);

    if (errors === undefined) return void expect([status, body.items]).toEqual([200, []]);
    expect(body).toMatchObject({ status: 400, code: "USAGE", type: "/fleet/v1/docs#problem-USAGE", errors });
    expect(body.instance).toMatch(/^urn:uuid:/);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it("tells other methods with Allow, other addresses as missing, and what is too large", async () => {
    const put = await site.ask("/fleet/v1/servers", "admin", { method: "PUT" });
    const options = await site.ask("/fleet/v1/servers/web-1", "", { method: "OPTIONS" });
    const head = await site.ask("/fleet/v1/servers/web-1", "viewer", { method: "HEAD" });
    const elsewhere = await site.ask("/fleet/v1/nothing");
    const long = await site.ask(`/fleet/v1/servers?q=${"x".repeat(9000)}`);
    const heavy = await site.ask("/fleet/v1/servers", "viewer", { headers: { "x-heavy": "x".repeat(17_000) } });

    expect([put.status, put.headers.get("allow"), put.body.code]).toEqual([
      405,
      "GET, HEAD, POST, OPTIONS",
      "METHOD_NOT_ALLOWED",
    ]);
    expect([options.status, options.headers.get("allow")]).toEqual([204, "GET, HEAD, PATCH, DELETE, OPTIONS"]);
    expect([head.status, head.text, head.headers.get("etag") !== null]).toEqual([200, "", true]);
    expect([elsewhere.status, long.status, heavy.status]).toEqual([404, 414, 431]);
    for (const { headers } of [put, options, head, elsewhere, long, heavy]) {
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("content-security-policy")).toContain("default-src 'none'");
      expect(headers.get("access-control-allow-origin")).toBeNull();
      expect(headers.get("cache-control")).toMatch(/no-store|no-cache/);
    }
  });

  it("is told nothing of the inside where something fails, and the log is told all", async () => {
    const { store } = site.controller;
    const { passes } = store;
    store.passes = () => Promise.reject(new Error("password=hunter2 at 10.0.0.7"));
    const { body, text } = await site.ask("/fleet/v1/drift");
    store.passes = passes;

    expect(body).toMatchObject({ status: 500, code: "BUG" });
    expect(text).not.toMatch(/hunter2|10\.0\.0\.7/);
    expect(site.logged.find((line) => line.includes(body.instance))).toContain("hunter2");
  });
});

describe("the page of the description", () => {
  it("has every route and code, takes nothing from elsewhere and runs no scripts", async () => {
    const { text, headers } = await site.ask("/fleet/v1/docs", "");

    for (const { id, path } of ROUTES) for (const one of [`id="${id}"`, path]) expect(text).toContain(one);
    expect(text).toContain('id="problem-NOT_FOUND"');
    expect(text).not.toMatch(/<script|<link|<img|\son\w+=|https?:\/\/(?!json-schema)[a-z.]+\/[^"]*\.(js|css)/);
    expect(headers.get("content-security-policy")).toMatch(/^default-src 'none'; style-src 'sha256-/);
    expect(text).toContain("color-scheme: light dark");
  });
});
