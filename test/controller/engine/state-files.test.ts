import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  historyFolder,
  readCheckpoint,
  replaceState,
  type StatePlace,
  stateCopies,
  stateFile,
} from "../../../controller/engine/state-files.ts";

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

describe("copies", () => {
  let place: StatePlace;

  beforeEach(() => {
    place = { root: mkdtempSync(join(tmpdir(), "fw-state-")), project: "fleet", stack: "a.0" };
    mkdirSync(join(stateFile(place), ".."), { recursive: true });
    mkdirSync(historyFolder(place), { recursive: true });
  });

  afterEach(() => rmSync(place.root, { recursive: true }));

  it("are listed the newest first, without those that are damaged themselves", async () => {
    writeFileSync(join(historyFolder(place), "a.0-1.checkpoint.json"), stateOf("a.0", "2026-01-01T00:00:00Z"));
    writeFileSync(join(historyFolder(place), "a.0-2.checkpoint.json"), stateOf("a.0", "2026-01-03T00:00:00Z"));
    writeFileSync(join(historyFolder(place), "a.0-3.checkpoint.json"), "{");
    writeFileSync(`${stateFile(place)}.bak`, stateOf("a.0", "2026-01-02T00:00:00Z"));

    const copies = await stateCopies(place);

    expect(copies.map(({ at }) => at.slice(8, 10))).toEqual(["03", "02", "01"]);
  });

  it("take a damaged file's place, of which five are kept", async () => {
    for (let day = 1; day <= 7; day++) {
      writeFileSync(stateFile(place), `damaged ${day}`);
      await replaceState(place, WHOLE, new Date(`2026-01-0${day}T00:00:00Z`));
    }

    expect(readFileSync(stateFile(place), "utf8")).toBe(WHOLE);
    const kept = readdirSync(join(place.root, "damaged")).sort();
    expect(kept).toHaveLength(5);
    expect(readFileSync(join(place.root, "damaged", kept[0]!), "utf8")).toBe("damaged 3");
    expect(readdirSync(join(stateFile(place), ".."))).toEqual(["a.0.json"]);
  });
});
