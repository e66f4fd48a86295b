import { describe, expect, it } from "vitest";
import { exponentOf } from "../../bench/measure/exponent.ts";

const costs = (cost: (size: number) => number) => [1000, 3000, 10_000].map((size) => ({ size, cost: cost(size) }));

describe("the exponent of growth", () => {
  it.each([
    { name: "0 where size does not matter", cost: () => 7, exponent: 0 },
    { name: "1 where cost is proportional, whatever the factor", cost: (size: number) => 0.003 * size, exponent: 1 },
    { name: "2 where cost goes with the square", cost: (size: number) => size ** 2 / 1e6, exponent: 2 },
    { name: "below 0 where more costs less", cost: (size: number) => 1 / Math.sqrt(size), exponent: -0.5 },
  ])("is $name", ({ cost, exponent }) => {
    expect(exponentOf(costs(cost))).toBeCloseTo(exponent, 10);
  });

  it("lies between those of a fixed part and a growing one", () => {
    const exponent = exponentOf(costs((size) => 1 + size / 10_000));

    expect(exponent).toBeGreaterThan(0.1);
    expect(exponent).toBeLessThan(0.5);
  });

  it("takes all points, so that one outlier between them does not decide", () => {
    const points = costs((size) => size);
    points[1]!.cost *= 1.3;

    expect(exponentOf(points)).toBeCloseTo(1, 1);
  });
});
