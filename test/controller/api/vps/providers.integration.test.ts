import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DIGITALOCEAN_TOKEN } from "../../../../simulators/digitalocean/index.ts";
import { LINODE_TOKEN } from "../../../../simulators/linode/index.ts";
import { VpsSite } from "./site.ts";

const PROVIDERS = "/api/admin/providers";
const KEYS = ["active", "configuration", "created_at", "id", "name", "type", "updated_at"];

let site: VpsSite;
beforeAll(async () => {
  site = await VpsSite.open();
}, 60_000);
afterAll(async () => await site?.close());

const rowOf = async (name: string) =>
  (await site.get(PROVIDERS, "admin")).body.providers.find((one: { name: string }) => one.name === name);

const add = async (name: string, more: object = {}) =>
  await site.ask("POST", PROVIDERS, "admin", { name, type: "digitalocean", api_key: DIGITALOCEAN_TOKEN, ...more });

describe("who may", () => {
  it.each([
    ["nobody", "", 401, "UNAUTHORIZED"],
    ["whoever is no admin", "ada", 403, "FORBIDDEN"],
    ["an admin of some owners", "partly", 403, "FORBIDDEN"],
  ])("refuses %s", async (_, token, status, code) => {
    const told = await site.get(PROVIDERS, token);

    expect([told.status, told.body.code]).toEqual([status, code]);
    expect(Object.keys(told.body).sort()).toEqual(["code", "error", "success"]);
  });
});

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
