import { describe, expect, it } from "vitest";
import { opensAt } from "../../../controller/reconcile/windows.ts";
import type { MaintenanceWindow, Weekday } from "../../../resources/spec.ts";

const ALL: Weekday[] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const window = (from: string, to: string, timezone: string, days = ALL): MaintenanceWindow => ({
  days,
  from,
  to,
  timezone,
});

/** `open`, or the instant at which it opens next. */
function at(instant: string, ...windows: MaintenanceWindow[]): string | undefined {
  const now = Date.parse(instant);
  const next = opensAt(windows, now);
  return next === now ? "open" : next === undefined ? undefined : new Date(next).toISOString();
}

describe("a maintenance window", () => {
  it("is open from its beginning until just before its end", () => {
    const day = window("09:00", "17:30", "UTC");

    expect(at("2026-11-25T08:59:59Z", day)).toBe("2026-11-25T09:00:00.000Z");
    expect(at("2026-11-25T09:00:00Z", day)).toBe("open");
    expect(at("2026-11-25T17:29:59.999Z", day)).toBe("open");
    expect(at("2026-11-25T17:30:00Z", day)).toBe("2026-11-26T09:00:00.000Z");
  });

  it("goes on after midnight on the day that it opened, and not on the one after", () => {
    const friday = window("22:00", "04:00", "Europe/Berlin", ["fri"]);

    // 2026-11-27 is a Friday; Berlin is one hour ahead.
    expect(at("2026-11-27T20:59:00Z", friday)).toBe("2026-11-27T21:00:00.000Z");
    expect(at("2026-11-28T02:59:00Z", friday)).toBe("open");
    expect(at("2026-11-28T03:00:00Z", friday)).toBe("2026-12-04T21:00:00.000Z");
    expect(at("2026-11-28T21:30:00Z", friday)).toBe("2026-12-04T21:00:00.000Z");
  });

  it("has the days of its own place, not of UTC", () => {
    const monday = window("08:00", "10:00", "Pacific/Auckland", ["mon"]);

    // Monday the 30th in Auckland, thirteen hours ahead, begins on Sunday.
    expect(at("2026-11-29T19:00:00Z", monday)).toBe("open");
    expect(at("2026-11-30T19:00:00Z", monday)).toBe("2026-12-06T19:00:00.000Z");
    // Wednesday in Honolulu, ten hours behind, where Tuesday's goes on until 19:30.
    expect(at("2026-11-26T05:00:00Z", window("20:00", "19:30", "Pacific/Honolulu", ["tue"]))).toBe("open");
  });

  it("ends at midnight with 24:00, and lasts a whole day where both times are the same", () => {
    expect(at("2026-11-25T23:59:59Z", window("20:00", "24:00", "UTC"))).toBe("open");
    expect(at("2026-11-26T00:00:00Z", window("20:00", "24:00", "UTC"))).toBe("2026-11-26T20:00:00.000Z");
    expect(at("2026-11-26T05:59:00Z", window("06:00", "06:00", "UTC", ["wed"]))).toBe("open");
    expect(at("2026-11-26T06:00:00Z", window("06:00", "06:00", "UTC", ["wed"]))).toBe("2026-12-02T06:00:00.000Z");
  });

  it("opens with the first of several", () => {
    const [morning, night] = [window("06:00", "07:00", "UTC"), window("22:00", "02:00", "UTC")];

    expect(at("2026-11-25T03:00:00Z", night, morning)).toBe("2026-11-25T06:00:00.000Z");
    expect(at("2026-11-25T07:00:00Z", night, morning)).toBe("2026-11-25T22:00:00.000Z");
    expect(at("2026-11-25T01:00:00Z", night, morning)).toBe("open");
  });

  it("does not open without any", () => {
    expect(at("2026-11-25T03:00:00Z")).toBeUndefined();
  });
});

describe("when the clock changes", () => {
  // Berlin: 2026-03-29 from 02:00 to 03:00 at 01:00Z, and 2026-10-25 from 03:00 to 02:00 at 01:00Z.
  it("keeps its times of day on both sides", () => {
    const night = window("22:00", "04:00", "Europe/Berlin");

    expect(at("2026-03-28T20:30:00Z", night)).toBe("2026-03-28T21:00:00.000Z");
    expect(at("2026-03-29T01:59:00Z", night)).toBe("open");
    expect(at("2026-03-29T02:00:00Z", night)).toBe("2026-03-29T20:00:00.000Z");
    expect(at("2026-10-24T19:59:00Z", night)).toBe("2026-10-24T20:00:00.000Z");
    expect(at("2026-10-25T02:59:00Z", night)).toBe("open");
    expect(at("2026-10-25T03:00:00Z", night)).toBe("2026-10-25T21:00:00.000Z");
  });

  it("begins as much later as the clock is put forward, where its time is left out", () => {
    const half = window("02:30", "05:00", "Europe/Berlin");

    expect(at("2026-03-29T00:30:00Z", half)).toBe("2026-03-29T01:30:00.000Z");
    expect(at("2026-03-29T02:59:00Z", half)).toBe("open");
    expect(at("2026-03-29T03:00:00Z", half)).toBe("2026-03-30T00:30:00.000Z");
  });

  it("is left out on the day whose clock jumps over all of it", () => {
    const hour = window("02:00", "03:00", "Europe/Berlin", ["sun"]);

    expect(at("2026-03-28T12:00:00Z", hour)).toBe("2026-04-05T00:00:00.000Z");
  });

  it("begins and ends at the first of two equal times", () => {
    expect(at("2026-10-25T00:00:00Z", window("02:30", "05:00", "Europe/Berlin"))).toBe("2026-10-25T00:30:00.000Z");
    expect(at("2026-10-25T00:29:00Z", window("01:00", "02:30", "Europe/Berlin"))).toBe("open");
    expect(at("2026-10-25T00:30:00Z", window("01:00", "02:30", "Europe/Berlin"))).toBe("2026-10-26T00:00:00.000Z");
  });

  it("lasts an hour longer over the second of two", () => {
    const both = window("02:00", "03:00", "Europe/Berlin");

    expect(at("2026-10-25T00:00:00Z", both)).toBe("open");
    expect(at("2026-10-25T01:59:00Z", both)).toBe("open");
    expect(at("2026-10-25T02:00:00Z", both)).toBe("2026-10-26T01:00:00.000Z");
  });

  it("follows places whose clocks move by half an hour, on the other side of the earth", () => {
    // Lord Howe: 2026-10-04 from 02:00 to 02:30 at 15:30Z of the day before.
    const early = window("02:15", "04:00", "Australia/Lord_Howe");

    expect(at("2026-10-03T15:00:00Z", early)).toBe("2026-10-03T15:45:00.000Z");
    expect(at("2026-10-03T17:00:00Z", early)).toBe("2026-10-04T15:15:00.000Z");
  });
});
