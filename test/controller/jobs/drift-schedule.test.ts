import { describe, expect, it } from "vitest";
import { firstPassIn, latestPassIn, nextPassIn, scheduleOf } from "../../../controller/jobs/drift-schedule.ts";
import type { DriftSettings } from "../../../resources/spec.ts";

const HOUR = 3_600_000;
/** A Saturday, a day before the clocks of Berlin go forward. */
const NOW = Date.parse("2026-03-28T12:00:00Z");

const of = (own: DriftSettings | undefined, wide: DriftSettings | undefined, fallbackMs = HOUR) =>
  scheduleOf({ name: "main", ...(own && { drift: own }) }, { policies: wide ? { drift: wide } : {} }, fallbackMs);
const at = (settings: DriftSettings, chance = 0) =>
  new Date(NOW + nextPassIn(of(settings, undefined)!, NOW, () => chance)).toISOString();

describe("passes over an account", () => {
  it("come as its file says, else as the fleet's does, else as the command line does, or not at all", () => {
    expect(of({ every: "10m" }, { every: "1d" })).toMatchObject({ everyMs: 600_000, jitterMs: 60_000 });
    expect(of({ jitter: "5m" }, { every: "1h" })).toMatchObject({ everyMs: HOUR, jitterMs: 300_000 });
    expect(of({ every: "10s" }, { cron: "0 4 * * *", jitter: "1h" })).toMatchObject({
      everyMs: 10_000,
      jitterMs: 5000,
    });
    expect(of(undefined, undefined)).toMatchObject({ everyMs: HOUR });
    expect(of({ policy: "revert" }, { policy: "report" }, 0)).toBeUndefined();
  });

  it("come at an interval, so much earlier or later by chance, the first anywhere within it", () => {
    const schedule = of({ every: "10m", jitter: "1m" }, undefined)!;

    expect([0, 0.5, 1].map((chance) => nextPassIn(schedule, NOW, () => chance))).toEqual([540_000, 600_000, 660_000]);
    expect(firstPassIn(schedule, NOW, () => 0.25)).toBe(150_000);
    expect(latestPassIn(schedule, NOW)).toBe(660_000);
  });

  it("come by cron on the clock of UTC, or of a place whose summer begins in between", () => {
    expect(at({ cron: "30 4 * * *" })).toBe("2026-03-29T04:30:00.000Z");
    expect(at({ cron: "30 4 * * *", timezone: "Europe/Berlin" })).toBe("2026-03-29T02:30:00.000Z");
    expect(at({ cron: "0 6 * * mon-fri", jitter: "10m" }, 0.5)).toBe("2026-03-30T06:05:00.000Z");
  });

  it("come in a minute of the account's own where cron says H", () => {
    const minutes = ["main", "other"].map((name) => {
      const schedule = scheduleOf({ name, drift: { cron: "H * * * *" } }, { policies: {} }, 0)!;
      return [0, 7].map((hours) =>
        new Date(NOW + hours * HOUR + nextPassIn(schedule, NOW + hours * HOUR)).getMinutes(),
      );
    });

    expect(minutes.map(([first, later]) => first === later)).toEqual([true, true]);
    expect(minutes[0]).not.toEqual(minutes[1]);
  });
});
