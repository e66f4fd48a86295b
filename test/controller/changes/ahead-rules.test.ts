import { describe, expect, it } from "vitest";
import { goesAhead, isDoneAhead, seenAhead } from "../../../controller/changes/ahead-rules.ts";
import { toStored } from "../../../controller/changes/records.ts";
import type { Ahead, Change, ChangePreview } from "../../../controller/changes/types.ts";
import { commentText } from "../../../controller/forge/comment.ts";
import { statusOf } from "../../../controller/forge/status.ts";
import { heldAhead } from "../../../controller/reconcile/ahead.ts";
import type { Controller } from "../../../controller/reconcile/context.ts";
import type { Effect } from "../../../controller/reconcile/types.ts";

const AT = "2026-01-01T00:00:00.000Z";
const effect = (hash: string): Effect => ({
  hash,
  stack: "main.0",
  object: { kind: "Server", name: "web-1", account: "main" },
  op: "update",
  changes: [],
  replaceReasons: [],
  dataLoss: false,
  notes: [],
});
const preview = (...hashes: string[]): ChangePreview => ({
  hash: `all ${hashes.join(" ")}`,
  effects: hashes.map(effect),
  verdicts: [],
  cost: { before: [], after: [] },
  price: { before: [], after: [] },
  notes: [],
});
const AHEAD: Ahead = {
  by: "Otto <otto@example.org>",
  since: AT,
  objects: ["Server//web-1"],
  hashes: ["a"],
  begun: true,
};
const PULL = { number: 7, url: "https://forge.test/7", head: "b".repeat(40) };
const change = (over: Partial<Change> = {}): Change =>
  ({
    id: "c-1",
    version: 1,
    title: "Label web-1",
    state: "approved",
    author: { name: "Ann", email: "ann@example.org" },
    files: ["servers/web-1.yaml"],
    objects: ["Server//web-1"],
    preview: preview("a"),
    approvals: [{ hashes: ["a"], by: "Otto <otto@example.org>", at: AT }],
    results: [],
    pull: PULL,
    ...over,
  }) as Change;
const result = (effectHash: string, state: "converged" | "failed") =>
  ({ effectHash, state, name: "web-1", op: "update" }) as const;

describe("a pull request is executed before its merge", () => {
  const before = { execute: "before-merge" } as const;
  it.each([
    ["where the main line says so", before, {}, true],
    ["and not where it says the other", { execute: "after-merge" } as const, {}, false],
    ["and not without a forge", undefined, {}, false],
    ["and not once it is merged", before, { merged: "m" }, false],
    ["and not when it changes an account", before, { files: ["accounts/main.yaml", "servers/web-1.yaml"] }, false],
    ["and not when it changes what the fleet allows", before, { files: ["fleet.yaml"] }, false],
    ["and it is one", before, { pull: undefined }, false],
  ])("%s", (_, forge, over: Partial<Change>, goes) => {
    expect(goesAhead(forge, change(over))).toBe(goes);
  });
});

describe("a look at what was executed before its merge", () => {
  it("finds it done where nothing remains, and keeps what was executed", () => {
    const executed = change({ ahead: AHEAD, results: [result("a", "converged")] });

    expect(seenAhead(executed, preview(), AT)).toEqual({ ahead: { ...AHEAD, done: AT }, preview: preview("a") });
    expect(seenAhead({ ...executed, results: [result("a", "failed")] }, preview(), AT).preview).toEqual(preview());
  });

  it("finds it not done where something remains or is held, and says nothing of other changes", () => {
    const done = change({ ahead: { ...AHEAD, done: AT } });
    const held = { ...preview(), held: [{ effect: effect("b"), holds: [] }] };

    expect(seenAhead(done, preview("b"), AT)).toEqual({ ahead: AHEAD, preview: preview("b") });
    expect(seenAhead(done, held, AT)).toEqual({ ahead: AHEAD, preview: held });
    expect(seenAhead(change(), preview(), AT)).toEqual({ preview: preview() });
  });
});

describe("what is told of it at the forge", () => {
  const told = (over: Partial<Change>) => {
    const about = { change: change(over), commands: true, before: true };
    return { status: statusOf(about), comment: commentText(about, "<!-- m -->", 65_536) };
  };

  it("asks for the execution first, lets it be merged after, and says what is held", () => {
    const first = told({});
    const executing = told({ state: "executing", ahead: AHEAD });
    const after = told({ ahead: { ...AHEAD, done: AT }, results: [result("a", "converged")] });

    expect(first.status).toMatchObject({ state: "pending", description: expect.stringContaining("before the merge") });
    expect(first.comment).toContain("fleetwright execute");
    expect(executing.status).toMatchObject({ state: "pending" });
    expect(after.status).toMatchObject({ state: "success", description: "1 effect, executed" });
    expect(after.comment).toContain("1 effect, executed: it may be merged");
    expect(after.comment).toContain("**Held for this pull request** until it is merged or closed: `web-1`");
    expect(after.comment).not.toContain("fleetwright execute");
  });

  it("is pending for another head of which something remains", () => {
    const next = told({ state: "needs-approval", ahead: AHEAD, preview: preview("b") });
    expect(next.status).toMatchObject({ state: "pending", description: "1 of 1 effect to be approved" });
    expect(next.comment).toContain("**Held for this pull request**");
    expect(isDoneAhead(change({ state: "needs-approval", ahead: { ...AHEAD, done: AT }, preview: preview("b") }))).toBe(
      false,
    );
  });
});

describe("what was executed before its merge", () => {
  const controller = (...all: Change[]) =>
    ({
      store: { changes: async () => all.map(toStored) },
      repo: { isAncestor: async (a: string, b: string) => a <= b },
    }) as unknown as Controller;
  const keys = async (all: Change[], commit: string, own?: string) => [
    ...(await heldAhead(controller(...all), commit, own)).keys(),
  ];

  it("is held from all but itself, until the commit that is worked on has it", async () => {
    const open = change({ ahead: AHEAD });
    const merged = { ...open, state: "previewing", merged: "2" } as const;

    expect(await keys([open], "1")).toEqual(["Server//web-1"]);
    expect(await keys([open], "1", "c-1")).toEqual([]);
    expect(await keys([open], "1", "c-2")).toEqual(["Server//web-1"]);
    expect(await keys([merged], "1")).toEqual(["Server//web-1"]);
    expect(await keys([merged], "2")).toEqual([]);
  });
});
