import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { stringify } from "yaml";
import type { Change } from "../../../controller/changes/types.ts";
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
      const runs = await desk.changes.runs(done);
      expect(runs.map(({ kind, outcome }) => `${kind} ${outcome}`)).toContain("up succeeded");
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
        match: { method: "POST", path: "^/v4/linode/instances$" },
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

describe("the command line beside a service", () => {
  it(
    "lists changes, shows what they wait for, and takes them further",
    async () => {
      const { id } = await desk.open("Label web-2 by command", label("web-2", "command"));
      const { preview } = await desk.in(id, "needs-approval");

      const listed = await fleet.run(["changes", "--state", "needs-approval"]);
      const shown = await fleet.run(["change", "show", id]);
      const wrong = await fleet.json(["change", "execute", id]);
      const approved = await fleet.json<{ change: Change }>(["change", "approve", id, "--hash", preview!.hash]);
      const executed = await fleet.json<{ change: Change }>(["change", "execute", id]);
      await desk.in(id, "converged");

      expect(listed.stdout).toMatch(new RegExp(`^${id}  needs-approval  Label web-2 by command  Ann`, "m"));
      expect(shown.stdout).toContain(`fleetwright change approve ${id} --hash ${preview!.hash}`);
      expect(shown.stdout).toContain("labels.env");
      expect(wrong).toMatchObject({ code: 1, error: { code: "CHANGE_STATE" } });
      expect(approved.change.approvals).toMatchObject([{ by: "Ada Operator <ada@example.org>" }]);
      expect(["executing", "converged"]).toContain(executed.change.state);
    },
    TIMEOUT,
  );
});

describe("a controller that dies", () => {
  it(
    "between the commit on the main line and the record of its approvals goes on with it, by the same commit",
    async () => {
      const { id } = await desk.open("Label web-1 late", label("web-1", "late"));
      const { preview } = await desk.in(id, "needs-approval");
      await desk.changes.approve(id, { hashes: [preview!.hash], by: OTTO }, signal);
      const dies = vi.spyOn(desk.controller.store, "approve").mockRejectedValueOnce(new Error("killed"));

      // The service may have come to it first, and met the end in our place.
      await desk.changes.execute(id, OTTO, signal).catch(({ message }: Error) => expect(message).toBe("killed"));
      const done = await desk.in(id, "converged");

      expect(dies.mock.settledResults[0]).toMatchObject({ type: "rejected" });
      dies.mockRestore();
      const commits = fleet.git("log", "--format=%H", `--grep=Change-Id: ${id}`, "main").split("\n");
      expect(commits).toEqual([done.merged]);
    },
    TIMEOUT,
  );
});

describe("a policy", () => {
  it(
    "approves what it names and nothing else, and the change goes on by itself",
    async () => {
      const policy = { roles: ["requester"], surfaces: ["api"], operations: ["update"], effects: 1 };
      fleet.write({ "fleet.yaml": { kind: "Fleet", id: "changes", policies: { changes: [policy] } } });
      const commit = fleet.commit("Let requesters label");
      await desk.until(async () => desk.lines.some((line) => line.includes(commit) && line.includes("new commit")));

      const named = await desk.open("Label web-2", label("web-2", "policy"), { executes: true });
      const other = await desk.open("Remove api-1", [{ kind: "Server", name: "api-1", text: null }], {
        executes: true,
      });
      const done = await desk.in(named.id, "converged", "needs-approval");
      await desk.in(other.id, "needs-approval");

      expect(done.state).toBe("converged");
      expect(done.approvals).toMatchObject([{ by: "policy: changes[0] of fleet.yaml" }]);
    },
    TIMEOUT,
  );
});

describe("somebody who is overtaken", () => {
  it(
    "by a step of the service approves what is there now, where that is the same",
    async () => {
      const { id } = await desk.open("Label web-1 overtaken", label("web-1", "overtaken"), { by: OTTO });
      const { preview } = await desk.in(id, "needs-approval");
      const { store } = desk.controller;
      const putChange = store.putChange;
      const loses = vi.spyOn(store, "putChange").mockImplementationOnce(async (change, version, step) => {
        // Somebody else writes in between.
        const now = (await store.change(id))!;
        await putChange({ ...now, version: now.version + 1 }, now.version);
        return await putChange(change, version, step);
      });

      const approved = await desk.changes.approve(id, { hashes: [preview!.hash], by: OTTO }, signal);

      loses.mockRestore();
      expect(approved.state).toBe("approved");
      await desk.changes.close(id, OTTO);
    },
    TIMEOUT,
  );
});

describe("an Idempotency-Key", () => {
  it("makes one change of a request that comes again, and refuses another request", async () => {
    const edits = add("once-1");
    const [one, two] = await Promise.all(
      ["Add once-1", "Add once-1"].map((title) => desk.open(title, edits, { key: "k1", draft: true })),
    );
    await expect(desk.open("Add once-2", edits, { key: "k1" })).rejects.toMatchObject({ code: "USAGE" });
    const theirs = await desk.open("Add once-1", edits, { key: "k1", by: OTTO, draft: true });

    expect(one!.id).toBe(two!.id);
    expect(theirs.id).not.toBe(one!.id);
    for (const { id } of [one!, theirs]) await desk.changes.close(id, ANN);
  });

  it("is of no use for edits that do not fit, which are refused at once", async () => {
    await expect(desk.open("Nothing", label("nobody", "x"))).rejects.toMatchObject({ code: "COMMIT_CONFLICT" });
    await expect(desk.open("Broken", add("broken", { size: 5 }))).rejects.toMatchObject({ code: "FLEET_INVALID" });
    await expect(desk.open("Same", label("web-2", "policy"))).rejects.toMatchObject({ code: "USAGE" });
  });
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
