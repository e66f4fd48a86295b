import { describe, expect, it } from "vitest";
import { declarations } from "../../../resources/vultr/declare.ts";
import { vultr } from "../../../resources/vultr/index.ts";
import { declareServer, declareShared, firewallSpec, keySpec, MARK, PUBLIC_KEY } from "../declared.ts";
import { serverSpec } from "../fixtures.ts";

const server = serverSpec({
  provider: "vultr",
  size: "vc2-1c-1gb",
  region: "ewr",
  firewalls: ["web"],
  ipv6: true,
  backups: true,
  createOnly: { image: "os:2136", keys: [{ name: "ops", publicKey: PUBLIC_KEY }] },
});
const metal = { ...server, size: "vbm-4c-32gb", firewalls: [], backups: false };
const ids = { firewallIds: { web: "group-1" }, keyIds: { ops: "key-1" } };

describe("an instance as declared", () => {
  it("carries label, host name, plan, labels, mark, keys and its firewall group from the first request on", async () => {
    const [instance, ...more] = await declareServer(declarations, server, { ...ids, userData: "#cloud-config\n" });

    expect(more).toEqual([]);
    expect(instance?.inputs).toEqual({
      region: "ewr",
      plan: "vc2-1c-1gb",
      label: "web-1.example.net",
      hostname: "web-1.example.net",
      tags: [MARK, "role:web", "tier:_46_ront_20__45_nd"],
      enableIpv6: true,
      osId: 2136,
      sshKeyIds: ["key-1"],
      userData: "#cloud-config\n",
      backups: "enabled",
      backupsSchedule: { type: "daily" },
      firewallGroupId: "group-1",
    });
    expect(instance?.secrets).toEqual(["userData"]);
  });

  it("is replaced by `rebuild`, deleting first, and by no edit of what applies to new machines", async () => {
    const [instance] = await declareServer(declarations, server, { ...ids, rebuild: 2 });

    expect(instance?.opts).toMatchObject({ replacementTrigger: 2, deleteBeforeReplace: true });
    expect(instance?.opts.ignoreChanges).toEqual(
      expect.arrayContaining(["osId", "appId", "imageId", "sshKeyIds", "userData", "hostname", "disablePublicIpv4"]),
    );
    expect(instance?.opts.ignoreChanges).not.toContain("plan");
    expect(instance?.opts.replaceOnChanges).toBeUndefined();
  });

  it("names no firewall as an empty id, so that a machine leaves the group it was in", async () => {
    const [instance] = await declareServer(declarations, { ...server, firewalls: [] }, ids);

    expect(instance?.inputs).toMatchObject({ firewallGroupId: "" });
  });

  it("is replaced where IPv6 is switched off, which Vultr cannot do", async () => {
    const [instance] = await declareServer(declarations, { ...server, ipv6: false }, ids);

    expect(instance?.opts.replaceOnChanges).toEqual(["enableIpv6"]);
    expect(vultr.mustReplace(server, { ...server, ipv6: false })).toEqual(["ipv6"]);
    expect(vultr.mustReplace({ ...server, ipv6: false }, server)).toEqual([]);
  });

  it.each([
    { image: "2136", field: "osId", value: 2136 },
    { image: "app:17", field: "appId", value: 17 },
    { image: "marketplace:openlitespeed-wordpress", field: "imageId", value: "openlitespeed-wordpress" },
    { image: "snapshot:cb676a46-66fd-4dfb-b839-443f2e6c0b60", field: "snapshotId", value: expect.any(String) },
  ])("is made from $image by $field", async ({ image, field, value }) => {
    const [instance] = await declareServer(declarations, { ...server, createOnly: { image, keys: [] } }, ids);

    expect(instance?.inputs).toMatchObject({ [field]: value });
  });

  it("does not wait for ever for a firewall that nobody has made", () => {
    const declare = () =>
      declarations.declareServer(server, {
        identity: "web-1",
        mark: MARK,
        rebuild: 0,
        firewallIds: {},
        keyIds: { ops: "key-1" },
        opts: {},
      });

    expect(declare).toThrow(expect.objectContaining({ code: "FLEET_INVALID" }));
  });
});

describe("bare metal as declared", () => {
  it("is a resource of its own, with the same label, mark and image, and an id that tells what it is", async () => {
    const [resource, ...more] = await declareServer(declarations, metal, ids);

    expect(more).toEqual([]);
    expect(resource?.inputs).toEqual({
      region: "ewr",
      plan: "vbm-4c-32gb",
      label: "web-1.example.net",
      hostname: "web-1.example.net",
      tags: [MARK, "role:web", "tier:_46_ront_20__45_nd"],
      enableIpv6: true,
      osId: 2136,
      sshKeyIds: ["key-1"],
    });
    expect(resource?.opts).toMatchObject({ replacementTrigger: 0, deleteBeforeReplace: true });
    expect(vultr.idOf("1001", metal)).toBe("bare-metal/1001");
  });

  it.each([server, metal])("is named as the group says: $size", async (each) => {
    const resources = await declareServer(declarations, each, ids);

    expect(resources.map(({ type, name }) => ({ type, name }))).toEqual(vultr.group(each, "web-1"));
  });

  it("takes long, in a stack of its own, and is another machine with another size", () => {
    expect([metal, server].map(vultr.capabilities.ownStack)).toEqual([true, false]);
    expect([metal, server].map(vultr.capabilities.provisioning)).toEqual(["long", "short"]);
    expect(vultr.mustReplace(server, metal)).toEqual(["size"]);
    expect(vultr.mustReplace(metal, { ...metal, size: "vbm-6c-32gb" })).toEqual(["size"]);
    expect(vultr.mustReplace(metal, { ...metal, ipv6: false })).toEqual(["ipv6"]);
    expect(vultr.mustReplace(server, { ...server, size: "vc2-2c-4gb" })).toEqual([]);
  });
});

describe("shared objects on Vultr, as declared", () => {
  it("are a firewall group with the mark in its description, and a rule for each protocol, range and block", async () => {
    const [group, ...rules] = await declareShared(declarations, firewallSpec());

    expect(group).toMatchObject({ name: "firewall.web", inputs: { description: `web ${MARK}` } });
    expect(rules.map(({ inputs }) => inputs)).toEqual(
      expect.arrayContaining([
        { firewallGroupId: "1001", ipType: "v4", protocol: "tcp", port: "80", subnet: "0.0.0.0", subnetSize: 0 },
        { firewallGroupId: "1001", ipType: "v6", protocol: "tcp", port: "8000:8080", subnet: "::", subnetSize: 0 },
        { firewallGroupId: "1001", ipType: "v4", protocol: "icmp", subnet: "192.0.2.1", subnetSize: 32 },
        { firewallGroupId: "1001", ipType: "v6", protocol: "icmp", subnet: "2001:db8::1", subnetSize: 128 },
      ]),
    );
    expect(rules).toHaveLength(6);
  });

  it("are named as `shared` says, each rule by what it lets through and by nothing else", async () => {
    const firewall = firewallSpec();
    const [group, ...rules] = await declareShared(declarations, firewall);
    const named = ({ type, name }: { type: string; name: string }) => ({ type, name });
    const shared = vultr.shared(firewall, "web")!;
    const fewer = vultr.shared({ ...firewall, rules: firewall.rules.slice(1) }, "web")!;

    expect(named(group!)).toEqual(named(shared));
    expect(rules.map(named)).toEqual(shared.parts);
    expect(shared.parts).toEqual(expect.arrayContaining(fewer.parts!));
  });

  it("make a key whose name ends with the mark", async () => {
    const [key] = await declareShared(declarations, keySpec());

    expect(key?.inputs).toEqual({ name: `ops ${MARK}`, sshKey: PUBLIC_KEY });
    expect({ type: key?.type, name: key?.name }).toEqual(vultr.shared(keySpec(), "web"));
  });

  it("refuse what a firewall group cannot say", () => {
    const declare = () =>
      declarations.declareShared(firewallSpec({ outboundPolicy: "drop" }), { identity: "web", mark: MARK, opts: {} });

    expect(declare).toThrow(expect.objectContaining({ code: "CLOUD_UNSUPPORTED" }));
  });
});
