import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

const root = path.resolve(import.meta.dirname, "../..");
let project: string;
let bin: string;

/** A project of one script, with our launcher, and an npm that installs by copying the lock file and counts. */
beforeEach(() => {
  project = mkdtempSync(path.join(tmpdir(), "fw-launch-"));
  bin = path.join(project, "programs");
  mkdirSync(bin);
  mkdirSync(path.join(project, "scripts"));
  for (const name of ["launch.mjs", "install.mjs", "with-node.mjs"])
    cpSync(path.join(root, "scripts", name), path.join(project, "scripts", name));
  cpSync(path.join(root, "bin/fleetwright"), path.join(project, "bin/fleetwright"));
  writeFileSync(path.join(project, "package.json"), JSON.stringify({ type: "module" }));
  writeFileSync(
    path.join(project, "scripts/hello.ts"),
    `const args: string[] = process.argv.slice(2);\nconsole.log(process.version, JSON.stringify(args));\nprocess.exitCode = 7;\n`,
  );
  writeLock("1.0.0");
  writeFileSync(
    path.join(bin, "npm"),
    `#!/bin/sh\necho "$@" >>"${project}/npm-calls"\nsleep 0.3\necho noise\nmkdir -p node_modules/node/bin\ncp package-lock.json node_modules/.package-lock.json\nln -sf "${process.execPath}" node_modules/node/bin/node\n`,
    { mode: 0o755 },
  );
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(project, { recursive: true, force: true });
});

function writeLock(version: string): void {
  const packages = {
    "": {},
    "node_modules/a": { version },
    "node_modules/for-another-system": { version, optional: true },
  };
  writeFileSync(path.join(project, "package-lock.json"), JSON.stringify({ packages }));
}

const installs = () =>
  existsSync(path.join(project, "npm-calls"))
    ? readFileSync(path.join(project, "npm-calls"), "utf8").trim().split("\n").length
    : 0;

async function run(args: string[], node = process.execPath) {
  const env = { ...process.env, PATH: `${bin}:${process.env.PATH}` };
  const child = spawn(node, args, { cwd: tmpdir(), env, stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk) => {
    stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  const [code] = await once(child, "close");
  return { code, stdout, stderr };
}

const hello = (...args: string[]) => [path.join(project, "scripts/with-node.mjs"), "scripts/hello.ts", ...args];

/** A Node of this machine that cannot run the project by itself. */
function findOldNode(): string | undefined {
  return (process.env.PATH ?? "")
    .split(":")
    .map((directory) => path.join(directory, "node"))
    .filter((file) => existsSync(file))
    .find((file) => {
      const version = execFileSync(file, ["--version"], { encoding: "utf8" });
      return Number.parseInt(version.slice(1), 10) < 24;
    });
}
const oldNode = findOldNode();

describe("with-node.mjs", () => {
  it("installs first, keeps what npm says off stdout, and passes arguments and exit code on", async () => {
    const { code, stdout, stderr } = await run(hello("a", "b c"));

    expect(stdout).toBe(`${process.version} ["a","b c"]\n`);
    expect(stderr).toContain("installing the dependencies");
    expect(code).toBe(7);
  });

  it("installs once, also when two start at once, and again when the lock file asks for something else", async () => {
    await Promise.all([run(hello()), run(hello())]);
    await run(hello());
    expect(installs()).toBe(1);

    writeLock("2.0.0");
    await run(hello());
    expect(installs()).toBe(2);
  });

  it("passes over the lock of an installation that was killed", async () => {
    mkdirSync(path.join(project, ".fleetwright"));
    writeFileSync(path.join(project, ".fleetwright/install.lock"), "999999999");

    expect(await run(hello())).toMatchObject({ code: 7 });
  });

  it("says what to do when npm fails", async () => {
    writeFileSync(path.join(bin, "npm"), "#!/bin/sh\necho no network >&2\nexit 1\n");

    const { code, stdout, stderr } = await run(hello());

    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/no network\nfleetwright: npm ci failed/);
  });

  it.skipIf(!oldNode)(
    "runs on the installed Node when its own is too old (needs a Node before 24 on PATH)",
    async () => {
      const { code, stdout } = await run(hello("x"), oldNode);

      expect({ code, stdout }).toEqual({ code: 7, stdout: `${process.version} ["x"]\n` });
    },
  );

  it.each([process.execPath, ...(oldNode ? [oldNode] : [])])("has Node keep what it compiles (on %s)", async (node) => {
    vi.stubEnv("XDG_CACHE_HOME", path.join(project, "cache"));
    vi.stubEnv("NODE_COMPILE_CACHE", undefined);
    const script = `import module from "node:module";\nconsole.log(module.getCompileCacheDir());\n`;
    writeFileSync(path.join(project, "scripts/hello.ts"), script);

    expect((await run(hello(), node)).stdout).toContain(path.join(project, "cache/fleetwright/compiled"));
  });

  it.skipIf(!oldNode)("passes SIGTERM on to the installed Node (needs a Node before 24 on PATH)", async () => {
    writeFileSync(
      path.join(project, "scripts/hello.ts"),
      `process.on("SIGTERM", () => process.exit(9)); setInterval(() => {}, 1000); console.log("up");`,
    );
    const env = { ...process.env, PATH: `${bin}:${process.env.PATH}` };
    const child = spawn(oldNode!, hello(), { env, stdio: ["ignore", "pipe", "ignore"] });
    await once(child.stdout, "data");

    child.kill("SIGTERM");

    expect((await once(child, "exit"))[0]).toBe(9);
  });
});

describe("bin/fleetwright", () => {
  it("is a program that runs bin/fleetwright.ts from any folder", async () => {
    writeFileSync(path.join(project, "bin/fleetwright.ts"), `console.log("cli", process.argv[2]);`);

    expect(await run([path.join(project, "bin/fleetwright"), "status"])).toMatchObject({
      code: 0,
      stdout: "cli status\n",
    });
  });

  it("installs nothing where only what development needs is left out, which other scripts do", async () => {
    writeFileSync(path.join(project, "bin/fleetwright.ts"), `console.log("cli");`);
    await run(hello());
    const installed = path.join(project, "node_modules/.package-lock.json");
    const lock = JSON.parse(readFileSync(installed, "utf8"));
    const wanted = { packages: { ...lock.packages, "node_modules/tester": { version: "1.0.0", dev: true } } };
    writeFileSync(path.join(project, "package-lock.json"), JSON.stringify(wanted));

    expect(await run([path.join(project, "bin/fleetwright")])).toMatchObject({ code: 0, stdout: "cli\n" });
    expect(installs()).toBe(1);

    await run(hello());
    expect(installs()).toBe(2);
  });
});
