import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Call, Cloud } from "../../resources/cloud.ts";
import { clouds } from "../../resources/registry.ts";
import type { FirewallRule, FirewallText } from "../../resources/spec.ts";
import { DIGITALOCEAN_TOKEN, startDigitalOcean } from "../../simulators/digitalocean/index.ts";
import { LINODE_TOKEN, startLinode } from "../../simulators/linode/index.ts";
import type { Simulator } from "../../simulators/simulator.ts";
import { declareShared, firewallSpec, MARK } from "./declared.ts";
import { testCall } from "./fixtures.ts";

const block = fc.constantFrom("10.0.0.0/8", "203.0.113.7/32", "2001:db8::/32", "0.0.0.0/0", "::/0");
const rule: fc.Arbitrary<FirewallRule> = fc
  .record({
    direction: fc.constantFrom("inbound" as const, "outbound" as const),
    action: fc.constantFrom("accept" as const, "drop" as const),
    protocol: fc.constantFrom("tcp" as const, "udp" as const, "icmp" as const),
    ports: fc.constantFrom(undefined, "22", "8000-8080", "443,80", "1-65535"),
    addresses: fc.uniqueArray(block, { minLength: 1, maxLength: 3 }),
    description: fc.constantFrom(undefined, "why"),
  })
  .map(({ ports, description, ...rest }) => ({
    ...rest,
    ...(ports && rest.protocol !== "icmp" ? { ports } : {}),
    ...(description ? { description } : {}),
  }));
const policy = fc.constantFrom("accept" as const, "drop" as const);
const content = fc.record({
  rules: fc.array(rule, { maxLength: 6 }),
  inboundPolicy: policy,
  outboundPolicy: policy,
});

interface Peer {
  cloud: Cloud;
  start: () => Promise<Simulator>;
  token: string;
  path: string;
  /** The request that the plugin makes of its inputs. */
  body(inputs: Record<string, unknown>, name: string): object;
}

type Inputs = Record<string, unknown>;
const side = (list: unknown, field: string, ends: string) =>
  (list as Inputs[]).map(({ protocol, portRange, [field]: addresses }) => ({
    protocol,
    ports: portRange ?? "0",
    [ends]: { addresses },
  }));

const peers: Record<string, Peer> = {
  Linode: {
    cloud: clouds.linode,
    start: () => startLinode({ rateScale: 0 }),
    token: LINODE_TOKEN,
    path: "/v4/networking/firewalls",
    body: ({ inbounds, inboundPolicy, outbounds, outboundPolicy, tags }, name) => {
      const rules = (list: unknown) =>
        (list as Inputs[]).map(({ ipv4s, ipv6s, ...rest }) => ({
          ...rest,
          addresses: {
            ...((ipv4s as string[]).length > 0 ? { ipv4: ipv4s } : {}),
            ...((ipv6s as string[]).length > 0 ? { ipv6: ipv6s } : {}),
          },
        }));
      return {
        label: name,
        tags,
        rules: {
          inbound: rules(inbounds),
          inbound_policy: inboundPolicy,
          outbound: rules(outbounds),
          outbound_policy: outboundPolicy,
        },
      };
    },
  },
  DigitalOcean: {
    cloud: clouds.digitalocean,
    start: () => startDigitalOcean({ rateScale: 0 }),
    token: DIGITALOCEAN_TOKEN,
    path: "/v2/firewalls",
    body: ({ inboundRules, outboundRules }, name) => ({
      name: `${name}-${MARK}`,
      inbound_rules: side(inboundRules, "sourceAddresses", "sources"),
      outbound_rules: side(outboundRules, "destinationAddresses", "destinations"),
    }),
  },
};

describe.each(Object.entries(peers))("firewalls of %s", (_title, { cloud, start, token, path, body }) => {
  let simulator: Simulator;
  let call: Call;
  let number = 0;

  beforeAll(async () => {
    simulator = await start();
    call = testCall(simulator.url, { credentials: { token } });
  });
  afterAll(() => simulator.close());

  const send = async (method: string, where: string, json?: object) => {
    const answer = await fetch(`${simulator.url}${where}`, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      ...(json ? { body: JSON.stringify(json) } : {}),
    });
    const text = await answer.text();
    expect([answer.status, text]).toEqual([expect.toSatisfy((status: number) => status < 300), text]);
    return text === "" ? undefined : JSON.parse(text);
  };
  const inputsOf = async (text: Omit<FirewallText, "kind" | "name">): Promise<Inputs> => {
    const resources = await declareShared(await cloud.declarations(), firewallSpec({ provider: cloud.name, ...text }));
    return resources.at(-1)!.inputs;
  };
  const make = async (inputs: Inputs): Promise<string> => {
    const made = await send("POST", path, body(inputs, `firewall${++number}`));
    return String((made.firewall ?? made).id);
  };

  it("read back as expected, whatever their rules, with mark and id", async () => {
    const texts = fc.sample(content, { numRuns: 60, seed: 7 }).filter((text) => {
      return cloud.firewallProblems!({ kind: "Firewall", name: "web", ...text }).length === 0;
    });
    const ids: string[] = [];
    for (const text of texts) ids.push(await make(await inputsOf(text)));

    const listed = await cloud.firewalls!.list(call);

    expect(texts.length).toBeGreaterThan(10);
    for (const [index, text] of texts.entries()) {
      const found = listed.find(({ id }) => id === ids[index]);
      expect(found).toMatchObject({
        mark: MARK,
        ...cloud.firewalls!.expect({ kind: "Firewall", name: "web", ...text }),
      });
      if (index < 3) expect(await cloud.firewalls!.observe(ids[index]!, call)).toEqual(found);
    }
  });

  it("are listed over all pages", async () => {
    const rules: FirewallRule[] = [{ direction: "inbound", action: "accept", protocol: "icmp", addresses: ["::/0"] }];
    const inputs = await inputsOf({ rules, inboundPolicy: "drop", outboundPolicy: "drop" });
    const wanted = cloud.capabilities.pageSize + 1;
    for (let made = 0; made < wanted; made += 50) await Promise.all(Array.from({ length: 50 }, () => make(inputs)));

    const ids = (await cloud.firewalls!.list(call)).map(({ id }) => id);

    expect(ids.length).toBeGreaterThan(wanted);
    expect(new Set(ids).size).toBe(ids.length);
  }, 30_000);

  it("are gone only when the cloud says so", async () => {
    const id = await make(await inputsOf({ rules: [], inboundPolicy: "accept", outboundPolicy: "accept" }));
    await send("DELETE", `${path}/${id}`);

    expect(await cloud.firewalls!.observe(id, call)).toBeUndefined();
    await expect(cloud.firewalls!.observe("../x", call)).rejects.toMatchObject({ code: "FLEET_INVALID" });
  });
});

const everywhere = ["0.0.0.0/0", "::/0"];
const inbound = (fields: Partial<FirewallRule>): FirewallRule => ({
  direction: "inbound",
  action: "accept",
  protocol: "tcp",
  addresses: everywhere,
  ...fields,
});
const text = (rules: FirewallRule[], outboundPolicy: "accept" | "drop" = "accept"): FirewallText => ({
  kind: "Firewall",
  name: "web",
  rules,
  inboundPolicy: "drop",
  outboundPolicy,
});
const ports = (count: number) => Array.from({ length: count }, (_, index) => 1000 + index * 2).join(",");
const blocks = (count: number) => Array.from({ length: count }, (_, index) => `10.${index >> 8}.${index & 255}.0/24`);

describe("what a cloud cannot express", () => {
  it.each([
    { cloud: "linode", rules: [inbound({ protocol: "gre" })], path: "rules.0.protocol" },
    { cloud: "linode", rules: [inbound({ protocol: "any" })], path: "rules.0.protocol" },
    { cloud: "linode", rules: [inbound({ ownAddresses: ["10.0.0.0/8"] })], path: "rules.0.ownAddresses" },
    {
      cloud: "linode",
      rules: [inbound({ ports: "1-2,5-6,9-10,13-14,17-18,21-22,25-26,29-30" })],
      path: "rules.0.ports",
    },
    { cloud: "linode", rules: [inbound({ addresses: blocks(256) })], path: "rules.0.addresses" },
    { cloud: "linode", rules: Array(26).fill(inbound({})), path: "rules.25" },
    { cloud: "digitalocean", rules: [inbound({}), inbound({ action: "drop" })], path: "rules.1.action" },
    { cloud: "digitalocean", rules: [inbound({ protocol: "any" })], path: "rules.0.protocol" },
    { cloud: "digitalocean", rules: [inbound({ ownAddresses: ["10.0.0.0/8"] })], path: "rules.0.ownAddresses" },
    { cloud: "digitalocean", rules: [inbound({ addresses: blocks(1001) })], path: "rules.0.addresses" },
    { cloud: "digitalocean", rules: [inbound({ ports: ports(48) })], path: "rules" },
  ] as const)("on $cloud is told at $path", ({ cloud, rules, path }) => {
    expect(clouds[cloud].firewallProblems(text([...rules])).map((problem) => problem.path.join("."))).toEqual([path]);
  });

  it("is not what each can do", () => {
    const fine = text([inbound({ ports: "1-2,5-6,9-10,13-14,17-18,21-22,25-26,29" }), inbound({ protocol: "icmp" })]);

    expect(clouds.linode.firewallProblems(fine)).toEqual([]);
    expect(clouds.digitalocean.firewallProblems(fine)).toEqual([]);
    expect(clouds.digitalocean.firewallProblems(text([inbound({ ports: ports(47) })]))).toEqual([]);
    expect(clouds.digitalocean.firewallProblems(text([], "drop"))).toHaveLength(1);
  });

  it("is a second firewall on one Linode", () => {
    const server = { labels: {}, firewalls: ["web", "ssh"] } as unknown as Parameters<typeof clouds.linode.problems>[0];

    expect(clouds.linode.problems(server)).toMatchObject([{ path: "firewalls.1" }]);
  });
});
