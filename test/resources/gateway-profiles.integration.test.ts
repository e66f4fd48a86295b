import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Account, Call, Cloud } from "../../resources/cloud.ts";
import { ownerMark } from "../../resources/mark.ts";
import { clouds } from "../../resources/registry.ts";
import { SimulatorClient } from "../../simulators/client.ts";
import { DIGITALOCEAN_TOKEN, startDigitalOcean } from "../../simulators/digitalocean/index.ts";
import { LINODE_TOKEN, startLinode } from "../../simulators/linode/index.ts";
import type { Simulator } from "../../simulators/simulator.ts";
import { testCall } from "./fixtures.ts";

const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ3vpUXrEGs2cX5nyAgDX0Q6qLX4zXvVYp7fW0mNn9aR someone@example";
const mark = (name: string) => ownerMark("gateway", "Server", name, 0);
const rules = {
  inbound: [],
  outbound: [],
  inbound_policy: "DROP",
  outbound_policy: "ACCEPT",
};
const doRules = {
  inbound_rules: [{ protocol: "tcp", ports: "22", sources: { addresses: ["0.0.0.0/0"] } }],
  outbound_rules: [],
};

/** What these clouds' profiles do not look at. */
const REQUEST = { method: "POST", target: "/", headers: {}, body: Buffer.alloc(0) };

/** Creates as the official plugins send them. `ours` has a mark, `foreign` is alike and has none. */
const CREATES = [
  {
    cloud: "linode",
    kind: "Server",
    path: "/v4/linode/instances",
    ours: {
      region: "us-east",
      type: "g6-nanode-1",
      label: "ours-1",
      tags: ["role:web", mark("l1")],
      image: "linode/debian12",
      root_pass: "not-a-real-password",
    },
    foreign: {
      region: "us-east",
      type: "g6-nanode-1",
      label: "foreign-1",
      tags: ["role:web"],
      image: "linode/debian12",
      root_pass: "not-a-real-password",
    },
  },
  {
    cloud: "linode",
    kind: "Firewall",
    path: "/v4/networking/firewalls",
    ours: { label: "web", rules, tags: [mark("l2")] },
    foreign: { label: "other", rules, tags: ["x:y"] },
  },
  {
    cloud: "linode",
    kind: "SshKey",
    path: "/v4/profile/sshkeys",
    ours: { label: `ops ${mark("l3")}`, ssh_key: KEY },
    foreign: { label: "ops", ssh_key: KEY },
  },
  {
    cloud: "digitalocean",
    kind: "Server",
    path: "/v2/droplets",
    ours: {
      name: "ours-1",
      region: "nyc3",
      size: "s-1vcpu-1gb",
      image: "debian-12-x64",
      tags: ["role:web", mark("d1")],
    },
    foreign: { name: "ours-1", region: "nyc3", size: "s-1vcpu-1gb", image: "debian-12-x64", tags: ["role:web"] },
  },
  {
    cloud: "digitalocean",
    kind: "Firewall",
    path: "/v2/firewalls",
    ours: { name: `web-${mark("d2")}`, ...doRules },
    foreign: { name: "web", ...doRules },
  },
  {
    cloud: "digitalocean",
    kind: "SshKey",
    path: "/v2/account/keys",
    ours: { name: `ops ${mark("d3")}`, public_key: KEY },
    foreign: { name: "ops", public_key: KEY.replace("J3vpUX", "K3vpUX") },
  },
] as const;

describe("gateway profiles", () => {
  const peers: Record<
    string,
    {
      cloud: Cloud;
      simulator: Simulator;
      call: () => Call;
      send: (path: string, body: unknown) => Promise<{ status: number; body: unknown }>;
    }
  > = {};
  beforeAll(async () => {
    const options = { provisionMs: 10, actionMs: 10, rateScale: 0 };
    const started = {
      linode: [await startLinode(options), LINODE_TOKEN],
      digitalocean: [await startDigitalOcean(options), DIGITALOCEAN_TOKEN],
    } as const;
    for (const [name, [simulator, token]] of Object.entries(started)) {
      const cloud = clouds[name as "linode"] as Cloud;
      const call = () => testCall(simulator.url, { credentials: { token } });
      const send = async (path: string, body: unknown) => {
        const headers = {
          "content-type": "application/json",
          ...cloud.gateway!.authorize(call().account as Account, REQUEST),
        };
        const response = await fetch(simulator.url + path, { method: "POST", headers, body: JSON.stringify(body) });
        return { status: response.status, body: (await response.json()) as unknown };
      };
      peers[name] = { cloud, simulator, call, send };
    }
  });
  afterAll(() => Promise.all(Object.values(peers).map(({ simulator }) => simulator.close())));

  it.each(CREATES)(
    "find a $kind that $cloud made, as the create answered it",
    async ({ cloud: name, kind, path, ours, foreign }) => {
      const { cloud, call, send } = peers[name]!;
      const profile = cloud.gateway!;
      const creation = profile.creation("POST", path, ours, REQUEST)!;
      const without = await creation.find(call());
      expect((await send(path, foreign)).status).toBeLessThan(300);
      const stillWithout = await creation.find(call());

      const answer = await send(path, ours);
      const found = await creation.find(call());

      expect(creation.kind).toBe(kind);
      expect([without, stillWithout]).toEqual([undefined, undefined]);
      expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(300);
      expect(found).toMatchObject({ status: answer.status, id: creation.idOf(answer.body) });
      expect(creation.idOf(found!.body)).toBe(found!.id);
      const shape = (body: unknown) => Object.keys((Object.values(body as object)[0] as object) ?? {}).sort();
      if (name === "linode")
        expect(Object.keys(found!.body as object).sort()).toEqual(Object.keys(answer.body as object).sort());
      else
        expect([Object.keys(found!.body as object), shape(found!.body)]).toEqual([
          Object.keys(answer.body as object),
          shape(answer.body),
        ]);
    },
  );

  it("find an attachment by firewall and machine, having no mark", async () => {
    const { cloud, call, send } = peers.linode!;
    const client = new SimulatorClient(peers.linode!.simulator.url);
    const [machine, other] = [await client.addForeign(), await client.addForeign()];
    const firewall = (await send("/v4/networking/firewalls", { label: "attach", rules })).body as { id: number };
    const path = `/v4/networking/firewalls/${firewall.id}/devices`;
    const creation = cloud.gateway!.creation("POST", path, { id: Number(machine.id), type: "linode" }, REQUEST)!;
    await send(path, { id: Number(other.id), type: "linode" });
    const without = await creation.find(call());

    const answer = await send(path, { id: Number(machine.id), type: "linode" });
    const found = await creation.find(call());

    expect(without).toBeUndefined();
    expect(found).toMatchObject({ status: 200, id: creation.idOf(answer.body) });
  });

  it("see no creation in anything else", () => {
    for (const { cloud: name, path, ours, foreign } of CREATES) {
      const profile = peers[name]!.cloud.gateway!;
      expect(profile.creation("POST", path, foreign, REQUEST)).toBeUndefined();
      expect(profile.creation("PUT", path, ours, REQUEST)).toBeUndefined();
      expect(profile.creation("POST", `${path}/1`, ours, REQUEST)).toBeUndefined();
      expect(profile.creation("POST", path, undefined, REQUEST)).toBeUndefined();
    }
  });

  it("hand out a token of the run, and know it again", () => {
    for (const { cloud, call } of Object.values(peers)) {
      const environment = cloud.gateway!.environment("http://127.0.0.1:1", "run-token", call().account as Account);
      expect(Object.values(environment)).toEqual(expect.arrayContaining(["http://127.0.0.1:1", "run-token"]));
      expect(cloud.gateway!.tokenOf({ authorization: "Bearer run-token" })).toBe("run-token");
      expect(cloud.gateway!.tokenOf({})).toBeUndefined();
    }
  });
});
