import { describe, expect, it } from "vitest";
import { main } from "../../../controller/cli/main.ts";
import { VERSION } from "../../../controller/version.ts";
import { fakeIo } from "./fake-io.ts";

const VERBS = [
  "init",
  "validate",
  "compile",
  "preview",
  "apply",
  "status",
  "drift",
  "run",
  "destroy",
  "backup",
  "restore",
  "init-admin",
  "users",
  "tokens",
  "audit",
  "capsule",
  "doctor",
  "simulate",
  "demo",
];

describe("the command line", () => {
  it("says its version", async () => {
    const io = fakeIo();

    expect(await main(["--version"], io)).toBe(0);
    expect(io.stdout).toEqual([VERSION]);
  });

  it("lists every verb with examples and the exit codes", async () => {
    const io = fakeIo();

    expect(await main(["--help"], io)).toBe(0);

    const text = io.stdout.join("\n");
    for (const verb of VERBS) expect(text).toMatch(new RegExp(`^ {2}${verb}\\b`, "m"));
    expect(text).toContain("Examples:");
    expect(text).toContain("3 refused by a guard or a stale preview");
  });

  it.each(VERBS)("has examples that call the verb: %s", async (verb) => {
    const io = fakeIo();

    expect(await main([verb, "--help"], io)).toBe(0);

    const examples = io.stdout.join("\n").split("Examples:\n")[1] ?? "";
    expect(examples).toMatch(new RegExp(`fleetwright (--fleet acme )?${verb}\\b`));
  });

  it("knows no other verb, and guesses what was meant", async () => {
    const io = fakeIo();

    expect(await main(["preveiw"], io)).toBe(1);
    expect(io.stderr.join("\n")).toContain("Did you mean preview?");
    expect(io.stdout).toEqual([]);
  });

  it.each([
    { args: ["simulate", "azure"], says: "there are linode, digitalocean" },
    { args: ["simulate", "linode", "--port", "many"], says: "--port" },
    { args: ["apply", "--allow-delete", "-1"], says: "--allow-delete" },
    { args: ["drift", "--revert", "--accept"], says: "exclude each other" },
    { args: ["run", "--", "ls"], says: "run takes a Pulumi command" },
    { args: ["preview", "--no-such-option"], says: "--no-such-option" },
  ])("refuses $args with one JSON object when asked for JSON", async ({ args, says }) => {
    const io = fakeIo();

    expect(await main(["--json", ...args], io)).toBe(1);

    expect(io.stdout).toHaveLength(1);
    expect(JSON.parse(io.stdout[0]!)).toMatchObject({
      error: { code: "USAGE", message: expect.stringContaining(says) },
    });
  });

  it("tells an error in a line of its own, on standard error", async () => {
    const io = fakeIo();

    expect(await main(["simulate", "azure"], io)).toBe(1);
    expect(io.stdout).toEqual([]);
    expect(io.stderr).toEqual([expect.stringMatching(/^USAGE there is no simulator of "azure"/)]);
  });
});
