import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import type { Provider, ProviderManager } from "../../../controller/capsule/index.ts";
import {
  APIError,
  AuthenticationError,
  RateLimitError,
  ResourceNotFoundError,
} from "../../../controller/capsule/index.ts";
import documented from "../api/dialect/endpoints/capsule.json" with { type: "json" };
import { failing, Place } from "./place.ts";

/** The documented functions on simulated clouds: real git, database and engine. */
const TIMEOUT = 600_000;
const PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJXU2LKe2GWjyJWYD6y1S2V1N2mVw8rJm6mHh2z6hXkq ops@example.org";

let place: Place;
let manager: ProviderManager;
let digitalocean: Provider;
/** Documented functions that were called, by id. */
const called = new Set<string>();
const answered = new Map<string, { isList: boolean; keys: string[] }>();

/** Beside what the document names: ours, as docs/capsule.md has them. */
const TEMPLATE = ["id", "image", "memory_gb", "name", "price_hourly", "provider", "regions", "size", "vcpus"];
const INSTANCE = [
  "created_at",
  "id",
  "image",
  "ip_address",
  "ipv6_address",
  "managed",
  "name",
  "provider",
  "region",
  "server",
  "size",
  "status",
];
const CHANGED = [...INSTANCE, "change"].sort();
const KEYS: Readonly<Record<string, readonly string[]>> = {
  "capsule.manager.deploy_to_provider": CHANGED,
  "capsule.manager.get_cheapest_option": TEMPLATE,
  "capsule.manager.compare_templates": TEMPLATE,
  "capsule.provider.deploy": CHANGED,
  "capsule.provider.list_instances": INSTANCE,
  "capsule.provider.get_instance": INSTANCE,
  "capsule.provider.delete_instance": CHANGED,
  "capsule.provider.start_instance": CHANGED,
  "capsule.provider.stop_instance": CHANGED,
};

interface Documented {
  type?: string;
  properties?: Record<string, unknown>;
  items?: Documented;
}
const schemaOf = (id: string): Documented => {
  const { responses } = documented.find((one) => one.id === id)!;
  return (responses.find(({ when }) => when === "success") as { schema?: Documented }).schema ?? {};
};

/** What a call answers; the document's id of it is noted, with what it answered. */
async function calling<T>(id: string, work: Promise<T>): Promise<T> {
  called.add(id);
  const answer = await work;
  const [first] = Array.isArray(answer) ? answer : [answer];
  answered.set(id, { isList: Array.isArray(answer), keys: Object.keys(first as object).sort() });
  return answer;
}

beforeAll(async () => {
  place = await Place.open("digitalocean", "vultr", "hivelocity");
  place.keep(`vultr:\n  api_key: "${place.key("vultr")}"\ndigitalocean:\n  api_key: never-used\n`);
  manager = place.manager();
  digitalocean = await calling("capsule.manager.get_provider", manager.get_provider("digitalocean"));
  called.add("capsule.manager.create");
}, TIMEOUT);

afterAll(async () => {
  await place?.close();
});

describe("the documented walk", () => {
  it(
    "deploys, lists, stops, starts and deletes, each as a commit of the fleet",
    async () => {
      const headers = { authorization: `Bearer ${place.key("digitalocean")}`, "content-type": "application/json" };
      const body = JSON.stringify({ name: "laptop", public_key: PUBLIC_KEY });
      const made = await fetch(`${place.url("digitalocean")}/v2/account/keys`, { method: "POST", headers, body });
      const { ssh_key } = (await made.json()) as { ssh_key: { id: number } };
      const regions = ["capsule", "deploy", "digitalocean", "do-basic-1", "--name", "edge", "--region", "nyc1,fra1"];
      const walk = { name: "walk-1", region: "nyc1", ssh_keys: [String(ssh_key.id)] };
      const [example, edges] = await Promise.all([
        place.run("examples/capsule.ts", "my-xnode", String(ssh_key.id)),
        place.run("bin/fleetwright.ts", ...regions, "--json"),
        calling("capsule.manager.deploy_to_provider", manager.deploy_to_provider("digitalocean", "do-basic-2", walk)),
        calling("capsule.provider.deploy", digitalocean.deploy("do-basic-2", { ...walk, name: "walk-2" })),
      ]);
      expect(example.stderr).toBe("");
      const { id } = JSON.parse(example.stdout.split("\n").at(-2)!) as { id: string };
      expect(JSON.parse(edges.stdout)).toEqual({
        instances: [
          expect.objectContaining({ name: "edge-nyc1", region: "nyc1", change: expect.stringMatching(/^c-/) }),
          expect.objectContaining({ name: "edge-fra1", region: "fra1", managed: true }),
        ],
        failures: [],
      });
      const droplet = (await place.of("digitalocean").servers()).find((one) => one.id === id);
      expect(droplet).toMatchObject({ name: "my-xnode", size: "s-2vcpu-4gb", region: "nyc1" });
      const [path] = place.git("ls-files", "servers/*my-xnode.yaml").split("\n");
      expect(place.git("show", `HEAD:${path}`)).toContain(String(ssh_key.id));
      const again = digitalocean.deploy("do-basic-1", { name: "my-xnode" });
      expect(await failing(again)).toMatchObject({ status_code: 409 });

      const foreign = await place.of("digitalocean").addForeign({ name: "of-somebody" });
      const instances = await calling("capsule.provider.list_instances", digitalocean.list_instances());
      expect(instances.map(({ name, managed }) => ({ name, managed }))).toEqual([
        { name: "edge-fra1", managed: true },
        { name: "edge-nyc1", managed: true },
        { name: "my-xnode", managed: true },
        { name: "of-somebody", managed: false },
        { name: "walk-1", managed: true },
        { name: "walk-2", managed: true },
      ]);
      for (const { name, status, ip_address } of instances)
        expect([typeof name, typeof status, typeof ip_address]).toEqual(["string", "string", "string"]);
      expect(await calling("capsule.provider.get_instance", digitalocean.get_instance(id))).toMatchObject({
        id: id,
        status: "running",
        ip_address: expect.stringMatching(/^\d+(\.\d+){3}$/),
      });
      expect(await failing(digitalocean.delete_instance(foreign.id))).toMatchObject({ status_code: 409 });
      expect(await failing(digitalocean.stop_instance(foreign.id))).toMatchObject({ status_code: 409 });

      const stopped = await place.run("bin/fleetwright.ts", "capsule", "stop", "digitalocean", id, "--json");
      expect(stopped.stderr).toBe("");
      expect(JSON.parse(stopped.stdout)).toMatchObject({ id, status: "stopped", managed: true });
      // All is so already.
      const twice = await calling("capsule.provider.stop_instance", digitalocean.stop_instance(id));
      expect(twice).toMatchObject({ status: "stopped", change: "" });
      const started = await calling("capsule.provider.start_instance", digitalocean.start_instance(id));
      expect(started).toMatchObject({ id, status: "running", change: expect.stringMatching(/^c-/) });
      // The files say that it runs: what a hand has done is brought back, and needs no commit.
      const head = place.git("rev-parse", "HEAD");
      await place.of("digitalocean").change(id, { power: "stopped" });
      const back = await digitalocean.start_instance(id);
      expect(back).toMatchObject({ id, status: "running", change: expect.stringMatching(/^c-/) });
      expect(await digitalocean.start_instance(id)).toMatchObject({ status: "running", change: "" });
      expect(place.git("rev-parse", "HEAD")).toBe(head);

      const gone = await calling("capsule.provider.delete_instance", digitalocean.delete_instance(id));
      expect(gone).toMatchObject({ id: id, status: "deleted" });
      const left = (await place.of("digitalocean").servers()).map(({ name }) => name);
      expect(left.sort()).toEqual(["edge-fra1", "edge-nyc1", "of-somebody", "walk-1", "walk-2"]);
      expect(place.git("log", "--format=%s").split("\n").slice(0, 2)).toEqual(["Delete my-xnode", "Start my-xnode"]);
      const logged = place.logged.map(({ fields: { method, url } }) => `${String(method)} ${String(url)}`);
      expect(logged).toContain(`DELETE ${place.url("digitalocean")}/v2/droplets/${id}`);
    },
    TIMEOUT,
  );

  it("finds the cheapest template, and compares them", async () => {
    const cheapest = await calling("capsule.manager.get_cheapest_option", manager.get_cheapest_option(4, 8));
    expect(cheapest).toMatchObject({
      provider: "vultr",
      id: "vultr-cloud-4",
      name: "Cloud Compute 4",
      price_hourly: 0.054795,
    });
    const all = await calling("capsule.manager.compare_templates", manager.compare_templates(4, 8, 0.1));
    expect(all.map(({ id }) => id)).toEqual(["vultr-cloud-4", "do-basic-4", "linode-shared-4"]);
    expect(await manager.get_cheapest_option(10_000, 1)).toBeNull();
  });

  it("calls every function of the document", () => {
    expect([...called].sort()).toEqual(documented.map(({ id }) => id).sort());
  });

  it.each(Object.keys(KEYS))("%s answers exactly the documented fields and ours", (id) => {
    const { type, properties, items } = schemaOf(id);
    const { isList, keys } = answered.get(id)!;

    if (type !== undefined) expect(isList).toBe(type === "array");
    expect(keys).toEqual(expect.arrayContaining(Object.keys(items?.properties ?? properties ?? {})));
    expect(keys).toEqual(KEYS[id]);
  });
});

describe("errors", () => {
  let id: string;
  beforeAll(async () => {
    ({ id } = await place.of("digitalocean").addForeign({ name: "asked-for" }));
  });

  const fault = async (status: number, times: number) => {
    const action = { kind: "status", status, body: { id: "not_found", message: "of a fault" } } as const;
    await place.of("digitalocean").clearFaults();
    await place.of("digitalocean").fault({ match: { method: "GET", path: `^/v2/droplets/${id}$` }, times, action });
    place.logged.length = 0;
  };
  /** The service asks other things meanwhile. */
  const told = (words: string) =>
    place.logged.filter(({ message, fields }) => message.startsWith(words) && String(fields.url).endsWith(`/${id}`));

  it.each([
    { status: 400, kind: APIError, tries: 1 },
    { status: 401, kind: AuthenticationError, tries: 1 },
    { status: 403, kind: AuthenticationError, tries: 1 },
    { status: 404, kind: ResourceNotFoundError, tries: 1 },
    { status: 429, kind: RateLimitError, tries: 4 },
    { status: 500, kind: APIError, tries: 4 },
    { status: 501, kind: APIError, tries: 1 },
    { status: 502, kind: APIError, tries: 4 },
    { status: 503, kind: APIError, tries: 4 },
    { status: 504, kind: APIError, tries: 4 },
  ])("a $status is asked $tries times", async ({ status, kind, tries }) => {
    await fault(status, 9);

    const error = await failing(digitalocean.get_instance(id));

    expect([error.constructor, error.status_code]).toEqual([kind, status]);
    expect(told("request")).toHaveLength(tries);
    await place.of("digitalocean").clearFaults();
  });

  afterEach(async () => await place.of("digitalocean").clearFaults());

  const ERRORS = { APIError, AuthenticationError, RateLimitError, ResourceNotFoundError } as const;
  /** What each function asks a cloud first. Of the others the document says that they throw, and they ask nothing. */
  const ASKS: Readonly<Record<string, { path(): string; call(): Promise<unknown> }>> = {
    "capsule.provider.list_instances": {
      path: () => "^/v2/droplets$",
      call: () => digitalocean.list_instances(),
    },
    "capsule.provider.get_instance": { path: () => `/${id}$`, call: () => digitalocean.get_instance(id) },
    "capsule.provider.start_instance": { path: () => `/${id}$`, call: () => digitalocean.start_instance(id) },
    "capsule.provider.stop_instance": { path: () => `/${id}$`, call: () => digitalocean.stop_instance(id) },
    "capsule.provider.delete_instance": { path: () => `/${id}$`, call: () => digitalocean.delete_instance(id) },
  };
  const thrown = documented.flatMap(({ id: name, responses }) => {
    const throws = responses.flatMap((one) => ("throws" in one ? (one.throws ?? []) : []));
    return !(name in ASKS)
      ? []
      : throws.map((one) => ({
          name,
          error: one.name as keyof typeof ERRORS,
          // The base class is of any other.
          statuses: [...one.on.matchAll(/\d{3}/g)].map(Number).concat(one.name === "APIError" ? [500] : []),
        }));
  });

  it.each(thrown)("$name throws $error as documented", async ({ name, error, statuses }) => {
    const { path, call } = ASKS[name]!;
    const cloud = place.of("digitalocean");
    expect(statuses.length).toBeGreaterThan(0);
    for (const status of statuses) {
      const action = { kind: "status", status, body: { id: "not_found", message: "of a fault" } } as const;
      await cloud.fault({ match: { method: "GET", path: path() }, times: 9, action });

      const found = await failing(call());

      expect([found.constructor, found.status_code]).toEqual([ERRORS[error], status]);
      expect(found).toMatchObject({
        name: error,
        message: expect.stringMatching(status === 404 ? /no machine|404/ : /of a fault/),
      });
      await cloud.clearFaults();
    }
  });

  it.each([
    { status: 401, kind: AuthenticationError, code: 401 },
    { status: 422, kind: APIError, code: 400 },
  ])(
    "a deployment that is answered $status is taken back, and thrown",
    async ({ status, kind, code }) => {
      const action = { kind: "status", status, body: { id: "of_a_fault", message: "of a fault" } } as const;
      const cloud = place.of("digitalocean");
      await cloud.fault({ match: { method: "POST", path: "^/v2/droplets$" }, times: 9, action });

      const found = await failing(manager.deploy_to_provider("digitalocean", "do-basic-2", { name: "never" }));

      expect([found.constructor, found.status_code, found.change]).toEqual([kind, code, expect.stringMatching(/^c-/)]);
      expect(place.git("ls-files", "servers")).not.toContain("never");
      await cloud.clearFaults();
    },
    TIMEOUT,
  );

  it("goes on where a retry is answered, and logs what it waits for", async () => {
    await fault(429, 2);

    expect(await digitalocean.get_instance(id)).toMatchObject({ name: "asked-for", managed: false });

    expect(told("rate limited")).toHaveLength(2);
  });

  it("says what is not there", async () => {
    expect(await failing(digitalocean.get_instance("99999999"))).toBeInstanceOf(ResourceNotFoundError);
    expect(await failing(manager.get_provider("scaleway"))).toBeInstanceOf(ResourceNotFoundError);
    expect(await failing(digitalocean.deploy("do-basic-3", { name: "x" }))).toBeInstanceOf(ResourceNotFoundError);
    expect(await failing(digitalocean.deploy("do-basic-2", { name: "" }))).toMatchObject({ status_code: 400 });
    const misspelt = { name: "x", regoin: "nyc1" } as unknown as { name: string };
    expect(await failing(digitalocean.deploy("do-basic-2", misspelt))).toMatchObject({ status_code: 400 });
    const linode = await manager.get_provider("linode");
    expect(await failing(linode.list_instances())).toBeInstanceOf(AuthenticationError);
  });
});

describe("an account that may cost no more", () => {
  it(
    "takes no deployment: 403, and nothing is bought",
    async () => {
      const path = "accounts/digitalocean.yaml";
      place.git("reset", "-q", "--hard");
      const limit = { monthly: { amount: 1, currency: "USD" }, cap: true };
      appendFileSync(join(place.fleet, path), stringify({ spending: limit }));
      place.git("-c", "user.name=Ada", "-c", "user.email=ada@example.org", "commit", "-qam", "Limit it");

      const error = await failing(digitalocean.deploy("do-basic-1", { name: "too-dear" }));

      expect([error.constructor, error.status_code]).toEqual([AuthenticationError, 403]);
      expect(error.message).toContain("above what it may cost a month");
      expect((await place.of("digitalocean").servers()).map(({ name }) => name)).not.toContain("too-dear");
      expect(place.git("ls-files", "servers")).not.toContain("too-dear");
    },
    TIMEOUT,
  );
});

describe("keys", () => {
  it("come from the file where no variable is set, and the variable wins", async () => {
    const vultr = await manager.get_provider("vultr");
    expect(await vultr.list_instances()).toEqual([]);
    expect(await manager.configured_providers()).toEqual(["hivelocity", "digitalocean", "vultr"]);
  });

  it("stand neither in git nor in the log", () => {
    const keys = [place.key("digitalocean"), place.key("vultr"), "never-used"];
    const history = place.git("log", "-p", "--all");
    const log = JSON.stringify(place.logged);
    for (const key of keys) expect([history.includes(key), log.includes(key)]).toEqual([false, false]);
    expect(history).toContain("DIGITALOCEAN_API_KEY");
  });
});
