import { describe, expect, it } from "vitest";
import { guard, type Population, type Removal } from "../../../controller/reconcile/guards.ts";
import type { Effect } from "../../../controller/reconcile/types.ts";

const GUARDS = { maxRemovals: { minimum: 3, share: 0.1 } };
const NONE = { allowReplace: [] };

function removal(name: string, over: Partial<Removal> & { op?: Effect["op"] } = {}): Removal {
  const op = over.op ?? "delete";
  const effect: Effect = {
    hash: name,
    stack: "linode-main.0",
    object: { kind: "Server", name, account: "linode-main" },
    op,
    changes: [],
    replaceReasons: op === "replace" ? ["rebuild"] : [],
    dataLoss: op !== "forget",
    notes: [],
  };
  return { effect, protect: false, ...over };
}

const removals = (count: number, over: Partial<Removal> & { op?: Effect["op"] } = {}) =>
  Array.from({ length: count }, (_, index) => removal(`s-${index}`, over));
const population = (servers: number, owners: Record<string, number> = {}): Population => ({
  byAccount: new Map([["linode-main", servers]]),
  byOwner: new Map(Object.entries(owners)),
});
const refused = (verdicts: ReturnType<typeof guard>) =>
  verdicts.filter(({ passed }) => !passed).map(({ guard }) => guard);

describe("the guard against mass removal", () => {
  it.each([
    { name: "lets three of five go", count: 3, servers: 5, refuses: false },
    { name: "refuses four of five", count: 4, servers: 5, refuses: true },
    { name: "lets a tenth of a hundred go", count: 10, servers: 100, refuses: false },
    { name: "refuses more than a tenth of a hundred", count: 11, servers: 100, refuses: true },
    { name: "refuses a whole account of ten thousand", count: 10_000, servers: 10_000, refuses: true },
  ])("$name", ({ count, servers, refuses }) => {
    expect(refused(guard(removals(count), population(servers), GUARDS, NONE))).toEqual(refuses ? ["mass-removal"] : []);
  });

  it("counts an owner's servers by themselves", () => {
    const verdicts = guard(removals(4, { owner: "acme" }), population(1_000, { acme: 4 }), GUARDS, NONE);

    expect(verdicts.map(({ message }) => message)).toEqual([expect.stringContaining("owner acme")]);
  });

  it("counts servers that are let go and replaced as removals", () => {
    const verdicts = guard(
      [...removals(2, { op: "forget" }), ...removals(2, { op: "replace" })],
      population(10),
      GUARDS,
      { allowReplace: ["*"] },
    );

    expect(refused(verdicts)).toEqual(["mass-removal"]);
  });

  it("lets so many go as the approval says, and no more", () => {
    expect(refused(guard(removals(50), population(50), GUARDS, { allowReplace: [], allowRemovals: 50 }))).toEqual([]);
    expect(refused(guard(removals(50), population(50), GUARDS, { allowReplace: [], allowRemovals: 49 }))).toEqual([
      "mass-removal",
    ]);
  });
});

describe("the guard of protected servers", () => {
  it.each(["delete", "replace", "forget"] as const)("refuses to %s one, whatever is allowed", (op) => {
    const verdicts = guard([removal("db-1", { op, protect: true })], population(100), GUARDS, {
      allowReplace: ["*"],
      allowRemovals: 100,
    });

    expect(refused(verdicts)).toEqual(["protect"]);
    expect(verdicts.find(({ guard }) => guard === "protect")?.override).toBeUndefined();
  });
});

describe("the guard of replaces", () => {
  it("refuses one that nobody allowed by name", () => {
    expect(refused(guard([removal("a", { op: "replace" })], population(100), GUARDS, { allowReplace: ["b"] }))).toEqual(
      ["replace"],
    );
    expect(refused(guard([removal("a", { op: "replace" })], population(100), GUARDS, { allowReplace: ["a"] }))).toEqual(
      [],
    );
  });

  it("says what is lost and how it is allowed", () => {
    const [verdict] = guard([removal("a", { op: "replace" })], population(100), GUARDS, NONE);

    expect(verdict?.message).toContain("everything on its disks is lost");
    expect(verdict?.override).toBe("--allow-replace a");
  });
});

describe("what an open approval has allowed", () => {
  const approved = { allowReplace: true, allowRemovals: 20 };

  it("needs no override again after it was cut off, and lifts nothing else", () => {
    const left = removals(10, { approved });

    expect(refused(guard(left, population(30), GUARDS, NONE))).toEqual([]);
    expect(refused(guard([...left, ...removals(3)], population(30), GUARDS, NONE))).toEqual([]);
    expect(refused(guard([...left, ...removals(4)], population(30), GUARDS, NONE))).toEqual(["mass-removal"]);
  });

  it("covers a replace only where its approval said so", () => {
    const replaced = (over: Partial<Removal>) =>
      guard([removal("a", { op: "replace", ...over })], population(9), GUARDS, NONE);

    expect(refused(replaced({ approved }))).toEqual([]);
    expect(refused(replaced({ approved: { allowReplace: false } }))).toEqual(["replace"]);
  });
});

describe("machines whose mark is not ours any more", () => {
  it.each([
    { name: "one without a mark is not deleted", op: "delete", holder: "nobody", refuses: true },
    { name: "one without a mark is not replaced", op: "replace", holder: "nobody", refuses: true },
    { name: "one without a mark is given it back", op: "update", holder: "nobody", refuses: false },
    { name: "one without a mark is let go", op: "forget", holder: "nobody", refuses: false },
    { name: "one of another fleet is not changed", op: "update", holder: "another", refuses: true },
    { name: "one of another fleet is not deleted", op: "delete", holder: "another", refuses: true },
  ] as const)("$name", ({ op, holder, refuses }) => {
    const verdicts = guard([removal("a", { op, holder })], population(9), GUARDS, {
      allowReplace: ["*"],
      allowRemovals: 9,
    });

    expect(refused(verdicts)).toEqual(refuses ? ["owner"] : []);
  });
});

describe("machines that the cloud says are gone", () => {
  it("are made anew by themselves when they are few, and doubted when they are many", () => {
    expect(refused(guard(removals(3, { op: "create", gone: true }), population(30), GUARDS, NONE))).toEqual([]);
    const [verdict] = guard(removals(30, { op: "create", gone: true }), population(30), GUARDS, NONE);
    expect(verdict).toMatchObject({ guard: "mass-removal", passed: false, override: "--allow-delete 30" });
    expect(verdict?.message).toContain("credentials");
  });
});
