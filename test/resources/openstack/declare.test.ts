import { describe, expect, it } from "vitest";
import { declarations } from "../../../resources/openstack/declare.ts";
import { openstack } from "../../../resources/openstack/index.ts";
import { declaredBy, declareServer, declareShared, firewallSpec, keySpec, MARK } from "../declared.ts";
import { serverSpec } from "../fixtures.ts";

describe("declarations of OpenStack", () => {
  it("carry the mark, wait for rebuild with what applies to new machines, and keep user data secret", async () => {
    const server = serverSpec({ firewalls: ["web"], size: "m1.small", region: "nova" });

    const [declared] = await declareServer(declarations, server, {
      firewallIds: { web: "group-1" },
      userData: "#!/bin/sh\n",
    });

    expect(declared).toMatchObject({
      type: "fleetwright:openstack:Server",
      name: "web-1",
      inputs: {
        mark: MARK,
        name: "web-1.example.net",
        flavor: "m1.small",
        image: "debian-12",
        availabilityZone: "nova",
        tags: [MARK, "role:web", "tier:Front End"],
        securityGroups: ["group-1"],
        userData: "#!/bin/sh\n",
      },
      secrets: ["userData"],
      opts: { replacementTrigger: 0, deleteBeforeReplace: true },
    });
    expect(declared?.opts.ignoreChanges).toEqual(expect.arrayContaining(["image", "userData", "keyName"]));
  });

  it("refuse a firewall that has not been made", async () => {
    await expect(declareServer(declarations, serverSpec({ firewalls: ["web"] }))).rejects.toThrow(
      /has not been made yet/,
    );
  });

  it("plug a server into its ports, each with the server's firewalls", async () => {
    const server = serverSpec({ firewalls: ["web"], size: "m1.small", region: "nova", ports: ["storage-1"] });

    const [, attachment] = await declareServer(declarations, server, {
      firewallIds: { web: "group-1" },
      portIds: { "storage-1": "port-1" },
    });

    expect(attachment).toMatchObject({
      type: "fleetwright:openstack:PortAttachment",
      name: "web-1.storage-1",
      inputs: { port: "port-1", securityGroups: ["group-1"] },
    });
    expect(openstack.group(server, "web-1").map(({ name }) => name)).toEqual(["web-1", "web-1.storage-1"]);
  });

  it("of a firewall are all its rules, those of a policy too", async () => {
    const [declared] = await declareShared(declarations, firewallSpec());

    expect(declared).toMatchObject({
      type: "fleetwright:openstack:SecurityGroup",
      name: "firewall.web",
      inputs: {
        mark: MARK,
        name: "web",
        rules: [
          "inbound icmp * 192.0.2.1/32",
          "inbound icmp * 2001:db8::1/128",
          "inbound tcp 80 0.0.0.0/0",
          "inbound tcp 80 ::/0",
          "inbound tcp 8000-8080 0.0.0.0/0",
          "inbound tcp 8000-8080 ::/0",
          "outbound any * 0.0.0.0/0",
          "outbound any * ::/0",
        ],
      },
    });
  });

  it("of keys, aggregates and hosts have names that say what they are", async () => {
    const common = { account: "main", provider: "openstack", class: "spot", gpuType: "A100" } as const;
    const [key] = await declareShared(declarations, keySpec());
    const declared = await declaredBy((opts) => {
      const context = { identity: "x", mark: MARK, opts };
      declarations.declareShared(
        { kind: "Aggregate", name: "A100-n3-spot", metadata: { pool: "b" }, adopt: "3", ...common },
        context,
      );
      declarations.declareShared(
        { kind: "AggregateHost", name: "gpu-1", aggregate: "A100-n3-spot", ...common },
        context,
      );
    });

    expect(key).toMatchObject({ name: "key.web", inputs: { name: `ops ${MARK}` } });
    expect(declared).toMatchObject([
      {
        type: "fleetwright:openstack:Aggregate",
        name: "aggregate.x",
        inputs: {
          mark: MARK,
          name: "A100-n3-spot",
          metadata: ["class:spot", MARK, "gpu_type:A100", "pool:b"],
          adopt: "3",
        },
      },
      {
        type: "fleetwright:openstack:AggregateHost",
        name: "host.x",
        inputs: { host: "gpu-1", aggregate: "A100-n3-spot" },
      },
    ]);
  });
});
