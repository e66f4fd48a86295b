import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isRecentEnough } from "../../controller/engine/find/version.ts";
import { ENGINE_VERSION, findEngine } from "../../controller/engine/find.ts";

let folder: string;
let env: NodeJS.ProcessEnv;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "fw-engine-"));
  env = { PATH: path.join(folder, "path"), XDG_CACHE_HOME: path.join(folder, "cache"), HOME: folder };
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A program that tells a version, and counts how often it was asked. */
function makeProgram(file: string, version: string): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, `#!/bin/sh\necho asked >>${folder}/asked\necho "${version}"\n`, { mode: 0o755 });
}

const asked = () =>
  existsSync(`${folder}/asked`) ? readFileSync(`${folder}/asked`, "utf8").trim().split("\n").length : 0;
const cached = () => path.join(folder, `cache/fleetwright/engine/${ENGINE_VERSION}/bin/pulumi`);

describe("findEngine", () => {
  it("takes a recent engine from PATH, and asks its version once until the file changes", async () => {
    const file = path.join(folder, "path/pulumi");
    makeProgram(file, "v3.260.1");

    expect(await findEngine({ env })).toEqual({ path: file, version: "3.260.1", source: "PATH" });
    await findEngine({ env });
    expect(asked()).toBe(1);

    utimesSync(file, 1, 1);
    await findEngine({ env });
    expect(asked()).toBe(2);
  });

  it("passes over an old engine on PATH for the cached one", async () => {
    makeProgram(path.join(folder, "path/pulumi"), "v3.249.9");
    makeProgram(cached(), ENGINE_VERSION);

    expect(await findEngine({ env })).toEqual({ path: cached(), version: ENGINE_VERSION, source: "cache" });
  });

  it("lists every way it tried, with the result and what mends it", async () => {
    makeProgram(path.join(folder, "path/pulumi"), "v3.1.0");
    // A go that fails as one without a module proxy does.
    writeFileSync(
      path.join(folder, "path/go"),
      "#!/bin/sh\necho 'dial tcp: lookup proxy: no such host' >&2\nexit 1\n",
      { mode: 0o755 },
    );

    const finding = findEngine({ env: { ...env, FLEETWRIGHT_ENGINE_SOURCES: "PATH,cache,build" } });

    await expect(finding).rejects.toMatchObject({ code: "ENGINE_MISSING" });
    await expect(finding).rejects.toThrow(/PATH: .*pulumi is 3\.1\.0.*\n.*install Pulumi/);
    await expect(finding).rejects.toThrow(/cache: no engine in .*3\.250\.0/);
    await expect(finding).rejects.toThrow(
      /build: go build ended with 1: dial tcp: lookup proxy: no such host\n.*GOPROXY/,
    );
    expect(existsSync(path.join(folder, "cache/fleetwright/engine/lock"))).toBe(false);
  });

  it("builds with go when nothing else is allowed, and finds that the next time", async () => {
    mkdirSync(path.join(folder, "path"));
    // Stands for the compiler: writes what -o names, after a line for each package.
    const program = `#!/bin/sh\necho ${ENGINE_VERSION}\n`;
    writeFileSync(
      path.join(folder, "path/go"),
      `#!/bin/sh\nwhile [ "$1" != -o ]; do shift; done\necho github.com/pulumi/a >&2\nprintf '${program.replaceAll("\n", "\\n")}' >"$2"\n/bin/chmod +x "$2"\n`,
      { mode: 0o755 },
    );
    const lines: string[] = [];

    const built = await findEngine({
      env: { ...env, FLEETWRIGHT_ENGINE_SOURCES: "cache,build" },
      onProgress: (line) => lines.push(line),
    });

    expect(built).toEqual({ path: cached(), version: ENGINE_VERSION, source: "build" });
    expect(lines[0]).toContain("this takes some minutes");
    expect(await findEngine({ env })).toEqual({ path: cached(), version: ENGINE_VERSION, source: "cache" });
  });

  it("waits for another process that is at it, and passes over one that died", async () => {
    mkdirSync(path.dirname(cached()), { recursive: true });
    const lock = path.join(folder, "cache/fleetwright/engine/lock");
    const holder = spawn(process.execPath, [path.join(import.meta.dirname, "hold-lock.ts"), lock], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(holder.stdout, "data");
    const lines: string[] = [];

    const finding = findEngine({
      env: { ...env, FLEETWRIGHT_ENGINE_SOURCES: "cache,build" },
      onProgress: (line) => lines.push(line),
    });
    await expect.poll(() => lines).toEqual([expect.stringContaining(`waiting for process ${holder.pid}`)]);
    makeProgram(cached(), ENGINE_VERSION);
    holder.kill("SIGKILL");

    expect(await finding).toEqual({ path: cached(), version: ENGINE_VERSION, source: "cache" });
  });

  it("refuses sources it does not know", async () => {
    await expect(findEngine({ env: { ...env, FLEETWRIGHT_ENGINE_SOURCES: "cache,moon" } })).rejects.toMatchObject({
      code: "USAGE",
    });
  });
});

describe("isRecentEnough", () => {
  it.each([
    { name: "takes the same version", version: "3.250.0", enough: true },
    { name: "takes a later patch", version: "3.250.1", enough: true },
    { name: "compares numbers, not text", version: "3.1000.0", enough: true },
    { name: "refuses an earlier minor", version: "3.99.99", enough: false },
    { name: "refuses what comes before the release", version: "3.250.0-alpha.1", enough: false },
    { name: "takes what comes before a later release", version: "3.251.0-alpha.1", enough: true },
    { name: "refuses another major, which speaks another protocol", version: "4.0.0", enough: false },
    { name: "refuses what is no version", version: "devel", enough: false },
  ])("$name", ({ version, enough }) => {
    expect(isRecentEnough(version, "3.250.0")).toBe(enough);
  });
});
