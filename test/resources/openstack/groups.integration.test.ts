import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { linesOf } from "../../../resources/openstack/firewall.ts";
import { openstack } from "../../../resources/openstack/index.ts";
import type { PropertyMap } from "../../../resources/plugin/handler.ts";
import type { FirewallText } from "../../../resources/spec.ts";
import type { Fault } from "../../../simulators/simulator.ts";
import { firewallSpec } from "../declared.ts";
import { type Bench, MARKS, runContext, serverInputs, startBench } from "./bench.ts";

vi.setConfig({ testTimeout: 30_000 });

let bench: Bench;
beforeEach(async () => {
  bench = await startBench();
});
afterEach(() => bench.simulator.close());

const state = (inputs: PropertyMap) => ({ inputs, outputs: inputs });
const inputsOf = (firewall: FirewallText, mark = MARKS[0]!): PropertyMap => ({
  mark,
  name: firewall.name,
  rules: linesOf(firewall),
});
const make = async (firewall: FirewallText, mark?: string) =>
  (await bench.group.create(inputsOf(firewall, mark), runContext())).id;
const ours = async () => (await openstack.firewalls.list(bench.call())).filter(({ mark }) => mark !== undefined);

describe("a security group", () => {
  it.each<{ name: string; firewall: FirewallText }>([
    { name: "rules of one side", firewall: firewallSpec() },
    { name: "nothing let out", firewall: firewallSpec({ outboundPolicy: "drop" }) },
    { name: "everything let in", firewall: firewallSpec({ inboundPolicy: "accept" }) },
    { name: "no rules at all", firewall: firewallSpec({ rules: [], outboundPolicy: "drop" }) },
    {
      name: "every protocol, both families and blocks that are no networks",
      firewall: firewallSpec({
        outboundPolicy: "drop",
        rules: [
          {
            direction: "outbound",
            action: "accept",
            protocol: "any",
            addresses: ["192.0.2.77/24", "2001:DB8:0::1/32"],
          },
          { direction: "outbound", action: "accept", protocol: "udp", ports: "53,1-65535", addresses: ["0.0.0.0/0"] },
          { direction: "inbound", action: "accept", protocol: "esp", addresses: ["203.0.113.9"] },
          { direction: "inbound", action: "accept", protocol: "gre", addresses: ["::/0"] },
          { direction: "inbound", action: "accept", protocol: "icmp", addresses: ["::/0", "10.0.0.0/8"] },
        ],
      }),
    },
  ])("is as its file says: $name", async ({ firewall }) => {
    const id = await make(firewall);

    expect(await openstack.firewalls.observe(id, bench.call())).toEqual({
      id,
      name: firewall.name,
      mark: MARKS[0],
      ...openstack.firewalls.expect(firewall),
    });
    const inputs = inputsOf(firewall);
    const read = await bench.group.read(id, state(inputs), runContext());
    expect((await bench.group.diff(id, state(read!.inputs), inputs)).changes).toEqual({});
  });

  it.each<{ name: string; path: string; action: Fault["action"]; skip?: number }>([
    { name: "of the group is lost", path: "/security-groups$", action: { kind: "dropAfter" } },
    { name: "of the group breaks off", path: "/security-groups$", action: { kind: "truncate" } },
    { name: "of a rule is lost", path: "/security-group-rules$", action: { kind: "dropAfter" }, skip: 2 },
  ])("is made once and whole when an answer $name", async ({ path, action, skip = 0 }) => {
    await bench.fault("POST", path, action, { skip });

    await make(firewallSpec()).catch(() => make(firewallSpec()));

    expect(await ours()).toEqual([expect.objectContaining(openstack.firewalls.expect(firewallSpec()))]);
  });

  it("gets new rules before it loses old ones", async () => {
    const id = await make(firewallSpec());
    const news = firewallSpec({
      rules: [{ direction: "inbound", action: "accept", protocol: "tcp", ports: "443", addresses: ["::/0"] }],
    });
    await bench.fault("DELETE", "/security-group-rules/", { kind: "status", status: 403 });

    await expect(
      bench.group.update(id, state(inputsOf(firewallSpec())), inputsOf(news), runContext()),
    ).rejects.toMatchObject({ code: "CLOUD_AUTH" });
    const { rules } = (await openstack.firewalls.observe(id, bench.call()))!;
    expect(rules).toEqual(expect.arrayContaining([...openstack.firewalls.expect(news).rules]));

    await bench.group.update(id, state(inputsOf(firewallSpec())), inputsOf(news), runContext());
    expect(await openstack.firewalls.observe(id, bench.call())).toMatchObject(openstack.firewalls.expect(news));
  });

  it("is not removed without our mark, nor while a server has it", async () => {
    const id = await make(firewallSpec());
    const inputs = serverInputs({ securityGroups: [id] });
    const server = await bench.server.create(inputs, runContext());
    const held = state(inputsOf(firewallSpec()));

    await expect(bench.group.delete(id, state(inputsOf(firewallSpec(), MARKS[1])), runContext())).rejects.toThrow(
      /our mark/,
    );
    await expect(bench.group.delete(id, held, runContext())).rejects.toThrow(/in use/);
    await bench.server.delete(server.id, { inputs, outputs: {} }, runContext());
    await bench.group.delete(id, held, runContext());
    await bench.group.delete(id, held, runContext());

    expect(await ours()).toEqual([]);
  });
});

describe("groups of a server", () => {
  it("are on every port from the first moment, change in place, and give way to the default", async () => {
    const [web, ops] = [await make(firewallSpec()), await make(firewallSpec({ name: "ops" }), MARKS[1])];
    const before = serverInputs({ securityGroups: [web] });
    const { id } = await bench.server.create(before, runContext());
    const groups = async () =>
      (await bench.get<{ ports: { security_groups: string[]; device_id: string }[] }>("network", "/ports")).ports
        .filter((port) => port.device_id === id)
        .flatMap((port) => port.security_groups);
    expect(await groups()).toEqual([web]);

    const both = serverInputs({ securityGroups: [ops, web] });
    await bench.server.update(id, { inputs: before, outputs: {} }, both, runContext());
    expect((await groups()).sort()).toEqual([ops, web].sort());
    expect((await bench.server.read(id, { inputs: both, outputs: {} }, runContext()))?.inputs.securityGroups).toEqual(
      [ops, web].sort(),
    );

    await bench.server.update(id, { inputs: both, outputs: {} }, serverInputs(), runContext());
    const left = await openstack.firewalls.observe((await groups())[0]!, bench.call());
    expect(left?.name).toBe("default");
  });

  it("taken off by hand are seen and put back", async () => {
    const web = await make(firewallSpec());
    const inputs = serverInputs({ securityGroups: [web] });
    const { id } = await bench.server.create(inputs, runContext());
    await bench.post("compute", `/servers/${id}/action`, { removeSecurityGroup: { name: "web" } }).catch(() => {});

    const read = await bench.server.read(id, { inputs, outputs: {} }, runContext());

    expect(read?.inputs.securityGroups).toEqual([]);
    await bench.server.update(id, { inputs: read!.inputs, outputs: {} }, inputs, runContext());
    expect((await bench.server.read(id, { inputs, outputs: {} }, runContext()))?.inputs.securityGroups).toEqual([web]);
  });
});

describe("a key pair", () => {
  const inputs = {
    name: `ops ${MARKS[0]}`,
    publicKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ3vpUXrEGs2cX5nyAgDX0Q6qLX4zXvVYp7fW0mNn9aR a@b",
  };

  it("is there once, when asked twice or when the answer is lost, and gone after its removal", async () => {
    await bench.fault("POST", "/os-keypairs$", { kind: "dropAfter" });

    expect((await bench.key.create(inputs, runContext())).id).toBe(inputs.name);
    await bench.key.create(inputs, runContext());

    expect((await bench.key.read(inputs.name, state(inputs), runContext()))?.inputs).toEqual(inputs);
    await bench.key.delete(inputs.name, state(inputs), runContext());
    await bench.key.delete(inputs.name, state(inputs), runContext());
    expect(await bench.key.read(inputs.name, state(inputs), runContext())).toBeUndefined();
  });

  it("of another text under the same name is not taken for ours", async () => {
    await bench.key.create(inputs, runContext());

    const other = { ...inputs, publicKey: inputs.publicKey.replace("3vpU", "3vpV") };
    await expect(bench.key.create(other, runContext())).rejects.toThrow(/already exists/);
  });
});
