import { describe, expect, it } from "vitest";
import { RateLimiter } from "../../simulators/limits.ts";

const MINUTE = { name: "minute", limit: 3, windowMs: 60_000 };
const HOUR = { name: "hour", limit: 4, windowMs: 3_600_000 };

describe("the rate limiter", () => {
  it("refuses what a sliding window does not hold and tells when it renews", () => {
    let now = 1_000_000;
    const limiter = new RateLimiter({ now: () => now });
    const taken = [0, 1, 2].map(() => {
      now += 10_000;
      return limiter.take("a", [MINUTE]);
    });

    const refused = limiter.take("a", [MINUTE]);

    expect(taken.map((state) => [state?.allowed, state?.remaining])).toEqual([
      [true, 2],
      [true, 1],
      [true, 0],
    ]);
    expect(refused).toMatchObject({ allowed: false, remaining: 0, resetAtMs: 1_010_000 + 60_000 });
    now = 1_010_000 + 60_000;
    expect(limiter.take("a", [MINUTE])?.allowed).toBe(true);
    expect(limiter.take("a", [MINUTE])?.allowed).toBe(false);
  });

  it("counts a refused request in no scope", () => {
    let now = 0;
    const limiter = new RateLimiter({ now: () => now });
    for (let sent = 0; sent < 10; sent += 1) limiter.take("a", [MINUTE, HOUR]);

    now = 60_000;

    expect(limiter.take("a", [MINUTE, HOUR])).toMatchObject({ allowed: true, scope: HOUR, remaining: 0 });
    expect(limiter.take("a", [MINUTE, HOUR])).toMatchObject({ allowed: false, scope: HOUR });
  });

  it("counts callers apart", () => {
    const limiter = new RateLimiter({ now: () => 0 });
    for (let sent = 0; sent < 3; sent += 1) limiter.take("a", [MINUTE]);

    expect(limiter.take("a", [MINUTE])?.allowed).toBe(false);
    expect(limiter.take("b", [MINUTE])?.allowed).toBe(true);
  });

  it("divides the windows by the scale, and 0 switches it off", () => {
    let now = 0;
    const fast = new RateLimiter({ scale: 60, now: () => now });
    for (let sent = 0; sent < 3; sent += 1) fast.take("a", [MINUTE]);
    expect(fast.take("a", [MINUTE])?.allowed).toBe(false);

    now = 1_000;

    expect(fast.take("a", [MINUTE])?.allowed).toBe(true);
    expect(new RateLimiter({ scale: 0, now: () => 0 }).take("a", [MINUTE])).toBeUndefined();
  });

  it("holds a whole hour of requests without slowing down", () => {
    let now = 0;
    const wide = { name: "wide", limit: 5_000, windowMs: 3_600_000 };
    const limiter = new RateLimiter({ now: () => now });
    let allowed = 0;

    for (; now < 2 * wide.windowMs; now += 360) if (limiter.take("a", [wide])?.allowed) allowed += 1;

    // Two windows, each full.
    expect(allowed).toBe(10_000);
  });
});
