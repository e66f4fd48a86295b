import { describe, expect, it } from "vitest";
import { main } from "../../../controller/cli/main.ts";
import { fakeIo } from "./fake-io.ts";

const capsule = async (...args: string[]) => {
  const io = fakeIo();
  const code = await main(["capsule", ...args], io);
  return { code, out: io.stdout.join("\n"), err: io.stderr.join("\n") };
};

describe("fleetwright capsule", () => {
  it("compares templates, the cheapest first", async () => {
    const { code, out } = await capsule("compare", "--min-cpu", "4", "--min-memory", "8", "--max-price", "0.10");

    expect(code).toBe(0);
    expect(out.split("\n").map((line) => line.trim().split(/ {2,}/))).toEqual([
      ["vultr", "vultr-cloud-4", "Cloud Compute 4", "4 vCPU", "8 GiB", "$0.0548/hr"],
      ["digitalocean", "do-basic-4", "Basic 4", "4 vCPU", "8 GiB", "$0.0714/hr"],
      ["linode", "linode-shared-4", "Linode 8GB", "4 vCPU", "8 GiB", "$0.0720/hr"],
    ]);
  });

  it("tells the cheapest as data", async () => {
    const { code, out } = await capsule("cheapest", "--min-cpu", "8", "--json");

    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ templates: [{ provider: "hivelocity", id: "hv-metal-4" }] });
  });

  it("says where nothing does, and exits 1", async () => {
    const { code, err } = await capsule("cheapest", "--min-cpu", "4000");

    expect(code).toBe(1);
    expect(err).toContain("no template has what is needed");
  });

  it("tells a template that is not there before anything is opened", async () => {
    const { code, err } = await capsule("deploy", "digitalocean", "do-basic-3", "--name", "x");

    expect(code).toBe(1);
    expect(err).toContain("digitalocean has no template do-basic-3; there are do-basic-1, do-basic-2");
  });

  it.each([
    ["--min-cpu", "four"],
    ["--min-memory", "-1"],
  ])("refuses %s %s", async (option, value) => {
    expect((await capsule("compare", option, value)).code).toBe(1);
  });
});
