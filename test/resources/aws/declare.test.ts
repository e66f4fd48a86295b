import { describe, expect, it } from "vitest";
import { declarations } from "../../../resources/aws/declare.ts";
import { aws } from "../../../resources/aws/index.ts";
import { DEBIAN, PUBLIC_KEY } from "../../aws/peer.ts";
import { declaredBy, declareServer, declareShared, firewallSpec, keySpec, MARK } from "../declared.ts";
import { serverSpec } from "../fixtures.ts";

const server = serverSpec({
  provider: "aws",
  size: "t3.micro",
  region: "eu-west-1",
  firewalls: ["web"],
  ipv6: true,
  monitoring: true,
  createOnly: { image: DEBIAN, keys: [{ name: "ops", publicKey: PUBLIC_KEY }] },
  options: { securityGroups: ["sg-0abc"], rootDiskGiB: 20 },
});
const ids = { firewallIds: { web: "sg-0123" }, keyIds: { ops: `ops ${MARK}` } };

describe("an instance as declared", () => {
  it("carries region, size, name, labels, mark and groups from the first request on", async () => {
    const declared = await declareServer(declarations, server, {
      ...ids,
      userData: "#cloud-config\n",
      accountOptions: { subnets: { "eu-west-1": "subnet-0aa" } },
    });

    const [instance, ...more] = declared;
    expect(more).toEqual([]);
    expect(instance?.inputs).toEqual({
      region: "eu-west-1",
      ami: DEBIAN,
      instanceType: "t3.micro",
      tags: { Name: "web-1.example.net", role: "web", tier: "Front End", "fleetwright-mark": MARK },
      vpcSecurityGroupIds: ["sg-0123", "sg-0abc"],
      monitoring: true,
      keyName: `ops ${MARK}`,
      ipv6AddressCount: 1,
      subnetId: "subnet-0aa",
      userData: "#cloud-config\n",
      rootBlockDevice: { volumeSize: 20 },
    });
    expect(instance?.secrets).toEqual(["userData"]);
  });

  it("is replaced by `rebuild`, deleting first, and by no edit of what applies to new machines", async () => {
    const [instance] = await declareServer(declarations, server, { ...ids, rebuild: 2 });

    expect(instance?.opts).toMatchObject({ replacementTrigger: 2, deleteBeforeReplace: true });
    expect(instance?.opts.ignoreChanges).toEqual(
      expect.arrayContaining(["ami", "keyName", "userData", "subnetId", "rootBlockDevice", "ipv6AddressCount"]),
    );
    for (const live of ["instanceType", "tags", "vpcSecurityGroupIds", "monitoring", "region"])
      expect(instance?.opts.ignoreChanges).not.toContain(live);
  });

  it("is named as the group says, and known by region and id", async () => {
    const resources = await declareServer(declarations, server, ids);

    expect(resources.map(({ type, name }) => ({ type, name }))).toEqual(aws.group(server, "web-1"));
    expect(aws.idOf("i-0123", server)).toBe("eu-west-1/i-0123");
    const told: string[] = [];
    await declaredBy((opts) => {
      const context = { identity: "web-1", mark: MARK, rebuild: 0, ...ids, opts };
      declarations.declareServer(server, context).id.apply((id) => told.push(id));
    });
    expect(told).toEqual(["eu-west-1/1001"]);
  });

  it("is not declared without a group, or before its firewall is there", async () => {
    const declare =
      (partial: object, context: object = ids) =>
      () =>
        declarations.declareServer(
          { ...server, ...partial },
          { identity: "web-1", mark: MARK, rebuild: 0, firewallIds: {}, keyIds: {}, opts: {}, ...context },
        );

    expect(declare({ firewalls: [], options: {} })).toThrow(expect.objectContaining({ code: "FLEET_INVALID" }));
    expect(declare({}, {})).toThrow(/the firewall web has not been made yet in eu-west-1/);
  });
});

describe("shared objects on AWS, as declared", () => {
  const at = { provider: "aws", region: "eu-west-1" };

  it("are one for each region, with the plain name and the mark in their tags", async () => {
    const [group] = await declareShared(declarations, { ...firewallSpec(), ...at, name: "web@eu-west-1" });
    const [key] = await declareShared(declarations, { ...keySpec(), ...at, name: "ops@eu-west-1" });

    expect(group?.inputs).toMatchObject({
      region: "eu-west-1",
      name: `web ${MARK}`,
      tags: { Name: "web", "fleetwright-mark": MARK },
    });
    expect(key?.inputs).toEqual({
      region: "eu-west-1",
      keyName: `ops ${MARK}`,
      publicKey: PUBLIC_KEY,
      tags: { Name: "ops", "fleetwright-mark": MARK },
    });
    for (const [declared, spec] of [
      [group, firewallSpec()],
      [key, keySpec()],
    ] as const)
      expect({ type: declared?.type, name: declared?.name }).toEqual(aws.shared(spec, "web"));
  });

  it("have rules by protocol, ports and IP version, and tell the plugin of both directions", async () => {
    const [group] = await declareShared(declarations, { ...firewallSpec(), ...at });

    expect(group?.inputs.ingress).toEqual([
      { protocol: "icmp", fromPort: -1, toPort: -1, cidrBlocks: ["192.0.2.1"], ipv6CidrBlocks: [] },
      { protocol: "icmpv6", fromPort: -1, toPort: -1, cidrBlocks: [], ipv6CidrBlocks: ["2001:db8::1"] },
      { protocol: "tcp", fromPort: 80, toPort: 80, cidrBlocks: ["0.0.0.0/0"], ipv6CidrBlocks: ["::/0"] },
      { protocol: "tcp", fromPort: 8000, toPort: 8080, cidrBlocks: ["0.0.0.0/0"], ipv6CidrBlocks: ["::/0"] },
    ]);
    expect(group?.inputs.egress).toEqual([
      { protocol: "-1", fromPort: 0, toPort: 0, cidrBlocks: ["0.0.0.0/0"], ipv6CidrBlocks: ["::/0"] },
    ]);
    const [closed] = await declareShared(declarations, { ...firewallSpec({ outboundPolicy: "drop" }), ...at });
    expect(closed?.inputs.egress).toEqual([]);
  });

  it("go into the VPC that the account names", async () => {
    const [group] = await declaredBy((opts) =>
      declarations.declareShared(
        { ...firewallSpec(), ...at },
        { identity: "web", mark: MARK, accountOptions: { vpcs: { "eu-west-1": "vpc-0aa" } }, opts },
      ),
    );

    expect(group?.inputs.vpcId).toBe("vpc-0aa");
  });
});
