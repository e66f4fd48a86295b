import { describe, expect, it } from "vitest";
import { heldBy, pausedBy } from "../../../controller/jobs/held.ts";
import type { Outcome } from "../../../controller/reconcile/execute.ts";
import type { Effect, Hold } from "../../../controller/reconcile/types.ts";

const effect = (name: string) =>
  ({ op: "update", object: { kind: "Server", account: "a", name }, hash: `hash of ${name}` }) as Effect;
const frozen = (until: string): Hold => ({ by: "freeze", what: "account a", reason: "the fair", until });
const suspended: Hold = { by: "suspend", what: "server web-1", reason: "a migration" };

describe("what holds a lane", () => {
  it("is nothing where all of it was done", () => {
    expect(heldBy({ preview: { effects: [effect("web-1")] } })).toBeUndefined();
  });

  it("ends when the first of what is held may be done", () => {
    const held = [
      { effect: effect("web-1"), holds: [frozen("2026-07-02T00:00:00.000Z")] },
      { effect: effect("web-2"), holds: [frozen("2026-07-01T00:00:00.000Z"), frozen("2026-07-03T00:00:00.000Z")] },
    ];

    expect(heldBy({ preview: { effects: [], held } })).toMatchObject({
      until: "2026-07-02T00:00:00.000Z",
      effects: [{ object: { name: "web-1" } }, { object: { name: "web-2" } }],
    });
  });

  it("has no end where a commit must let it go on", () => {
    const held = [{ effect: effect("web-1"), holds: [suspended, frozen("2026-07-02T00:00:00.000Z")] }];

    const found = heldBy({ preview: { effects: [], held } });

    expect(found?.reasons).toEqual(["server web-1: a migration", "account a: the fair"]);
    expect(found).not.toHaveProperty("until");
  });

  it("is looked at anew at once where a window has closed before all was begun", () => {
    const left = [{ name: "web-2", op: "update" as const, effectHash: "hash of web-2", why: "account a: outside" }];

    const found = heldBy({ preview: { effects: [effect("web-1"), effect("web-2")] }, left });

    expect(found).toMatchObject({ effects: [{ object: { name: "web-2" } }], reasons: ["account a: outside"] });
    expect(Date.parse(found!.until!)).toBe(0);
  });
});

describe("a rollout", () => {
  const failure = { name: "web-1", state: "failed", message: "no such size" } as Outcome;
  const left = [{ name: "web-2", op: "update" as const, effectHash: "h", why: "web-1 failed in wave 1 of 2" }];

  it("that failed in a wave is a person's", () => {
    expect(pausedBy({ outcomes: [failure], left, failed: 1 })).toBe("the rollout is paused\nweb-1: no such size");
  });

  it("comes again by itself where nothing was left, or where nothing failed", () => {
    expect(pausedBy({ outcomes: [failure], failed: 1 })).toBeUndefined();
    expect(pausedBy({ outcomes: [], left, failed: 0 })).toBeUndefined();
  });
});
