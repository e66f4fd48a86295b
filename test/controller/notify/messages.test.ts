import { describe, expect, it } from "vitest";
import { type EventContext, messagesOf } from "../../../controller/notify/message.ts";
import type { RememberedDrift, StoredEvent } from "../../../controller/store/types.ts";

const wanted = { name: "Ada", email: "ada@example.org", commit: "0123456789abcdef", at: "2026-01-01T00:00:00.000Z" };

const power = (id: number): RememberedDrift => ({
  id,
  kind: "Server",
  identity: `web-${id}`,
  name: `web-${id}`,
  cloudId: String(id),
  field: "power",
  key: "power",
  before: "running",
  after: "stopped",
  since: "2026-01-02T00:00:00.000Z",
  wanted,
});

const context = (drift: RememberedDrift[]): EventContext => ({
  drift: new Map(drift.map((one) => [one.id, one])),
  accountName: (identity) => `${identity} now`,
});

const event = (kind: string, data: unknown, object = "main"): StoredEvent => ({
  seq: 7,
  at: "2026-01-02T00:00:01.000Z",
  kind,
  object,
  data,
});

describe("a message", () => {
  it("is one for a cause, however many servers it touches, and says since when and who wanted it otherwise", () => {
    const drift = [...Array.from({ length: 40 }, (_, index) => power(index + 1)), { ...power(41), after: "suspended" }];

    const messages = messagesOf(event("drift", { started: drift.map(({ id }) => id), ended: [] }), context(drift));

    expect(messages.map(({ type, summary }) => [type, summary])).toEqual([
      ["drift.started", "40 servers on main now: power is stopped, and running is wanted"],
      ["drift.started", "server web-41 on main now: power is suspended, and running is wanted"],
    ]);
    expect(messages[0]!.lines).toEqual([
      "web-1, web-10, web-11, web-12, web-13 and 35 more",
      "since 2026-01-02T00:00:00.000Z",
      "last wanted by Ada in 0123456789, 2026-01-01T00:00:00.000Z",
    ]);
    expect(messages[0]!.data).toMatchObject({ account: "main now", path: "power", count: 40 });
  });

  it("tells what has ended apart from what began", () => {
    const drift = [power(1), { ...power(2), field: "gone", key: "gone" }];

    const messages = messagesOf(event("drift", { started: [2], ended: [1] }), context(drift));

    expect(messages.map(({ type, summary }) => [type, summary])).toEqual([
      ["drift.started", "server web-2 on main now: gone from the cloud"],
      ["drift.ended", "server web-1 on main now: power is as it is wanted again"],
    ]);
  });

  it("makes one line of whatever somebody has written at a cloud", () => {
    const drift = [{ ...power(1), field: "hostname", before: "web-1", after: "x\r\nBcc: all@example.org\u202e" }];

    const [message] = messagesOf(event("drift", { started: [1], ended: [] }), context(drift));

    expect(message!.summary).toBe("server web-1 on main now: hostname is x Bcc: all@example.org, and web-1 is wanted");
  });

  it.each([
    [
      "expiry.warning",
      { name: "web-1", account: "main", expires: "2026-02-01", days: 3 },
      "web-1 on main expires on 2026-02-01: less than 3 days left",
    ],
    [
      "expiry.stopped",
      { name: "web-1", account: "main", expires: "2026-01-01" },
      "web-1 on main has expired on 2026-01-01 and is stopped",
    ],
    [
      "spending.alert",
      {
        ...{ account: "main", share: 0.8, by: "spent", month: "2026-11", currency: "USD", cap: true, uncounted: 1 },
        ...{ limitMicro: 500e6, committedMicro: 12e6, spentMicro: 410e6, projectedMicro: 415e6 },
      },
      "main has come to 80 % of the 500.00 USD that it may cost a month",
    ],
    [
      "change.needs-approval",
      { change: "c-1", title: "Add a", state: "needs-approval", by: "Ann <a@b.c>" },
      "c-1 (Add a): needs approval",
    ],
    ["server.converged", { name: "web-1", account: "main", op: "create" }, "web-1 on main: create is done"],
    ["server.failed", { name: "web-1", account: "main", op: "create", reason: "no" }, "web-1 on main: create failed"],
    ["run.failed", { run: "r1", stack: "main.0", kind: "up", commit: "c", outcome: "failed" }, "up of main.0 failed"],
    [
      "inventory.appeared",
      { account: "main", class: "orphan", count: 2, names: ["a", "b"] },
      "2 orphaned machines appeared on main now",
    ],
    ["failure.lane", { lane: "main", reason: "the cloud is down" }, "main has failed and is tried again"],
    [
      "failure.dead",
      { queue: "reconcile", lane: "main", reason: "down" },
      "reconcile of main has failed for the last time",
    ],
    ["expiry", { whatever: 1 }, "expiry: main"],
  ])("puts %s into words", (kind, data, summary) => {
    expect(messagesOf(event(kind, data), context([]))).toMatchObject([{ type: kind, summary, data }]);
  });
});
