import { describe, expect, it } from "vitest";
import { eventOf } from "../../../controller/jobs/progress-events.ts";

const object = { kind: "Server", name: "web-1", account: "main" } as const;

describe("what others are told of a reconcile", () => {
  it("is how a run of the engine ended, and what became of each server", () => {
    expect(
      eventOf({ kind: "run", id: "r1", stack: "main.0", run: "up", commit: "c", outcome: "succeeded", ms: 5 }),
    ).toMatchObject({ kind: "run.succeeded", run: "r1", object: "main.0", data: { kind: "up", ms: 5 } });
    expect(eventOf({ kind: "object", name: "web-1", object, op: "create", state: "done" })).toEqual({
      kind: "server.converged",
      object: "web-1",
      data: { name: "web-1", account: "main", op: "create" },
    });
    expect(
      eventOf({ kind: "object", name: "web-1", object, op: "create", state: "failed", message: "no" }),
    ).toMatchObject({
      kind: "server.failed",
      data: { reason: "no" },
    });
  });

  it("is nothing of previews, of what has only begun, and of what servers share", () => {
    expect(
      eventOf({ kind: "run", stack: "main.0", run: "preview", commit: "c", outcome: "succeeded", ms: 5 }),
    ).toBeUndefined();
    expect(eventOf({ kind: "object", name: "web-1", object, op: "create", state: "started" })).toBeUndefined();
    expect(
      eventOf({ kind: "object", name: "w", object: { ...object, kind: "Firewall" }, op: "create", state: "done" }),
    ).toBeUndefined();
    expect(eventOf({ kind: "note", text: "x" })).toBeUndefined();
  });
});
