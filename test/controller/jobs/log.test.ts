import { describe, expect, it } from "vitest";
import { createLog, pretty } from "../../../controller/jobs/log.ts";

function written(format: "json" | "pretty") {
  const lines: string[] = [];
  return { lines, log: createLog((line) => lines.push(line), format) };
}

describe("the service's log", () => {
  it("carries the ids of the work that a line is written in, at any depth, and of no other", async () => {
    const { lines, log } = written("json");

    await Promise.all([
      log.during({ lane: "a" }, async () => {
        await Promise.resolve();
        await log.during({ commit: "c1" }, async () => log.logger.info("one"));
      }),
      log.during({ lane: "b" }, async () => log.logger.warn({ attempt: 2 }, "two")),
    ]);
    log.logger.info("three");

    const found = Object.fromEntries(lines.map((line) => [JSON.parse(line).msg, JSON.parse(line)]));
    expect(found.one).toMatchObject({ level: "info", lane: "a", commit: "c1" });
    expect(found.two).toMatchObject({ level: "warn", lane: "b", attempt: 2 });
    expect(found.three).not.toHaveProperty("lane");
  });

  it.each(["json", "pretty"] as const)("blots out what is hidden, whatever field it stands in (%s)", (format) => {
    const { lines, log } = written(format);

    log.hide(["s3cret-token"]);
    log.logger.error({ reason: "401 for s3cret-token", nested: { deep: ["s3cret-token"] } }, "refused s3cret-token");

    expect(lines.join("\n")).not.toContain("s3cret-token");
    expect(lines.join("\n")).toContain("[redacted]");
  });

  it("is one line a person can read, with longer texts below it", () => {
    const line = {
      level: "warn",
      time: "2026-01-01T12:03:04.000Z",
      msg: "waits",
      lane: "do-main",
      commit: "65a37ea78e16ce9aa419f0f5a1c9f3ee1183acf0",
      reason: "a\nb",
      n: 2,
    };

    expect(pretty(JSON.stringify(line))).toBe(
      "12:03:04 warn  waits lane=do-main commit=65a37ea78e n=2\n         a\n         b",
    );
  });

  it("does not repeat what its message says", () => {
    const fields = { op: "create", object: "web-1", state: "started", account: "do-main" };
    const line = { level: "info", time: "2026-01-01T12:03:04.000Z", msg: "create web-1 started", ...fields };

    expect(pretty(JSON.stringify(line))).toBe("12:03:04 info  create web-1 started account=do-main");
  });
});
