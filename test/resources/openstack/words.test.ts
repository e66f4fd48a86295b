import { describe, expect, it } from "vitest";
import { normalCidr } from "../../../resources/openstack/cidr.ts";
import { firewallProblems, lineOf, linesOf, ruleBody, rulesOf } from "../../../resources/openstack/firewall.ts";
import { openstack } from "../../../resources/openstack/index.ts";
import { serverInputs } from "../../../resources/openstack/inputs.ts";
import { keyName, labelsOf, metadataOf, problems, tagsOfMetadata } from "../../../resources/openstack/names.ts";
import { wordsOf } from "../../../resources/openstack/words.ts";
import { firewallSpec, MARK } from "../declared.ts";
import { serverSpec } from "../fixtures.ts";

describe("metadata and tags", () => {
  it.each<Record<string, string>>([
    { role: "web", tier: "Front End" },
    { "a:b": "c:d", UPPER: "Case", _3a_: "_3a_" },
    { empty: "", "with blank": " x " },
  ])("turn into each other: %j", (metadata) => {
    const tags = tagsOfMetadata({ ...metadata, fleetwright: MARK });

    expect(tags).toContain(MARK);
    expect(metadataOf(tags)).toEqual({ ...metadata, fleetwright: MARK });
    expect(labelsOf(tags)).toEqual(metadata);
  });
});

describe("addresses", () => {
  it.each([
    ["192.0.2.77/24", "192.0.2.0/24"],
    ["192.0.2.77", "192.0.2.77/32"],
    ["0.0.0.0/0", "0.0.0.0/0"],
    ["2001:DB8:0:0::1/48", "2001:db8::/48"],
    ["::", "::/128"],
    ["2001:db8:ffff:ffff:ffff::/33", "2001:db8:8000::/33"],
    ["no-address", "no-address"],
    ["192.0.2.1/99", "192.0.2.1/99"],
  ])("are normal: %s is %s", (given, normal) => {
    expect(normalCidr(given)).toBe(normal);
  });
});

describe("rules", () => {
  it("come back from Neutron as they were sent", () => {
    for (const line of linesOf(firewallSpec({ outboundPolicy: "drop", inboundPolicy: "drop" }))) {
      const body = ruleBody(line, "g") as unknown as Parameters<typeof lineOf>[0];
      expect(lineOf({ ...body, remote_group_id: null })).toBe(line);
    }
  });

  it("of another group's members are told, and never look like ours", () => {
    const rule = {
      id: "r",
      direction: "ingress",
      ethertype: "IPv4",
      protocol: null,
      port_range_min: null,
      port_range_max: null,
    };
    const line = lineOf({ ...rule, remote_ip_prefix: null, remote_group_id: "other-group" });

    expect(rulesOf([line]).rules).toEqual([
      { direction: "inbound", action: "accept", protocol: "any", addresses: ["other-group"] },
    ]);
  });

  it("that drop, or name the machine's own side, are refused at their place", () => {
    const rules = [
      { direction: "inbound", action: "drop", protocol: "tcp", addresses: ["192.0.2.0/24"] },
      { direction: "inbound", action: "accept", protocol: "tcp", addresses: ["::/0"], ownAddresses: ["192.0.2.1/32"] },
    ] as const;
    const found = firewallProblems(
      firewallSpec({ rules: rules.map((rule) => ({ ...rule, addresses: [...rule.addresses] })) as never }),
    );

    expect(found.map(({ path }) => path)).toEqual([
      ["rules", 0, "action"],
      ["rules", 1, "ownAddresses"],
    ]);
  });
});

describe("a server's file", () => {
  const keys = [1, 2, 3].map((n) => ({ name: `k${n}`, publicKey: `ssh-ed25519 AAAA${n} k${n}\n` }));
  const context = { mark: MARK, keyIds: { k1: "k1 fw" }, accountOptions: {} };

  it("sends the first key by name and the others as user data", () => {
    const inputs = serverInputs(serverSpec({ createOnly: { image: "debian-12", keys } }), context);

    expect(inputs.keyName).toBe("k1 fw");
    expect(inputs.userData).toBe(
      '#cloud-config\n{"ssh_authorized_keys":["ssh-ed25519 AAAA2 k2","ssh-ed25519 AAAA3 k3"]}\n',
    );
  });

  it("is refused where nova cannot take it", () => {
    const userData = { text: "x".repeat(49_152) };
    const server = serverSpec({ size: "", labels: { fleetwright: "x" }, createOnly: { image: "i", keys, userData } });

    expect(problems(server).map(({ path }) => path)).toEqual(["size", "labels.fleetwright", "keys", "userData"]);
    expect(() => serverInputs(server, context)).toThrow(/size: is needed/);
  });

  it("takes networks from the account where it names none, and none beside ports", () => {
    const of = (options: object) =>
      serverInputs(serverSpec({ options: { ...options } }), { ...context, accountOptions: { networks: ["shared"] } });

    expect(of({}).networks).toEqual(["shared"]);
    expect(of({ networks: ["own"] }).networks).toEqual(["own"]);
    expect(of({ ports: ["p"] })).toMatchObject({ networks: [], ports: ["p"] });
  });

  it("gives names to shared objects by their identity", () => {
    const base = { account: "main", provider: "openstack", class: "spot" } as const;
    const host = openstack.shared({ kind: "AggregateHost", name: "gpu-1", aggregate: "a", ...base }, "gpu-1");

    expect(host).toEqual({ type: "fleetwright:openstack:AggregateHost", name: "host.gpu-1" });
    expect(keyName("ops@home.example", MARK)).toBe(`ops_home_example ${MARK}`);
  });
});

describe("a service's words", () => {
  it.each([
    [{ itemNotFound: { code: 404, message: "Instance x could not be found." } }, "Instance x could not be found."],
    [{ NeutronError: { type: "OverQuota", message: "Quota exceeded", detail: "" } }, "Quota exceeded"],
    [{ NeutronError: "bad" }, "bad"],
    [{ message: "No image<br /><br />\n\n", code: "404 Not Found", title: "Not Found" }, "No image"],
    [{}, undefined],
    ["<html>", undefined],
  ])("are read from %j", (body, words) => {
    expect(wordsOf(body)).toBe(words);
  });
});
