import { readdirSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { compile, isUsable } from "../../controller/fleet/compile.ts";
import { formatProblem } from "../../controller/fleet/problem.ts";
import { readFolder } from "../../controller/repo/worktree.ts";
import { clouds } from "../../resources/registry.ts";
import { KINDS, SCHEMA_FOLDER, schemaLine } from "../../schemas/index.ts";

const EXAMPLES = fileURLToPath(new URL("../../examples/", import.meta.url));

const load = async (name: string) => {
  const files = await readFolder(`${EXAMPLES}${name}`);
  const readFile = (path: string) => readFileSync(`${EXAMPLES}${name}/${path}`, "utf8");
  return { files, compiled: compile(files, { clouds, readFile }) };
};

const folders = readdirSync(EXAMPLES, { withFileTypes: true }).flatMap((entry) =>
  entry.isDirectory() ? [entry.name] : [],
);

describe.each(folders)("the example %s", (name) => {
  it("compiles against the real clouds without a problem or a note", async () => {
    const { compiled } = await load(name);

    expect([...compiled.problems, ...compiled.notes].map(formatProblem)).toEqual([]);
    expect(isUsable(compiled)).toBe(true);
    expect(compiled.servers.size).toBeGreaterThanOrEqual(2);
  });

  it("begins each file with a line that leads editors to its schema", async () => {
    const { files } = await load(name);

    for (const { path, text } of files) {
      const kind = /^kind: (\w+)/m.exec(text)?.[1] as keyof typeof KINDS;
      const line = text.slice(0, text.indexOf("\n"));
      expect(`${path} ${line}`).toBe(`${path} ${schemaLine(kind, path)}`);
      const target = resolve("/", dirname(path), line.replace(/^.*\$schema=/, ""));
      expect(target).toBe(`/${SCHEMA_FOLDER}/${KINDS[kind].schemaFile}`);
    }
  });
});

it("has a fleet with a port, a server on it, and an aggregate that machines are launched in", async () => {
  const { compiled } = await load("gpu-cloud");

  expect(compiled.servers.get("cache-1")?.spec.ports).toEqual(["storage-port-001"]);
  expect(compiled.shared.get("stack-main/Port/storage-port-001")?.spec).toMatchObject({ network: "storage-network" });
  expect(compiled.aggregates.get("stack-main/Aggregate/L40-n3-runpod")?.spec).toMatchObject({
    class: "runpod",
    runpod: { account: "hyper-main", flavor: "n3-L40x8", firewall: "runpod" },
  });
});

it("has a fleet over all nine clouds for the demo", async () => {
  const { compiled } = await load("nine-clouds");

  const perCloud = Object.groupBy(compiled.servers.values(), ({ spec }) => spec.provider);
  expect(Object.fromEntries(Object.entries(perCloud).map(([cloud, servers]) => [cloud, servers?.length]))).toEqual({
    linode: 5,
    digitalocean: 4,
    proxmox: 3,
    aws: 2,
    equinix: 1,
    hivelocity: 1,
    hyperstack: 1,
    openstack: 1,
    vultr: 1,
  });
  expect([...compiled.aggregates.keys()]).toEqual([
    "stack-main/Aggregate/A100-ondemand",
    "stack-main/Aggregate/A100-spot",
    "stack-main/AggregateHost/gpu-host-4",
  ]);
});
