import { describe, expect, it } from "vitest";
import { createParsedCache } from "../../../controller/fleet/cache.ts";
import { compile } from "../../../controller/fleet/compile.ts";
import type { CloudRules } from "../../../controller/fleet/context.ts";
import { formatProblem } from "../../../controller/fleet/problem.ts";
import type { FirewallText } from "../../../resources/spec.ts";
import { clouds, fleetFiles, server } from "./fleet.ts";

const HEAD = "kind: Firewall\nname: web\nrules:\n";
const compileRules = (rules: string) =>
  compile(fleetFiles({ "firewalls/web.yaml": HEAD + rules, "servers/a.yaml": server("a", { firewalls: "[web]" }) }), {
    clouds,
  });
const ruleOf = (rule: string) => {
  const { problems, shared } = compileRules(`  - ${rule}\n`);
  expect(problems).toEqual([]);
  return (shared.get("main/Firewall/web")!.spec as FirewallText).rules[0];
};

describe("the sides of a rule", () => {
  it.each([
    {
      name: "an inbound rule's sources are the others'",
      rule: "{protocol: tcp, sources: [203.0.113.7], destinations: [198.51.100.0/24]}",
      sides: { addresses: ["203.0.113.7/32"], ownAddresses: ["198.51.100.0/24"] },
    },
    {
      name: "an outbound rule's sources are its own",
      rule: "{protocol: esp, direction: outbound, sources: [198.51.100.0/24], destinations: [203.0.113.7]}",
      sides: { addresses: ["203.0.113.7/32"], ownAddresses: ["198.51.100.0/24"] },
    },
    {
      name: "own addresses that are everywhere are none",
      rule: '{protocol: gre, destinations: ["::/0", 0.0.0.0/0]}',
      sides: { addresses: ["0.0.0.0/0", "::/0"] },
    },
    {
      name: "everywhere is what can reach the own side",
      rule: "{protocol: any, destinations: [198.51.100.7]}",
      sides: { addresses: ["0.0.0.0/0"], ownAddresses: ["198.51.100.7/32"] },
    },
    {
      name: "what is the same once written alike is there once",
      rule: "{protocol: ah, addresses: [10.0.0.1/8, 10.0.0.2/8, 2001:DB8::/32]}",
      sides: { addresses: ["10.0.0.0/8", "2001:db8::/32"] },
    },
  ])("$name", ({ rule, sides }) => {
    const { addresses, ownAddresses } = ruleOf(rule)!;

    expect({ addresses, ...(ownAddresses && { ownAddresses }) }).toEqual(sides);
  });

  it.each([
    {
      name: "addresses and sources of an inbound rule",
      rule: "{protocol: tcp, addresses: [10.0.0.0/8], sources: [10.0.0.0/8]}",
      says: "firewalls/web.yaml:4:46: rules[0].sources: says what `addresses` says too",
    },
    {
      name: "addresses and destinations of an outbound rule",
      rule: "{protocol: tcp, direction: outbound, destinations: [10.0.0.0/8], addresses: [10.0.0.0/8]}",
      says: "firewalls/web.yaml:4:42: rules[0].destinations: says what `addresses` says too",
    },
    {
      name: "a rule that nothing can match",
      rule: '{protocol: tcp, sources: [10.0.0.0/8], destinations: ["2001:db8::/32"]}',
      says: "firewalls/web.yaml:4:58: rules[0].destinations: have no IP version in common with the `sources`",
    },
    {
      name: "ports of any",
      rule: "{protocol: any, ports: 22}",
      says: "firewalls/web.yaml:4:28: rules[0].ports: has no meaning: only tcp and udp have ports",
    },
    {
      name: "a source that is none",
      rule: "{protocol: tcp, sources: [10.0.0.0/8, office]}",
      says: "firewalls/web.yaml:4:43: rules[0].sources[1]: must be an address or a CIDR block",
    },
  ])("tells $name at its place", ({ rule, says }) => {
    expect(compileRules(`  - ${rule}\n`).problems.map(formatProblem)).toEqual([expect.stringContaining(says)]);
  });

  it("a server whose firewall is wrong does not stop the compile", () => {
    const { problems } = compileRules('  - {protocol: tcp, ports: "90-80"}\n');

    expect(problems).toHaveLength(1);
  });
});

const cannot: CloudRules["firewallProblems"] = ({ rules }) =>
  rules.flatMap(({ protocol, ownAddresses }, index) => [
    ...(protocol === "gre" ? [{ path: ["rules", index, "protocol"], message: "it has no gre" }] : []),
    ...(ownAddresses ? [{ path: ["rules", index, "ownAddresses"], message: "it has no own side" }] : []),
  ]);

/** Two clouds that cannot express all: one with firewalls of the account, one with rules at each machine. */
const strict = {
  ...clouds,
  cumulus: { ...clouds.cumulus, firewallProblems: cannot },
  nimbus: {
    ...clouds.cumulus,
    title: "Nimbus",
    capabilities: { ...clouds.cumulus.capabilities, sizes: false, firewallScope: "server" as const },
    firewallProblems: cannot,
  },
} satisfies Record<string, CloudRules>;

const token = "credentials:\n  token: {env: FLEETWRIGHT_TOKEN}\n";
const files = (servers: Record<string, string>, rules = "  - protocol: gre\n") =>
  fleetFiles({
    "accounts/second.yaml": `kind: Account\nname: second\nprovider: cumulus\n${token}`,
    "accounts/edge.yaml": `kind: Account\nname: edge\nprovider: nimbus\n${token}`,
    "firewalls/web.yaml": HEAD + rules,
    ...servers,
  });
const edge = server("b", { account: "edge", firewalls: "[web]" });

describe("what a cloud cannot express of a firewall", () => {
  it("is told in the firewall's file, once per cloud, with the accounts that use it", () => {
    const { problems } = compile(
      files({
        "servers/a.yaml": server("a", { firewalls: "[web]" }),
        "servers/b.yaml": edge,
        "servers/c.yaml": server("c", { account: "second", firewalls: "[web]" }),
      }),
      { clouds: strict },
    );

    expect(problems.map(formatProblem)).toEqual([
      "firewalls/web.yaml:4:15: rules[0].protocol: main, second (Cumulus): it has no gre",
      "firewalls/web.yaml:4:15: rules[0].protocol: edge (Nimbus): it has no gre",
    ]);
  });

  it("is told where the file says it: the own side of an inbound rule is its destinations", () => {
    const { problems } = compile(
      files(
        { "servers/a.yaml": server("a", { firewalls: "[web]" }) },
        "  - protocol: tcp\n    destinations: [10.0.0.0/8]\n",
      ),
      { clouds: strict },
    );

    expect(problems.map(formatProblem)).toEqual([
      "firewalls/web.yaml:5:19: rules[0].destinations: main (Cumulus): it has no own side",
    ]);
  });

  it("is nobody's trouble while no server there uses it", () => {
    expect(compile(files({ "servers/a.yaml": server("a") }), { clouds: strict }).problems).toEqual([]);
  });

  it("comes up when a server on another cloud begins to use it, and goes when that ends", () => {
    const cache = createParsedCache();
    const compileNow = (servers: Record<string, string>) => compile(files(servers), { clouds: strict, cache }).problems;

    expect(compileNow({ "servers/b.yaml": server("b", { account: "edge" }) })).toEqual([]);
    expect(compileNow({ "servers/b.yaml": edge })).toHaveLength(1);
    expect(compileNow({ "servers/b.yaml": server("b", { account: "edge" }) })).toEqual([]);
  });
});
