import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { prepare } from "../../../../controller/reconcile/preview.ts";
import { KEY } from "../../../e2e/fleet.ts";
import { type Told, VpsSite } from "./site.ts";

/** Instances from the request to the cloud and back: real git, database and engine, simulated clouds. */
const TIMEOUT = 240_000;
const PASSWORD = "canary-SecurePassword123!";
const ANSWER = "canary-myserver";
const KEYS = [
  "created_at",
  "hourly_rate",
  "id",
  "ip_address",
  "ipv6_address",
  "label",
  "monthly_rate",
  "plan_specs",
  "provider_id",
  "provider_instance_id",
  "provider_type",
  "region",
  "status",
  "updated_at",
];
const NEW_KEYS = KEYS.filter(
  (key) => !["hourly_rate", "ipv6_address", "monthly_rate", "plan_specs", "updated_at"].includes(key),
);
const PLAN = {
  kind: "Plan",
  name: "small",
  vcpus: 1,
  memoryMiB: 1024,
  diskGiB: 25,
  basePrice: 10,
  markup: 2,
  currency: "USD",
  sizes: { digitalocean: "s-1vcpu-1gb" },
};

/** The documented bodies. */
const LINODE = {
  provider_type: "linode",
  label: "my-web-server",
  type: "g6-nanode-1",
  region: "us-east",
  image: "linode/ubuntu22.04",
  rootPassword: PASSWORD,
  sshKeys: [KEY.publicKey],
  backups: false,
  privateIP: false,
  stackscriptId: 12345,
  stackscriptData: { hostname: ANSWER },
  tags: ["production", "web"],
};
const DROPLET = {
  provider_type: "digitalocean",
  label: "My WordPress site!",
  type: "s-1vcpu-1gb",
  region: "nyc3",
  image: "ubuntu-22-04-x64",
  rootPassword: PASSWORD,
  sshKeys: [],
  backups: false,
  monitoring: true,
  ipv6: true,
  vpc_uuid: null,
  appSlug: "wordpress",
};

let site: VpsSite;
let linode: Told;
let droplet: Told;
let again: Told;

const create = async (body: object, token = "ada") => await site.ask("POST", "/api/vps", token, body);
const act = async (id: string, action: string, token = "ada") =>
  await site.ask("POST", `/api/vps/${id}/action`, token, { action });
const get = async (id: string, token = "ada") => await site.get(`/api/vps/${id}`, token);
const fileOf = (id: string) =>
  parse(
    site.fleet.git(
      "show",
      `main:${site.fleet
        .git("ls-tree", "-r", "--name-only", "main")
        .split("\n")
        .find((path) => path.includes(`vps-${id.replaceAll("-", "").slice(0, 12)}`))}`,
    ),
  );
const until = async (id: string, isSo: (told: Told) => boolean): Promise<Told> => {
  for (const end = performance.now() + 120_000; ; await sleep(300)) {
    const told = await get(id);
    if (isSo(told)) return told;
    if (performance.now() > end) throw new Error(`${told.text}\n${site.logged.slice(-20).join("\n")}`);
  }
};
const inStatus = async (id: string, status: string) => await until(id, ({ body }) => body.instance?.status === status);
const idOf = (told: Told): string => told.body.instance.id;

beforeAll(async () => {
  site = await VpsSite.open({ "plans/small.yaml": PLAN });
  [linode, again, droplet] = await Promise.all([create(LINODE), create(LINODE), create(DROPLET)]);
}, TIMEOUT);
afterAll(async () => await site?.close());

describe("a new instance", () => {
  it("is answered with the provider's id and exactly the document's members", () => {
    for (const [told, type] of [
      [linode, "linode"],
      [droplet, "digitalocean"],
    ] as const) {
      expect(told.status, told.text).toBe(201);
      expect(Object.keys(told.body)).toEqual(["success", "instance"]);
      expect(Object.keys(told.body.instance).sort()).toEqual(NEW_KEYS);
      expect(told.body.instance).toMatchObject({ provider_type: type, status: "provisioning", ip_address: null });
      expect(told.body.instance.provider_instance_id).toMatch(/^\d+$/);
      expect(told.headers.get("fleetwright-change")).toMatch(/^c-/);
    }
    expect(droplet.body.instance.label).toBe("My WordPress site!");
  });

  it("is one for two requests that are the same while the first is under way", async () => {
    expect(again.body.instance).toEqual(linode.body.instance);
    expect((await site.clouds.of("linode").servers()).length).toBe(1);
  });

  it("is what was asked for, at the cloud and in its file", async () => {
    const id = idOf(linode);
    const [machine] = await site.clouds.of("linode").servers();

    expect(machine).toMatchObject({ id: linode.body.instance.provider_instance_id, image: "linode/ubuntu22.04" });
    expect(machine!.name).toBe(`vps-${id.replaceAll("-", "").slice(0, 12)}`);
    expect(machine!.tags).toEqual(expect.arrayContaining(["production", "web"]));
    expect(await site.clouds.of("linode").given(machine!.id)).toEqual({
      rootPassword: PASSWORD,
      stackscriptId: 12345,
      stackscriptData: { hostname: ANSWER },
    });
    expect(fileOf(id)).toMatchObject({
      uuid: id,
      title: "my-web-server",
      hostname: "my-web-server",
      owner: "ada",
      deletionPolicy: "delete",
      labels: { production: null, web: null },
      keys: [expect.stringMatching(/^key-/)],
      provider: { labelFrom: "name", stackscriptId: 12345 },
    });
  });

  it("of an application is made from its image, with the password by cloud-init", async () => {
    const [machine] = await site.clouds.of("digitalocean").servers();
    const { userData } = await site.clouds.of("digitalocean").given(machine!.id);

    expect(machine).toMatchObject({ image: expect.stringMatching(/^wordpress-/) });
    expect(String(userData)).toContain(JSON.stringify(PASSWORD));
    expect(fileOf(idOf(droplet))).toMatchObject({
      plan: "small",
      monitoring: true,
      ipv6: true,
      title: "My WordPress site!",
    });
    expect(fileOf(idOf(droplet)).hostname).toBeUndefined();
  });

  it(
    "reads as the document has it once it runs: with its plan's price and markup, or the list's",
    async () => {
      const [one, other] = [await inStatus(idOf(droplet), "running"), await inStatus(idOf(linode), "running")];

      for (const { body } of [one, other]) {
        expect(Object.keys(body)).toEqual(["instance"]);
        expect(Object.keys(body.instance).sort()).toEqual(KEYS);
        expect(body.instance.ip_address).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
        expect(body.instance.created_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      }
      expect(one.body.instance).toMatchObject({
        monthly_rate: 12,
        hourly_rate: 0.01786,
        ipv6_address: expect.stringContaining(":"),
      });
      expect(one.body.instance.plan_specs).toEqual({ vcpus: 1, memory: 1024, disk: 25, transfer: 1000 });
      expect(other.body.instance).toMatchObject({ monthly_rate: 5, created_at: linode.body.instance.created_at });
    },
    TIMEOUT,
  );

  it("is there for its owner and for admins alone", async () => {
    const id = idOf(linode);

    for (const told of [
      await get(id, "bob"),
      await act(id, "delete", "bob"),
      await get("00000000-0000-4000-8000-000000000000"),
    ])
      expect([told.status, told.body.code]).toEqual([404, "NOT_FOUND"]);
    expect((await get(id, "admin")).status).toBe(200);
    const listed = async (token: string) =>
      (await site.get("/api/vps", token)).body.instances.map((one: { id: string }) => one.id);
    expect((await listed("ada")).sort()).toEqual([id, idOf(droplet)].sort());
    expect(await listed("bob")).toEqual([]);
  });

  it("asks the cloud anew after five seconds, and not before", async () => {
    const id = idOf(linode);
    await get(id);
    await site.clouds.forgetCalls();
    for (let times = 0; times < 5; times++) await get(id);

    expect((await site.calls("linode")).filter((call) => call === "GET /v4/linode/instances/:id").length).toBeLessThan(
      3,
    );
  });
});

describe("what is wrong with a request", () => {
  it.each<[string, object, string, string | undefined]>([
    ["no label", { label: undefined }, "VALIDATION_ERROR", "label"],
    ["a type that is not sold", { type: "g9-giant" }, "VALIDATION_ERROR", "type"],
    ["a region that is none", { region: "mars" }, "VALIDATION_ERROR", "region"],
    ["no region where there is no default", { region: undefined }, "VALIDATION_ERROR", "region"],
    ["an image that is none", { image: "linode/windows" }, "VALIDATION_ERROR", "image"],
    ["a password that is too short", { rootPassword: "short" }, "VALIDATION_ERROR", "rootPassword"],
    ["a password with a line break", { rootPassword: "long enough\nbut" }, "VALIDATION_ERROR", "rootPassword"],
    ["a key that is none", { sshKeys: ["ssh-rsa AAAA..."] }, "VALIDATION_ERROR", "sshKeys"],
    ["an id where texts are wanted", { sshKeys: ["12345"] }, "FORBIDDEN", "sshKeys"],
    ["a tag that is none", { tags: ["a,b"] }, "VALIDATION_ERROR", "tags"],
    ["a tag that the cloud cannot take", { tags: ["x"] }, "VALIDATION_ERROR", "tags"],
    ["an answer that is missing", { stackscriptData: {} }, "VALIDATION_ERROR", "stackscriptData"],
    [
      "an answer that is no choice",
      { stackscriptData: { hostname: "h", timezone: "Mars" } },
      "VALIDATION_ERROR",
      "stackscriptData",
    ],
    ["another cloud's field", { vpc_uuid: "abc" }, "VALIDATION_ERROR", "vpc_uuid"],
    ["what the cloud has no switch for", { monitoring: true }, "VALIDATION_ERROR", "monitoring"],
    ["a type without an adapter", { provider_type: "gcp" }, "PROVIDER_NOT_FOUND", "provider_id"],
    [
      "a provider that is none",
      { provider_id: "00000000-0000-4000-8000-000000000000" },
      "PROVIDER_NOT_FOUND",
      "provider_id",
    ],
  ])(
    "is named by the request's own field: %s",
    async (_, more, code, field) => {
      const head = site.fleet.git("rev-parse", "main");

      const told = await create({ ...LINODE, ...more });

      expect([told.body.code, told.body.field], told.text).toEqual([code, field]);
      expect(told.text).not.toContain(PASSWORD);
      expect(site.fleet.git("rev-parse", "main")).toBe(head);
    },
    TIMEOUT,
  );

  it.each<[string, object, string, string]>([
    ["an application on another system", { image: "debian-12-x64" }, "VALIDATION_ERROR", "image"],
    ["an application that is none", { appSlug: "doom" }, "VALIDATION_ERROR", "appSlug"],
    ["a key of the account that is not open", { sshKeys: ["12345"] }, "FORBIDDEN", "sshKeys"],
    ["a VPC that is not open", { vpc_uuid: "5a4981aa-9653-4bd1-bef5-d6bff52042e4" }, "FORBIDDEN", "vpc_uuid"],
    ["a StackScript on DigitalOcean", { stackscriptId: 12345 }, "VALIDATION_ERROR", "stackscriptId"],
  ])("is named for a droplet: %s", async (_, more, code, field) => {
    const told = await create({ ...DROPLET, ...more });

    expect([told.body.code, told.body.field], told.text).toEqual([code, field]);
  });

  it(
    "that only the cloud sees is told in the request's words, and nothing is left of it",
    async () => {
      await site.clouds.of("linode").fault({
        match: { method: "POST", path: "/linode/instances$" },
        action: {
          kind: "status",
          status: 400,
          body: { errors: [{ field: "root_pass", reason: `${PASSWORD} is too weak` }] },
        },
      });

      const told = await create({ ...LINODE, label: "weak", stackscriptId: undefined, stackscriptData: undefined });

      expect([told.status, told.body.code, told.body.field], told.text).toEqual([
        400,
        "VALIDATION_ERROR",
        "rootPassword",
      ]);
      expect(told.text).not.toContain(PASSWORD);
      const change = await site.service.changes.get(told.headers.get("fleetwright-change")!);
      expect(change.state).toBe("closed");
      const { text } = change.edits.find((edit) => "path" in edit && edit.path.includes("vps-")) as { text: string };
      const { uuid } = parse(text);
      expect((await get(uuid)).body.instance).toMatchObject({
        id: uuid,
        status: "failed",
        label: "weak",
        monthly_rate: 5,
      });
      expect((await get(uuid, "bob")).status).toBe(404);
      expect(site.fleet.git("ls-tree", "-r", "--name-only", "main")).not.toContain(
        change.preview!.effects.find(({ op }) => op === "create")!.object.name,
      );
      expect((await site.clouds.of("linode").servers()).length).toBe(1);
      // Those of servers that are there go with the end of their changes.
      for (const end = performance.now() + 120_000; ; await sleep(200)) {
        const { rows } = await site.controller.store.jobs.executeSql(
          "select server, field, c.id, c.state, c.document->>'reason' reason from fleetwright.server_secret s left join fleetwright.change c on c.objects @> array['Server//' || s.server]",
        );
        if (rows.length === 0) break;
        if (performance.now() > end) expect(rows).toEqual([]);
      }
    },
    TIMEOUT,
  );
});

describe("an action", () => {
  it("is refused where there is none of that name, and where the cloud has none such", async () => {
    for (const [id, action] of [
      [idOf(linode), "explode"],
      [idOf(linode), "power_cycle"],
      [idOf(droplet), "constructor"],
    ] as const) {
      const told = await act(id, action);
      expect([told.status, told.body.code]).toEqual([400, "INVALID_ACTION"]);
    }
  });

  it(
    "is told as initiated, and brings the machine there",
    async () => {
      const [web, api] = [idOf(linode), idOf(droplet)];

      const told = await Promise.all([act(web, "shutdown"), act(api, "power_cycle")]);

      expect(told.map(({ status, body }) => [status, body])).toEqual([
        [200, { success: true, message: "Action shutdown initiated successfully" }],
        [200, { success: true, message: "Action power_cycle initiated successfully" }],
      ]);
      await inStatus(web, "stopped");
      expect(fileOf(api).restarts).toEqual({ reset: 1 });
      expect((await act(web, "reboot")).body.code).toBe("CONFLICT");
      const [on, off] = await Promise.all([act(web, "boot"), act(api, "power_off")]);
      expect([on.status, off.status], on.text + off.text).toEqual([200, 200]);
      await inStatus(web, "running");
      await inStatus(api, "stopped");
      expect(fileOf(api)).toMatchObject({ power: "stopped", stop: "forced" });
    },
    TIMEOUT,
  );

  it(
    "brings back what a hand has switched, without a commit",
    async () => {
      const [web, api] = [idOf(linode), idOf(droplet)];
      while ((await site.service.changes.list({ states: ["executing"] }, 1)).length > 0) await sleep(200);
      const head = site.fleet.git("rev-parse", "main");
      await site.clouds.of("linode").change(linode.body.instance.provider_instance_id, { power: "stopped" });
      await site.clouds.of("digitalocean").change(droplet.body.instance.provider_instance_id, { power: "running" });

      const told = await Promise.all([act(web, "boot"), act(api, "power_off")]);

      expect(told.map(({ status }) => status)).toEqual([200, 200]);
      for (const { headers } of told) expect(headers.get("fleetwright-change")).toMatch(/^c-/);
      await inStatus(web, "running");
      await inStatus(api, "stopped");
      expect(site.fleet.git("rev-parse", "main")).toBe(head);
    },
    TIMEOUT,
  );

  it(
    "goes on where the provider is disabled, which takes no new instances",
    async () => {
      site.fleet.git("reset", "-q", "--hard");
      site.fleet.edit("accounts/do-main.yaml", (text) => `${text}active: false\n`);
      site.fleet.commit("Disable");
      await site.served();

      expect((await create(DROPLET)).body.code).toBe("PROVIDER_INACTIVE");
      // Every other way to ask for one is a commit, and all of them are previewed by this.
      site.fleet.git("checkout", "-q", "-B", "wanted");
      const { type: size, region, image } = DROPLET;
      site.fleet.write({
        "servers/new.yaml": { kind: "Server", name: "new", account: "do-main", size, region, image },
      });
      const commit = site.fleet.commit("Want another");
      const { preview } = await prepare(site.controller, { commit, signal: AbortSignal.timeout(TIMEOUT) });
      site.fleet.git("checkout", "-q", "main");
      expect(preview.verdicts).toEqual([
        expect.objectContaining({
          guard: "inactive",
          passed: false,
          message: expect.stringMatching(/^servers\/new\.yaml:3:10: account: do-main is switched off/),
        }),
      ]);
      expect((await act(idOf(droplet), "power_on")).status).toBe(200);
      await inStatus(idOf(droplet), "running");
    },
    TIMEOUT,
  );

  it(
    "deletes, and the instance is gone",
    async () => {
      const told = await act(idOf(linode), "delete");

      expect(told.body.message, told.text).toBe("Action delete initiated successfully");
      await until(idOf(linode), ({ status }) => status === 404);
      expect(await site.clouds.of("linode").servers()).toEqual([]);
    },
    TIMEOUT,
  );

  it(
    "finds no provider where it was deleted, while the instance reads as it was last known",
    async () => {
      site.fleet.git("reset", "-q", "--hard");
      site.fleet.edit("accounts/do-main.yaml", (text) => `${text}retired: true\n`);
      site.fleet.commit("Retire");
      await site.served();

      const [told, acted] = [await get(idOf(droplet)), await act(idOf(droplet), "shutdown")];

      expect(told.body.instance).toMatchObject({
        provider_id: null,
        provider_type: "digitalocean",
        label: "My WordPress site!",
      });
      expect([acted.status, acted.body.code]).toEqual([404, "PROVIDER_NOT_FOUND"]);
    },
    TIMEOUT,
  );
});

describe("a secret of a request", () => {
  it("is in no answer, log, commit or row", async () => {
    const objects = site.fleet.git("cat-file", "--batch-all-objects", "--batch");
    const { rows } = await site.controller.store.jobs.executeSql(
      "select coalesce(string_agg(t.row, ' '), '') as text from (select c::text as row from fleetwright.change c union all select e::text from fleetwright.event e union all select a::text from fleetwright.audit a union all select r::text from fleetwright.call_request r) t",
    );

    for (const text of [objects, rows[0].text, site.logged.join("\n"), linode.text, droplet.text])
      expect([PASSWORD, ANSWER].filter((secret) => String(text).includes(secret))).toEqual([]);
  });
});
