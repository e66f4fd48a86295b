import { describe, expect, it } from "vitest";
import { readCheckpoint } from "../../../controller/engine/checkpoint.ts";

const RESOURCE = { urn: "urn:pulumi:a.0::fleet::linode:index/instance:Instance::web-1", type: "linode", id: "7" };

function stateOf(stack: string, time: string, resources: unknown = [RESOURCE]): string {
  const latest = { manifest: { time, magic: "", version: "3.250.0" }, resources };
  return JSON.stringify({ version: 3, checkpoint: { stack: `organization/fleet/${stack}`, latest } });
}

const WHOLE = stateOf("a.0", "2026-01-01T00:00:00Z");

describe("a stack's file", () => {
  it("is read with its resources", () => {
    expect(readCheckpoint(WHOLE, "a.0")).toEqual({ resources: [RESOURCE], untouched: false });
  });

  it("of a stack that no run has written holds nothing, and says so", () => {
    const text = JSON.stringify({ version: 0, checkpoint: { stack: "organization/fleet/a.0" } });

    expect(readCheckpoint(text, "a.0")).toEqual({ resources: [], untouched: true });
  });

  it.each([
    { what: "an empty file", text: "", says: "is empty" },
    { what: "zero bytes", text: "\0".repeat(4096), says: "zero bytes" },
    { what: "a tail of zero bytes", text: `${WHOLE.slice(0, 90)}${"\0".repeat(90)}`, says: "zero bytes" },
    { what: "a truncated file", text: WHOLE.slice(0, -20), says: "cut off" },
    { what: "two halves", text: WHOLE.slice(0, 60) + WHOLE.slice(100), says: "garbled" },
    { what: "JSON of something else", text: "{}", says: "no state of a stack" },
    { what: "null", text: "null", says: "no state of a stack" },
    { what: "another stack's state", text: stateOf("a.1", ""), says: "another stack" },
    { what: "resources that are none", text: stateOf("a.0", "", [{}]), says: "no list of resources" },
    { what: "resources that are no list", text: stateOf("a.0", "", "web-1"), says: "no list of resources" },
  ])("is never taken for an empty stack: $what", ({ text, says }) => {
    expect(readCheckpoint(text, "a.0")).toContain(says);
  });
});
