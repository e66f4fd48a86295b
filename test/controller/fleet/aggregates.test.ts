import { describe, expect, it } from "vitest";
import { compile } from "../../../controller/fleet/compile.ts";
import { formatProblem } from "../../../controller/fleet/problem.ts";
import { clouds, fleetFiles } from "./fleet.ts";

const withHosts = { ...clouds, cumulus: { ...clouds.cumulus, hosts: {} } };

const FILE = `kind: Aggregate
name: L40-n3
account: main
gpuType: L40
metadata: { gpu: L40 }
hosts: [gpu-1, gpu-2]
variants:
  - name: L40-n3-spot
    class: spot
    hosts: [gpu-3]
  - name: Contract-L40-acme
    class: contract
    tenant: acme
    adopt: 17
`;

const compiled = (files: Record<string, string>) => compile(fleetFiles(files), { clouds: withHosts });
const parts = (text: string) => {
  const { aggregates, problems } = compiled({ "aggregates/l40.yaml": text });
  expect(problems.map(formatProblem)).toEqual([]);
  return aggregates;
};

describe("aggregates of hosts", () => {
  it("are compiled with their variants, and each host as an object of its own", () => {
    const aggregates = parts(FILE);

    expect([...aggregates.keys()]).toEqual([
      "main/Aggregate/L40-n3",
      "main/Aggregate/L40-n3-spot",
      "main/Aggregate/Contract-L40-acme",
      "main/AggregateHost/gpu-1",
      "main/AggregateHost/gpu-2",
      "main/AggregateHost/gpu-3",
    ]);
    expect(aggregates.get("main/Aggregate/Contract-L40-acme")?.spec).toEqual({
      kind: "Aggregate",
      name: "Contract-L40-acme",
      account: "main",
      provider: "cumulus",
      gpuType: "L40",
      class: "contract",
      tenant: "acme",
      metadata: { gpu: "L40" },
      adopt: "17",
    });
    expect(aggregates.get("main/AggregateHost/gpu-3")?.spec).toEqual({
      kind: "AggregateHost",
      name: "gpu-3",
      account: "main",
      provider: "cumulus",
      aggregate: "L40-n3-spot",
      class: "spot",
      gpuType: "L40",
    });
  });

  it("change one object when one line of one file moves a host", () => {
    const moved = FILE.replace("[gpu-1, gpu-2]", "[gpu-1]").replace("[gpu-3]", "[gpu-3, gpu-2]");

    const [before, after] = [parts(FILE), parts(moved)];

    const changed = [...after].filter(([key, { hash }]) => before.get(key)?.hash !== hash).map(([key]) => key);
    expect(changed).toEqual(["main/AggregateHost/gpu-2"]);
    expect(after.size).toBe(before.size);
  });

  it("are the same once taken over, whatever `adopt` says", () => {
    const before = parts(FILE).get("main/Aggregate/Contract-L40-acme");
    const after = parts(FILE.replace("    adopt: 17\n", "")).get("main/Aggregate/Contract-L40-acme");

    expect(after?.hash).toBe(before?.hash);
  });

  it.each<{ name: string; files: Record<string, string>; says: string }>([
    {
      name: "a host in two of them, in one file",
      files: { "aggregates/l40.yaml": FILE.replace("[gpu-3]", "[gpu-2]") },
      says: 'aggregates/l40.yaml:10:13: variants[0].hosts[0]: the host "gpu-2" is also in L40-n3 (aggregates/l40.yaml:6:16)',
    },
    {
      name: "a host in two files",
      files: {
        "aggregates/l40.yaml": FILE,
        "aggregates/other.yaml": "kind: Aggregate\nname: other\naccount: main\nhosts:\n  - gpu-1\n",
      },
      says: 'aggregates/other.yaml:5:5: hosts[0]: the host "gpu-1" is also in L40-n3 (aggregates/l40.yaml:6:9)',
    },
    {
      name: "an aggregate that is a variant elsewhere",
      files: {
        "aggregates/l40.yaml": FILE,
        "aggregates/other.yaml": "kind: Aggregate\nname: L40-n3-spot\naccount: main\n",
      },
      says: 'the aggregate "L40-n3-spot" is also in aggregates/',
    },
    {
      name: "a cloud without aggregates",
      files: { "aggregates/x.yaml": "kind: Aggregate\nname: x\naccount: poor\n" },
      says: "aggregates/x.yaml:3:10: account: Stratus has no aggregates of hosts",
    },
  ])("refuse $name at its place", ({ files, says }) => {
    expect(compiled(files).problems.map(formatProblem).join("\n")).toContain(says);
  });
});
