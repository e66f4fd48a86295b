import { describe, expect, it } from "vitest";
import { backoffMs, firstDelay, jittered, untilTimeOfDay } from "../../../controller/jobs/schedule.ts";

describe("a schedule", () => {
  it("comes so much earlier or later than its interval as it may, and on average at it", () => {
    const at = [0, 0.5, 1].map((chance) => jittered(3_600_000, 360_000, () => chance));

    expect(at).toEqual([3_240_000, 3_600_000, 3_960_000]);
  });

  it("begins anywhere within its interval", () => {
    expect([0, 0.25, 0.99].map((chance) => firstDelay(1000, () => chance))).toEqual([0, 250, 990]);
  });
});

describe("a time of day", () => {
  const HOUR_MS = 3_600_000;

  it.each([
    { now: "2026-11-26T02:59:30Z", hours: 0.5 / 60 },
    { now: "2026-11-26T03:00:00Z", hours: 24 },
    { now: "2026-11-26T03:00:01Z", hours: 24 - 1 / 3600 },
    { now: "2026-12-31T23:00:00Z", hours: 4 },
    { now: "1969-12-31T01:00:00Z", hours: 2 },
  ])("comes next after $now, in UTC", ({ now, hours }) => {
    expect(untilTimeOfDay(180, Date.parse(now))).toBeCloseTo(hours * HOUR_MS, 5);
  });
});

describe("a backoff", () => {
  const limits = { firstMs: 1000, longestMs: 60_000 };

  it("doubles with each failure up to its longest, half of it by chance", () => {
    const all = [1, 2, 3, 7, 100];

    expect(all.map((failures) => backoffMs(failures, limits, () => 1))).toEqual([1000, 2000, 4000, 60_000, 60_000]);
    expect(all.map((failures) => backoffMs(failures, limits, () => 0))).toEqual([500, 1000, 2000, 30_000, 30_000]);
  });
});
