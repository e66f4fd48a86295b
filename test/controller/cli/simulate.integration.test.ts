import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, describe, expect, it } from "vitest";
import { SimulatorClient } from "../../../simulators/client.ts";
import { Fleet } from "../../e2e/fleet.ts";

const EXAMPLES = join(import.meta.dirname, "../../../examples");
const BIN = join(import.meta.dirname, "../../../bin/fleetwright.ts");
const children: ChildProcess[] = [];

afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

function start(...args: string[]) {
  const child = spawn(process.execPath, [BIN, "simulate", ...args], { stdio: ["ignore", "pipe", "pipe"] });
  children.push(child);
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  return { child, line: async () => (await lines.next()).value as string };
}

interface Printed {
  simulator: string;
  url: string;
  port: number;
  control: string;
  environment: Record<string, string>;
}

describe("fleetwright simulate", () => {
  it.each([
    { cloud: "linode", path: "/v4/linode/instances", scheme: "Bearer" },
    { cloud: "digitalocean", path: "/v2/droplets", scheme: "Bearer" },
    { cloud: "proxmox", path: "/api2/json/nodes", scheme: "PVEAPIToken" },
  ])(
    "serves $cloud to whoever has the printed credential, until it is told to end",
    async ({ cloud, path, scheme }) => {
      const { child, line } = start(cloud, "--json");

      const printed = JSON.parse(await line()) as Printed;
      const [token] = Object.values(printed.environment);
      const separator = scheme === "Bearer" ? " " : "=";
      const authorization = `${scheme}${separator}${token}`;

      expect(Object.keys(printed)).toEqual(["simulator", "url", "port", "control", "environment"]);
      expect(printed).toMatchObject({ simulator: cloud, control: `${printed.url}/_simulator` });
      expect((await fetch(printed.url + path, { headers: { authorization } })).status).toBe(200);
      expect((await fetch(printed.url + path)).status).toBe(401);
      expect(await new SimulatorClient(printed.url).servers()).toEqual([]);

      child.kill("SIGINT");
      const [code] = (await once(child, "exit")) as [number];
      expect(code).toBe(0);
      await expect(fetch(printed.url)).rejects.toThrow();
    },
  );

  it("says in words that it is a simulator, with a line to copy for the credential", async () => {
    const { line } = start("proxmox", "--token", "a@pam!b=it's");

    expect(await line()).toMatch(
      /^A simulator of proxmox, not the cloud itself, listens at http:\/\/127\.0\.0\.1:\d+$/,
    );
    const lines = [];
    for (let index = 0; index < 5; index += 1) lines.push(await line());
    expect(lines).toContain("  export FLEETWRIGHT_PROXMOX_TOKEN='a@pam!b=it'\\''s'");
  });

  it("starts with machines that no fleet made", async () => {
    const { line } = start("digitalocean", "--json", "--servers", "30");

    const { url } = JSON.parse(await line()) as Printed;

    const servers = await new SimulatorClient(url).servers();
    expect(servers).toHaveLength(30);
    expect(servers.filter(({ mark }) => mark !== undefined)).toEqual([]);
  });

  it("refuses machines on AWS with a message", async () => {
    const { child, line } = start("aws", "--json", "--servers", "30");
    const ended = once(child, "exit");

    expect(JSON.parse(await line())).toMatchObject({
      error: { code: "USAGE", message: expect.stringContaining("aws cannot start with machines") },
    });
    expect(await ended).toEqual([1, null]);
  });

  it("serves a NetBox of devices and their tenants to whoever has its token", async () => {
    const { line } = start("netbox", "--json", "--token", "mine");

    const { simulator, url, environment } = JSON.parse(await line()) as Printed;
    const list = async (token: string) =>
      await fetch(`${url}/api/dcim/devices/?name=gpu-host-004`, { headers: { authorization: `Token ${token}` } });

    expect([simulator, environment.FLEETWRIGHT_NETBOX_TOKEN]).toEqual(["netbox", "mine"]);
    expect(await (await list("mine")).json()).toMatchObject({ count: 1, results: [{ tenant: { slug: "customer1" } }] });
    expect((await list("another")).status).toBe(403);
  });

  it("refuses for several at once what only one can have", async () => {
    const { child, line } = start("gpu-cloud", "--json", "--token", "mine");
    const ended = once(child, "exit");

    expect(JSON.parse(await line())).toMatchObject({ error: { code: "USAGE" } });
    expect(await ended).toEqual([1, null]);
  });

  it("has all that the example of a GPU cloud takes, by the lines of its README", { timeout: 240_000 }, async () => {
    const { line } = start("gpu-cloud", "--json");
    const { simulators } = JSON.parse(await line()) as { simulators: Printed[] };
    const fleet = new Fleet(undefined, {
      environment: Object.assign({}, ...simulators.map(({ environment }) => environment)) as Record<string, string>,
    });
    try {
      cpSync(join(EXAMPLES, "gpu-cloud"), fleet.dir, { recursive: true });
      const edits = readFileSync(join(EXAMPLES, "README.md"), "utf8").match(/^sed -i .*$/gm) ?? [];
      for (const edit of edits)
        execFileSync("sh", ["-c", edit.replace(/900([123])\b/, (_, digit) => String(simulators[digit - 1]!.port))], {
          cwd: fleet.dir,
        });
      fleet.commit("Begin");
      await fleet.converge();
      const machines = await new SimulatorClient(simulators[0]!.url).servers();

      expect(simulators.map(({ simulator }) => simulator)).toEqual(["openstack", "hyperstack", "netbox"]);
      expect(edits).toHaveLength(3);
      expect(machines.map(({ name }) => name).sort()).toEqual(["cache-1", "gpu-host-004"]);
    } finally {
      await fleet.close();
    }
  });

  it("says so when the port is taken", async () => {
    const first = start("linode", "--json");
    const { port } = JSON.parse(await first.line()) as Printed;
    const second = start("linode", "--json", "--port", String(port));

    expect(JSON.parse(await second.line())).toMatchObject({
      error: { code: "USAGE", message: `port ${port} is in use; take another, or none for a free one` },
    });
    const [code] = (await once(second.child, "exit")) as [number];
    expect(code).toBe(1);
  });
});
