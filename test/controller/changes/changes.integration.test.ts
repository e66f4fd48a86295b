import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { Clouds } from "../../e2e/clouds.ts";
import { Fleet, KEY, server } from "../../e2e/fleet.ts";
import { ANN, Desk, OTTO, signal } from "./desk.ts";

/** Changes with a running service: real git, database and engine, simulated clouds. */
const TIMEOUT = 240_000;

let clouds: Clouds;
let fleet: Fleet;
let desk: Desk;

const text = (name: string, changes: object = {}) => stringify(server("linode", name, changes));
const add = (name: string, changes: object = {}) => [
  { path: `servers/${name}.yaml`, text: text(name, changes), ifBlob: null },
];
const label = (name: string, value: string) => [{ kind: "Server" as const, name, set: ["labels", "env"], value }];
const states = async (id: string) => (await desk.changes.steps(id)).map(({ to }) => to);

beforeAll(async () => {
  clouds = await Clouds.start();
  fleet = new Fleet(clouds, { id: "changes" });
  fleet.write({ "keys/ops.yaml": KEY, "servers/web-1.yaml": text("web-1"), "servers/web-2.yaml": text("web-2") });
  fleet.commit("Begin");
  await fleet.converge();
  desk = await Desk.start(fleet);
}, TIMEOUT);

afterAll(async () => {
  await desk?.close();
  await fleet?.close();
  await clouds?.close();
});

describe("a change", () => {
  it(
    "is previewed, approved, executed and converges, with every step on record and its people in the commit",
    async () => {
      const opened = await desk.open("Add api-1", add("api-1"));
      const shown = await desk.in(opened.id, "needs-approval");
      const before = fleet.git("rev-parse", "main");

      expect(shown.preview!.effects.map(({ op, object }) => `${op} ${object.name}`)).toEqual(["create api-1"]);
      expect(shown.preview!.cost.after[0]!.monthlyMicro).toBeGreaterThan(0);
      expect(before).toBe(shown.base);
      await expect(desk.changes.execute(opened.id, OTTO, signal)).rejects.toMatchObject({ code: "CHANGE_STATE" });
      await expect(
        desk.changes.approve(opened.id, { hashes: ["f".repeat(64)], by: OTTO }, signal),
      ).rejects.toMatchObject({
        code: "PREVIEW_STALE",
      });

      const approved = await desk.changes.approve(opened.id, { hashes: [shown.preview!.hash], by: OTTO }, signal);
      expect(approved.state).toBe("approved");
      expect(fleet.git("rev-parse", "main")).toBe(before);
      await desk.changes.execute(opened.id, OTTO, signal);
      const done = await desk.in(opened.id, "converged");

      expect(done.results).toMatchObject([{ name: "api-1", op: "create", state: "converged" }]);
      expect((await clouds.server("api-1")).power).toBe("running");
      expect(await states(opened.id)).toEqual(["previewing", "needs-approval", "approved", "executing", "converged"]);
      expect(await desk.changes.steps(opened.id)).toMatchObject([
        { by: "Ann <ann@example.org>" },
        {},
        { by: "Otto <otto@example.org>" },
        { by: "Otto <otto@example.org>" },
        {},
      ]);
      expect(fleet.git("log", "-1", "--format=%an <%ae>|%cn|%s", done.merged!)).toBe(
        "Ann <ann@example.org>|Fleetwright|Add api-1",
      );
      const trailer = (name: string) =>
        fleet.git("log", "-1", `--format=%(trailers:key=${name},valueonly)`, done.merged!);
      expect(trailer("Change-Id")).toBe(opened.id);
      expect(trailer("Effect-Hash")).toBe(shown.preview!.hash);
      expect(trailer("Approved-by")).toBe("Otto <otto@example.org>");
      expect(fleet.git("for-each-ref", "refs/fleetwright")).toBe("");
    },
    TIMEOUT,
  );

  it(
    "keeps its approval while others change other servers, and is shown anew when somebody changes the same one",
    async () => {
      const kept = await desk.open("Label web-1", label("web-1", "kept"));
      const voided = await desk.open("Label web-2", label("web-2", "voided"));
      for (const { id } of [kept, voided]) {
        const { preview } = await desk.in(id, "needs-approval");
        await desk.changes.approve(id, { hashes: preview!.effects.map(({ hash }) => hash), by: OTTO }, signal);
      }
      fleet.git("checkout", "-q", "main");
      fleet.edit("servers/web-2.yaml", (before) => before.replace("env: test", "env: test\n  tier: front"));
      fleet.commit("Somebody labels web-2 by hand");

      const anew = await desk.in(voided.id, "needs-approval");
      expect((await desk.changes.get(kept.id)).state).toBe("approved");
      await desk.changes.execute(kept.id, OTTO, signal);
      await desk.in(kept.id, "converged");

      expect(anew.preview!.effects[0]!.changes.map(({ path }) => path).sort()).toEqual(["labels.env", "labels.tier"]);
      await desk.changes.approve(voided.id, { hashes: [anew.preview!.hash], by: OTTO }, signal);
      await desk.changes.execute(voided.id, OTTO, signal);
      await desk.in(voided.id, "converged");
      expect((await clouds.server("web-2")).tags.join(" ")).toContain("voided");
    },
    TIMEOUT,
  );

  it(
    "to a server that another change is being executed on shows the world after that one",
    async () => {
      const first = await desk.open("Label web-1 first", label("web-1", "first"), { executes: true });
      const { preview } = await desk.in(first.id, "needs-approval");
      await desk.changes.approve(first.id, { hashes: [preview!.hash], by: OTTO }, signal);
      const second = await desk.open("Label web-1 second", label("web-1", "second"));

      const shown = await desk.in(second.id, "needs-approval");

      expect(shown.preview!.effects[0]!.changes).toMatchObject([
        { path: "labels.env", before: "first", after: "second" },
      ]);
      expect((await desk.changes.get(first.id)).state).toBe("converged");
      await desk.changes.close(second.id, ANN, "changed my mind");
      expect((await desk.changes.get(second.id)).reason).toBe("changed my mind");
      await expect(desk.changes.close(first.id, ANN)).rejects.toMatchObject({ code: "CHANGE_STATE" });
    },
    TIMEOUT,
  );

  it(
    "that fails says why, comes again by itself, and leaves others alone",
    async () => {
      await clouds.of("linode").fault({
        match: { method: "POST", path: "^/v4/linode/instances$", body: "bad-1" } as never,
        times: 1000,
        action: { kind: "status", status: 400 },
      });
      const bad = await desk.open("Add bad-1", add("bad-1"), { executes: true });
      const { preview } = await desk.in(bad.id, "needs-approval");
      await desk.changes.approve(bad.id, { hashes: [preview!.hash], by: OTTO }, signal);
      const failed = await desk.in(bad.id, "failed");

      const good = await desk.open("Label web-1 good", label("web-1", "good"), { executes: true });
      const shown = await desk.in(good.id, "needs-approval");
      expect(shown.preview!.effects.map(({ object }) => object.name)).toEqual(["web-1"]);
      await desk.changes.approve(good.id, { hashes: [shown.preview!.hash], by: OTTO }, signal);
      await desk.in(good.id, "converged");
      await clouds.clearFaults();
      await desk.in(bad.id, "converged");

      expect(failed.reason).toContain("bad-1");
      expect((await clouds.server("bad-1")).power).toBe("running");
    },
    TIMEOUT,
  );
});

describe("fifty changes at once", () => {
  it(
    "to fifty servers are previewed together, each with its own effect, and share the runs of their stack",
    async () => {
      const names = Array.from({ length: 50 }, (_, index) => `bulk-${index + 1}`);
      const opened = await Promise.all(names.map((name) => desk.open(`Add ${name}`, add(name), { executes: true })));
      const shown = await Promise.all(opened.map(({ id }) => desk.in(id, "needs-approval")));
      const runsBefore = (await desk.controller.store.runs(1000)).length;

      await Promise.all(
        shown.map(({ id, preview }) => desk.changes.approve(id, { hashes: [preview!.hash], by: OTTO }, signal)),
      );
      const done = await Promise.all(opened.map(({ id }) => desk.in(id, "converged", "failed", "stale")));

      expect(shown.map(({ preview }) => preview!.effects.map(({ object }) => object.name))).toEqual(
        names.map((name) => [name]),
      );
      expect(done.map(({ state, reason }) => reason ?? state)).toEqual(names.map(() => "converged"));
      expect((await clouds.servers()).filter(({ name }) => name.startsWith("bulk-"))).toHaveLength(50);
      const runs = (await desk.controller.store.runs(1000))
        .slice(0, -runsBefore || undefined)
        .filter(({ kind }) => kind === "up");
      expect(runs.length).toBeLessThanOrEqual(6);
    },
    TIMEOUT,
  );
});
