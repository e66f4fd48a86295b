import { execFile } from "node:child_process";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { serve } from "@hono/node-server";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { forgetLooks } from "../../../../controller/api/vps/instances/observe.ts";
import type { Fault } from "../../../../simulators/simulator.ts";
import { KEY } from "../../../e2e/fleet.ts";
import documented from "../dialect/endpoints/vps.json" with { type: "json" };
import { exactly } from "../dialect/exactly.ts";
import { expectNoInjection } from "./injection.ts";
import { type Told, VpsSite } from "./site.ts";

/**
 * Every endpoint of the document: each is asked for what it does, and for each documented code by the fault that it is for. The fixture says what there is
 * to drive, and the last test that nothing of it was left out. Real git, database and engine, simulated clouds.
 */
const TIMEOUT = 600_000;
const NOBODY = "00000000-0000-4000-8000-000000000000";
const CATALOGUES = documented.filter(({ id }) => /\.(digitalocean|linode)\.\w+$/.test(id)).map(({ id }) => shortOf(id));
const CREATE = "vps.create";

/** What the document gives no schema for is as this one. */
const LIKE: Readonly<Record<string, string>> = {
  "providers.update": "providers.create",
  "linode.images": "digitalocean.images",
  "linode.types": "digitalocean.sizes",
  "linode.regions": "digitalocean.regions",
};

/** Jobs of the document that are not walked here, by name. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  "job.migrate-vps-provider-data": "it takes over an installation that was there before, and has tests of its own",
};

/** Why an endpoint never answers with a code. */
const NEVER: Readonly<Record<string, (id: string) => string | false>> = {
  MISSING_CREDENTIALS: (id) => id.startsWith("providers.") && "a key comes with the request, or no provider is asked",
  INVALID_CREDENTIALS: (id) => isLocal(id) && "no provider is asked",
  RATE_LIMIT_EXCEEDED: (id) => isLocal(id) && "no provider is asked",
  API_ERROR: (id) => isLocal(id) && "no provider is asked",
  PROVIDER_NOT_FOUND: (id) =>
    (["providers.list", "providers.create"].includes(id) && "it names no provider") ||
    (id === "vps.get" && "an instance of a deleted provider reads as it was last known"),
  PROVIDER_INACTIVE: (id) => !isSelling(id) && "what is there of a disabled provider can be seen and changed",
  INVALID_ACTION: (id) => id !== "vps.action" && "it takes no action",
  INSUFFICIENT_RESOURCES: (id) => id !== CREATE && "nothing is bought",
  VALIDATION_ERROR: (id) =>
    ["providers.list", "providers.delete", "vps.get"].includes(id) && "it takes nothing but an id",
  UNKNOWN_ERROR: () => false,
  UNAUTHORIZED: () => false,
  FORBIDDEN: (id) =>
    (id === "vps.get" && "another's instance is not there") ||
    (CATALOGUES.includes(id) && !id.endsWith(".images") && "everybody may read it"),
  NOT_FOUND: (id) => !["vps.get", "vps.action"].includes(id) && "it names no instance",
  CONFLICT: (id) => ![CREATE, "vps.action"].includes(id) && "nothing stands against it",
};

const isLocal = (id: string) => ["providers.list", "providers.delete"].includes(id);
const isSelling = (id: string) => id === CREATE || CATALOGUES.includes(id);

function shortOf(id: string): string {
  return id.replace("vps-multicloud.", "");
}

const account = (name: string, provider: "linode" | "digitalocean", more: object = {}) => ({
  kind: "Account",
  name,
  provider,
  credentials: { token: { env: `FLEETWRIGHT_${provider.toUpperCase()}_TOKEN` } },
  deadlines: { settleSeconds: 1, createSeconds: 60 },
  ...more,
});
const KEYLESS = { credentials: { token: { env: "FLEETWRIGHT_TOKEN_THAT_NOBODY_HAS_SET" } } };

/** The documented bodies, without what the other tests of creates are about. */
const BODIES = {
  linode: {
    provider_type: "linode",
    label: "my-web-server",
    type: "g6-nanode-1",
    region: "us-east",
    image: "linode/ubuntu22.04",
    rootPassword: "secure-password-here",
    sshKeys: [KEY.publicKey],
    stackscriptId: 12345,
    stackscriptData: { hostname: "myserver" },
    tags: ["production", "web"],
  },
  digitalocean: {
    provider_type: "digitalocean",
    label: "my-wordpress-site",
    type: "s-1vcpu-1gb",
    region: "nyc3",
    image: "ubuntu-22-04-x64",
    rootPassword: "SecurePassword123!",
    sshKeys: [],
    monitoring: true,
    ipv6: true,
    appSlug: "wordpress",
  },
} as const;
type Cloud = keyof typeof BODIES;

let site: VpsSite;
/** Ids of providers by name, and of the instance that is made. */
const providers = new Map<string, string>();
let instance: string;

/** What was driven, as `ID CODE`, and jobs by their id. */
const driven = new Set<string>();

const walked = async (id: string, code: string, ask: () => Promise<Told>): Promise<Told> => {
  const told = await ask();
  const members = ["code", "error", "success"];
  const why = () => [told.text, ...site.logged.slice(-20)].join("\n");
  expect([id, told.body.code, told.body.success], why()).toEqual([id, code, false]);
  expect(
    Object.keys(told.body)
      .filter((member) => member !== "field")
      .sort(),
  ).toEqual(members);
  driven.add(`${id} ${code}`);
  return told;
};
const at = (id: string) => documented.find((one) => one.id === `vps-multicloud.${id}`)!;

/** A request to an endpoint, as its document has it unless said otherwise. */
function ask(
  id: string,
  { token, of = NOBODY, query = "", body }: { token?: string; of?: string; query?: string; body?: unknown } = {},
): Promise<Told> {
  const { method, path, auth } = at(id);
  const who = token ?? (auth === "admin-jwt" ? "admin" : "ada");
  return site.ask(method!, `${path.replace(":id", of)}${query}`, who, method === "GET" ? undefined : (body ?? {}));
}
const create = (cloud: Cloud, more: object = {}) => ask(CREATE, { body: { ...BODIES[cloud], ...more } });
const act = (action: string, more: object = {}) => ask("vps.action", { of: instance, body: { action }, ...more });

/** While the clouds answer so. */
async function under<T>(clouds: readonly Cloud[], fault: Omit<Fault, "times">, run: () => Promise<T>): Promise<T> {
  for (const cloud of clouds) await site.clouds.of(cloud).fault({ ...fault, times: 10_000 });
  return await run().finally(() => Promise.all(clouds.map((cloud) => site.clouds.of(cloud).clearFaults())));
}
const status = (code: number, body?: object): Fault["action"] => ({
  kind: "status",
  status: code,
  ...(body && { body }),
  ...(code === 429 && { headers: { "retry-after": "0" } }),
});

/** While the service itself has a fault. */
async function broken<T>(run: () => Promise<T>): Promise<T> {
  const fail = async () => {
    throw new Error("nobody has expected this in /var/lib");
  };
  Object.assign(site.api, { view: fail });
  return await run().finally(() => Reflect.deleteProperty(site.api, "view"));
}

beforeAll(async () => {
  site = await VpsSite.open();
  const endpoint = (cloud: Cloud) => ({ endpoint: site.clouds.url(cloud) });
  for (const cloud of ["linode", "digitalocean"] as const)
    site.fleet.write({
      [`accounts/z-${cloud}-off.yaml`]: account(`z-${cloud}-off`, cloud, { ...endpoint(cloud), active: false }),
      [`accounts/z-${cloud}-keyless.yaml`]: account(`z-${cloud}-keyless`, cloud, { ...endpoint(cloud), ...KEYLESS }),
    });
  const freeze = { until: "2199-01-01", reason: "the walk" };
  site.fleet.write({
    "accounts/z-frozen.yaml": account("z-frozen", "digitalocean", { ...endpoint("digitalocean"), freeze }),
  });
  site.fleet.commit("Have providers that refuse");
  await site.served();
  for (const { name, id } of (await site.get("/api/admin/providers", "admin")).body.providers) providers.set(name, id);
}, TIMEOUT);
afterAll(async () => await site?.close());

const CLOUDS = ["linode", "digitalocean"] as const;
const cloudOf = (id: string) => id.split(".")[0] as Cloud;
const keyless = (id: string) => ({ query: `?provider_id=${providers.get(`z-${cloudOf(id)}-keyless`)}` });
const own = (cloud: Cloud) => providers.get(cloud === "linode" ? "linode-main" : "do-main")!;

/** Lists are read anew, so that the providers are really asked. */
async function forgotten(): Promise<void> {
  for (const cloud of CLOUDS) await site.ask("POST", `/api/admin/providers/${own(cloud)}/cache/clear`, "admin");
}

/** Until the instance is so. */
async function inStatus(wanted: string): Promise<void> {
  for (const end = performance.now() + 120_000; ; await sleep(300)) {
    const { body, text } = await ask("vps.get", { of: instance });
    if (body.instance?.status === wanted) return;
    if (performance.now() > end) throw new Error(`${text}\n${site.logged.slice(-20).join("\n")}`);
  }
}

/** While the provider's key is not set. */
async function withoutKey(run: () => Promise<void>): Promise<void> {
  const environment = site.controller.environment as Record<string, string>;
  const key = environment.FLEETWRIGHT_LINODE_TOKEN!;
  environment.FLEETWRIGHT_LINODE_TOKEN = "";
  await run().finally(() => Object.assign(environment, { FLEETWRIGHT_LINODE_TOKEN: key }));
}

describe("callers", () => {
  const http = documented.filter(({ kind }) => kind === "http").map(({ id }) => shortOf(id));

  it("who are nobody are told so by every endpoint, and a fault of ours in words that say nothing of it", async () => {
    for (const id of http) {
      await walked(id, "UNAUTHORIZED", () => ask(id, { token: "" }));
      const body = id.startsWith("providers.") ? { name: "P", type: "linode", api_key: "k" } : BODIES.linode;
      const told = await broken(() =>
        walked(id, "UNKNOWN_ERROR", () => ask(id, { body: id === "vps.action" ? { action: "boot" } : body })),
      );
      expect(told.text).not.toMatch(/var|expected this/);
    }
  });

  it("who are no admins of the whole fleet have no say over providers, nor see what only the account has", async () => {
    for (const id of http.filter((one) => one.startsWith("providers.")))
      for (const token of ["ada", "partly"]) await walked(id, "FORBIDDEN", () => ask(id, { token }));
    for (const id of CATALOGUES.filter((one) => one.endsWith(".images")))
      await walked(id, "FORBIDDEN", () => ask(id, { query: "?type=custom" }));
    await walked(CREATE, "FORBIDDEN", () => create("digitalocean", { appSlug: null, sshKeys: ["12345"] }));
  });
});

describe("catalogues", () => {
  const all = async (code: string, more: (id: string) => object = () => ({})) =>
    await Promise.all(CATALOGUES.map((id) => walked(id, code, () => ask(id, more(id)))));

  it("answer as documented", async () => {
    const told = await Promise.all(CATALOGUES.map((id) => ask(id)));

    for (const [index, id] of CATALOGUES.entries()) {
      const { status, body, text } = told[index]!;
      const [items] = Object.values(body) as [object[]];
      expect([id, status, items.length > 0], text).toEqual([id, 200, true]);
      exactlyAs(id, { [Object.keys(schemaOf(id)?.properties ?? body)[0]!]: items });
      expect(Object.keys(body)).toEqual([id.split(".")[1] === "marketplace" ? "apps" : id.split(".")[1]]);
    }
  });

  it("refuse what names no provider, none that sells, or nothing that could be one", async () => {
    await all("PROVIDER_NOT_FOUND", () => ({ query: `?provider_id=${NOBODY}` }));
    await all("VALIDATION_ERROR", () => ({ query: "?provider_id=first" }));
    await all("PROVIDER_INACTIVE", (id) => ({ query: `?provider_id=${providers.get(`z-${cloudOf(id)}-off`)}` }));
    await all("MISSING_CREDENTIALS", keyless);
  });

  it.each([
    ["INVALID_CREDENTIALS", 401],
    ["RATE_LIMIT_EXCEEDED", 429],
    ["API_ERROR", 500],
  ])(
    "tell %s where the providers answer %i",
    async (code, answer) => {
      await forgotten();
      const told = await under(CLOUDS, { match: { path: "^/v[24]/" }, action: status(answer) }, () => all(code));

      for (const { headers } of told) expect(headers.has("retry-after")).toBe(answer === 429);
    },
    TIMEOUT,
  );
});

describe("providers", () => {
  const NEW = { name: "DigitalOcean Production", type: "digitalocean", api_key: "" };
  const keyOf = () => ({ ...NEW, api_key: site.clouds.tokens.digitalocean });
  let id: string;

  it("are listed, added, changed and deleted as documented", async () => {
    const added = await ask("providers.create", { body: { ...keyOf(), configuration: { default_region: "nyc3" } } });
    id = added.body.provider.id;
    const updated = await ask("providers.update", { of: id, body: { ...NEW, api_key: undefined, active: false } });
    const listed = await ask("providers.list");

    for (const [name, told, success] of [
      ["providers.create", added, 201],
      ["providers.update", updated, 200],
      ["providers.list", listed, 200],
    ] as const) {
      expect([name, told.status], told.text).toEqual([name, success]);
      exactlyAs(name, told.body);
    }
    expect(updated.body.provider).toMatchObject({ id, active: false });
  });

  it(
    "refuse what is wrong, and what their provider refuses, and are as they were",
    async () => {
      const { body: before } = await ask("providers.list");

      await walked("providers.create", "VALIDATION_ERROR", () =>
        ask("providers.create", { body: { ...keyOf(), type: "gcp" } }),
      );
      await walked("providers.update", "VALIDATION_ERROR", () =>
        ask("providers.update", { of: id, body: { name: "" } }),
      );
      for (const one of ["providers.update", "providers.delete"])
        await walked(one, "PROVIDER_NOT_FOUND", () => ask(one, { of: NOBODY }));
      for (const [code, answer] of [
        ["INVALID_CREDENTIALS", 401],
        ["RATE_LIMIT_EXCEEDED", 429],
        ["API_ERROR", 500],
      ] as const)
        await under(["digitalocean"], { match: { path: "." }, action: status(answer) }, async () => {
          await Promise.all([
            walked("providers.create", code, () => ask("providers.create", { body: keyOf() })),
            walked("providers.update", code, () => ask("providers.update", { of: id, body: keyOf() })),
          ]);
        });

      expect((await ask("providers.list")).body).toEqual(before);
      const deleted = await ask("providers.delete", { of: id });
      expect(deleted.status, deleted.text).toBe(200);
      exactlyAs("providers.delete", deleted.body);
    },
    TIMEOUT,
  );

  it("are made by type, key and id, as the document's factory does: what they sell has one form", async () => {
    // ProviderFactory.createProvider(type, apiToken, providerId), and the calls of IProviderService.
    for (const name of ["images", "regions"]) {
      const [one, other] = await Promise.all(CLOUDS.map((cloud) => ask(`${cloud}.${name}`)));
      const [first] = one!.body[name];
      expect(Object.keys(first)).toEqual(Object.keys(other!.body[name][0]));
    }
    expect(Object.keys((await ask("linode.types")).body.types[0])).toEqual(
      Object.keys((await ask("digitalocean.sizes")).body.sizes[0]),
    );
  });
});

describe("a create that is refused", () => {
  /** What was refused, to look at again once all faults are gone. */
  const refused: string[] = [];
  const refuse = async (code: string, cloud: Cloud, more: object = {}) => {
    const told = await walked(CREATE, code, () => create(cloud, more));
    const change = told.headers.get("fleetwright-change");
    if (change !== null) refused.push(change);
    return told;
  };

  it(
    "is told why before anything is asked for",
    async () => {
      const head = site.fleet.git("rev-parse", "main");
      await refuse("VALIDATION_ERROR", "linode", { type: "g9-giant" });
      await refuse("PROVIDER_NOT_FOUND", "linode", { provider_id: NOBODY });
      await refuse("PROVIDER_INACTIVE", "linode", { provider_id: providers.get("z-linode-off") });
      const plain = { appSlug: null, monitoring: false };
      await refuse("MISSING_CREDENTIALS", "digitalocean", {
        ...plain,
        provider_id: providers.get("z-digitalocean-keyless"),
      });
      await refuse("CONFLICT", "digitalocean", { ...plain, provider_id: providers.get("z-frozen") });
      const everything = { match: { path: "." }, action: status(401) };
      await under(["linode"], everything, () =>
        refuse("INVALID_CREDENTIALS", "linode", { stackscriptId: null, stackscriptData: null, label: "revoked" }),
      );
      expect(site.fleet.git("rev-parse", "main")).toBe(head);
    },
    TIMEOUT,
  );

  it(
    "by its cloud, or because its price has changed, is taken back before it is told",
    async () => {
      const at = async (cloud: Cloud, code: string, action: Fault["action"]) => {
        const path = cloud === "linode" ? "/linode/instances$" : "/droplets$";
        const label = `refused-${code.toLowerCase().replaceAll("_", "-")}`;
        const told = await under([cloud], { match: { method: "POST", path }, action }, () =>
          refuse(code, cloud, { label }),
        );
        expect(told.headers.get("fleetwright-change"), told.text).toMatch(/^c-/);
        expect(told.text).not.toContain(BODIES[cloud].rootPassword);
      };
      const linode = async () => {
        await at("linode", "INVALID_CREDENTIALS", status(401));
        await at(
          "linode",
          "INSUFFICIENT_RESOURCES",
          status(400, { errors: [{ reason: "No capacity in this region" }] }),
        );
        await at("linode", "API_ERROR", status(500));
      };
      const digitalocean = async () => {
        await at("digitalocean", "RATE_LIMIT_EXCEEDED", status(429));
        // What was shown is from the catalogue that is kept for an hour; what is bought is read anew.
        await site.clouds.of("digitalocean").sell("s-1vcpu-1gb", { monthly: 60, hourly: 0.09 });
        expect((await refuse("CONFLICT", "digitalocean", { label: "dearer" })).text).toMatch(/costs/);
      };

      await Promise.all([linode(), digitalocean()]);
    },
    TIMEOUT,
  );

  it(
    "is never bought later: all are closed, none is on the main line, and the next create is the only machine",
    async () => {
      const label = 'it\'s "new"; rm -rf / # {{x}} ../../\u2028';
      const answers = { hostname: 'a", "b": "c\r\nx-evil: 1' };
      const wanted = { label, stackscriptData: answers };
      // Told of a fault of ours while it was under way, the caller asks again, and joins it.
      const { changes } = site.service;
      const fail = async () => {
        throw new Error("nobody has expected this");
      };
      Object.assign(changes, { get: fail });
      const lost = await create("linode", wanted).finally(() => Reflect.deleteProperty(changes, "get"));
      expect([lost.status, lost.body.code], lost.text).toEqual([500, "UNKNOWN_ERROR"]);
      const made = await create("linode", wanted);
      expect(made.status, made.text).toBe(201);
      exactlyAs(CREATE, made.body);
      instance = made.body.instance.id;
      await inStatus("running");
      expect(made.body.instance.label).toBe(label);
      const given = await site.clouds.of("linode").given(made.body.instance.provider_instance_id);
      expect(given).toMatchObject({ rootPassword: BODIES.linode.rootPassword, stackscriptData: answers });

      for (const id of refused) {
        const change = await site.service.changes.get(id);
        expect([change.state, change.refusal?.message.length], change.title).toEqual(["closed", expect.any(Number)]);
      }
      const machines = (await site.clouds.servers()).map(({ name }) => name);
      expect(machines).toEqual([`vps-${instance.replaceAll("-", "").slice(0, 12)}`]);
      const files = site.fleet.git("ls-tree", "-r", "--name-only", "main").split("\n");
      expect(files.filter((path) => path.startsWith("servers/"))).toHaveLength(1);
      expect(await site.controller.store.openApprovals()).toEqual(new Map());
    },
    TIMEOUT,
  );
});

describe("what a request says", () => {
  it(
    "is refused by its field or kept as it is, and is no other field, file or request",
    async () => {
      await expectNoInjection(site.api, [own("linode"), providers.get("z-linode-keyless")!]);
    },
    TIMEOUT,
  );
});

describe("examples/vps.ts", () => {
  it(
    "is a client of the document that has a server made, rebooted and deleted",
    async () => {
      const server = serve({ fetch: site.app.fetch, hostname: "127.0.0.1", port: 0 });
      await once(server, "listening");
      const { port } = server.address() as AddressInfo;
      const file = join(import.meta.dirname, "../../../../examples/vps.ts");
      const env = { ...process.env, VPS_API: `http://127.0.0.1:${port}`, VPS_TOKEN: "bob" };
      const { stdout } = await promisify(execFile)(process.execPath, [file, "example"], { env }).finally(() =>
        server.close(),
      );

      expect(stdout.trim().split("\n")).toEqual([
        "example is provisioning",
        expect.stringMatching(/^example runs at [\d.]+, for 5\.00 USD a month$/),
        "Action reboot initiated successfully",
        "Action delete initiated successfully",
      ]);
      for (const end = performance.now() + 120_000; performance.now() < end; await sleep(200))
        if ((await site.get("/api/vps", "bob")).body.instances.length === 0) break;
      expect((await site.get("/api/vps", "bob")).body.instances).toEqual([]);
    },
    TIMEOUT,
  );
});

describe("an instance", () => {
  it("is read as documented, by nobody else, and with the provider's errors", async () => {
    const told = await ask("vps.get", { of: instance });
    expect(told.status, told.text).toBe(200);
    exactlyAs("vps.get", told.body);

    for (const id of ["vps.get", "vps.action"]) {
      await walked(id, "NOT_FOUND", () => ask(id, { of: instance, token: "bob", body: { action: "boot" } }));
      await walked(id, "NOT_FOUND", () => ask(id, { of: NOBODY, body: { action: "boot" } }));
    }
  });

  it.each([
    ["INVALID_CREDENTIALS", 401],
    ["RATE_LIMIT_EXCEEDED", 429],
    ["API_ERROR", 500],
    ["MISSING_CREDENTIALS", 0],
  ])(
    "tells %s, and nothing is done to it",
    async (code, answer) => {
      const head = site.fleet.git("rev-parse", "main");
      const both = async () => {
        forgetLooks(site.api);
        await Promise.all([
          walked("vps.get", code, () => ask("vps.get", { of: instance })),
          walked("vps.action", code, () => act("boot")),
        ]);
      };
      if (answer > 0) await under(["linode"], { match: { path: "." }, action: status(answer) }, both);
      else await withoutKey(both);
      expect(site.fleet.git("rev-parse", "main")).toBe(head);
    },
    TIMEOUT,
  );

  it(
    "takes the documented actions and no others, as far as its policy lets it, until its provider is deleted",
    async () => {
      await walked("vps.action", "INVALID_ACTION", () => act("explode"));
      await walked("vps.action", "VALIDATION_ERROR", () => ask("vps.action", { of: instance, body: {} }));
      const told = await act("power_off");
      expect([told.status, told.body]).toEqual([
        200,
        { success: true, message: "Action power_off initiated successfully" },
      ]);
      exactlyAs("vps.action", told.body);
      await inStatus("stopped");
      await walked("vps.action", "CONFLICT", () => act("reboot"));

      site.fleet.git("reset", "-q", "--hard");
      site.fleet.edit("fleet.yaml", (text) =>
        text.replace("servers: 10", "servers: 10\n      operations: [create, power]"),
      );
      site.fleet.commit("Let callers delete nothing");
      await site.served();
      await walked("vps.action", "FORBIDDEN", () => act("delete"));

      await ask("providers.delete", { of: own("linode") });
      await walked("vps.action", "PROVIDER_NOT_FOUND", () => act("boot"));
    },
    TIMEOUT,
  );
});

describe("the document's migration", () => {
  it("016 has been made: instances have a provider and its type, both with an index", async () => {
    const rows = async (text: string) => (await site.controller.store.jobs.executeSql(text)).rows;
    const columns = await rows(`select column_name, udt_name, character_maximum_length as length from
      information_schema.columns where table_schema = 'fleetwright_vps' and table_name = 'vps_instances'`);
    const indexes = await rows("select indexname from pg_indexes where schemaname = 'fleetwright_vps'");

    expect(columns).toEqual(
      expect.arrayContaining([
        { column_name: "provider_type", udt_name: "varchar", length: 50 },
        { column_name: "provider_id", udt_name: "uuid", length: null },
      ]),
    );
    expect(indexes.map(({ indexname }) => indexname)).toEqual(
      expect.arrayContaining(["idx_vps_instances_provider_type", "idx_vps_instances_provider_id"]),
    );
    driven.add("job.migration-016");
  });
});

describe("the whole document", () => {
  it("was walked: each endpoint with each code that it may answer, and each job", () => {
    const left: string[] = [];
    const twice: string[] = [];
    for (const one of documented) {
      const id = shortOf(one.id);
      if (one.kind !== "http") {
        if (!driven.has(id) && ELSEWHERE[id] === undefined) left.push(id);
        continue;
      }
      if (!driven.has(`${id} success`)) left.push(`${id} success`);
      for (const code of codesOf(one)) {
        const isDriven = driven.has(`${id} ${code}`);
        const never = NEVER[code]?.(id) ?? false;
        if (!isDriven && never === false) left.push(`${id} ${code}`);
        if (isDriven && never !== false) twice.push(`${id} ${code}: ${never}`);
      }
    }

    expect(left).toEqual([]);
    expect(twice).toEqual([]);
  });
});

function codesOf({ responses }: (typeof documented)[number]): string[] {
  return responses.flatMap(({ schema }) => {
    const { code } = ((schema as { properties?: object } | undefined)?.properties ?? {}) as {
      code?: { "x-documented-codes": string[]; suggested_codes: string[] };
    };
    return code === undefined ? [] : [...code["x-documented-codes"], ...code.suggested_codes];
  });
}

interface Schema {
  properties?: Record<string, Schema>;
}

const schemaOf = (id: string) =>
  at(LIKE[id] ?? id).responses.find(({ when }) => when === "success")?.schema as Schema | undefined;

/** That an answer has the documented members, all of them and no others. Of a StackScript the document tells three. */
function exactlyAs(id: string, body: object): void {
  const schema = schemaOf(id);
  if (schema !== undefined) exactly(schema, body, id);
  else for (const script of Object.values(body)[0]) expect(script).toMatchObject({ id: expect.any(Number) });
  driven.add(`${id} success`);
}
