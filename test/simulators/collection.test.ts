import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Clock } from "../../simulators/clock.ts";
import { Collection } from "../../simulators/collection.ts";
import { Ids } from "../../simulators/ids.ts";

interface Thing {
  id: number;
  tags: string[];
}
const keysOf = (thing: Thing) => thing.tags;

describe("a collection", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("finds by key and follows changes of keys", () => {
    const things = new Collection<Thing>({ clock: new Clock(), idOf: (thing) => thing.id, keysOf });
    const one = things.add({ id: 1, tags: ["web", "blue"] });
    things.add({ id: 2, tags: ["web"] });

    one.tags = ["blue"];
    things.changed(one);

    expect(things.withKey("web").map((thing) => thing.id)).toEqual([2]);
    expect(things.withKey("blue").map((thing) => thing.id)).toEqual([1]);
    things.delete(1);
    expect(things.withKey("blue")).toEqual([]);
    expect(things.size).toBe(1);
  });

  it("lists nothing, old values and ghosts while lists lag", () => {
    const things = new Collection<Thing>({ clock: new Clock(), idOf: (thing) => thing.id, keysOf, lagMs: 100 });
    const one = things.add({ id: 1, tags: ["web"] });

    expect(things.get(1)).toBe(one);
    expect(things.listed()).toEqual([]);
    vi.advanceTimersByTime(100);
    expect(things.listedWithKey("web")).toEqual([{ id: 1, tags: ["web"] }]);

    one.tags = ["blue"];
    things.changed(one);
    expect(things.withKey("blue")).toHaveLength(1);
    expect(things.listed()).toEqual([{ id: 1, tags: ["web"] }]);
    vi.advanceTimersByTime(100);
    expect(things.listed()).toEqual([{ id: 1, tags: ["blue"] }]);

    things.delete(1);
    expect(things.get(1)).toBeUndefined();
    expect(things.listed()).toHaveLength(1);
    vi.advanceTimersByTime(100);
    expect(things.listed()).toEqual([]);
  });
});

describe("the clock", () => {
  it("runs nothing once it is stopped", async () => {
    const clock = new Clock();
    let ran = 0;
    clock.after(5, () => {
      ran += 1;
    });

    clock.stop();
    clock.after(5, () => {
      ran += 1;
    });
    await new Promise((resolve) => setTimeout(resolve, 20));

    expect(ran).toBe(0);
  });
});

describe("generated ids", () => {
  it("repeat with the seed and differ without", () => {
    const draw = (seed: number) => {
      const ids = new Ids(seed);
      return [ids.integer(), ids.integer(), ids.uuid(), ids.hex(8)];
    };

    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
    expect(draw(7)[2]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});
