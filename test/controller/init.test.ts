import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { main } from "../../controller/cli/main.ts";
import { initFleet } from "../../controller/init/init.ts";
import { KINDS } from "../../schemas/index.ts";
import { fakeIo } from "./cli/fake-io.ts";

const AUTHOR = { name: "Ada Operator", email: "ada@example.org" };
const PACKAGE = resolve(import.meta.dirname, "../..");

let root: string;
let dir: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "fw-init-"));
  dir = join(root, "acme");
});

afterEach(() => rmSync(root, { recursive: true }));

const git = (...args: string[]) => execFileSync("git", args, { cwd: dir, encoding: "utf8" }).trim();
const read = (path: string) => readFileSync(join(dir, path), "utf8");

describe("a new fleet", () => {
  it("is a repository with one commit of all its files, by the person who asked", async () => {
    const made = await initFleet(dir, { author: AUTHOR });

    expect(git("log", "--format=%H %an <%ae>")).toBe(`${made.commit} Ada Operator <ada@example.org>`);
    expect(git("status", "--porcelain")).toBe("");
    expect(git("ls-files").split("\n").sort()).toEqual([...made.written].sort());
    expect(made).toMatchObject({ dir, id: "acme", kept: [] });
  });

  it("is valid as it is, and has a folder for each kind", async () => {
    await initFleet(dir, { author: AUTHOR });
    const io = fakeIo();

    expect(await main(["--fleet", dir, "--json", "validate"], io)).toBe(0);
    expect(JSON.parse(io.stdout[0]!)).toMatchObject({ files: 1, servers: 0, problems: [] });
    for (const { place } of Object.values(KINDS)) expect(existsSync(join(dir, place)), place).toBe(true);
  });

  it("has the schemas where the $schema lines of its files lead", async () => {
    await initFleet(dir, { author: AUTHOR });

    const [, target] = /^# yaml-language-server: \$schema=(\S+)$/m.exec(read("fleet.yaml"))!;
    expect(JSON.parse(read(target!))).toEqual(KINDS.Fleet.schema);
  });

  it("describes each kind in its README with an object that the schemas take", async () => {
    await initFleet(dir, { author: AUTHOR });
    const blocks = [...read("README.md").matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text]) => text!);

    for (const text of blocks) {
      const path = /^# ([\w/-]+\.yaml)/m.exec(text)![1]!;
      // Only the key itself is not one that could be copied.
      writeFileSync(join(dir, path.replace("web/", "")), text.replace("AAAA…", `AAAA${"B".repeat(64)}`));
    }
    const io = fakeIo();
    await main(["--fleet", dir, "--json", "validate"], io);

    expect(blocks).toHaveLength(4);
    expect(JSON.parse(io.stdout[0]!)).toMatchObject({ files: 5, servers: 1, problems: [] });
  });

  it("leads operators' pulumi to the program and the provider of this installation", async () => {
    await initFleet(dir, { author: AUTHOR });

    const project = parse(read("Pulumi.yaml")) as {
      name: string;
      main: string;
      runtime: object;
      plugins: { providers: { name: string; path: string }[] };
    };
    const [provider] = project.plugins.providers;
    expect(project).toMatchObject({ name: "acme", runtime: { name: "nodejs", options: { typescript: false } } });
    expect(existsSync(join(dir, project.main)), project.main).toBe(true);
    expect(existsSync(join(dir, provider!.path, `pulumi-resource-${provider!.name}`))).toBe(true);
    expect(readlinkSync(join(dir, ".fleetwright/package"))).toBe(PACKAGE);
    expect(git("check-ignore", ".fleetwright/package")).toBe(".fleetwright/package");
  });

  it("can have another id than its folder's name", async () => {
    expect(await initFleet(dir, { id: "other", author: AUTHOR })).toMatchObject({ id: "other" });
    expect(parse(read("fleet.yaml"))).toMatchObject({ kind: "Fleet", id: "other" });
  });

  it("refuses what is no id, and makes nothing", async () => {
    const odd = join(root, "not an id");

    await expect(initFleet(odd, { author: AUTHOR })).rejects.toMatchObject({
      code: "USAGE",
      message: expect.stringContaining("--id"),
    });
    expect(existsSync(odd)).toBe(false);
  });
});

describe("a folder that is there already", () => {
  it("keeps every file it has and gets what it lacks", async () => {
    mkdirSync(join(dir, "servers"), { recursive: true });
    writeFileSync(join(dir, "README.md"), "Ours\n");
    writeFileSync(join(dir, "fleet.yaml"), "kind: Fleet\nid: older\n");

    const made = await initFleet(dir, { author: AUTHOR });

    expect(made).toMatchObject({ id: "older", kept: ["fleet.yaml", "README.md"] });
    expect(read("README.md")).toBe("Ours\n");
    expect(made.written).toContain("Pulumi.yaml");
    expect(made.written).not.toContain("servers/.gitkeep");
  });

  it("gets no second commit when it has everything", async () => {
    const { commit } = await initFleet(dir, { author: AUTHOR });

    expect(await initFleet(dir, { author: AUTHOR })).toMatchObject({ commit, written: [] });
  });

  it("gets newer schemas, in a commit of their own", async () => {
    await initFleet(dir, { author: AUTHOR });
    writeFileSync(join(dir, ".fleetwright/schemas/plan.schema.json"), "{}\n");
    execFileSync("git", ["-c", "user.name=x", "-c", "user.email=x@x", "commit", "-qam", "An older schema"], {
      cwd: dir,
    });

    const made = await initFleet(dir, { author: AUTHOR });

    expect(made.written).toEqual([".fleetwright/schemas/plan.schema.json"]);
    expect(git("show", "--name-only", "--format=")).toBe(".fleetwright/schemas/plan.schema.json");
  });

  it("leaves what its owner has staged as it is", async () => {
    await initFleet(dir, { author: AUTHOR });
    writeFileSync(join(dir, "notes.txt"), "staged\n");
    git("add", "notes.txt");
    rmSync(join(dir, "Pulumi.yaml"));
    execFileSync("git", ["-c", "user.name=x", "-c", "user.email=x@x", "commit", "-qm", "Remove it", "Pulumi.yaml"], {
      cwd: dir,
    });

    const made = await initFleet(dir, { author: AUTHOR });

    expect(made.written).toEqual(["Pulumi.yaml"]);
    expect(git("status", "--porcelain")).toBe("A  notes.txt");
  });

  it("refuses another id than it has", async () => {
    await initFleet(dir, { author: AUTHOR });

    await expect(initFleet(dir, { id: "other", author: AUTHOR })).rejects.toMatchObject({
      code: "USAGE",
      message: expect.stringContaining("id: acme"),
    });
  });

  it("refuses a folder inside another repository", async () => {
    await initFleet(dir, { author: AUTHOR });

    await expect(initFleet(join(dir, "inner"), { author: AUTHOR })).rejects.toMatchObject({ code: "USAGE" });
  });

  it("renews a link to an installation that has moved", async () => {
    await initFleet(dir, { author: AUTHOR });
    const link = join(dir, ".fleetwright/package");
    rmSync(link);
    symlinkSync("/nowhere", link);

    await initFleet(dir, { author: AUTHOR });

    expect(readlinkSync(link)).toBe(PACKAGE);
  });
});
