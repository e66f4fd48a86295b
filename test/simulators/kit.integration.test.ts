import { Hono } from "hono";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SimulatorClient } from "../../simulators/client.ts";
import { Clock, type SimulatedCloud, serveSimulator } from "../../simulators/kit.ts";
import type { SimulatedServer, Simulator } from "../../simulators/simulator.ts";
import { WAIT } from "./http.ts";

/** The smallest cloud: notes that can be listed and made. */
function notesCloud(): SimulatedCloud & { notes: { id: number; text: string }[] } {
  const notes: { id: number; text: string }[] = [
    { id: 1, text: "one" },
    { id: 2, text: "two" },
  ];
  const servers = new Map<string, SimulatedServer>();
  const app = new Hono();
  app.get("/v1/notes", (c) => c.json({ data: notes, results: notes.length }));
  app.get("/v1/notes/:id", (c) => c.json({ id: Number(c.req.param("id")), words: [{ id: 1 }] }));
  app.post("/v1/notes", async (c) => {
    const { text } = await c.req.json<{ text: string }>();
    notes.push({ id: notes.length + 1, text });
    return c.json({ id: notes.length }, 201);
  });
  return {
    cloud: "notes",
    app,
    clock: new Clock(),
    notes,
    servers: () => [...servers.values()],
    addForeign: ({ name = "foreign" }) => {
      const server: SimulatedServer = {
        id: String(servers.size + 1),
        name,
        tags: [],
        size: "s",
        region: "r",
        power: "running",
        status: "running",
      };
      servers.set(server.id, server);
      return server;
    },
    change: (id, patch) => {
      const server = servers.get(id);
      return server && Object.assign(server, patch);
    },
    remove: (id) => servers.delete(id),
    errorBody: (status, message) => ({ code: status, message }),
  };
}

const make = (url: string, init: RequestInit = {}) =>
  fetch(`${url}/v1/notes`, { method: "POST", body: JSON.stringify({ text: "new" }), ...init });

describe("the simulator kit", () => {
  let cloud: ReturnType<typeof notesCloud>;
  let simulator: Simulator;
  let control: SimulatorClient;

  beforeEach(async () => {
    cloud = notesCloud();
    simulator = await serveSimulator(cloud);
    control = new SimulatorClient(simulator.url);
  });
  afterEach(() => simulator.close());

  it("counts calls by route, with ids replaced, and not the control's own", async () => {
    await fetch(`${simulator.url}/v1/notes/1`);
    await fetch(`${simulator.url}/v1/notes/2`);
    await make(simulator.url);

    expect(await control.calls()).toEqual([
      { method: "GET", route: "/v1/notes/:id", status: 200, count: 2 },
      { method: "POST", route: "/v1/notes", status: 201, count: 1 },
    ]);
    await control.resetCalls();
    expect(await control.calls()).toEqual([]);
  });

  it("answers an injected status in the cloud's own shape and does nothing", async () => {
    await control.fault({
      match: { method: "POST" },
      action: { kind: "status", status: 503, headers: { "retry-after": "3" } },
    });

    const refused = await make(simulator.url);

    expect(refused.status).toBe(503);
    expect(refused.headers.get("retry-after")).toBe("3");
    expect(await refused.json()).toEqual({ code: 503, message: "injected fault" });
    expect(cloud.notes).toHaveLength(2);
    expect((await make(simulator.url)).status).toBe(201);
  });

  it("lets `skip` requests pass, acts `times` times, and tells how often", async () => {
    await control.fault({ match: { path: "^/v1/notes$" }, skip: 1, times: 2, action: { kind: "status", status: 500 } });

    const statuses: number[] = [];
    for (let round = 0; round < 4; round += 1) statuses.push((await fetch(`${simulator.url}/v1/notes`)).status);

    expect(statuses).toEqual([200, 500, 500, 200]);
    expect(await control.faults()).toMatchObject([{ matched: 3, acted: 2 }]);
  });

  it("closes the connection before the effect", async () => {
    await control.fault({ match: { method: "POST" }, action: { kind: "dropBefore" } });

    await expect(make(simulator.url)).rejects.toThrow("fetch failed");

    expect(cloud.notes).toHaveLength(2);
    expect(await control.calls()).toEqual([{ method: "POST", route: "/v1/notes", status: 0, count: 1 }]);
  });

  it("closes the connection after the effect", async () => {
    await control.fault({ match: { method: "POST" }, action: { kind: "dropAfter" } });

    await expect(make(simulator.url)).rejects.toThrow("fetch failed");

    expect(cloud.notes).toHaveLength(3);
    expect(await control.calls()).toEqual([{ method: "POST", route: "/v1/notes", status: 201, count: 1 }]);
  });

  it("finishes a late create although its caller is gone", async () => {
    await control.fault({ match: { method: "POST" }, action: { kind: "late", ms: 500 } });

    await expect(make(simulator.url, { signal: AbortSignal.timeout(50) })).rejects.toThrow();

    expect(cloud.notes).toHaveLength(2);
    await expect.poll(() => cloud.notes.length, WAIT).toBe(3);
  });

  it("answers a late create when its caller waits", async () => {
    await control.fault({ match: { method: "POST" }, action: { kind: "late", ms: 30 } });

    expect(await (await make(simulator.url)).json()).toEqual({ id: 3 });
  });

  it("delays the answer and not the effect", async () => {
    await control.fault({ match: { method: "POST" }, action: { kind: "delay", ms: 400 } });

    const started = performance.now();
    const pending = make(simulator.url);
    await expect.poll(() => cloud.notes.length, WAIT).toBe(3);
    const effectAfterMs = performance.now() - started;
    await pending;

    expect(effectAfterMs).toBeLessThan(350);
    expect(performance.now() - started).toBeGreaterThanOrEqual(399);
  });

  it("truncates an answer in the middle of its body", async () => {
    await control.fault({ match: {}, action: { kind: "truncate" } });

    const response = await fetch(`${simulator.url}/v1/notes`);
    const whole = Number(response.headers.get("content-length"));
    let received = 0;
    const reading = (async () => {
      for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) received += chunk.length;
    })();

    await expect(reading).rejects.toThrow("terminated");
    expect(response.status).toBe(200);
    expect(received).toBe(Math.floor(whole / 2));
  });

  it.each([
    { name: "the item of an id", id: "2", left: [1] },
    { name: "the first item", id: undefined, left: [2] },
  ])("leaves $name out of a list and keeps the totals", async ({ id, left }) => {
    await control.fault({ match: {}, action: { kind: "omit", ...(id ? { id } : {}) } });

    const page = (await (await fetch(`${simulator.url}/v1/notes`)).json()) as {
      data: { id: number }[];
      results: number;
    };

    expect(page.data.map((note) => note.id)).toEqual(left);
    expect(page.results).toBe(2);
  });

  it("keeps an omission for a list that holds the item", async () => {
    await control.fault({ match: {}, action: { kind: "omit", id: "2" } });

    expect(await (await fetch(`${simulator.url}/v1/notes/2`)).json()).toEqual({ id: 2, words: [{ id: 1 }] });

    expect(await control.faults()).toMatchObject([{ acted: 0 }]);
  });

  it("answers 200 with nothing", async () => {
    await control.fault({ match: {}, action: { kind: "empty" } });

    const response = await fetch(`${simulator.url}/v1/notes`);

    expect([response.status, await response.text()]).toEqual([200, ""]);
  });

  it("refuses a fault it cannot inject and says why", async () => {
    const { url } = simulator;
    const bad = [
      { match: {}, action: { kind: "explode" } },
      { match: { path: "(" }, action: { kind: "empty" } },
      { match: {}, action: { kind: "status", status: 7 } },
      { match: {}, action: { kind: "late" } },
      { action: { kind: "empty" } },
    ];

    for (const fault of bad) {
      const refused = await fetch(`${url}/_simulator/faults`, { method: "POST", body: JSON.stringify(fault) });
      expect(refused.status).toBe(400);
    }
    await expect(control.fault(bad[0] as never)).rejects.toThrow(/action.kind: one of status, delay/);
    expect(await control.faults()).toEqual([]);
  });

  it("changes and removes machines behind the fleet's back", async () => {
    const { id } = await control.addForeign({ name: "stranger" });

    await control.change(id, { power: "stopped" });
    expect(await control.servers()).toMatchObject([{ id, name: "stranger", power: "stopped" }]);
    await control.remove(id);

    expect(await control.servers()).toEqual([]);
    await expect(control.remove(id)).rejects.toThrow(/404/);
    await expect(control.change("9", {})).rejects.toThrow(/no server 9/);
  });

  it("closes at once although connections are kept alive", async () => {
    await fetch(`${simulator.url}/v1/notes`);

    const started = performance.now();
    await simulator.close();

    expect(performance.now() - started).toBeLessThan(2000);
    await expect(fetch(`${simulator.url}/v1/notes`)).rejects.toThrow();
  });
});
