import { beforeEach, describe, expect, it } from "vitest";
import { Recent } from "../../../controller/people/recent.ts";

let at: number;
let recent: Recent;
/** Looks under way, in the order of their questions. */
let looks: PromiseWithResolvers<string>[];

const ask = () =>
  recent.get("ada", () => {
    const look = Promise.withResolvers<string>();
    looks.push(look);
    return look.promise;
  });
/** Until whatever waits for what was just answered has gone on. */
const settled = () => new Promise((done) => setImmediate(done));

beforeEach(() => {
  at = 0;
  looks = [];
  recent = new Recent(() => at);
});

describe("what was looked up", () => {
  it("is asked for once by all who come together", async () => {
    const all = Promise.all([ask(), ask(), ask()]);
    looks[0]!.resolve("may");

    expect(await all).toEqual(["may", "may", "may"]);
    expect(looks).toHaveLength(1);
  });

  it("is renewed before it is too old, and nobody waits for that", async () => {
    void ask();
    looks[0]!.resolve("may");
    at = 1_500;

    expect(await ask()).toBe("may");
    expect(looks).toHaveLength(2);
    looks[1]!.resolve("may not");
    await settled();
    expect(await ask()).toBe("may not");
    at = 3_400;
    expect(await ask()).toBe("may not");
  });

  it("is worth nothing after two seconds, however long the next look takes", async () => {
    void ask();
    looks[0]!.resolve("may");
    at = 1_500;
    await ask();
    at = 2_000;
    const late = ask();
    looks[1]!.resolve("may not");

    expect(await late).toBe("may not");
    expect(looks).toHaveLength(2);
  });

  it("is worth nothing once it was cleared, nor is a look that was begun before", async () => {
    void ask();
    looks[0]!.resolve("may");
    at = 1_500;
    await ask();
    recent.clear();
    looks[1]!.resolve("may");
    await settled();
    const next = ask();
    looks[2]!.resolve("may not");

    expect(await next).toBe("may not");
    await settled();
    expect(await ask()).toBe("may not");
  });

  it("is looked up anew after a failure, which the last good look outlives", async () => {
    const first = ask();
    looks[0]!.reject(new Error("away"));
    await expect(first).rejects.toThrow("away");

    const second = ask();
    looks[1]!.resolve("may");
    expect(await second).toBe("may");
    at = 1_500;
    await ask();
    looks[2]!.reject(new Error("away"));
    await settled();
    expect(await ask()).toBe("may");
    expect(looks).toHaveLength(4);
    looks[3]!.resolve("may");
  });
});
