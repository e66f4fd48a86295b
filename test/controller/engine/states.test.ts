import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openBackend } from "../../../controller/engine/backend.ts";
import type { States } from "../../../controller/engine/states.ts";

const RESOURCE = { urn: "urn:pulumi:a.0::fleet::linode:index/instance:Instance::web-1", type: "linode", id: "7" };

function stateOf(stack: string, time: string): string {
  const latest = { manifest: { time, magic: "", version: "3.250.0" }, resources: [RESOURCE] };
  return JSON.stringify({ version: 3, checkpoint: { stack: `organization/fleet/${stack}`, latest } });
}

const WHOLE = stateOf("a.0", "2026-01-01T00:00:00Z");

let root: string;
let states: States;
const stacks = () => join(root, ".pulumi/stacks/fleet");
const history = () => join(root, ".pulumi/history/fleet/a.0");
const damaged = () => join(root, "damaged");

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "fw-state-"));
  mkdirSync(stacks(), { recursive: true });
  mkdirSync(history(), { recursive: true });
  states = openBackend(pathToFileURL(root).href, "fleet", {}).states!;
});

afterEach(() => rmSync(root, { recursive: true }));

it("lists copies the newest first, without those that are damaged themselves", async () => {
  writeFileSync(join(history(), "a.0-1.checkpoint.json"), stateOf("a.0", "2026-01-01T00:00:00Z"));
  writeFileSync(join(history(), "a.0-2.checkpoint.json"), stateOf("a.0", "2026-01-03T00:00:00Z"));
  writeFileSync(join(history(), "a.0-3.checkpoint.json"), "{");
  writeFileSync(join(stacks(), "a.0.json.bak"), stateOf("a.0", "2026-01-02T00:00:00Z"));

  const copies = await states.copies("a.0");

  expect(copies.map(({ at }) => at.slice(8, 10))).toEqual(["03", "02", "01"]);
});

it("keeps five of what a state took the place of, byte for byte", async () => {
  const bytes = (day: number) => Buffer.from([0xff, 0x00, day]);
  for (let day = 1; day <= 7; day++) {
    writeFileSync(join(stacks(), "a.0.json"), bytes(day));
    await states.replace("a.0", WHOLE, new Date(`2026-01-0${day}T00:00:00Z`));
  }
  await states.replace("a.0-b", undefined, new Date("2026-01-08T00:00:00Z"));

  expect(readFileSync(join(stacks(), "a.0.json"), "utf8")).toBe(WHOLE);
  const kept = readdirSync(damaged()).sort();
  expect(kept).toHaveLength(5);
  expect(readFileSync(join(damaged(), kept[0]!))).toEqual(bytes(3));
  expect(readdirSync(stacks()).sort()).toEqual(["a.0-b.json", "a.0.json"]);
});

it("tells what changed of all stacks at once, as it does of one", async () => {
  writeFileSync(join(stacks(), "a.0.json"), WHOLE);
  writeFileSync(join(stacks(), "a.0.json.bak"), WHOLE);
  writeFileSync(join(stacks(), "a.1.json"), stateOf("a.1", ""));
  const before = await states.versions();
  await states.replace("a.0", stateOf("a.0", "2026-01-02T00:00:00.000Z"), new Date());
  const after = await states.versions();

  expect([...before.keys()].sort()).toEqual(["a.0", "a.1"]);
  expect(after.get("a.1")).toBe(before.get("a.1"));
  expect(after.get("a.0")).not.toBe(before.get("a.0"));
  expect(after.get("a.0")).toBe(await states.version("a.0"));
  expect(await states.version("a.2")).toBe("0:0");
});

it("keeps the ten newest entries of a history, with the engine's notes about them", async () => {
  const files = (n: number) =>
    ["history.json", "history.json.attrs", "checkpoint.json"].map((end) => `a.0-${n}.${end}`);
  const all = Array.from({ length: 13 }, (_, n) => files(100 + n));
  for (const name of all.flat()) writeFileSync(join(history(), name), "{}");

  await states.prune("a.0");

  expect(readdirSync(history()).sort()).toEqual(all.slice(-10).flat().sort());
});

it("fills an empty place, refuses one that has states, and leaves nothing of what fails", async () => {
  rmSync(join(root, ".pulumi"), { recursive: true });
  await states.fill(new Map([["a.0", WHOLE]]));
  const again = states.fill(new Map([["a.1", stateOf("a.1", "")]]));

  await expect(again).rejects.toMatchObject({ code: "USAGE" });
  expect(readdirSync(stacks())).toEqual(["a.0.json"]);
  expect(readFileSync(join(root, ".pulumi/meta.yaml"), "utf8")).toBe("version: 1\n");
  rmSync(join(stacks(), "a.0.json"));
  mkdirSync(join(stacks(), "a.2.json"));
  const failing = states.fill(
    new Map([
      ["a.0", WHOLE],
      ["a.2", WHOLE],
    ]),
  );
  await expect(failing).rejects.toMatchObject({ code: "ENGINE_FAILED" });
  expect(readdirSync(stacks())).toEqual(["a.2.json"]);
});

it("never takes a place that cannot be read for an empty one", async () => {
  rmSync(join(root, ".pulumi"), { recursive: true });
  writeFileSync(join(root, ".pulumi"), "a file where a folder was");

  await expect(states.versions()).rejects.toMatchObject({ code: "ENGINE_FAILED" });
  await expect(states.read("a.0")).rejects.toMatchObject({ code: "ENGINE_FAILED" });
});
