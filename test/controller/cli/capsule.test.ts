import { describe, expect, it } from "vitest";
import type { Changed, Instance } from "../../../controller/capsule/index.ts";
import { main } from "../../../controller/cli/main.ts";
import { renderInstance, renderInstances } from "../../../controller/cli/render/capsule.ts";
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
      ["provider", "template", "name", "vCPU", "memory", "USD/hour", "regions"],
      ["vultr", "vultr-cloud-4", "Cloud Compute 4", "4", "8 GiB", "0.054795", expect.stringContaining("ewr, ord")],
      ["digitalocean", "do-basic-4", "Basic 4", "4", "8 GiB", "0.07143", expect.stringContaining("nyc1, nyc3")],
      ["linode", "linode-shared-4", "Linode 8GB", "4", "8 GiB", "0.072", expect.stringContaining("us-east")],
    ]);
  });

  it("shows machines in a table with what each is of the fleet, and one of them line by line", () => {
    const { color } = fakeIo();
    const shop: Instance & Changed = {
      id: "1002",
      name: "shop",
      status: "running",
      ip_address: "198.18.0.2",
      ipv6_address: "",
      provider: "digitalocean",
      region: "nyc1",
      size: "s-1vcpu-1gb",
      image: "debian-12-x64",
      created_at: "",
      managed: true,
      server: "shop",
      change: "c-1",
    };
    const { server: _, change: __, ...bare } = shop;
    const other: Instance = { ...bare, id: "1001", name: "other", ip_address: "", managed: false };
    const table = (...of: Instance[]) => renderInstances(of, { color }).map((line) => line.trim().split(/ {2,}/));

    expect(table(shop, other)).toEqual([
      ["provider", "id", "name", "status", "address", "region", "fleet", "change"],
      ["digitalocean", "1002", "shop", "running", "198.18.0.2", "nyc1", "shop", "c-1"],
      ["digitalocean", "1001", "other", "running", "-", "nyc1", "not of this fleet"],
    ]);
    expect(table(other)[0]).not.toContain("change");
    expect(renderInstance(shop, { color }).map((line) => line.split(/ {2,}/))).toEqual([
      ["name", "shop"],
      ["id", "1002"],
      ["provider", "digitalocean"],
      ["status", "running"],
      ["address", "198.18.0.2"],
      ["region", "nyc1"],
      ["size", "s-1vcpu-1gb"],
      ["image", "debian-12-x64"],
      ["fleet", "shop"],
      ["change", "c-1"],
    ]);
    expect(renderInstance(other, { color }).at(-1)).toContain("fleetwright adopt");
  });

  it("tells the cheapest as data", async () => {
    const { code, out } = await capsule("cheapest", "--min-cpu", "8", "--json");

    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ templates: [{ provider: "hivelocity", id: "hv-metal-4" }] });
  });

  it("says where nothing does, and exits 1", async () => {
    const { code, err } = await capsule("cheapest", "--min-cpu", "4000");

    expect(code).toBe(1);
    expect(err).toContain("no template has 4000 vCPU");
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
