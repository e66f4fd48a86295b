import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { jumpHash } from "../../../controller/reconcile/cells.ts";

describe("jumpHash", () => {
  it("answers a bucket that exists", () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 1, max: 200 }), (key, buckets) => {
        const bucket = jumpHash(key, buckets);
        expect(Number.isInteger(bucket) && bucket >= 0 && bucket < buckets).toBe(true);
      }),
    );
  });

  it("moves a key only into the new bucket when one is added", () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 1, max: 200 }), (key, buckets) => {
        const before = jumpHash(key, buckets);
        const after = jumpHash(key, buckets + 1);
        expect(after === before || after === buckets).toBe(true);
      }),
    );
  });

  it("fills buckets evenly", () => {
    const counts = new Array<number>(10).fill(0);
    for (let index = 0; index < 10_000; index++) counts[jumpHash(`server-${index}`, 10)]!++;

    expect(Math.min(...counts)).toBeGreaterThan(850);
    expect(Math.max(...counts)).toBeLessThan(1_150);
  });

  it("never changes its answers: they decide where state lies", () => {
    expect(["web-1", "web-2", "db-1", "cache"].map((name) => jumpHash(name, 7))).toMatchInlineSnapshot(`
      [
        1,
        0,
        6,
        2,
      ]
    `);
  });

  it("refuses a count that is none", () => {
    expect(() => jumpHash("a", 0)).toThrow(RangeError);
  });
});
