import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { serve } from "@hono/node-server";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { KEPT_MS } from "../../../../controller/api/vps/cache.ts";
import { VpsTables } from "../../../../controller/api/vps/tables.ts";
import { unsettledLanes } from "../../../../controller/jobs/lanes.ts";
import { findFleetDrift } from "../../../../controller/reconcile/drift.ts";
import { readInventory } from "../../../../controller/reconcile/inventory.ts";
import { prepare } from "../../../../controller/reconcile/preview.ts";
import { DIGITALOCEAN_TOKEN } from "../../../../simulators/digitalocean/index.ts";
import { LINODE_TOKEN } from "../../../../simulators/linode/index.ts";
import { addUser, PASSWORD } from "../../people/support.ts";
import { findChromium, findings, launch, newPage } from "../../ui/chromium.ts";
import { Visitor } from "../../ui/visitor.ts";
import { VpsSite } from "./site.ts";

const CHROMIUM = findChromium();
const PROVIDERS = "/api/admin/providers";
const KEYS = ["active", "configuration", "created_at", "id", "name", "type", "updated_at"];

const server = (name: string, account: string) => ({
  ...{ kind: "Server", name, account, region: "nyc3", size: "s-1vcpu-1gb", image: "ubuntu-24-04-x64" },
});
const PLAN = {
  ...{
    kind: "Plan",
    name: "small",
    vcpus: 1,
    memoryMiB: 1024,
    diskGiB: 25,
    basePrice: 4,
    markup: 1.5,
    currency: "USD",
  },
  sizes: { linode: "g6-nanode-1", digitalocean: "s-1vcpu-1gb" },
};

let site: VpsSite;
beforeAll(async () => {
  site = await VpsSite.open({ "plans/small.yaml": PLAN, "servers/kept.yaml": server("kept", "do-main") });
}, 60_000);
afterAll(async () => await site?.close());

const rowOf = async (name: string) =>
  (await site.get(PROVIDERS, "admin")).body.providers.find((one: { name: string }) => one.name === name);

const add = async (name: string, more: object = {}) =>
  await site.ask("POST", PROVIDERS, "admin", { name, type: "digitalocean", api_key: DIGITALOCEAN_TOKEN, ...more });

describe("providers are accounts of the fleet", () => {
  it("lists those of the document's types with exactly the document's members", async () => {
    const { status, body } = await site.get(PROVIDERS, "admin");

    expect(status).toBe(200);
    expect(Object.keys(body)).toEqual(["providers"]);
    expect(body.providers.map(({ type }: { type: string }) => type).sort()).toEqual(["digitalocean", "linode"]);
    for (const row of body.providers) {
      expect(Object.keys(row).sort()).toEqual(KEYS);
      expect(row.created_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    }
  });

  it("tries the key, seals it, and commits a reference to it", async () => {
    const told = await add("DigitalOcean Production", { configuration: { default_region: "nyc3", note: "east" } });

    expect(told.body).toEqual({
      success: true,
      provider: { id: expect.any(String), name: "DigitalOcean Production", type: "digitalocean", active: true },
    });
    expect(told.status).toBe(201);
    expect(told.headers.get("fleetwright-change")).toMatch(/^c-/);
    site.fleet.git("reset", "-q", "--hard");
    const file = site.fleet.read("accounts/digitalocean-production.yaml");
    expect(file).toMatch(/sealed: true/);
    expect(file).toMatch(/defaultRegion: nyc3/);
    expect(file).not.toContain(DIGITALOCEAN_TOKEN);
    expect(site.fleet.git("log", "-1", "--format=%an")).toBe("admin");
    expect((await rowOf("DigitalOcean Production")).configuration).toEqual({ note: "east", default_region: "nyc3" });
  });

  it("keeps the id whatever becomes of the title, and gives another to another of that title", async () => {
    const before = await rowOf("DigitalOcean Production");
    const again = await add("DigitalOcean Production");
    const renamed = await site.ask("PUT", `${PROVIDERS}/${again.body.provider.id}`, "admin", { name: "Second" });

    expect(again.body.provider.id).not.toBe(before.id);
    expect(renamed.body.provider).toEqual({ ...again.body.provider, name: "Second" });
    expect((await rowOf("DigitalOcean Production")).id).toBe(before.id);
  });

  it.each([
    ["a type that has no adapter", { type: "gcp" }, "VALIDATION_ERROR", "type"],
    ["a type that is none", { type: "azure" }, "VALIDATION_ERROR", "type"],
    ["a key that the provider does not take", { api_key: "wrong" }, "INVALID_CREDENTIALS", "api_key"],
    ["a key of aws without its secret", { type: "aws", api_key: "AKIA" }, "VALIDATION_ERROR", "api_key"],
    ["no name", { name: "" }, "VALIDATION_ERROR", "name"],
    [
      "a secret in the configuration",
      { configuration: { x: { apiToken: "t" } } },
      "VALIDATION_ERROR",
      "configuration.apiToken",
    ],
  ])("refuses %s with 400, and nothing is left of it", async (_, more, code, field) => {
    const head = site.fleet.git("rev-parse", "main");

    const told = await add("Refused", more);

    expect([told.status, told.body.code, told.body.field]).toEqual([400, code, field]);
    expect(site.fleet.git("rev-parse", "main")).toBe(head);
    const { credentials } = await site.controller.credentials.list();
    expect(credentials.map(({ account }) => account)).not.toContain("refused");
  });

  it("forgets the key of one whose commit is refused", async () => {
    const told = await add("Nowhere", { configuration: { default_region: "atlantis" } });

    expect([told.status, told.body.code]).toEqual([400, "VALIDATION_ERROR"]);
    const { credentials } = await site.controller.credentials.list();
    expect(credentials.map(({ account }) => account)).not.toContain("nowhere");
    expect(await rowOf("Nowhere")).toBeUndefined();
  });

  it("seals a new key alone without a commit, and none that the provider refuses", async () => {
    const { id } = await rowOf("Second");
    const head = site.fleet.git("rev-parse", "main");

    const told = await site.ask("PUT", `${PROVIDERS}/${id}`, "admin", { api_key: DIGITALOCEAN_TOKEN });
    const bad = await site.ask("PUT", `${PROVIDERS}/${id}`, "admin", { api_key: "wrong", name: "Other" });

    expect([told.status, told.headers.get("fleetwright-change")]).toEqual([200, null]);
    expect([bad.status, bad.body.code]).toEqual([400, "INVALID_CREDENTIALS"]);
    expect(site.fleet.git("rev-parse", "main")).toBe(head);
    expect(await rowOf("Other")).toBeUndefined();
  });

  it("replaces the configuration as a whole", async () => {
    const { id } = await rowOf("DigitalOcean Production");

    await site.ask("PUT", `${PROVIDERS}/${id}`, "admin", { configuration: { default_region: "sfo3" } });

    expect((await rowOf("DigitalOcean Production")).configuration).toEqual({ default_region: "sfo3" });
  });

  it("has an account whose key is in the environment take a sealed one", async () => {
    const { id } = await rowOf("linode-main");

    const told = await site.ask("PUT", `${PROVIDERS}/${id}`, "admin", { api_key: LINODE_TOKEN });

    expect(told.status).toBe(200);
    site.fleet.git("reset", "-q", "--hard");
    expect(site.fleet.read("accounts/linode-main.yaml")).toMatch(/sealed: true/);
  });

  it("answers PROVIDER_NOT_FOUND for what is none, and VALIDATION_ERROR for what is no JSON", async () => {
    const none = await site.ask("PUT", `${PROVIDERS}/00000000-0000-4000-8000-000000000000`, "admin", {});
    const word = await site.ask("DELETE", `${PROVIDERS}/nothing`, "admin");
    const text = await site.ask("POST", PROVIDERS, "admin", '{"api_key": "secret-of-mine');

    expect([none.status, none.body.code, word.body.code]).toEqual([404, "PROVIDER_NOT_FOUND", "PROVIDER_NOT_FOUND"]);
    expect([text.status, text.body.code]).toEqual([400, "VALIDATION_ERROR"]);
    expect(text.text).not.toContain("secret-of-mine");
  });

  it("tells what a key may do and what is left of its limits, without the key", async () => {
    const { id } = await rowOf("Second");

    const told = await site.ask("POST", `${PROVIDERS}/${id}/validate`, "admin");

    expect(told.body).toMatchObject({ success: true, message: expect.any(String), may: expect.any(Array) });
    expect(told.body.limits.map(({ scope }: { scope: string }) => scope)).toEqual(
      expect.arrayContaining(["hour", "minute"]),
    );
    expect(told.text).not.toContain(DIGITALOCEAN_TOKEN);
  });

  it("is told in no answer what a key is", async () => {
    const told = await site.get(PROVIDERS, "admin");

    expect(told.text).not.toContain(DIGITALOCEAN_TOKEN);
    expect(told.text).not.toMatch(/api_?key|sealed|token/i);
  });
});

describe("what providers sell", () => {
  it("has the document's own words for its own examples", async () => {
    const { apps } = (await site.get("/api/vps/digitalocean/marketplace")).body;
    const { sizes } = (await site.get("/api/vps/digitalocean/sizes")).body;
    const { types } = (await site.get("/api/vps/linode/types")).body;
    const { stackscripts } = (await site.get("/api/vps/linode/stackscripts")).body;

    expect(apps[0]).toMatchObject({
      slug: "wordpress",
      name: "WordPress",
      category: "CMS",
      image_slug: "wordpress-20-04",
    });
    expect(apps[0].compatible_images).toContain("ubuntu-22-04-x64");
    expect(apps[0].compatible_images).not.toContain("debian-12-x64");
    expect(sizes.find(({ id }: { id: string }) => id === "s-1vcpu-1gb")).toMatchObject({
      label: "Basic - 1GB",
      memory: 1024,
      disk: 25,
      transfer: 1000,
      price: { hourly: 0.00893, monthly: 6 },
    });
    expect(types[0]).toMatchObject({ id: "g6-nanode-1", disk: 25, memory: 1024, transfer: 1000 });
    expect(stackscripts.find(({ id }: { id: number }) => id === 12345).user_defined_fields[0]).toEqual({
      name: "hostname",
      label: "What the machine is called",
      default: "",
      example: "myserver",
      oneof: [],
      manyof: [],
      required: true,
    });
  });

  it("does not let a filter of one request into the answer of another, and shows own images to admins alone", async () => {
    const path = "/api/vps/digitalocean/images";
    const applications = (await site.get(`${path}?type=application`)).body.images;
    const all = (await site.get(path)).body.images;
    const systems = (await site.get(`${path}?type=distribution`)).body.images;
    const own = (await site.get(`${path}?type=custom`, "admin")).body.images;
    const refused = await site.get(`${path}?type=custom`);
    const wrong = await site.get(`${path}?type=snapshot`);

    expect(all).toHaveLength(applications.length + systems.length);
    expect(all.every((image: { public: boolean }) => image.public)).toBe(true);
    expect(
      own.map((image: { public: boolean; slug: string; id: string }) => [image.public, image.slug === image.id]),
    ).toEqual([[false, true]]);
    expect([refused.status, refused.body.code]).toEqual([403, "FORBIDDEN"]);
    expect([wrong.status, wrong.body.code, wrong.body.field]).toEqual([400, "VALIDATION_ERROR", "type"]);
  });

  it("asks the provider once an hour, anew after an update, and only for the one that was updated", async () => {
    const [first, second] = [await rowOf("DigitalOcean Production"), await rowOf("Second")];
    const read = async ({ id }: { id: string }) => await site.get(`/api/vps/digitalocean/regions?provider_id=${id}`);
    await read(first);
    await read(second);
    await site.clouds.forgetCalls();

    await read(first);
    const cached = await site.calls("digitalocean");
    await site.ask("POST", `${PROVIDERS}/${first.id}/cache/clear`, "admin");
    await read(first);
    await read(second);
    const cleared = await site.calls("digitalocean");
    await site.ask("PUT", `${PROVIDERS}/${second.id}`, "admin", { configuration: { note: "moved" } });
    await site.clouds.forgetCalls();
    await read(second);
    await read(first);
    const updated = await site.calls("digitalocean");

    expect(
      [cached, cleared, updated].map((calls) => calls.filter((call) => call === "GET /v2/regions").length),
    ).toEqual([0, 1, 1]);
  });

  it("keeps each list under the document's key and time", async () => {
    const { id } = await rowOf("DigitalOcean Production");
    for (const path of ["sizes", "images", "regions", "marketplace"])
      await site.get(`/api/vps/digitalocean/${path}?provider_id=${id}`);

    for (const part of ["plans", "images", "regions", "marketplace"] as const)
      expect(await site.controller.store.cachedCatalog(`provider:${id}`, part)).toBeDefined();
    expect(KEPT_MS).toMatchObject({ plans: 3_600_000, images: 3_600_000, regions: 3_600_000, marketplace: 21_600_000 });
  });

  it("reads each anew once its time is over, and not before", async () => {
    const { id } = await rowOf("DigitalOcean Production");
    const PATHS = { sizes: "sizes", images: "images", regions: "regions", "1-clicks": "marketplace" };
    const askedAfter = async (minutes: number) => {
      await site.controller.store.jobs.executeSql(
        `update fleetwright.catalog set cached_at = now() - interval '${minutes} minutes' where account = 'provider:${id}'`,
      );
      await site.clouds.forgetCalls();
      for (const path of Object.values(PATHS)) await site.get(`/api/vps/digitalocean/${path}?provider_id=${id}`);
      const calls = await site.calls("digitalocean");
      return Object.keys(PATHS).filter((path) => calls.some((call) => call === `GET /v2/${path}`));
    };

    expect(await askedAfter(59)).toEqual([]);
    expect(await askedAfter(61)).toEqual(["sizes", "images", "regions"]);
    expect(await askedAfter(361)).toEqual(["sizes", "images", "regions", "1-clicks"]);
  });

  it("counts what all providers with one key are asked by one limit", async () => {
    const leftOf = async (name: string) => {
      const { id } = await rowOf(name);
      const { limits } = (await site.ask("POST", `${PROVIDERS}/${id}/validate`, "admin")).body;
      return limits.find(({ scope }: { scope: string }) => scope === "hour").left as number;
    };
    const [first, second, again] = [
      await leftOf("DigitalOcean Production"),
      await leftOf("Second"),
      await leftOf("DigitalOcean Production"),
    ];

    expect(second).toBeLessThan(first);
    expect(again).toBeLessThan(second);
  });

  it("refuses a provider of another type", async () => {
    const { id } = await rowOf("linode-main");
    const other = await site.get(`/api/vps/digitalocean/sizes?provider_id=${id}`);

    expect([other.status, other.body.code, other.body.field]).toEqual([400, "VALIDATION_ERROR", "provider_id"]);
  });
});

describe("the document's tables", () => {
  const rows = async (text: string) => (await site.controller.store.jobs.executeSql(text)).rows;

  it("have its names, types and defaults", async () => {
    const columns =
      await rows(`select table_name, column_name, udt_name, character_maximum_length as length, is_nullable,
      column_default from information_schema.columns where table_schema = 'fleetwright_vps' order by table_name, ordinal_position`);
    const of = (table: string) =>
      Object.fromEntries(
        columns
          .filter((one) => one.table_name === table)
          .map((one) => [one.column_name, [one.udt_name, one.length, one.is_nullable, one.column_default]]),
      );
    const constraints = await rows(`select conname, pg_get_constraintdef(oid) as text from pg_constraint
      where connamespace = 'fleetwright_vps'::regnamespace and contype in ('c', 'f') order by conname`);

    expect(of("service_providers")).toEqual({
      id: ["uuid", null, "NO", "fleetwright_vps.uuid_generate_v4()"],
      name: ["varchar", 255, "NO", null],
      type: ["varchar", 50, "NO", null],
      api_key_encrypted: ["text", null, "NO", null],
      configuration: ["jsonb", null, "NO", "'{}'::jsonb"],
      active: ["bool", null, "NO", "true"],
      created_at: ["timestamptz", null, "NO", "now()"],
      updated_at: ["timestamptz", null, "NO", "now()"],
    });
    expect(of("vps_plans")).toMatchObject({
      provider_plan_id: ["varchar", 255, "NO", null],
      base_price: ["numeric", null, "NO", "0.00"],
      markup_price: ["numeric", null, "NO", "0.00"],
      specifications: ["jsonb", null, "NO", "'{}'::jsonb"],
    });
    const texts = constraints.map(({ text }) => text).join("\n");
    expect(texts).toMatch(/CHECK .*linode.*digitalocean.*aws.*gcp/);
    expect(texts).toMatch(/provider_id\) REFERENCES fleetwright_vps\.service_providers\(id\) ON DELETE CASCADE/);
    expect(texts).toMatch(/provider_id\) REFERENCES fleetwright_vps\.service_providers\(id\) ON DELETE SET NULL/);
  });

  it("are made from git, without a key, and twice the same", async () => {
    const tables = new VpsTables(site.controller);
    await site.controller.store.jobs.executeSql("delete from fleetwright_vps.service_providers");

    await tables.follow(site.service.desired!);
    const providers = await rows("select * from fleetwright_vps.service_providers order by name");
    const plans = await rows("select * from fleetwright_vps.vps_plans");
    const instances = await rows("select * from fleetwright_vps.vps_instances");
    await tables.follow(site.service.desired!);

    const { body } = await site.get(PROVIDERS, "admin");
    const told = body.providers.map(({ id, name, type, active, configuration }: Record<string, unknown>) => ({
      ...{ id, name, type, active, configuration },
    }));
    expect(providers).toHaveLength(told.length);
    expect(providers).toEqual(expect.arrayContaining(told.map((one: object) => expect.objectContaining(one))));
    const first = await rowOf("DigitalOcean Production");
    expect(plans).toContainEqual(
      expect.objectContaining({
        provider_id: first.id,
        provider_plan_id: "s-1vcpu-1gb",
        base_price: "4.00",
        markup_price: "1.50",
        active: true,
      }),
    );
    const linode = await rowOf("linode-main");
    expect(instances).toMatchObject([{ label: "kept", provider_type: "digitalocean", provider_instance_id: null }]);
    expect(providers.find(({ id }) => id === linode.id).api_key_encrypted).toMatch(/^token:/);
    expect(providers.find(({ name }) => name === "do-main").api_key_encrypted).toMatch(/^reference:[0-9a-f]{32}$/);
    expect(JSON.stringify(providers)).not.toMatch(/FLEETWRIGHT_|simulator-token/);
    expect(await rows("select * from fleetwright_vps.service_providers order by name")).toEqual(providers);
  });
});

describe("a provider that is disabled", () => {
  it("has no catalogue and is not the default, and stays in the list", async () => {
    const { id } = await rowOf("Second");
    const told = await site.ask("PUT", `${PROVIDERS}/${id}`, "admin", { active: false });

    const named = await site.get(`/api/vps/digitalocean/regions?provider_id=${id}`);
    const usual = await site.get("/api/vps/digitalocean/regions");

    expect(told.body.provider.active).toBe(false);
    expect([named.status, named.body.code]).toEqual([409, "PROVIDER_INACTIVE"]);
    expect(usual.status).toBe(200);
    expect(await rowOf("Second")).toMatchObject({ id, active: false });
  });

  it("is asked anew once it is enabled again", async () => {
    const { id } = await rowOf("Second");
    await site.ask("PUT", `${PROVIDERS}/${id}`, "admin", { active: true });
    await site.clouds.forgetCalls();

    const told = await site.get(`/api/vps/digitalocean/regions?provider_id=${id}`);

    expect(told.status).toBe(200);
    expect(await site.calls("digitalocean")).toContain("GET /v2/regions");
  });
});

describe("a provider that is deleted", () => {
  it("is gone with its file and its key where no server names it", async () => {
    const { id } = await rowOf("Second");

    const told = await site.ask("DELETE", `${PROVIDERS}/${id}`, "admin");

    expect([told.status, told.body]).toEqual([200, { success: true, message: "Provider deleted successfully" }]);
    expect(await rowOf("Second")).toBeUndefined();
    expect(site.fleet.git("ls-tree", "--name-only", "main", "accounts/")).not.toContain("digitalocean-production-");
    const { credentials } = await site.controller.credentials.list();
    expect(credentials.filter(({ account }) => account.startsWith("digitalocean-production"))).toHaveLength(1);
  });

  it("is retired where a server names it: no call, no run, no row, and its machine stays", async () => {
    const { id } = await rowOf("DigitalOcean Production");
    site.fleet.git("reset", "-q", "--hard");
    site.fleet.write({
      "servers/held.yaml": server("held", "digitalocean-production"),
    });
    site.fleet.commit("Have a server");
    await site.served();

    const told = await site.ask("DELETE", `${PROVIDERS}/${id}`, "admin");
    await site.clouds.forgetCalls();
    const { desired } = site.service;
    const signal = new AbortController().signal;
    const prepared = await prepare(site.controller, { commit: desired!.commit, signal, engine: false });
    const drift = await findFleetDrift(site.controller, desired!, signal);
    const inventory = await readInventory(site.controller, desired!, [...desired!.accounts.values()], signal);
    const lanes = await unsettledLanes(site.controller, desired!);

    expect(told.status).toBe(200);
    expect(await rowOf("DigitalOcean Production")).toBeUndefined();
    site.fleet.git("reset", "-q", "--hard");
    expect(site.fleet.read("accounts/digitalocean-production.yaml")).toMatch(/^retired: true$/m);
    expect(site.fleet.read("servers/held.yaml")).toMatch(/digitalocean-production/);
    expect(prepared.preview.effects.map(({ object }) => object.name)).toEqual(["kept"]);
    expect([...lanes.keys()]).toEqual(["do-main"]);
    expect([...drift, ...inventory].map(({ account }) => account)).not.toContain("digitalocean-production");
    const spec = desired!.accounts.get("digitalocean-production")!.spec;
    expect(() => site.controller.account(spec)).toThrow(/is retired/);
    await new VpsTables(site.controller).follow(desired!);
    const { rows } = await site.controller.store.jobs.executeSql(
      `select label, provider_id, (select count(*)::int from fleetwright_vps.vps_plans where provider_id = '${id}') as plans
       from fleetwright_vps.vps_instances where label = 'held'`,
    );
    expect(rows).toEqual([{ label: "held", provider_id: null, plans: 0 }]);
  });
});

describe("the page of providers", () => {
  const visitor = async (name: string) => {
    const one = new Visitor(site.page);
    await one.signIn(`${name}@example.org`, PASSWORD);
    return one;
  };
  const NEW = "/ui/new-provider";
  let olga: Visitor;
  let at: string;
  beforeAll(async () => {
    await addUser(site.people, "olga@example.org", { name: "Olga", role: "admin" });
    await addUser(site.people, "tim@example.org", { name: "Tim", role: "admin", owners: ["tim"] });
    await addUser(site.people, "otto@example.org", { name: "Otto", role: "operator" });
    olga = await visitor("olga");
  });

  it("is for admins of the whole fleet", async () => {
    expect((await (await visitor("otto")).get("/ui/providers")).status).toBe(403);
    expect((await (await visitor("tim")).get("/ui/providers")).status).toBe(404);
    expect((await olga.get("/ui/accounts")).text).toContain('href="/ui/providers"');
  });

  it("tries a key before it keeps anything, and adds a provider whose key no page shows", async () => {
    const head = site.fleet.git("rev-parse", "main");
    const wish = { type: "linode", name: "Linode of the shop", region: "us-east" };

    const refused = await olga.send(NEW, NEW, { ...wish, key: "wrong-key" });
    expect(refused.status).toBe(422);
    expect(refused.text).toContain('value="Linode of the shop"');
    expect(refused.text).not.toContain("wrong-key");
    expect(site.fleet.git("rev-parse", "main")).toBe(head);

    const added = await olga.send(NEW, NEW, { ...wish, key: LINODE_TOKEN });
    expect(added.status, added.text).toBe(303);
    at = added.location!;
    const { text } = await olga.get(at);
    expect(text).toContain('value="us-east"');
    expect(text).not.toContain(LINODE_TOKEN);
    expect(await rowOf("Linode of the shop")).toMatchObject({ type: "linode", active: true });
  });

  it("changes it, validates its key with its limits, and has what it sells read anew", async () => {
    const changed = await olga.send(at, at, { name: "Shop", region: "eu-west", key: "" });
    expect([changed.status, changed.location]).toEqual([303, at]);
    expect(await rowOf("Shop")).toMatchObject({ active: false, configuration: { default_region: "eu-west" } });

    const checked = await olga.send(at, `${at}/validate`);
    expect(checked.text).toContain("The cloud takes the key");
    expect(checked.text).toContain("Requests that may be sent now");
    expect((await olga.send(at, `${at}/clear-cache`)).text).toContain("read anew");
    await olga.send(at, at, { name: "Shop", active: "true", region: "", key: "wrong-key" });
    expect(await rowOf("Shop")).toMatchObject({ active: false });
  });

  it.skipIf(CHROMIUM === undefined)(
    "is read without trouble, in light and dark and on a telephone",
    async () => {
      const server = serve({ fetch: site.page.fetch, hostname: "127.0.0.1", port: 0 });
      const browser = await launch(CHROMIUM!);
      try {
        const { port } = server.address() as AddressInfo;
        for (const [colorScheme, width] of [
          ["light", 1280],
          ["dark", 375],
        ] as const) {
          const context = await browser.newContext({ colorScheme, viewport: { width, height: 800 } });
          const { page, complaints } = await newPage(context);
          await page.goto(`http://127.0.0.1:${port}/ui/sign-in`);
          await page.fill("input[name=email]", "olga@example.org");
          await page.fill("input[name=password]", PASSWORD);
          await page.click("main button");
          await page.waitForURL("**/ui/fleet");
          for (const path of ["/ui/providers", NEW, at]) {
            await page.goto(`http://127.0.0.1:${port}${path}`);
            expect(await findings(page), path).toEqual([]);
            expect(await page.evaluate("document.documentElement.scrollWidth"), path).toBeLessThanOrEqual(width);
            const pictures = process.env.PROVIDER_PICTURES;
            if (pictures)
              await page.screenshot({ path: join(pictures, `${path.split("/")[2]}-${width}.png`), fullPage: true });
          }
          expect(complaints).toEqual([]);
          await context.close();
        }
      } finally {
        await browser.close();
        server.close();
      }
    },
    120_000,
  );

  it("retires it", async () => {
    const retired = await olga.send(at, `${at}/retire`);
    expect([retired.status, retired.location]).toEqual([303, "/ui/providers"]);
    expect(await rowOf("Shop")).toBeUndefined();
    expect((await olga.get(at)).status).toBe(404);
  });
});
