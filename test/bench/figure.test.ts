import { expect, describe as group, it } from "vitest";
import { alternate } from "../../bench/measure/alternate.ts";
import { describe, figure, notMeasured, ratioFigure } from "../../bench/measure/figure.ts";

const bar = { name: "B0 nothing", unit: "CPU-s / CPU-s", target: 0.25 };

group("a figure", () => {
  it("holds both numbers beside their ratio", () => {
    expect(ratioFigure(bar, { peer: 120, product: 27 })).toEqual({
      name: "B0 nothing",
      value: 0.225,
      unit: "CPU-s / CPU-s",
      target: 0.25,
      met: true,
      peer: 120,
      product: 27,
    });
  });

  it("is missed by what was measured, also where rounding would hide it", () => {
    const missed = ratioFigure(bar, { peer: 1, product: 0.250001 });

    expect(missed).toMatchObject({ value: 0.25, met: false });
  });

  it("is judged by nobody when N is not the target's", () => {
    expect(figure({ ...bar, reason: "N is small" }, 0.1)).toMatchObject({ met: null, reason: "N is small" });
  });

  it("is no pass without its peer", () => {
    expect(notMeasured(bar, "no engine")).toMatchObject({ value: null, met: null, reason: "no engine" });
  });

  it("meets a target of none with none", () => {
    expect(figure({ ...bar, target: 0 }, 0).met).toBe(true);
    expect(figure({ ...bar, target: 0 }, 1).met).toBe(false);
  });

  it("says in one line for people how it stands", () => {
    expect(describe(ratioFigure(bar, { peer: 10, product: 9 }))).toBe(
      "B0 nothing: 0.9 CPU-s / CPU-s (target at most 0.25; peer 10, product 9) MISSED",
    );
    expect(describe(notMeasured(bar, "no engine"))).toContain("not measured");
  });
});

group("peer and product in turn", () => {
  it("are run alternately, the peer first, and the smallest of each counts", async () => {
    const order: string[] = [];
    const from = (name: string, values: number[]) => async (round: number) => {
      order.push(name);
      return values[round]!;
    };

    const duel = await alternate(3, from("peer", [30, 10, 20]), from("product", [5, 7, 3]));

    expect(order).toEqual(["peer", "product", "peer", "product", "peer", "product"]);
    expect(duel).toEqual({ peer: 10, product: 3 });
  });
});
