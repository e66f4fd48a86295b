import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { main } from "../../controller/cli/main.ts";
import { ENGINE_VERSION } from "../../controller/engine/find.ts";
import { Metrics } from "../../controller/jobs/metrics.ts";
import { FLEET_ERRORS } from "../../resources/errors.ts";
import { GITEA_VERSION } from "../gitea/find.ts";
import { copied, instructions, listOf, ROOT, textOf } from "./dockerfile.ts";

/** Deployment files are read by programs that cannot tell a name that is not ours any more. */
const compose = parse(textOf("compose.yaml"));
const unit = textOf("deploy/fleetwright.service");
const valuesOf = (key: string): string[] =>
  [...unit.matchAll(new RegExp(`^${key}=(.*)$`, "gm"))].map(([, value]) => value!);
const guide = textOf("docs/operate.md");

const sources = ["bin", "controller", "resources", "stacks", "schemas", "scripts"]
  .flatMap((folder) =>
    readdirSync(resolve(ROOT, folder), { recursive: true, encoding: "utf8" }).map((name) => join(folder, name)),
  )
  .filter((file) => /\.(ts|mjs)$/.test(file))
  .map(textOf)
  .join("\n");

async function helpOf(...verb: string[]): Promise<string> {
  const lines: string[] = [];
  const tell = (line: string) => void lines.push(line);
  const plain = new Proxy({}, { get: () => (text: string) => text });
  await main([...verb, "--help"], { out: tell, err: tell, color: plain } as never);
  return lines.join("\n");
}

describe("the files that Fleetwright is deployed with", () => {
  it("name variables that the program reads", () => {
    const named = [
      ...`${textOf("Dockerfile")}${textOf("compose.yaml")}${unit}${guide}`.matchAll(/\bFLEETWRIGHT_[A-Z_]+\b/g),
    ];
    const names = new Set([...named.map(([name]) => name), ...Object.keys(compose.services.controller.environment)]);

    expect(names).toContain("FLEETWRIGHT_DATA");
    expect([...names].filter((name) => !new RegExp(`\\b${name}\\b`).test(sources))).toEqual([]);
  });

  it("start the service with options that it has", async () => {
    const known = `${await helpOf("serve")}\n${await helpOf()}`;
    const [exec] = valuesOf("ExecStart");
    const commands = [listOf("CMD"), exec!.split(" ").slice(1)];

    for (const words of commands) {
      expect(words).toContain("serve");
      for (const option of words.filter((word) => word.startsWith("--"))) expect(known).toContain(`${option} `);
    }
    expect(exec).toMatch(/^\/opt\/fleetwright\/bin\/fleetwright /);
    expect(listOf("ENTRYPOINT").at(-1)).toBe("/opt/fleetwright/bin/fleetwright");
  });

  it("copy into the image what is there and let through, and nothing that is not copied", () => {
    const let_ = textOf(".dockerignore").split("\n");
    const allowed = let_.filter((line) => line.startsWith("!")).map((line) => line.slice(1));
    const paths = copied().map(({ from }) => from.replace(/\/$/, ""));

    expect(paths.filter((path) => !existsSync(resolve(ROOT, path)))).toEqual([]);
    expect(paths.toSorted()).toEqual(allowed.toSorted());
    expect(let_).toContain("*");
  });

  it("build the engine as it is built here, on the Node and the Go that are asked for", () => {
    const steps = instructions();
    const build = steps.find(({ rest }) => rest.includes("go build"))!.rest;
    const own = textOf("controller/engine/find/build.ts");
    const [, program] = /package: "(.+)"/.exec(own)!;
    const [, variable] = /\{ "(.+)": version \}/.exec(own)!;
    const module = textOf("tools/engine/go.mod");
    const [, goWanted] = /^go (\d+\.\d+)/m.exec(module)!;
    const images = steps.filter(({ word }) => word === "FROM").map(({ rest }) => rest);
    const { devDependencies } = JSON.parse(textOf("package.json"));

    expect(build).toContain(`-X ${variable}=`);
    expect(build.endsWith(program!)).toBe(true);
    expect(module).toContain(`github.com/pulumi/pulumi/pkg/v3 v${ENGINE_VERSION}`);
    expect(Number(/^golang:1\.(\d+)/.exec(images[0]!)![1])).toBeGreaterThanOrEqual(Number(goWanted!.split(".")[1]));
    for (const image of images.slice(1)) expect(image).toMatch(`node:${devDependencies.node.split(".")[0]}-`);
  });

  it("are one with the unit's user, folders and guide", () => {
    const steps = instructions();
    const user = steps.findLast(({ word }) => word === "USER")!.rest;

    expect([user, ...valuesOf("User")]).toEqual(["fleetwright", "fleetwright"]);
    expect(valuesOf("Environment")).toContain("FLEETWRIGHT_DATA=/var/lib/fleetwright/data");
    expect(steps.find(({ word }) => word === "ENV")!.rest).toContain("FLEETWRIGHT_DATA=/var/lib/fleetwright/data");
    expect(compose.services.controller.volumes).toEqual(["data:/var/lib/fleetwright", "fleet:/srv/fleet"]);
    expect(compose.services.forge.image).toBe(`gitea/gitea:${GITEA_VERSION}-rootless`);
    const volumes = Object.values<{ volumes: string[] }>(compose.services).flatMap((service) => service.volumes);
    expect(volumes.map((volume) => volume.split(":")[0]).toSorted()).toEqual(Object.keys(compose.volumes).toSorted());
    for (const page of [guide, textOf("docs/security.md")])
      for (const [, link] of page.matchAll(/\]\(([^)#]+)[^)]*\)/g))
        expect(existsSync(resolve(ROOT, "docs", link!)), link).toBe(true);
  });

  it("publish no port beyond loopback", () => {
    const ports = Object.values<{ ports?: string[] }>(compose.services).flatMap((service) => service.ports ?? []);

    expect(ports.length).toBeGreaterThan(0);
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
  });

  it("name verbs that there are", async () => {
    const overview = await helpOf();
    const verbs = new Set([...overview.matchAll(/^ {2}([a-z-]+)/gm)].map(([, verb]) => verb!));
    const named = [...guide.matchAll(/`fleetwright ([a-z-]+)/g)].map(([, verb]) => verb!);

    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((verb) => !verbs.has(verb))).toEqual([]);
  });

  it("alert on metrics, labels and values that there are", async () => {
    const { registry } = new Metrics({ jobs: { executeSql: async () => ({ rows: [] }) } } as never, () => []);
    const known = new Map(
      // biome-ignore lint/suspicious/noExplicitAny: what it keeps of each is not in its types.
      registry.getMetricsAsArray().map((metric: any) => [metric.name as string, metric.labelNames as string[]]),
    );
    const { groups } = parse(textOf("deploy/alerts.yaml"));
    const rules = groups.flatMap((group: { rules: unknown[] }) => group.rules) as { alert: string; expr: string }[];

    expect(rules.length).toBeGreaterThan(5);
    for (const { alert, expr } of rules) {
      expect(guide).toContain(`| ${alert} |`);
      for (const [, name, labels = ""] of expr.matchAll(/\b(fleetwright_[a-z_]+)(?:\{([^}]*)\})?/g)) {
        const labelNames = known.get(name!.replace(/_(count|sum|bucket)$/, ""));
        expect(labelNames, `${alert}: ${name}`).toBeDefined();
        for (const [, label] of labels.matchAll(/(\w+)[!=]/g)) expect(labelNames, `${alert}: ${name}`).toContain(label);
        const [, verdict] = /verdict="(\w+)"/.exec(labels) ?? [];
        if (verdict !== undefined) expect(Object.keys(FLEET_ERRORS)).toContain(verdict);
      }
    }
  });

  const systemd = spawnSync("systemd-analyze", ["--version"]).status === 0;
  it.skipIf(!systemd)("are a unit that systemd takes and finds hardened (needs systemd-analyze)", () => {
    const folder = mkdtempSync(join(tmpdir(), "fw-unit-"));
    try {
      const file = join(folder, "fleetwright.service");
      writeFileSync(file, unit.replaceAll("/opt/fleetwright", ROOT));

      const checked = spawnSync("systemd-analyze", ["verify", file], { encoding: "utf8" });
      // In tenths: 2.0 of 10.
      const rating = ["security", "--offline=true", "--threshold=20", "--no-pager", file];
      const rated = spawnSync("systemd-analyze", rating, { encoding: "utf8" });

      expect(checked.stderr.split("\n").filter((line) => line.includes("fleetwright.service"))).toEqual([]);
      expect(rated.status, rated.stdout.split("\n").at(-2)).toBe(0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
