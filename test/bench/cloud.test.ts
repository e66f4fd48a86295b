import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Calls } from "../../bench/cloud/calls.ts";
import { createBenchCloud, PAGE_SIZE } from "../../bench/cloud/cloud.ts";
import { Machines } from "../../bench/cloud/machines.ts";
import { Sightings } from "../../bench/cloud/sightings.ts";
import { compareWithCloud, lookUps } from "../../bench/figures/aftermath.ts";
import { createBudget } from "../../resources/budget.ts";
import type { Call } from "../../resources/cloud.ts";

const MARK = "fw-aaaaaaaaaaaaaaaaaaaa";
const machine = {
  name: "web-1",
  mark: MARK,
  power: "running",
  status: "active",
  region: "here",
  ipv4: [],
  ipv6: [],
  tags: [],
} as const;
const fresh = (mark = MARK) => ({ ...machine, mark, ipv4: [], ipv6: [], tags: [] });

let dir: string;
let file: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "fw-bench-test-"));
  file = join(dir, "cloud.jsonl");
});
afterEach(() => rmSync(dir, { recursive: true }));

function callOn(settleSeconds = 0): Call {
  const spec = {
    kind: "Account" as const,
    name: "bench",
    formerly: [],
    provider: "bench",
    credentials: {},
    cells: 1,
    budgets: {},
    regions: [],
    deadlines: { createSeconds: 60, settleSeconds },
    options: {},
  };
  const account = { spec, endpoint: "", credentials: {}, budget: createBudget({}) };
  return { signal: new AbortController().signal, account, priority: "person" };
}

describe("the benchmark cloud's file", () => {
  it("has after a kill what it had before", () => {
    const before = new Machines(file);
    const first = before.add(fresh());
    before.add(fresh());
    before.put({ ...first, size: "large" });
    before.remove("2");

    const after = new Machines(file);

    expect(after.all()).toEqual([{ ...fresh(), id: "1", size: "large" }]);
    expect(after.add(fresh()).id).toBe("3");
  });

  it("takes a line that was cut off for a create that never was", () => {
    new Machines(file).add(fresh());
    appendFileSync(file, '{"id":"2","machine":{"id":"2"');

    expect(new Machines(file).all().map(({ id }) => id)).toEqual(["1"]);
  });

  it("makes a second machine with the same mark when it is asked to", () => {
    const machines = new Machines(file);
    machines.add(fresh());
    machines.add(fresh());

    expect(machines.all()).toHaveLength(2);
  });
});

describe("looking for what earlier attempts have made", () => {
  const earlier = (attemptedAt: number) => ({
    account: "bench",
    kind: "Server",
    key: MARK,
    startedAt: new Date(attemptedAt).toISOString(),
    attemptedAt: new Date(attemptedAt).toISOString(),
  });

  function lookFor(count: number, now = Date.now) {
    const machines = new Machines(file);
    const calls = new Calls();
    for (let index = 0; index < count; index++) machines.add(fresh(`fw-${String(index).padStart(20, "a")}`));
    return { machines, calls, sightings: new Sightings(createBenchCloud(machines, calls), now) };
  }

  it("takes two listings for any number of attempts", async () => {
    const { calls, sightings } = lookFor(PAGE_SIZE + 1);
    const call = callOn();

    const found = await Promise.all(
      Array.from({ length: 300 }, (_, index) =>
        sightings.find(`fw-${String(index).padStart(20, "a")}`, earlier(Date.now() - 1000), call),
      ),
    );

    expect(found.filter(({ length }) => length === 1)).toHaveLength(PAGE_SIZE + 1);
    expect(calls.counts.list).toBe(4);
  });

  it("answers for no attempt that had not settled when the listing began", async () => {
    let now = 5_000;
    const { machines, sightings } = lookFor(1, () => now);
    await sightings.find(MARK, earlier(4_000), callOn());
    machines.add(fresh());
    now = 5_100;

    expect(await sightings.find(MARK, earlier(5_000), callOn())).toMatchObject([{ mark: MARK }]);
  });

  it("tells of all machines with one mark", async () => {
    const { machines, sightings } = lookFor(0);
    machines.add(fresh());
    machines.add(fresh());

    expect(await sightings.find(MARK, earlier(Date.now() - 1000), callOn())).toHaveLength(2);
  });
});

describe("what a kill has left wrong", () => {
  const made = (...marks: string[]) => marks.map((mark, index) => ({ ...fresh(mark), id: String(index + 1) }));
  const recorded = (...ids: (string | undefined)[]) => ids.map((cloudId) => ({ cloudId }));

  it.each([
    {
      name: "nothing",
      machines: made("a", "b"),
      records: recorded("1", "2"),
      wrong: { duplicates: 0, orphans: 0, lost: 0 },
    },
    {
      name: "a second machine of a mark, which no record names",
      machines: made("a", "b", "b"),
      records: recorded("1", "2"),
      wrong: { duplicates: 1, orphans: 1, lost: 0 },
    },
    {
      name: "a server without a record",
      machines: made("a", "b"),
      records: recorded("1"),
      wrong: { duplicates: 0, orphans: 1, lost: 1 },
    },
    {
      name: "a record whose machine is not there",
      machines: made("a"),
      records: recorded("1", "9"),
      wrong: { duplicates: 0, orphans: 0, lost: 1 },
    },
    {
      name: "a record without an id",
      machines: made("a"),
      records: recorded("1", undefined),
      wrong: { duplicates: 0, orphans: 0, lost: 1 },
    },
  ])("is found: $name", ({ machines, records, wrong }) => {
    expect(compareWithCloud(2, machines, records)).toEqual(wrong);
  });

  it("counts calls that look, not those that make", () => {
    expect(lookUps({ list: 2, observe: 3, findByMark: 4, create: 100, catalog: 1 })).toBe(9);
  });
});
