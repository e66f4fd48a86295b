import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const ROOT = path.resolve(import.meta.dirname, "../..");
const REPORT = `
  const loaded = Object.keys(createRequire(import.meta.url).cache ?? {});
  const has = (name) => loaded.some((file) => file.includes("/node_modules/" + name + "/"));
  const heavy = ["typescript", "@npmcli/arborist"].filter(has);`;

/** Runs a module in a process of its own; what it writes. */
async function run(code: string): Promise<unknown> {
  const source = `import { createRequire } from "node:module";\n${code}`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", source], {
    cwd: ROOT,
    env: { PATH: process.env.PATH, HOME: process.env.HOME },
  });
  return JSON.parse(stdout.trim().split("\n").at(-1)!);
}

it("leaves out the compiler and the dependency solver of Pulumi's SDK, and loads them for whoever calls for them", async () => {
  const answer = await run(`
    import "./resources/lean-sdk.ts";
    const { default: pulumi } = await import("@pulumi/pulumi");
    await import("@pulumi/pulumi/automation/index.js");
    ${REPORT}
    const { text } = await pulumi.runtime.serializeFunction(() => 40 + 2);
    console.log(JSON.stringify({ sdk: has("@pulumi/pulumi"), heavy, text: text.includes("40 + 2") }));`);
  expect(answer).toEqual({ sdk: true, heavy: [], text: true });
});

it.each([
  ["the provider", "resources/plugin/main.ts", "", {}],
  ["a verb of the command line", "bin/fleetwright.ts", "process.argv.push('status', '--fleet', '/');", {}],
])("%s starts without them", async (_, entry, before) => {
  const answer = await run(`
    process.exit = () => {};
    ${before}
    await import("./${entry}");
    const { default: pulumi } = await import("@pulumi/pulumi");
    ${REPORT}
    console.log(JSON.stringify({ sdk: pulumi.runtime !== undefined, heavy }));
    process.kill(process.pid, "SIGKILL");`).catch((error: { stdout: string }) =>
    JSON.parse(error.stdout.trim().split("\n").at(-1)!),
  );
  expect(answer).toEqual({ sdk: true, heavy: [] });
});
