import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { validateAccount } from "../../controller/credentials/validate.ts";
import type { Cloud } from "../../resources/cloud.ts";
import { clouds } from "../../resources/registry.ts";
import { SimulatorClient } from "../../simulators/client.ts";
import { simulators } from "../../simulators/index.ts";
import { PackageMissing } from "../../simulators/python-package.ts";
import type { Simulator } from "../../simulators/simulator.ts";
import { accountSpec, testCall } from "./fixtures.ts";

let simulator: Simulator | undefined;
let server: Server | undefined;
afterEach(async () => {
  await simulator?.close();
  simulator = undefined;
  await new Promise((done) => (server ? server.close(done) : done(undefined)));
  server = undefined;
});

async function callTo(name: keyof typeof clouds, wrong: Record<string, string> = {}) {
  const entry = simulators[name]!;
  simulator = await entry.start({ rateScale: 0 });
  const spec = accountSpec({ provider: name, options: { ...entry.accountOptions }, endpoint: simulator.url });
  const call = testCall(simulator.url, { credentials: { ...entry.credentials, ...wrong }, account: { spec } });
  return { spec, call, cloud: clouds[name] as Cloud };
}

/** What credentials may do on each simulated cloud, asked for once. */
const TOLD = {
  linode: { by: "access", identity: "simulated", may: ["all that its scopes allow"] },
  digitalocean: {
    by: "access",
    identity: "simulated@example.com, team Simulated",
    may: ["account:read", "droplet:read", "have 10000 droplets"],
  },
  vultr: {
    by: "access",
    identity: "Simulated",
    may: ["subscriptions_view", "subscriptions", "provisioning", "upgrade", "firewall"],
  },
  proxmox: { by: "access", may: [expect.stringMatching(/^Datastore\.Allocate .*VM\.PowerMgmt .* on \/$/)] },
  openstack: {
    by: "access",
    identity: expect.stringMatching(/ in project /),
    may: expect.arrayContaining(["the role member"]),
  },
  aws: { by: "access", identity: expect.stringMatching(/^arn:aws:/) },
  equinix: { by: "list", may: ["list servers"] },
  hivelocity: { by: "list", may: ["list servers"] },
  hyperstack: { by: "list", may: ["list servers"] },
} satisfies Record<keyof typeof clouds, object>;

describe("what credentials may do", () => {
  it.for(Object.entries(TOLD))("is told by %s in one request", async ([name, told], { skip }) => {
    const started = await callTo(name as keyof typeof clouds).catch((error: unknown) => {
      if (error instanceof PackageMissing) return error;
      throw error;
    });
    if (started instanceof PackageMissing) return skip(started.message);
    const { spec, cloud, call } = started;

    const found = await validateAccount(spec, cloud, call);

    expect(found).toMatchObject({ ...told, provider: name, endpoint: simulator!.url });
    expect(found.lacks).toBeUndefined();
    const calls = await new SimulatorClient(simulator!.url).calls();
    expect(calls.map(({ status }) => status).filter((status) => status >= 300)).toEqual([]);
    // Its machines are on two lists.
    expect(calls.reduce((sum, { count }) => sum + count, 0)).toBe(name === "hivelocity" ? 2 : 1);
  });

  it.each(["linode", "digitalocean", "vultr", "equinix", "hivelocity", "hyperstack"] as const)(
    "is nothing on %s with a wrong credential, which no error repeats",
    async (name) => {
      const [field] = Object.keys(simulators[name]!.credentials);
      const { spec, cloud, call } = await callTo(name, { [field!]: "wrong-canary-7731" });

      const validating = validateAccount(spec, cloud, call);

      await expect(validating).rejects.toMatchObject({ code: "CLOUD_AUTH" });
      await expect(validating).rejects.not.toThrow(/wrong-canary/);
    },
  );

  it.each([
    {
      what: "scopes of a Linode token, from the header of its answers",
      name: "linode",
      headers: { "x-oauth-scopes": "linodes:read_only events:read_write" },
      body: { username: "ada", restricted: true },
      told: {
        identity: "ada",
        may: ["linodes:read_only", "events:read_write", "what the grants of a restricted user allow"],
        lacks: ["linodes:read_write", "firewall:read_write", "account:read_write"],
      },
    },
    {
      what: "access controls of a Vultr key",
      name: "vultr",
      body: { account: { name: "Ada", acls: ["subscriptions_view", "firewall"] } },
      told: { lacks: ["subscriptions", "provisioning", "upgrade"] },
    },
    {
      what: "a DigitalOcean token that sees no droplets",
      name: "digitalocean",
      body: { account: { uuid: "u", email: "a@b.c", status: "locked" } },
      told: { identity: "a@b.c", may: ["account:read"], lacks: ["droplet:read", "an account that is not locked"] },
    },
    {
      what: "privileges of a Proxmox VE token",
      name: "proxmox",
      body: { data: { "/vms": { "VM.Audit": 1, "VM.PowerMgmt": 0 }, "/": { "Sys.Audit": 1 } } },
      told: {
        may: ["Sys.Audit on /", "VM.Audit VM.PowerMgmt on /vms"],
        lacks: expect.arrayContaining(["VM.Allocate", "Datastore.AllocateSpace"]),
      },
    },
  ] as const)("names what is missing: $what", async ({ name, body, told, ...more }) => {
    const headers = "headers" in more ? more.headers : {};
    server = createServer((_request: IncomingMessage, response: ServerResponse) => {
      response.writeHead(200, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
    });
    await new Promise<void>((done) => server!.listen(0, "127.0.0.1", done));
    const endpoint = `http://127.0.0.1:${(server!.address() as AddressInfo).port}`;
    const credentials = { token: "root@pam!t=some-secret", apiKey: "some-secret" };

    expect(await (clouds[name] as Cloud).access!(testCall(endpoint, { credentials }))).toMatchObject(told);
  });
});

it("keeps AWS's requests at AWS, whatever region a file names", async () => {
  const { endpointOf } = await import("../../resources/aws/http.ts");
  const { account } = testCall("https://ec2.us-east-1.amazonaws.com");

  expect(endpointOf(account, "ec2", "eu-west-1")).toBe("https://ec2.eu-west-1.amazonaws.com");
  for (const region of ["collect.example.net/", "x@collect.example.net#", "a.b", "eu-west-1.example.net:443/"])
    expect(() => endpointOf(account, "ec2", region)).toThrow(/is no region of AWS/);
});
