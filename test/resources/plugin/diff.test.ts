import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { diffInputs, ignoreChanges, withoutIgnored } from "../../../resources/plugin/diff.ts";
import { type PropertyMap, UNKNOWN } from "../../../resources/plugin/handler.ts";

const old: PropertyMap = {
  name: "a",
  size: 1,
  parts: [{ name: "x" }, { name: "y" }],
  disk: { storage: "fast", sizeGiB: 5 },
};

describe("diffInputs", () => {
  it.each<{ name: string; news: PropertyMap; changes: object }>([
    { name: "finds nothing in equal inputs", news: structuredClone(old), changes: {} },
    {
      name: "names the deepest path",
      news: { ...old, disk: { storage: "fast", sizeGiB: 9 } },
      changes: { "disk.sizeGiB": { kind: "update" } },
    },
    {
      name: "names items of lists",
      news: { ...old, parts: [{ name: "x" }, { name: "z" }, { name: "w" }] },
      changes: { "parts[1].name": { kind: "update" }, "parts[2]": { kind: "add" } },
    },
    {
      name: "sees what is removed",
      news: { ...old, parts: [{ name: "x" }] },
      changes: { "parts[1]": { kind: "delete" } },
    },
    { name: "takes null for absent", news: { ...old, note: null }, changes: {} },
    { name: "takes unknown for a change", news: { ...old, size: UNKNOWN }, changes: { size: { kind: "update" } } },
    {
      name: "replaces for a listed property",
      news: { ...old, name: "b" },
      changes: { name: { kind: "update", replace: true } },
    },
    {
      name: "replaces for a listed path deep down",
      news: { ...old, disk: { storage: "slow", sizeGiB: 5 } },
      changes: { "disk.storage": { kind: "update", replace: true } },
    },
    {
      name: "replaces when what holds a listed path is removed",
      news: { ...old, disk: null },
      changes: { disk: { kind: "delete", replace: true } },
    },
    {
      name: "replaces for every item of a pattern",
      news: { ...old, parts: [{ name: "x" }, { name: "y", kind: "k" }] },
      changes: { "parts[1].kind": { kind: "add", replace: true } },
    },
  ])("$name", ({ news, changes }) => {
    expect(diffInputs(old, news, { replaceOn: ["name", "disk.storage", "parts[*].kind"] }).changes).toEqual(changes);
  });

  it("does not replace for a new holder in which the listed path is as absent as before", () => {
    expect(diffInputs({}, { disk: { sizeGiB: 3 } }, { replaceOn: ["disk.storage"] }).changes).toEqual({
      disk: { kind: "add" },
    });
  });

  it("finds nothing between any inputs and themselves, and something between different ones", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.dictionary(fc.string(), fc.jsonValue()), (a, b) => {
        const [left, right] = [a, b] as PropertyMap[];
        expect(diffInputs(left!, structuredClone(left!)).changes).toEqual({});
        const back = Object.keys(diffInputs(right!, left!).changes);
        expect(Object.keys(diffInputs(left!, right!).changes).sort()).toEqual(back.sort());
      }),
    );
  });
});

describe("ignoreChanges", () => {
  it("takes the named paths from the old inputs and leaves the rest", () => {
    const news: PropertyMap = {
      name: "b",
      size: 2,
      parts: [{ name: "q", kind: "k" }, { name: "r" }],
      disk: { sizeGiB: 7 },
    };

    expect(ignoreChanges(old, news, ["name", "parts[*].name", "disk.storage"])).toEqual({
      name: "a",
      size: 2,
      parts: [{ name: "x", kind: "k" }, { name: "y" }],
      disk: { sizeGiB: 7, storage: "fast" },
    });
  });

  it("removes what was not there before", () => {
    expect(ignoreChanges({ name: "a" }, { name: "a", note: "new" }, ["note"])).toEqual({ name: "a" });
  });

  it("keeps unknowns that are not ignored", () => {
    expect(ignoreChanges({ a: 1 }, { a: UNKNOWN, b: UNKNOWN }, ["a"])).toEqual({ a: 1, b: UNKNOWN });
  });
});

describe("withoutIgnored", () => {
  it("leaves out what is ignored, and what is below it", () => {
    const changes = {
      image: { kind: "update", replace: true },
      "keys[0]": { kind: "add", replace: true },
      imageName: { kind: "update" },
      "disk.size": { kind: "update" },
    } as const;

    expect(Object.keys(withoutIgnored({ changes }, ["image", "keys", "disk.storage"]).changes)).toEqual([
      "imageName",
      "disk.size",
    ]);
  });
});
