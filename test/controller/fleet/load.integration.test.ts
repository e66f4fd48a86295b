import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { isUsable } from "../../../controller/fleet/compile.ts";
import { createFleetCache, loadFleet } from "../../../controller/fleet/load.ts";
import { type FleetRepo, openRepo } from "../../../controller/repo/repo.ts";
import { BASE, clouds, server } from "./fleet.ts";

const author = { name: "Ada", email: "ada@example.net" };
let dir: string;
let repo: FleetRepo;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "fleet-load-"));
  execFileSync("git", ["init", "-q", "-b", "main"], { cwd: dir });
  repo = await openRepo(dir);
});

afterEach(async () => {
  await repo.close();
  rmSync(dir, { recursive: true, force: true });
});

it("follows commits through a cache as it does from scratch, user data included", async () => {
  const cache = createFleetCache();
  const load = async (files: Record<string, string | null>) => {
    const commit = await repo.commit({ files, message: "Change", author });
    const cached = await loadFleet(repo, commit, { clouds }, cache);
    expect(cached).toEqual(await loadFleet(repo, commit, { clouds }));
    return cached;
  };

  const first = await load({
    ...BASE,
    "user-data/a b.sh": "one",
    "servers/a.yaml": server("a", { userData: "{file: user-data/a b.sh}" }),
  });
  const second = await load({ "user-data/a b.sh": "two" });
  const third = await load({ "servers/b.yaml": server("b", { userData: "{file: user-data/none.sh}" }) });
  const fourth = await load({ "servers/b.yaml": server("b", { firewalls: "[web]" }), "servers/a.yaml": null });

  expect(first.servers.get("a")?.spec.createOnly.userData).toEqual({ text: "one" });
  expect(second.servers.get("a")?.spec.createOnly.userData).toEqual({ text: "two" });
  expect(second.servers.get("a")?.hash).toBe(first.servers.get("a")?.hash);
  expect(second.servers.get("a")?.createHash).not.toBe(first.servers.get("a")?.createHash);
  expect(isUsable(third)).toBe(false);
  expect([...fourth.servers.keys(), ...fourth.shared.keys()]).toEqual(["b", "main/Firewall/web"]);
});

it("does not take a link in place of a folder for an empty folder", async () => {
  for (const [path, text] of Object.entries({ ...BASE, "servers/a.yaml": server("a") })) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
  }
  const git = (...args: string[]) =>
    execFileSync("git", ["-c", "user.name=T", "-c", "user.email=t@e", ...args], { cwd: dir });
  git("add", "-A");
  git("commit", "-qm", "first");
  git("mv", "servers", "elsewhere");
  execFileSync("ln", ["-s", "elsewhere", "servers"], { cwd: dir });
  git("add", "-A");
  git("commit", "-qm", "second");

  const compiled = await loadFleet(repo, await repo.head(), { clouds });

  expect(isUsable(compiled)).toBe(false);
  expect(compiled.problems.map(({ file, message }) => `${file}: ${message}`)).toEqual([
    "servers: is a symbolic link; fleet files are plain files",
  ]);
});
