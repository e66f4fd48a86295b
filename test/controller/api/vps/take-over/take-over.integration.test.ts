import { spawn } from "node:child_process";
import { join } from "node:path";
import { load } from "js-yaml";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { VpsTables } from "../../../../../controller/api/vps/tables.ts";
import { Clouds, isCreate, isRemoval } from "../../../../e2e/clouds.ts";
import { ended, Fleet } from "../../../../e2e/fleet.ts";
import { type PostgresServer, query, startPostgres } from "../../../../setup/postgres.ts";
import { providerEndpoints, VpsSite } from "../site.ts";
import { oldInstallation } from "./old-installation.ts";

/** Installations of the multi-cloud VPS service, as their databases and clouds have them, become a fleet's. */
const TIMEOUT = 300_000;
const ROOT = join(import.meta.dirname, "../../../../..");
const SCRIPT = "scripts/migrate-vps-provider-data.js";
const ENCRYPTED = "canary:old-sealed-key";

const LINODE = "6f1c3f52-9a4e-4b0a-8a8e-0d6d3d0f7c11";
const DROPLETS = "6f1c3f52-9a4e-4b0a-8a8e-0d6d3d0f7c22";
const PLAN = "0a3f8f0e-58a5-4f6e-9d5b-3a1c7c0f2b44";
const WEB = "11111111-2222-4333-8444-555555555501";
/** Begins like the one before. */
const STORE = "11111111-2222-4333-8444-555555555502";
const DROPLET = "33333333-2222-4333-8444-555555555503";
const GONE = "44444444-2222-4333-8444-555555555504";
const EARLY = "99999999-2222-4333-8444-555555555501";

let postgres: PostgresServer;
let clouds: Clouds;
let fleet: Fleet;
let earlyFleet: Fleet;
let site: VpsSite;
let after: string;
let before: string;

interface Printed {
  accounts: { name: string; uuid: string; isNew: boolean; hasKey: boolean; dropped: string[] }[];
  servers: { name: string; uuid: string; differs: unknown[]; outdated: unknown[] }[];
  already: number;
  waiting: { servers: Record<string, number>; plans: string[] };
  leftOut: { id: string; reason: string }[];
  left: string[];
  commit?: string;
  error?: { code: string; message: string };
}

/** Runs a file of the project, as an operator would. */
async function run(of: Fleet, file: string, args: string[], environment: Record<string, string> = {}, input = "") {
  const globals = ["--fleet", of.dir, "--data", of.dataDir, "--stand-ins", "--json"];
  const env = { ...process.env, DATABASE_URL: undefined, NO_COLOR: "1", ...of.environment, ...environment };
  const child = spawn(process.execPath, [join(ROOT, file), ...globals, ...args], { env });
  child.stdin.end(input);
  return await ended(child);
}

/** The documented script. */
async function script(of: Fleet, from: string, args: string[], environment: Record<string, string> = {}) {
  const { code, stdout, stderr } = await run(of, SCRIPT, ["--from", from, ...args], environment);
  const object = stdout.trim().split("\n").at(-1)!;
  if (!object.startsWith("{")) throw new Error(`the script ended with ${code}:\n${stdout}\n${stderr}`);
  return { code, stderr, stdout, ...(JSON.parse(object) as Printed) };
}

const withPolicy = (id: string) =>
  new Fleet(undefined, {
    id,
    fleet: { approval: "required", policies: { dialects: { vps: {} } } },
    environment: providerEndpoints(clouds),
  });
const fileOf = (of: Fleet, path: string) => load(of.read(path)) as Record<string, unknown>;
const nameOf = (uuid: string) => `vps-${uuid.replaceAll("-", "").slice(0, 12)}`;
const ops = (told: { effects: { op: string }[] }) => [...new Set(told.effects.map(({ op }) => op))];

beforeAll(async () => {
  [postgres, clouds] = await Promise.all([startPostgres(), Clouds.start()]);
  const linode = clouds.of("linode");
  const [web, store, early] = await Promise.all([
    linode.addForeign({ name: "my_web.1", tags: ["production", "tier:front"] }),
    linode.addForeign({ name: "store", size: "g6-standard-1", power: "stopped" }),
    linode.addForeign({ name: "early" }),
  ]);
  const droplet = await clouds.of("digitalocean").addForeign({ name: "shop.example.org", tags: ["web"] });
  after = await oldInstallation(postgres, "after_016", {
    isMigrated: true,
    rest: `
      insert into service_providers (id, name, type, api_key_encrypted, configuration, active) values
        ('${LINODE}', 'Linode', 'linode', '${ENCRYPTED}', '{"default_region": "us-east", "note": "EU", "webhook_secret": "canary-x"}', true),
        ('${DROPLETS}', 'DigitalOcean Production', 'digitalocean', '${ENCRYPTED}', '{}', false);
      insert into vps_plans (id, name, provider_id, provider_plan_id, base_price, markup_price, specifications) values
        ('${PLAN}', 'Nanode, with care', '${LINODE}', 'g6-nanode-1', 5.00, 2.50, '{}');`,
    rows: [
      { id: WEB, machine: web.id, label: "My web", provider: { id: LINODE, type: "linode" }, plan: PLAN },
      {
        ...{ id: STORE, machine: store.id, label: "store", provider: { id: LINODE, type: "linode" }, plan: PLAN },
        configuration: { region: "eu-west", rootPassword: "canary-password" },
      },
      { id: DROPLET, machine: droplet.id, label: "Shop", provider: { id: DROPLETS, type: "digitalocean" } },
      { id: GONE, machine: "999999", label: "gone", provider: { id: LINODE, type: "linode" } },
    ],
  });
  before = await oldInstallation(postgres, "before_016", {
    isMigrated: false,
    rows: [{ id: EARLY, machine: early.id, label: "early" }],
  });
  fleet = withPolicy("taking-over");
  earlyFleet = withPolicy("early");
  for (const one of [fleet, earlyFleet]) one.commit("Begin");
  await clouds.forgetCalls();
}, TIMEOUT);

afterAll(async () => {
  await earlyFleet?.close();
  // It ends its fleet and its clouds as well.
  if (site) await site.close();
  else await Promise.all([fleet?.close(), clouds?.close()]);
  await postgres?.close();
});

describe("an installation with providers", () => {
  it(
    "is shown first: without keys its providers and no more, and nothing is written",
    async () => {
      const head = fleet.git("rev-parse", "HEAD");
      const shown = await script(fleet, after, ["--dry-run"]);

      expect(shown.code, shown.stderr).toBe(2);
      expect(shown.accounts).toMatchObject([
        { name: "linode", uuid: LINODE, isNew: true, hasKey: false, dropped: ["webhook_secret"] },
        { name: "digitalocean-production", uuid: DROPLETS, isNew: true, hasKey: false },
      ]);
      expect(shown.waiting).toEqual({ servers: { linode: 3, "digitalocean-production": 1 }, plans: [PLAN] });
      expect(shown.left[0]).toBe(`fleetwright credentials set linode token --endpoint ${clouds.url("linode")}`);
      expect(fleet.git("rev-parse", "HEAD")).toBe(head);
      expect(fleet.git("status", "--porcelain")).toBe("");
    },
    TIMEOUT,
  );

  it(
    "has its accounts first where a key is set later, and its servers with the key",
    async () => {
      const key = { FLEETWRIGHT_KEY_DIGITALOCEAN_PRODUCTION: clouds.tokens.digitalocean };
      const wrong = await script(fleet, after, ["--write"], { FLEETWRIGHT_KEY_LINODE: "canary-wrong" });
      const first = await script(fleet, after, ["--write"], key);
      const accounts = fleet.git("show", "--stat", "--format=%an", "HEAD");
      const set = ["credentials", "set", "linode", "token", "--endpoint", clouds.url("linode")];
      const sealed = await run(fleet, "bin/fleetwright.ts", set, {}, clouds.tokens.linode);
      await clouds.of("linode").fault({
        ...{ match: { method: "GET", path: "/linode/instances/999999$" }, times: 9 },
        action: { kind: "status", status: 403 },
      });
      const head = fleet.git("rev-parse", "HEAD");
      const refused = await script(fleet, after, ["--write"]);
      const untouched = fleet.git("rev-parse", "HEAD");
      await clouds.clearFaults();
      const second = await script(fleet, after, ["--write"]);

      expect(wrong.error?.code).toBe("CLOUD_AUTH");
      expect(JSON.stringify(wrong)).not.toContain("canary-wrong");
      expect(first.code, JSON.stringify(first)).toBe(0);
      expect(first.servers.map(({ uuid }) => uuid)).toEqual([DROPLET]);
      expect(accounts).toMatch(/accounts\/linode.yaml(.|\n)*servers\//);
      expect(sealed.code, sealed.stderr).toBe(0);
      expect([refused.error?.code, untouched]).toEqual(["CLOUD_AUTH", head]);
      expect(second.code, JSON.stringify(second)).toBe(0);
      expect(second.servers.map(({ uuid }) => uuid)).toEqual([WEB, STORE]);
      // Not even a label changes.
      expect(second.servers.map(({ differs }) => differs)).toEqual([[], []]);
      expect(second.leftOut).toEqual([{ id: GONE, label: "gone", reason: "Linode has no machine 999999 any more" }]);
      expect(second.servers[1]!.outdated).toEqual([
        { field: "size", table: "g6-nanode-1", cloud: "g6-standard-1" },
        { field: "region", table: "eu-west", cloud: "us-east" },
      ]);
      expect(await clouds.writes()).toEqual([]);
    },
    TIMEOUT,
  );

  it("has files with the ids, owners, labels and titles that it had, as the machines are", async () => {
    const account = fileOf(fleet, "accounts/linode.yaml");
    const web = fileOf(fleet, `servers/linode/${nameOf(WEB)}.yaml`);
    const store = fileOf(fleet, `servers/linode/vps-${STORE.replaceAll("-", "")}.yaml`);
    const droplet = fileOf(fleet, `servers/digitalocean-production/${nameOf(DROPLET)}.yaml`);

    expect(account).toMatchObject({
      uuid: LINODE,
      title: "Linode",
      defaultRegion: "us-east",
      settings: { note: "EU" },
    });
    expect(account.credentials).toEqual({ token: { sealed: true } });
    expect(fileOf(fleet, "accounts/digitalocean-production.yaml")).toMatchObject({ uuid: DROPLETS, active: false });
    expect(fileOf(fleet, "plans/nanode-with-care.yaml")).toMatchObject({
      ...{ uuid: PLAN, vcpus: 1, memoryMiB: 1024, diskGiB: 25, sizes: { linode: "g6-nanode-1" } },
      ...{ basePrice: 5, markup: 2.5 },
    });
    expect(web).toMatchObject({
      ...{ uuid: WEB, title: "My web", owner: "ada@example.org", plan: "nanode-with-care", region: "us-east" },
      ...{ labels: { production: null, tier: "front" }, deletionPolicy: "orphan" },
      // No host name can be that: it stays, and nothing is renamed.
      provider: { label: "my_web.1" },
      adopt: (await clouds.server("my_web.1")).id,
    });
    expect(store).toMatchObject({ uuid: STORE, size: "g6-standard-1", power: "stopped", owner: "ada@example.org" });
    expect(droplet).toMatchObject({
      uuid: DROPLET,
      title: "Shop",
      hostname: "shop.example.org",
      labels: { web: null },
    });
    const everything = fleet.git("log", "-p", "--all");
    for (const secret of ["canary", clouds.tokens.linode, clouds.tokens.digitalocean])
      expect(everything).not.toContain(secret);
  });

  it(
    "is adopted and nothing else, changes nothing again, and its machines are as they were",
    async () => {
      const machines = await clouds.servers();
      const shown = await fleet.preview();
      const again = await script(fleet, after, ["--yes"]);
      const head = fleet.git("rev-parse", "HEAD");
      await fleet.converge();
      const writes = await clouds.writes();
      const last = await script(fleet, after, ["--yes"]);

      expect(ops(shown)).toEqual(["adopt"]);
      expect(shown.effects).toHaveLength(3);
      expect([again.code, again.already, again.servers, again.commit]).toEqual([0, 3, [], undefined]);
      expect([last.code, last.already, last.servers, last.commit]).toEqual([0, 3, [], undefined]);
      expect(fleet.git("rev-parse", "HEAD")).toBe(head);
      expect(writes.filter((write) => isCreate(write) || isRemoval(write))).toEqual([]);
      for (const { cloud, id, size, power, image, region } of machines) {
        const now = (await clouds.servers()).find((one) => one.cloud === cloud && one.id === id);
        expect(now).toMatchObject({ size, power, image, region });
      }
      expect((await fleet.preview("--full")).effects).toEqual([]);
    },
    TIMEOUT,
  );

  it(
    "is served by its old ids",
    async () => {
      site = await VpsSite.over(clouds, fleet);
      const providers = await site.get("/api/admin/providers", "admin");
      const web = await site.get(`/api/vps/${WEB}`, "admin");
      const droplet = await site.get(`/api/vps/${DROPLET}`, "admin");
      const reboot = await site.ask("POST", `/api/vps/${WEB}/action`, "admin", { action: "reboot" });
      await new VpsTables(site.controller).follow(site.service.desired!);
      const plans = await site.controller.store.jobs.executeSql(
        "select id, provider_id from fleetwright_vps.vps_plans",
      );
      const kept = await site.ask("POST", `/api/vps/${WEB}/action`, "admin", { action: "delete" });

      expect(providers.body.providers.map(({ id }: { id: string }) => id).sort()).toEqual([LINODE, DROPLETS]);
      expect(web.body.instance).toMatchObject({
        ...{ id: WEB, provider_id: LINODE, provider_type: "linode", label: "My web", status: "running" },
        ...{ region: "us-east", monthly_rate: 7.5, plan_specs: { vcpus: 1, memory: 1024 } },
      });
      expect(web.body.instance.provider_instance_id).toBe(
        String(fileOf(fleet, `servers/linode/${nameOf(WEB)}.yaml`).adopt),
      );
      expect(droplet.body.instance).toMatchObject({ id: DROPLET, provider_id: DROPLETS, status: "running" });
      expect(reboot.body, reboot.text).toEqual({ success: true, message: "Action reboot initiated successfully" });
      expect(plans.rows).toEqual([{ id: PLAN, provider_id: LINODE }]);
      expect([kept.status, kept.body.code], kept.text).toEqual([409, "CONFLICT"]);
      for (const list of ["stackscripts", "images", "types", "regions"])
        expect((await site.get(`/api/vps/linode/${list}`, "admin")).status, list).toBe(200);
    },
    TIMEOUT,
  );

  it(
    "lets its instances be deleted once its operator says so",
    async () => {
      const released = await script(fleet, after, ["--write", "--deletion-policy", "delete"]);
      await site.served();
      const { id } = await clouds.server("shop.example.org");
      const deleted = await site.ask("POST", `/api/vps/${DROPLET}/action`, "admin", { action: "delete" });
      await expect
        .poll(async () => (await clouds.of("digitalocean").servers()).some((one) => one.id === id), {
          timeout: 120_000,
        })
        .toBe(false);

      expect(released.commit, JSON.stringify(released)).toMatch(/^[0-9a-f]{40}$/);
      expect(fileOf(fleet, `servers/linode/vps-${STORE.replaceAll("-", "")}.yaml`).deletionPolicy).toBe("delete");
      expect(deleted.body.success, deleted.text).toBe(true);
    },
    TIMEOUT,
  );
});

describe("an installation from before there were providers", () => {
  it(
    "becomes Linode's in one commit, in the old database as well where that is asked for",
    async () => {
      const key = { FLEETWRIGHT_KEY_LINODE: clouds.tokens.linode };
      const commits = Number(earlyFleet.git("rev-list", "--count", "HEAD"));
      const done = await script(earlyFleet, before, ["--migrate", "--yes"], key);
      const again = await script(earlyFleet, before, ["--migrate", "--yes"]);

      expect(done.code, JSON.stringify(done)).toBe(0);
      expect([again.code, again.commit]).toEqual([0, undefined]);
      expect(Number(earlyFleet.git("rev-list", "--count", "HEAD"))).toBe(commits + 1);
      const { uuid } = fileOf(earlyFleet, "accounts/linode.yaml");
      expect(fileOf(earlyFleet, `servers/linode/${nameOf(EARLY)}.yaml`)).toMatchObject({ uuid: EARLY, title: "early" });
      expect(await query(before, "select provider_id, provider_type from vps_instances")).toEqual([
        { provider_id: uuid, provider_type: "linode" },
      ]);
      expect(await query(before, "select id, name, type from service_providers")).toEqual([
        { id: uuid, name: "Linode", type: "linode" },
      ]);
      expect(
        await query(before, "select indexname from pg_indexes where indexname like 'idx_vps_instances%' order by 1"),
      ).toEqual([{ indexname: "idx_vps_instances_provider_id" }, { indexname: "idx_vps_instances_provider_type" }]);
      await query(before, "delete from service_providers");
      expect(await query(before, "select provider_id from vps_instances")).toEqual([{ provider_id: null }]);
      expect((await earlyFleet.preview()).effects).toEqual([]);
    },
    TIMEOUT,
  );

  it(
    "is refused whole where something of it means nothing",
    async () => {
      const head = earlyFleet.git("rev-parse", "HEAD");
      await query(before, "insert into service_providers (name, type, api_key_encrypted) values ('Google', 'gcp', '')");
      const strange = await script(earlyFleet, before, ["--yes"]);
      const chosen = await script(earlyFleet, before, ["--yes", "--only", "Linode"]);
      await query(before, "alter table vps_plans rename to plans");
      const missing = await script(earlyFleet, before, ["--yes"]);

      expect(strange.error?.message).toMatch(/Google.*there is no type "gcp" here/);
      expect([chosen.code, chosen.already]).toEqual([0, 1]);
      expect(missing.error?.message).toContain("the database has no table vps_plans");
      expect(earlyFleet.git("rev-parse", "HEAD")).toBe(head);
    },
    TIMEOUT,
  );
});
