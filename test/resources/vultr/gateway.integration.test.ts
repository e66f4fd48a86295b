import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Call } from "../../../resources/cloud.ts";
import { ownerMark } from "../../../resources/mark.ts";
import { vultr } from "../../../resources/vultr/index.ts";
import type { Simulator } from "../../../simulators/simulator.ts";
import { startVultr, VULTR_API_KEY } from "../../../simulators/vultr/index.ts";
import { testCall } from "../fixtures.ts";

const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ3vpUXrEGs2cX5nyAgDX0Q6qLX4zXvVYp7fW0mNn9aR someone@example";
const REQUEST = { method: "POST", target: "/", headers: {}, body: Buffer.alloc(0) };
const { gateway } = vultr;
const mark = (name: string) => ownerMark("gateway", "Server", name, 0);

let simulator: Simulator;
let call: () => Call;
let group: string;

beforeAll(async () => {
  simulator = await startVultr({ provisionMs: 10, actionMs: 10, rateScale: 0 });
  call = () => testCall(simulator.url, { credentials: { apiKey: VULTR_API_KEY } });
  group = ((await send("/v2/firewalls", { description: "by hand" })).body as { firewall_group: { id: string } })
    .firewall_group.id;
});
afterAll(() => simulator.close());

async function send(path: string, body: unknown): Promise<{ status: number; body: unknown }> {
  const headers = { "content-type": "application/json", ...gateway.authorize(call().account, REQUEST) };
  const response = await fetch(simulator.url + path, { method: "POST", headers, body: JSON.stringify(body) });
  return { status: response.status, body: (await response.json()) as unknown };
}

const instance = { region: "ewr", plan: "vc2-1c-1gb", os_id: 2136, label: "a" };
const metal = { region: "ewr", plan: "vbm-4c-32gb", os_id: 2136, label: "b" };
const rule = { ip_type: "v4", protocol: "tcp", port: "22", subnet: "0.0.0.0", subnet_size: 0 };

describe("Vultr's gateway profile", () => {
  it.each([
    {
      kind: "Server",
      path: "/v2/instances",
      ours: { ...instance, tags: [mark("1")] },
      other: { ...instance, tags: ["x"] },
    },
    { kind: "Server", path: "/v2/bare-metals", ours: { ...metal, tags: [mark("2")] }, other: { ...metal, tags: null } },
    {
      kind: "Firewall",
      path: "/v2/firewalls",
      ours: { description: `web ${mark("3")}` },
      other: { description: "web" },
    },
    {
      kind: "SshKey",
      path: "/v2/ssh-keys",
      ours: { name: `ops ${mark("4")}`, ssh_key: KEY },
      other: { name: "ops", ssh_key: KEY },
    },
  ])(
    "finds a $kind made at $path as the create answered it, and none without a mark",
    async ({ kind, path, ours, other }) => {
      expect(gateway.creation("POST", path, other, REQUEST)).toBeUndefined();
      expect(gateway.creation("PATCH", path, ours, REQUEST)).toBeUndefined();
      const creation = gateway.creation("POST", path, ours, REQUEST)!;
      await send(path, other);
      const without = await creation.find(call());

      const answer = await send(path, ours);
      const found = await creation.find(call());

      expect(creation.kind).toBe(kind);
      expect(without).toBeUndefined();
      expect(found).toMatchObject({ status: answer.status, id: creation.idOf(answer.body) });
      expect(creation.idOf(found!.body)).toBe(found!.id);
      expect(found!.id.startsWith("bare-metal/")).toBe(path === "/v2/bare-metals");
      // Only the password is told but once.
      const fields = (body: unknown) => Object.keys(Object.values(body as object)[0] as object);
      expect(fields(answer.body)).toEqual(expect.arrayContaining(fields(found!.body)));
    },
  );

  it("finds a snapshot by the mark in its description, and says that one is gone as the plugin understands it", async () => {
    const { body } = await send("/v2/instances", { ...instance, tags: [mark("5")] });
    const { id } = (body as { instance: { id: string } }).instance;
    await expect.poll(async () => (await vultr.observe(id, call()))?.power).toBe("running");
    const ours = { instance_id: id, description: `before ${mark("6")}` };
    const creation = gateway.creation("POST", "/v2/snapshots", ours, REQUEST)!;
    await send("/v2/snapshots", { instance_id: id, description: "by hand" });
    const without = await creation.find(call());

    const answer = await send("/v2/snapshots", ours);
    const found = await creation.find(call());

    expect(creation.kind).toBe("Snapshot");
    expect(without).toBeUndefined();
    expect(found).toMatchObject({ status: answer.status, id: creation.idOf(answer.body) });
    expect(gateway.steady!("GET", `/v2/snapshots/${found!.id}`)).toBe(true);
    expect(gateway.asGone!(`/v2/snapshots/${found!.id}`, '{"error":"Invalid snapshot","status":404}')).toEqual({});
    expect(gateway.asGone!(`/v2/snapshots/${found!.id}`, "<html>404</html>")).toBeUndefined();
    expect(gateway.asGone!("/v2/instances/1", '{"error":"Invalid snapshot","status":404}')).toBeUndefined();
  });

  it("finds a rule by what it lets through to which group", async () => {
    const path = `/v2/firewalls/${group}/rules`;
    const creation = gateway.creation("POST", path, rule, REQUEST)!;
    await send(path, { ...rule, port: "23" });
    const without = await creation.find(call());

    const answer = await send(path, { ...rule, notes: "Access" });
    const found = await creation.find(call());

    expect(creation.kind).toBe("Attachment");
    expect(creation.key).toContain(group);
    expect(without).toBeUndefined();
    expect(found).toMatchObject({ status: 201, id: creation.idOf(answer.body) });
  });

  it("keeps the tags in an update that names none, and says that there is no firewall group", () => {
    const amend = (path: string, body: object) => gateway.amend!("PATCH", path, body);

    expect(amend("/v2/instances/1", { label: "a", tags: null })).toEqual({ label: "a", firewall_group_id: "" });
    expect(amend("/v2/instances/1", { tags: ["b"], firewall_group_id: "g" })).toEqual({
      tags: ["b"],
      firewall_group_id: "g",
    });
    expect(amend("/v2/bare-metals/1", { label: "a", tags: [] })).toEqual({ label: "a" });
    expect(gateway.amend!("POST", "/v2/instances", { tags: [] })).toBeUndefined();
    expect(amend("/v2/ssh-keys/1", { name: "a" })).toBeUndefined();
  });

  it("gives the plugin the run's token and nothing of an address, and keeps single reads steady", () => {
    expect(gateway.environment("http://127.0.0.1:1", "run-token", call().account)).toEqual({
      VULTR_API_KEY: "run-token",
    });
    expect(gateway.tokenOf({ authorization: "Bearer run-token" })).toBe("run-token");
    expect(gateway.host).toBe("api.vultr.com");
    expect(gateway.steady!("GET", "/v2/bare-metals/1")).toBe(true);
    expect(gateway.steady!("GET", "/v2/instances")).toBe(false);
    expect(gateway.steady!("DELETE", "/v2/instances/1")).toBe(false);
  });
});
