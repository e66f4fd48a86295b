import { expect, it } from "vitest";
import { ClockWatch } from "../../../controller/jobs/clock.ts";

it("tells by how much the clock was set, once, and takes no small correction for that", () => {
  let [now, steady] = [1_000_000, 0];
  const watch = new ClockWatch({ now: () => now, steady: () => steady });
  const after = (ms: number, set = 0) => {
    steady += ms;
    now += ms + set;
    return watch.jumped();
  };

  expect(after(3_600_000)).toBeUndefined();
  expect(after(1_000, 5_000)).toBeUndefined();
  expect(after(1_000, 86_400_000)).toBe(86_400_000);
  expect(after(1_000)).toBeUndefined();
  expect(after(1_000, -7_200_000)).toBe(-7_200_000);
});
