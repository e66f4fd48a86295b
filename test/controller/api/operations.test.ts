import { createHmac } from "node:crypto";
import { Hono } from "hono";
import { Counter, Registry } from "prom-client";
import { describe, expect, it } from "vitest";
import { type OperationsParts, operationsApp } from "../../../controller/api/operations.ts";
import { isSigned } from "../../../controller/signature.ts";
import type { RunRecord } from "../../../controller/store/types.ts";

const SECRET = "a-secret-of-this-test-only";
const RUN: RunRecord = {
  id: "run-1",
  stack: "linode-main.0",
  kind: "up",
  controller: { pid: 1, startTime: "1", host: "here" },
  startedAt: "2026-01-01T00:00:00.000Z",
  heartbeatAt: "2026-01-01T00:00:00.000Z",
  objects: [{ key: "Server//web-1", op: "create", effectHash: "h", mark: "fw-1" }],
  commit: "c1",
};

function parts(more: Partial<OperationsParts> = {}): OperationsParts & { pokes: number } {
  const made = {
    pokes: 0,
    registry: new Registry(),
    store: {
      runs: async (limit: number) => Array<RunRecord>(Math.min(limit, 3)).fill(RUN),
      run: async (id: string) => (id === RUN.id ? RUN : undefined),
      runEvents: async () => [{ seq: 1, at: RUN.startedAt, run: RUN.id, kind: "started", data: {} }],
    },
    unready: async () => undefined as string | undefined,
    poke: () => {
      made.pokes += 1;
    },
    hookSecret: SECRET,
    ...more,
  };
  return made;
}

const sign = (body: string, secret = SECRET) => `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;
const hook = (signature: string | undefined, body = "{}") => ({
  method: "POST",
  body,
  headers: signature === undefined ? {} : { "x-hub-signature-256": signature },
});

describe("a signature", () => {
  const body = Buffer.from("body");

  it.each([
    { name: "takes what the secret has signed", header: sign("body"), signed: true },
    { name: "refuses another secret's", header: sign("body", "another"), signed: false },
    { name: "refuses that of another body", header: sign("other"), signed: false },
    { name: "refuses one that is cut", header: sign("body").slice(0, -2), signed: false },
    { name: "refuses a weaker kind", header: sign("body").replace("sha256", "sha1"), signed: false },
    { name: "refuses none", header: undefined, signed: false },
  ])("$name", ({ header, signed }) => {
    expect(isSigned(body, header, SECRET)).toBe(signed);
  });
});

describe("the operations surface", () => {
  it("lives while it is not ready, and says why it is not", async () => {
    const app = operationsApp(parts({ unready: async () => "no commit has been compiled yet" }));

    const ready = await app.request("/readyz");

    expect((await app.request("/healthz")).status).toBe(200);
    expect(ready.status).toBe(503);
    expect(await ready.json()).toMatchObject({ reason: "no commit has been compiled yet" });
  });

  it("looks at the repository only for a call that is signed", async () => {
    const made = parts();
    const app = operationsApp(made);

    const refused = await app.request("/hooks/git", hook(sign("{}", "another secret")));
    const before = made.pokes;
    const taken = await app.request("/hooks/git", hook(sign("{}")));

    expect([refused.status, before, taken.status, made.pokes]).toEqual([401, 0, 202, 1]);
  });

  it("has no webhook without a secret", async () => {
    const { hookSecret: _, ...open } = parts();

    expect((await operationsApp(open).request("/hooks/git", hook(sign("{}")))).status).toBe(404);
  });

  it("lists runs, and one with its events", async () => {
    const app = operationsApp(parts());

    const { runs } = (await (await app.request("/runs?limit=2")).json()) as { runs: unknown[] };
    const one = await (await app.request("/runs/run-1")).json();

    expect(runs).toHaveLength(2);
    expect(one).toMatchObject({
      run: { id: "run-1", outcome: "under way", commit: "c1", objects: [{ key: "Server//web-1" }] },
      events: [{ kind: "started" }],
    });
    expect((await app.request("/runs/other")).status).toBe(404);
    expect((await app.request("/runs?limit=all")).status).toBe(400);
  });

  it("answers metrics as Prometheus reads them", async () => {
    const made = parts();
    new Counter({ name: "ticks_total", help: "ticks", registers: [made.registry] }).inc(2);

    const answer = await operationsApp(made).request("/metrics");

    expect(answer.headers.get("content-type")).toContain("text/plain");
    expect(await answer.text()).toContain("ticks_total 2");
  });

  it("tells nothing of an error that is a bug", async () => {
    const store = { ...parts().store, runs: () => Promise.reject(new Error("a token in a message")) };

    const answer = await operationsApp(parts({ store })).request("/runs");

    expect(answer.status).toBe(500);
    expect(await answer.text()).not.toContain("token");
  });

  it("hands what is for the fleet's API to it, and nothing else", async () => {
    const fleet = new Hono();
    fleet.all("*", (c) => c.text(`${c.req.method} ${c.req.path}`));
    const app = operationsApp(parts({ fleet }));

    const answers = await Promise.all(
      ["/fleet/v1/servers", "/openapi.json", "/healthz"].map(async (path) => (await app.request(path)).text()),
    );

    expect(answers.slice(0, 2)).toEqual(["GET /fleet/v1/servers", "GET /openapi.json"]);
    expect(answers[2]).toContain("ok");
    expect((await operationsApp(parts()).request("/fleet/v1/servers")).status).toBe(404);
  });
});
