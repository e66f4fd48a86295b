import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { readReport, refused } from "../../scripts/audit/report.ts";

const root = path.resolve(import.meta.dirname, "../..");
const folder = mkdtempSync(path.join(tmpdir(), "fw-audit-"));
afterAll(() => rmSync(folder, { recursive: true }));

const advisory = (id: string, severity: string) => ({
  source: 1,
  name: "a",
  title: "does harm",
  url: `https://github.com/advisories/${id}`,
  severity,
});
const [GRAVE, SMALL] = ["GHSA-aaaa-bbbb-cccc", "GHSA-dddd-eeee-ffff"];
/** As npm prints it: `b` has the advisory through `a`. */
const ANSWER = JSON.stringify({
  auditReportVersion: 2,
  vulnerabilities: {
    a: { name: "a", severity: "high", via: [advisory(GRAVE, "high"), advisory(SMALL, "moderate")] },
    b: { name: "b", severity: "high", via: ["a"] },
  },
});
/** As npm prints it where the registry has no such endpoint. */
const NO_ENDPOINT = JSON.stringify({ message: "405 Method Not Allowed", statusCode: 405, error: { summary: "" } });

/** Runs the script with an npm that prints this. */
function audit(printed: string): { status: number | null; stdout: string } {
  writeFileSync(path.join(folder, "answer"), printed);
  writeFileSync(path.join(folder, "npm"), `#!/bin/sh\ncat "${folder}/answer"\nexit 1\n`, { mode: 0o755 });
  const env = { ...process.env, PATH: `${folder}:${process.env.PATH}` };
  return spawnSync(process.execPath, [path.join(root, "scripts/audit.ts")], { env, encoding: "utf8" });
}

describe("the audit of dependencies", () => {
  it("fails for what is high or critical", () => {
    const { status, stdout } = audit(ANSWER);

    expect(status).toBe(1);
    expect(stdout).toContain(`high ${GRAVE} a: does harm`);
    expect(stdout).not.toContain(SMALL);
  });

  it.each([NO_ENDPOINT, "", "npm error network"])(
    "fails nothing where the registry does not answer, and says so (%j)",
    (printed) => {
      const { status, stdout } = audit(printed);

      expect(status).toBe(0);
      expect(stdout).toContain("were not looked at, because the registry does not answer");
    },
  );

  it("lets through what is allowed, up to its day", () => {
    const report = readReport(ANSWER);
    const advisories = "advisories" in report ? report.advisories : [];
    const allowed = [{ id: GRAVE, until: "2026-12-31", reason: "not reached" }];

    expect(advisories.map(({ id }) => id)).toEqual([GRAVE, SMALL]);
    expect(refused(advisories, allowed, "2026-12-31")).toEqual([]);
    expect(refused(advisories, allowed, "2027-01-01").map(({ id }) => id)).toEqual([GRAVE]);
  });

  it("has a list whose entries have a day and a reason", () => {
    const allowed: unknown[] = parse(readFileSync(path.join(root, ".ci/audit-allowed.yaml"), "utf8"));

    for (const one of allowed)
      expect(one).toEqual({
        id: expect.any(String),
        until: expect.stringMatching(/^\d{4}-\d\d-\d\d$/),
        reason: expect.stringMatching(/\S/),
      });
  });
});
