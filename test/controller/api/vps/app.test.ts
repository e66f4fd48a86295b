import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Hono } from "hono";
import { Registry } from "prom-client";
import { describe, expect, it } from "vitest";
import type { RefusalKind } from "../../../../controller/api/dialect/refusal.ts";
import { operationsApp } from "../../../../controller/api/operations.ts";
import type { VpsParts } from "../../../../controller/api/vps/api.ts";
import { VPS_PATHS, vpsApp } from "../../../../controller/api/vps/app.ts";
import { refusedAnswer, VpsRefusal } from "../../../../controller/api/vps/envelope.ts";
import { FleetError } from "../../../../resources/errors.ts";

describe("the envelope", () => {
  it.each<[RefusalKind, number, string]>([
    ["malformed", 400, "VALIDATION_ERROR"],
    ["invalid", 400, "VALIDATION_ERROR"],
    ["action", 400, "INVALID_ACTION"],
    ["unauthenticated", 401, "UNAUTHORIZED"],
    ["forbidden", 403, "FORBIDDEN"],
    ["not-found", 404, "NOT_FOUND"],
    ["conflict", 409, "CONFLICT"],
    ["inactive", 409, "PROVIDER_INACTIVE"],
    ["limited", 429, "RATE_LIMIT_EXCEEDED"],
    ["credentials", 502, "INVALID_CREDENTIALS"],
    ["missing-credentials", 503, "MISSING_CREDENTIALS"],
    ["capacity", 503, "INSUFFICIENT_RESOURCES"],
    ["provider", 502, "API_ERROR"],
    ["internal", 500, "UNKNOWN_ERROR"],
  ])("answers %s with %i %s", (kind, status, code) => {
    const { body, ...answer } = refusedAnswer(new VpsRefusal(kind, "why", { field: "image" }));

    expect(answer.status).toBe(status);
    expect(body).toEqual({ success: false, error: "why", code, field: "image" });
  });

  it.each([
    ["CLOUD_AUTH", 502, "INVALID_CREDENTIALS"],
    ["CREDENTIAL_MISSING", 503, "MISSING_CREDENTIALS"],
    ["CLOUD_RATE_LIMITED", 429, "RATE_LIMIT_EXCEEDED"],
    ["CLOUD_OUT_OF_STOCK", 503, "INSUFFICIENT_RESOURCES"],
    ["CLOUD_UNAVAILABLE", 502, "API_ERROR"],
    ["STORE_FAILED", 500, "UNKNOWN_ERROR"],
  ] as const)("tells the core's %s as %i %s", (known, status, code) => {
    const answer = refusedAnswer(new FleetError(known, "what the cloud said", { account: "a" }));

    expect([answer.status, answer.body.code]).toEqual([status, code]);
    expect(Object.keys(answer.body)).toEqual(["success", "error", "code"]);
  });

  it("says nothing of an error that nobody has foreseen", () => {
    const { body } = refusedAnswer(new Error("password hunter2 in /var/lib"));

    expect(body.error).not.toMatch(/hunter2|var/);
    expect(refusedAnswer(new FleetError("STORE_FAILED", "in /var/lib", {})).body.error).not.toMatch(/var/);
  });

  it("tells when to come again where a limit is reached, as the cloud has it", () => {
    const told = refusedAnswer(new FleetError("CLOUD_RATE_LIMITED", "429", { retryAfterMs: 1500 }));
    const untold = refusedAnswer(new FleetError("CLOUD_RATE_LIMITED", "429"));

    expect(told.headers["retry-after"]).toBe("2");
    expect(Number(untold.headers["retry-after"])).toBeGreaterThan(0);
  });

  it("lets one place say another status of the same code", () => {
    const answer = refusedAnswer(new VpsRefusal("credentials", "no", { status: 400 }));

    expect([answer.status, answer.body.code]).toEqual([400, "INVALID_CREDENTIALS"]);
  });
});

describe("where the dialect is mounted", () => {
  const nobody = { authenticate: async () => undefined, logger: { error: () => {}, warn: () => {} } };
  const parts = (policies: object) =>
    ({
      ...nobody,
      controller: {},
      service: { desired: { fleet: { policies } } },
      people: {},
    }) as unknown as VpsParts;
  const served = (isOpen: boolean): Hono =>
    operationsApp({
      store: {} as never,
      registry: new Registry(),
      unready: async () => undefined,
      poke: () => {},
      dialects: [{ paths: VPS_PATHS, app: vpsApp(parts(isOpen ? { dialects: { vps: {} } } : {})) }],
    });

  it("is an unknown route without a policy", async () => {
    const answer = await served(false).request("/api/admin/providers");

    expect(answer.status).toBe(404);
    expect(await answer.json()).toEqual({
      status: "error",
      error: "no route",
      details: { method: "GET", path: "/api/admin/providers" },
    });
  });

  it("tells nobody that something is gone before the fleet was read", async () => {
    const service = { desired: undefined };
    const app = vpsApp({ ...parts({}), service } as unknown as VpsParts);
    const answer = await app.request("/api/vps/0d9c1c9e-3f5b-4c6e-9a51-0a3b8a1f6d10");

    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({ success: false, code: "UNKNOWN_ERROR" });
  });

  it("describes every route that the document has for providers and catalogues, and says which are ours", async () => {
    const described = (await (await served(true).request("/openapi/vps.json")).json()) as {
      paths: Record<string, Record<string, { "x-documented": boolean; operationId: string }>>;
    };
    const file = join(import.meta.dirname, "../dialect/endpoints/vps.json");
    const documented = (JSON.parse(readFileSync(file, "utf8")) as { method: string | null; path: string }[])
      .filter(({ path }) => /^\/api\/(admin|vps\/(digitalocean|linode))/.test(path))
      .map(({ method, path }) => `${method?.toLowerCase()} ${path.replace(":id", "{id}")}`);

    const told = Object.entries(described.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, one]) => [`${method} ${path}`, one["x-documented"]] as const),
    );
    expect(documented).toHaveLength(12);
    for (const route of documented) expect(told).toContainEqual([route, true]);
    expect(told).toContainEqual(["post /api/admin/providers/{id}/cache/clear", false]);
  });

  it("answers in its own envelope with one, and only on its own paths", async () => {
    const own = await served(true).request("/api/vps/nothing");
    const other = await served(true).request("/api/nothing");

    expect([own.status, await own.json()]).toEqual([
      404,
      { success: false, error: expect.any(String), code: "NOT_FOUND" },
    ]);
    expect(await other.json()).toMatchObject({ status: "error", error: "no route" });
  });
});
