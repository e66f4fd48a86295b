import pc from "picocolors";
import { describe, expect, it } from "vitest";
import { runsOf, svgOf } from "../../scripts/picture/svg.ts";

const color = pc.createColors(true);

describe("the picture of a terminal", () => {
  it("parts a line into runs of one look, each at its column", () => {
    const line = `  ${color.green("✓")} ${color.bold(color.cyan("web-1"))}  created ${color.dim("1.5 s")}`;

    expect(runsOf(line)).toEqual([
      { bold: false, dim: false, color: "#7ee787", column: 2, text: "✓" },
      { bold: true, dim: false, color: "#56d4dd", column: 4, text: "web-1" },
      { bold: false, dim: false, column: 11, text: "created" },
      { bold: false, dim: true, column: 19, text: "1.5 s" },
    ]);
  });

  it("keeps the text whole, and its markup out", () => {
    const svg = svgOf([color.red('a <b> & "c"')], "npm run demo");

    expect(svg).toContain(">a &lt;b&gt; &amp; &quot;c&quot;</tspan>");
    expect(svg).not.toContain("\u001b");
  });

  it("is as large as its longest line and its lines", () => {
    const size = (lines: string[]) => /width="(\d+)" height="(\d+)"/.exec(svgOf(lines, "t"))!.slice(1).map(Number);
    const [narrow, low] = size(["x".repeat(40)]);
    const [wide, high] = size(["x".repeat(80), "", ""]);

    expect(wide! - narrow!).toBe(312);
    expect(high! - low!).toBe(36);
  });
});
