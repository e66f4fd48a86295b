import { execFileSync } from "node:child_process";
import { renameSync, rmSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Watcher } from "../../../controller/jobs/watch.ts";
import { openRepo } from "../../../controller/repo/repo.ts";
import { createMemoryCloud } from "../../memory/cloud.ts";
import { memoryController } from "../reconcile/controller.ts";
import { makeRepository, type Repository } from "../reconcile/repository.ts";

/** Controllers on several machines, each with a clone of one remote. */
const { signal } = new AbortController();
const NOTED = "serve.commit";

let origin: Repository;
let settings: Map<string, string>;
let folders: string[];
/** Called before it is first read what is noted. */
let asked: (() => void) | undefined;

beforeEach(async () => {
  origin = await makeRepository();
  origin.commit({ "fleet.yaml": "kind: Fleet\nid: f\n" });
  settings = new Map();
  folders = [];
  asked = undefined;
});
afterEach(async () => {
  await origin.close();
  for (const folder of folders) rmSync(folder, { recursive: true });
});

const git = (dir: string, ...args: string[]) =>
  execFileSync("git", args, { cwd: dir, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
const commitAt = (dir: string, days: number) => {
  git(dir, "-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "-q", "--allow-empty", "-m", `day ${days}`);
  return git(dir, "rev-parse", "HEAD");
};

async function machine(name: string, isShared = true) {
  const dir = `${origin.repo.dir}-${name}`;
  git(origin.repo.dir, "clone", "-q", origin.repo.dir, dir);
  folders.push(dir);
  const warnings: string[] = [];
  const clock = { steady: 0, now: Date.parse("2026-01-01T00:00:00Z") };
  const controller = {
    ...memoryController(createMemoryCloud(), {
      accounts: async () => [],
      setting: async (key) => {
        if (key === NOTED) asked?.();
        asked = undefined;
        return settings.get(key);
      },
      putSetting: async (key, value) => void settings.set(key, value),
    }),
    repo: await openRepo(dir),
    shared: isShared,
    steady: () => clock.steady,
    now: () => clock.now,
  };
  const watcher = new Watcher(controller, "main", {
    onCommit: () => undefined,
    onInvalid: () => undefined,
    onWarning: (text) => warnings.push(text),
  });
  await watcher.look(signal);
  const lookAfter = async (ms: number) => {
    clock.steady += ms;
    clock.now += ms;
    await watcher.look(signal);
  };
  return { dir, watcher, warnings, clock, lookAfter };
}

describe("a controller that shares a fleet", () => {
  it("works from no earlier commit than the others: it fetches theirs first", async () => {
    const one = await machine("one");
    const two = await machine("two");
    const later = commitAt(origin.repo.dir, 1);
    await one.watcher.look(signal);
    const before = two.watcher.good;

    const isNewest = await two.watcher.isNewest(signal);

    expect(before).not.toBe(later);
    expect(isNewest).toBe(true);
    expect(two.watcher.good).toBe(later);
    expect(settings.get(NOTED)).toBe(later);
  });

  it("does nothing while it cannot have that commit, says so once, and goes on with a later one", async () => {
    const one = await machine("one");
    const two = await machine("two");
    const unpushed = commitAt(one.dir, 1);
    await one.watcher.look(signal);

    const refused = [await two.watcher.isNewest(signal), await two.watcher.isNewest(signal)];
    const later = commitAt(origin.repo.dir, 2);
    await two.watcher.look(signal, true);

    expect(refused).toEqual([false, false]);
    expect(two.warnings.filter((text) => text.includes(unpushed.slice(0, 10)))).toHaveLength(1);
    expect(await two.watcher.isNewest(signal)).toBe(true);
    expect(settings.get(NOTED)).toBe(later);
  });

  it("that starts with an old clone leaves the others' commit noted", async () => {
    const one = await machine("one");
    const later = commitAt(one.dir, 1);
    await one.watcher.look(signal);
    const two = await machine("two");

    expect(settings.get(NOTED)).toBe(later);
    expect(await two.watcher.isNewest(signal)).toBe(false);
  });

  it("does not note an earlier commit that it takes in the moment in which another takes a later one", async () => {
    const two = await machine("two");
    const earlier = commitAt(origin.repo.dir, 1);
    let later = "";
    asked = () => {
      later = commitAt(origin.repo.dir, 2);
      settings.set(NOTED, later);
    };
    await two.watcher.look(signal);

    expect(two.watcher.good).toBe(earlier);
    expect(settings.get(NOTED)).toBe(later);
    expect(await two.watcher.isNewest(signal)).toBe(true);
    expect(two.watcher.good).toBe(later);
  });

  it("alone goes where its branch goes, also back", async () => {
    const alone = await machine("alone", false);
    const first = alone.watcher.good!;
    const later = commitAt(alone.dir, 1);
    await alone.watcher.look(signal);
    git(alone.dir, "reset", "-q", "--hard", first);
    await alone.watcher.look(signal);

    expect(later).not.toBe(first);
    expect(await alone.watcher.isNewest(signal)).toBe(true);
    expect(settings.get(NOTED)).toBe(first);
  });
});

describe("a remote that is gone", () => {
  const SECOND = 1000;
  const MINUTE = 60 * SECOND;

  it("for ten minutes is asked ever less often, and what was pushed is there when it is back", async () => {
    const { watcher, warnings, lookAfter } = await machine("one", false);
    const before = watcher.good;
    const later = commitAt(origin.repo.dir, 1);
    renameSync(origin.repo.dir, `${origin.repo.dir}.away`);
    for (let passed = 0; passed < 10 * MINUTE; passed += 10 * SECOND) await lookAfter(10 * SECOND);
    const [goneGood, asked] = [watcher.good, warnings.length];
    renameSync(`${origin.repo.dir}.away`, origin.repo.dir);
    await lookAfter(5 * MINUTE + SECOND);

    expect(goneGood).toBe(before);
    expect(asked).toBeGreaterThan(3);
    expect(asked).toBeLessThan(15);
    expect(watcher.good).toBe(later);
  });

  it("is asked again in time, although the clock was set back by a day meanwhile", async () => {
    const { watcher, clock, lookAfter } = await machine("one", false);
    renameSync(origin.repo.dir, `${origin.repo.dir}.away`);
    await lookAfter(MINUTE);
    renameSync(`${origin.repo.dir}.away`, origin.repo.dir);
    const later = commitAt(origin.repo.dir, 1);
    clock.now -= 24 * 60 * MINUTE;
    await lookAfter(5 * MINUTE + SECOND);

    expect(watcher.good).toBe(later);
  });
});
