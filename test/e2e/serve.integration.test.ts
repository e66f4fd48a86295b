import { renameSync } from "node:fs";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Preview } from "../../controller/reconcile/types.ts";
import { openStore } from "../../controller/store/open.ts";
import { type CloudName, Clouds, isCreate, isRemoval } from "./clouds.ts";
import { accountFile, Fleet, server as keyed } from "./fleet.ts";
import { runProcesses } from "./processes.ts";
import { type LogLine, Serving, withRemote } from "./serving.ts";

/** The controller as a service: commits are pushed, and nobody runs anything. */
const TIMEOUT = 240_000;
/** So long that only the webhook can be what made it look. */
const SELDOM = ["--poll-seconds", "600", "--drift-seconds", "0", "--retry-seconds", "1"];

/** Without a key nothing is shared, which saves the engine runs for it. */
const server = (cloud: CloudName, name: string) => keyed(cloud, name, { keys: [] });

let clouds: Clouds;
let fleet: Fleet;
let remote: string;
let clone: string;
let serving: Serving;

beforeAll(async () => {
  clouds = await Clouds.start();
  fleet = new Fleet(clouds, { id: "serve", fleet: { approval: "auto" } });
  fleet.write({
    "servers/web-1.yaml": server("linode", "web-1"),
    "servers/api-1.yaml": server("digitalocean", "api-1"),
  });
  fleet.commit("Begin");
  ({ remote, clone } = withRemote(fleet));
  serving = new Serving(fleet, clone, SELDOM);
}, TIMEOUT);

afterEach(async () => await clouds.clearFaults());

afterAll(async () => {
  await fleet?.close();
  await clouds?.close();
});

const push = (message: string): string => {
  const commit = fleet.commit(message);
  fleet.git("push", "-q");
  return commit;
};

const converged =
  (lane: string, commit: string) =>
  (line: LogLine): boolean =>
    line.msg === "converged" && line.lane === lane && line.commit === commit;

/** As an approval that was given and not carried out leaves it. */
async function approve(effectHash: string, commit: string): Promise<void> {
  const store = await openStore({ dataDir: fleet.dataDir });
  const approvedAt = new Date().toISOString();
  const object = "Server//web-2";
  await store.approve([{ effectHash, approvedBy: "Ada", approvedAt, commit, allowReplace: false, object }]);
  await store.close();
}

const names = async (): Promise<string[]> => (await clouds.servers()).map(({ name }) => name).sort();

describe("fleetwright serve", () => {
  it(
    "makes what the main line says, and tells when it is ready, what ran and what it counted",
    async () => {
      const commit = fleet.git("rev-parse", "HEAD");
      await serving.line("linode", converged("linode-main", commit));
      await serving.line("digitalocean", converged("do-main", commit));

      expect(await names()).toEqual(["api-1", "web-1"]);
      expect((await serving.get("/healthz")).status).toBe(200);
      expect((await serving.get("/readyz")).status).toBe(200);
      expect((await serving.get("/")).text).toContain("<h1>Sign in</h1>");
      const metrics = (await serving.get("/metrics")).text;
      expect(metrics).toContain(`fleetwright_commit_info{what="applied",commit="${commit}"} 1`);
      expect(metrics).toMatch(/fleetwright_engine_runs_total\{kind="up",outcome="succeeded"\} [1-9]/);
      expect(metrics).toMatch(/fleetwright_cloud_calls_total\{account="linode-main",verdict="ok"\} [1-9]/);
      expect(metrics).toMatch(/fleetwright_budget_left\{account="do-main",scope=".+"\} [1-9]/);
      const { runs } = JSON.parse((await serving.get("/runs")).text) as { runs: { id: string; stack: string }[] };
      const id = runs.find(({ stack }) => stack === "linode-main.0")!.id;
      const { run, events } = JSON.parse((await serving.get(`/runs/${id}`)).text);
      expect(run).toMatchObject({ kind: "up", commit, outcome: "succeeded" });
      expect(events).toContainEqual(
        expect.objectContaining({
          kind: "outcome",
          object: "Server//web-1",
          data: expect.objectContaining({ op: "create" }),
        }),
      );
      expect(JSON.stringify([serving.lines, runs, events, metrics])).not.toContain(clouds.tokens.linode);
    },
    TIMEOUT,
  );

  it(
    "looks at once when its webhook is called with the right signature",
    async () => {
      fleet.write({ "servers/web-2.yaml": server("linode", "web-2") });
      const commit = push("Another");

      const forged = await serving.hook("not the secret of this test");
      const called = await serving.hook();
      await serving.line("web-2", converged("linode-main", commit));

      expect([forged, called]).toEqual([401, 202]);
      expect(await names()).toContain("web-2");
    },
    TIMEOUT,
  );

  it(
    "keeps the last valid commit when one is not, and says where it is wrong",
    async () => {
      fleet.write({ "servers/web-2.yaml": "kind: Server\nname: web-2\naccount: nowhere\n" });
      const bad = push("A mistake");
      await clouds.forgetCalls();

      await serving.hook();
      const told = await serving.line("the mistake", ({ commit, level }) => commit === bad && level === "error");
      await serving.line("the end", ({ msg }) => msg.includes("the last valid one stays"));

      expect(told.msg).toMatch(/^servers\/web-2\.yaml:\d+:\d+: /);
      expect((await serving.get("/readyz")).status).toBe(200);
      expect((await serving.get("/metrics")).text).toContain("fleetwright_compile_failures_total 1");
      expect(await clouds.writes()).toEqual([]);
      fleet.write({ "servers/web-2.yaml": server("linode", "web-2") });
      push("Mend it");
    },
    TIMEOUT,
  );

  it(
    "waits with what loses data until somebody has approved it, then does it by itself",
    async () => {
      fleet.write({ "servers/web-2.yaml": null });
      const commit = push("Remove one");
      await clouds.forgetCalls();

      await serving.hook();
      const waits = await serving.line(
        "the wait",
        ({ msg, commit: of }) => msg === "waits for a person" && of === commit,
      );
      const before = await clouds.writes();
      const status = await fleet.json<{ waiting: object[] }>(["--fleet", clone, "status"]);
      const { effects } = await fleet.json<Preview>(["--fleet", clone, "preview"]);
      await approve(effects[0]!.hash, commit);
      await serving.hook();
      await serving.line("the removal", converged("linode-main", commit));

      expect(waits.waiting).toEqual(["delete web-2"]);
      expect(before).toEqual([]);
      expect(status.waiting).toMatchObject([{ lane: "linode-main", waiting: ["delete web-2"] }]);
      expect(await names()).toEqual(["api-1", "web-1"]);
    },
    TIMEOUT,
  );

  it(
    "goes on when its remote is gone, and catches up when it is back",
    async () => {
      fleet.edit("servers/api-1.yaml", (text) => text.replace("env: test", "env: live"));
      const commit = push("A label");
      renameSync(remote, `${remote}.away`);
      await serving.hook();
      await serving.line("the remote", ({ msg, level }) => level === "warn" && msg.startsWith("git fetch failed"));
      renameSync(`${remote}.away`, remote);

      await serving.hook();
      await serving.line("the label", converged("do-main", commit));

      expect((await serving.get("/metrics")).text).toContain("fleetwright_fetch_failures_total 1");
    },
    TIMEOUT,
  );

  it(
    "does not let one cloud that is down hold up another, gives up with a dead letter, and comes through when it is back",
    async () => {
      await clouds.of("linode").fault({ match: { path: "." }, times: 10_000, action: { kind: "status", status: 401 } });
      await serving.end();
      serving = new Serving(fleet, clone, [...SELDOM, "--retries", "1"]);
      fleet.write({
        "servers/web-3.yaml": server("linode", "web-3"),
        "servers/api-2.yaml": server("digitalocean", "api-2"),
      });
      const commit = push("One on each");

      await serving.hook();
      await serving.line("digitalocean", converged("do-main", commit));
      await serving.line("the failures", ({ attempt, level }) => level === "error" && attempt === 2);
      const dead = /fleetwright_queue_jobs\{queue="reconcile",state="dead"\} 1/;
      await expect.poll(async () => (await serving.get("/metrics")).text, { timeout: 10_000 }).toMatch(dead);
      const status = await fleet.json<{ deadLetters: { lane: string }[] }>(["--fleet", clone, "status"]);
      expect(status.deadLetters).toMatchObject([{ lane: "linode-main" }]);

      await clouds.clearFaults();
      fleet.write({ "servers/web-4.yaml": server("linode", "web-4") });
      const next = push("Another");
      await serving.hook();
      await serving.line("linode", converged("linode-main", next));
      await expect.poll(async () => (await serving.get("/metrics")).text, { timeout: 10_000 }).not.toMatch(dead);
      expect(await names()).toEqual(["api-1", "api-2", "web-1", "web-3", "web-4"]);
    },
    TIMEOUT,
  );

  it(
    "finishes what is under way when it is asked to end",
    async () => {
      await clouds.of("linode").fault({
        match: { method: "POST", path: "^/v4/linode/instances$" },
        times: 1,
        action: { kind: "delay", ms: 3000 },
      });
      fleet.write({ "servers/web-5.yaml": server("linode", "web-5") });
      const commit = push("During a stop");
      await serving.hook();
      await serving.line("web-5", ({ msg }) => msg === "create web-5 started");

      const code = await serving.end();

      expect(code).toBe(0);
      expect(serving.lines.some(converged("linode-main", commit))).toBe(true);
      expect(await names()).toContain("web-5");
      expect(runProcesses(fleet.dataDir)).toEqual([]);
    },
    TIMEOUT,
  );

  it(
    "has one machine per server after it was killed in mid-run and started again",
    async () => {
      await clouds.of("linode").fault({
        match: { method: "POST", path: "^/v4/linode/instances$" },
        times: 1,
        action: { kind: "late", ms: 2500 },
      });
      fleet.write({
        "servers/web-6.yaml": server("linode", "web-6"),
        "servers/web-7.yaml": server("linode", "web-7"),
      });
      const commit = push("During a kill");
      serving = new Serving(fleet, clone, SELDOM);
      await serving.line("web-6", ({ msg }) => msg === "create web-6 started");
      await clouds.forgetCalls();
      await serving.end("SIGKILL");

      serving = new Serving(fleet, clone, SELDOM);
      await serving.line("linode", converged("linode-main", commit));

      const all = await names();
      expect(all.filter((name) => name === "web-6" || name === "web-7")).toEqual(["web-6", "web-7"]);
      expect((await clouds.writes()).filter(isRemoval)).toEqual([]);
      expect((await clouds.writes()).filter(isCreate).length).toBeLessThanOrEqual(2);
      expect(await serving.end()).toBe(0);
      const preview = await fleet.json<{ effects: unknown[] }>(["--fleet", clone, "preview"]);
      expect(preview.effects).toEqual([]);
    },
    TIMEOUT,
  );

  it(
    "waits while an account is frozen, goes on by itself when that is over, and finds what a hand has changed",
    async () => {
      serving = new Serving(fleet, clone, ["--poll-seconds", "1", "--drift-seconds", "3"]);
      await serving.line("its first look", ({ msg }) => msg === "new commit");
      const freeze = { until: new Date(Date.now() + 20_000).toISOString(), reason: "the fair" };
      fleet.write({
        "accounts/do-main.yaml": { ...accountFile(clouds, "digitalocean", 2), freeze },
        "servers/api-3.yaml": server("digitalocean", "api-3"),
      });
      const commit = push("Under a freeze");

      const held = await serving.line("the freeze", ({ msg }) => msg === "waits for its time");
      expect(held).toMatchObject({ lane: "do-main", until: freeze.until, waiting: ["create api-3"], engineRuns: 0 });
      expect(await names()).not.toContain("api-3");
      const done = await serving.line("api-3", converged("do-main", commit));
      expect(Date.parse(String(done.time))).toBeGreaterThan(Date.parse(freeze.until));
      expect(await names()).toContain("api-3");

      const { id } = await clouds.server("api-3");
      await clouds.of("digitalocean").change(id, { power: "stopped" });
      const drifted = await serving.line("drift", ({ object, fields }) => object === "api-3" && fields !== undefined);
      expect(drifted).toMatchObject({ fields: ["power"], account: "do-main" });
      expect((await serving.get("/metrics")).text).toContain(
        'fleetwright_drift_objects{account="do-main",kind="changed"} 1',
      );
      expect((await clouds.server("api-3")).power).toBe("stopped");
      expect(await serving.end()).toBe(0);
    },
    TIMEOUT,
  );
});
