import { describe, expect, it } from "vitest";
import { takeOutcomes } from "../../../controller/changes/follow.ts";
import { toStored } from "../../../controller/changes/records.ts";
import type { Ground } from "../../../controller/changes/steps.ts";
import type { Change } from "../../../controller/changes/types.ts";
import type { Effect } from "../../../controller/reconcile/types.ts";
import type { StoredChange } from "../../../controller/store/types.ts";

const effect = (hash: string) =>
  ({ hash, op: "update", object: { kind: "Server", name: "web-1", account: "main" } }) as Effect;
const CHANGE = {
  id: "c-1",
  version: 1,
  title: "Label web-1",
  state: "executing",
  author: { name: "Ann", email: "ann@example.org" },
  role: "requester",
  surface: "api",
  edits: [],
  executes: false,
  files: ["servers/web-1.yaml"],
  objects: ["Server//web-1"],
  base: "first",
  head: "draft",
  merged: "second",
  preview: {
    hash: "h",
    effects: [effect("mine")],
    verdicts: [],
    cost: { before: [], after: [] },
    price: { before: [], after: [] },
    notes: [],
  },
  approvals: [],
  results: [],
  createdAt: "2026-01-01T00:00:00.000Z",
  updatedAt: "2026-01-01T00:00:00.000Z",
} satisfies Change;

/** History is first, second, third. */
async function told(commit: string): Promise<StoredChange> {
  let stored: StoredChange = toStored(CHANGE);
  const order = ["first", "second", "third"];
  const controller = {
    now: () => 0,
    repo: { isAncestor: async (a: string, b: string) => order.indexOf(a) <= order.indexOf(b) },
    store: {
      changes: async () => [stored],
      putChange: async (change: StoredChange) => {
        stored = change;
        return true;
      },
      event: async () => 1,
    },
  };
  const ground = { controller, wake: async () => undefined } as unknown as Ground;
  await takeOutcomes(ground, { commit, outcomes: [], waiting: [effect("another")], refused: [] });
  return stored;
}

describe("what a run has come to", () => {
  it("says nothing of a change that came to the main line after the commit it was at", async () => {
    expect((await told("first")).state).toBe("executing");
  });

  it("has a change shown anew whose effect has become another", async () => {
    expect((await told("second")).state).toBe("previewing");
    expect((await told("third")).state).toBe("previewing");
  });
});
