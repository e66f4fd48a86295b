import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Planned } from "../../bench/jobs/tofu.ts";
import { runJob } from "../../bench/measure/job.ts";
import { findTofu, TOFU_VERSION, TofuMissing, tofuCache } from "../../bench/tofu/find.ts";
import { writeProgram } from "../../bench/tofu/program.ts";

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "fw-tofu-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const progress = () => undefined;
const tofu = join(tofuCache(process.env), TOFU_VERSION, "bin/tofu");

describe("the OpenTofu of the benchmarks", () => {
  it("is of the version that tools/tofu requires", () => {
    const module = readFileSync(new URL("../../tools/tofu/go.mod", import.meta.url), "utf8");

    expect(module).toContain(`require github.com/opentofu/opentofu v${TOFU_VERSION}\n`);
  });

  it("is missing with the reason and what mends it where its build fails", async () => {
    const path = join(dir, "path");
    mkdirSync(path);
    writeFileSync(join(path, "go"), "#!/bin/sh\necho 'dial tcp: lookup proxy: no such host' >&2\nexit 1\n");
    chmodSync(join(path, "go"), 0o755);

    const finding = findTofu({ progress, env: { ...process.env, PATH: `${path}:/bin:/usr/bin`, XDG_CACHE_HOME: dir } });

    await expect(finding).rejects.toThrow(TofuMissing);
    await expect(finding).rejects.toThrow(/no OpenTofu .*no such host.*to mend it: check that Go can reach/);
    expect(existsSync(join(tofuCache({ XDG_CACHE_HOME: dir }), TOFU_VERSION, "bin/tofu"))).toBe(false);
  });

  it("is taken from the cache only when it says that it is this version", async () => {
    const file = join(tofuCache({ XDG_CACHE_HOME: dir }), TOFU_VERSION, "bin/tofu");
    mkdirSync(join(file, ".."), { recursive: true });
    const say = (version: string) =>
      writeFileSync(file, `#!/bin/sh\necho '{"terraform_version": "${version}"}'\n`, { mode: 0o755 });

    say(TOFU_VERSION);
    expect(await findTofu({ progress, env: { XDG_CACHE_HOME: dir } })).toBe(file);

    say("1.6.0");
    await expect(findTofu({ progress, env: { XDG_CACHE_HOME: dir } })).rejects.toThrow(/says it is 1\.6\.0/);
  });

  // It takes minutes to build, which is for `npm run bench` to do.
  it.skipIf(!existsSync(tofu))(
    "finds nothing to do in the program that B1 gives it, and one change where there is one",
    async () => {
      writeProgram(dir, 20, TOFU_VERSION);
      expect((await runJob<Planned>("tofu", { tofu, dir })).result).toEqual({ changes: false });

      const main = readFileSync(join(dir, "main.tf"), "utf8");
      writeFileSync(join(dir, "main.tf"), main.replace('size = "small"', 'size = "large"'));
      expect((await runJob<Planned>("tofu", { tofu, dir })).result).toEqual({ changes: true });
    },
  );
});
