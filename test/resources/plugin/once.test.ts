import { describe, expect, it } from "vitest";
import { FleetError } from "../../../resources/errors.ts";
import type { JournalEntry } from "../../../resources/journal.ts";
import { type Making, makeOnce } from "../../../resources/plugin/once.ts";
import { accountSpec, testCall } from "../fixtures.ts";

const KEY = "fw-aaaaaaaaaaaaaaaaaaaa";

/** A cloud of one thing, its clock and its journal. */
function world(earlier?: Partial<JournalEntry>) {
  let now = 1_000_000;
  const seen = {
    creates: 0,
    looks: 0,
    refused: 0,
    answered: [] as string[],
    /** When what was made shows in lists. */
    shown: [] as { id: string; from: number }[],
  };
  const making: Making<{ id: string }> = {
    kind: "Server",
    key: KEY,
    call: testCall("http://127.0.0.1:1", {
      account: { spec: accountSpec({ deadlines: { createSeconds: 60, settleSeconds: 10 } }) },
    }),
    journal: {
      begin: async () =>
        earlier && { account: "main", kind: "Server", key: KEY, startedAt: at(now), attemptedAt: at(now), ...earlier },
      answered: async (_account, _key, id) => void seen.answered.push(id),
      refused: async () => void seen.refused++,
    },
    find: async () => {
      seen.looks++;
      return seen.shown.filter(({ from }) => from <= now);
    },
    create: async () => ({ id: `new-${++seen.creates}` }),
    idOf: ({ id }) => id,
    exists: async () => false,
    log: () => {},
    now: () => now,
    sleep: async (ms) => {
      now += ms;
    },
  };
  return { making, seen, now: () => now };
}

const at = (ms: number) => new Date(ms).toISOString();

describe("making once", () => {
  it("sends the first create without a look", async () => {
    const { making, seen } = world();

    expect(await makeOnce(making)).toEqual({ id: "new-1" });
    expect(seen).toMatchObject({ creates: 1, looks: 0, answered: ["new-1"] });
  });

  it("takes up what an earlier attempt made, also when it shows late", async () => {
    const { making, seen, now } = world({});
    seen.shown.push({ id: "late", from: now() + 8_000 });

    expect(await makeOnce(making)).toMatchObject({ id: "late" });
    expect(seen).toMatchObject({ creates: 0, answered: ["late"] });
  });

  it("sends anew only when the settle time is over and two looks saw nothing", async () => {
    const { making, seen } = world({ attemptedAt: at(0) });

    expect(await makeOnce(making)).toEqual({ id: "new-1" });
    expect(seen).toMatchObject({ creates: 1, looks: 2 });
  });

  it("finds what a create without an answer has made", async () => {
    const { making, seen, now } = world();
    making.create = async () => {
      seen.creates++;
      seen.shown.push({ id: "made", from: now() + 3_000 });
      throw new FleetError("CLOUD_UNAVAILABLE", "no answer");
    };

    expect(await makeOnce(making)).toMatchObject({ id: "made" });
    expect(seen).toMatchObject({ creates: 1, refused: 0 });
  });

  it("keeps the intent of a create without an answer that is not to be seen", async () => {
    const { making, seen } = world();
    making.create = () => Promise.reject(new FleetError("CLOUD_UNAVAILABLE", "no answer"));

    await expect(makeOnce(making)).rejects.toMatchObject({ code: "CLOUD_UNAVAILABLE" });
    expect(seen.refused).toBe(0);
  });

  it("drops the intent of a create that was refused", async () => {
    const { making, seen } = world();
    making.create = () => Promise.reject(new FleetError("CLOUD_OUT_OF_STOCK", "none left"));

    await expect(makeOnce(making)).rejects.toMatchObject({ code: "CLOUD_OUT_OF_STOCK" });
    expect(seen).toMatchObject({ refused: 1, looks: 0 });
  });

  it("believes a refusal after an earlier attempt only after a look: the name may be its own", async () => {
    const { making, seen, now } = world({ attemptedAt: at(0) });
    making.create = async () => {
      seen.shown.push({ id: "own", from: now() });
      throw new FleetError("CLOUD_REFUSED", "the name is taken");
    };

    expect(await makeOnce(making)).toMatchObject({ id: "own" });
  });

  it("refuses to choose between two", async () => {
    const { making, seen, now } = world({});
    seen.shown.push({ id: "a", from: now() }, { id: "b", from: now() });

    await expect(makeOnce(making)).rejects.toMatchObject({ code: "VERIFY_FAILED" });
    expect(seen.creates).toBe(0);
  });

  it("buys nothing while the machine of an earlier answer stands without its mark", async () => {
    const { making, seen } = world({ attemptedAt: at(0), id: "old" });
    let reads = 0;
    // The first direct read is wrong: one "gone" is not believed.
    making.exists = async () => ++reads > 1;

    await expect(makeOnce(making)).rejects.toMatchObject({ code: "VERIFY_FAILED" });
    expect(seen.creates).toBe(0);
  });
});
