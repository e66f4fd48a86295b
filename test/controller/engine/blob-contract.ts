import { expect, it } from "vitest";
import type { Blobs } from "../../../controller/engine/blobs.ts";

/** What every place of state does alike. */
export function describeBlobs(open: () => Blobs): void {
  it("reads what was written, and nothing where nothing is", async () => {
    const blobs = open();
    await blobs.write("one/a.json", "{} ü € \u{1f5c4}");

    expect(await blobs.read("one/a.json")).toBe("{} ü € \u{1f5c4}");
    expect(await blobs.read("one/b.json")).toBeUndefined();
    expect(await blobs.version("one/b.json")).toBeUndefined();
    expect(await blobs.list("none/")).toEqual(new Map());
  });

  it("has a version that changes with each write, the same alone and in a list", async () => {
    const blobs = open();
    await blobs.write("two/a.json", "before");
    const before = await blobs.version("two/a.json");
    const same = await blobs.version("two/a.json");
    await blobs.write("two/a.json", "after and longer");
    const after = await blobs.version("two/a.json");

    expect(same).toBe(before);
    expect(after).not.toBe(before);
    expect(await blobs.list("two/")).toEqual(new Map([["two/a.json", after]]));
  });

  it("lists what lies directly in a folder, however much it is", async () => {
    const blobs = open();
    const many = Array.from({ length: 12 }, (_, n) => `three/${n}+ü .json`).sort();
    for (const key of [...many, "three/deeper/a.json", "three.json", "threes/a.json"]) await blobs.write(key, "{}");

    expect([...(await blobs.list("three/")).keys()].sort()).toEqual(many);
  });

  it("copies and removes", async () => {
    const blobs = open();
    await blobs.write("four/a.json", "a");
    const copied = await blobs.copy("four/a.json", "four/aside/b c+d.json");
    const nothing = await blobs.copy("four/none.json", "four/none-2.json");
    await blobs.remove(["four/a.json", "four/none.json"]);
    await blobs.remove([]);

    expect([copied, nothing]).toEqual([true, false]);
    expect(await blobs.read("four/aside/b c+d.json")).toBe("a");
    expect(await blobs.list("four/")).toEqual(new Map());
    expect(blobs.place("four/a.json")).toContain("four/a.json");
  });
}
