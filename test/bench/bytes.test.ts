import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { bytesIn, WrittenBytes } from "../../bench/measure/bytes.ts";

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "fw-bytes-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const write = (path: string, bytes: number) => writeFileSync(join(dir, path), "x".repeat(bytes));
/** Events of a folder come with the event loop. */
const seen = () => sleep(50);

/** As the backend writes a file: beside it, then in its place. */
function replace(path: string, bytes: number): void {
  write(`${path}.tmp`, bytes);
  renameSync(join(dir, `${path}.tmp`), join(dir, path));
}

describe("bytes in a folder", () => {
  it("are those of all files below it, or of those with an ending", () => {
    mkdirSync(join(dir, "stacks/bare"), { recursive: true });
    write("stacks/bare/all.json", 300);
    write("stacks/bare/all.json.bak", 200);

    expect(bytesIn(dir)).toBe(500);
    expect(bytesIn(dir, ".json")).toBe(300);
    expect(bytesIn(join(dir, "nowhere"))).toBe(0);
  });
});

describe("bytes written into a folder", () => {
  it("count every write of a file that is replaced again and again", async () => {
    const bytes = new WrittenBytes(dir);
    for (const size of [100, 250, 400]) {
      replace("state.json", size);
      await seen();
    }

    expect(bytes.total).toBe(750);
    bytes.close();
  });

  it("count what has been removed since, and what lies in new folders", async () => {
    const bytes = new WrittenBytes(dir);
    mkdirSync(join(dir, "history/bare"), { recursive: true });
    await seen();
    write("history/bare/1.json", 1000);
    await seen();
    rmSync(join(dir, "history/bare/1.json"));
    await seen();
    write("history/bare/2.json", 10);

    expect(bytes.total).toBe(1010);
    bytes.close();
  });

  it("leave out what was there before, and count it once it is written anew", async () => {
    write("state.json", 5000);
    const bytes = new WrittenBytes(dir);
    await seen();
    expect(bytes.total).toBe(0);

    replace("state.json", 5100);

    expect(bytes.total).toBe(5100);
    bytes.close();
  });

  it("count a file that grows with the most it held", async () => {
    const bytes = new WrittenBytes(dir);
    write("lock", 10);
    await seen();
    writeFileSync(join(dir, "lock"), "y".repeat(90), { flag: "a" });
    await seen();

    expect(bytes.total).toBe(100);
    bytes.close();
  });
});
