import { describe, expect, it } from "vitest";
import { aws } from "../../../resources/aws/index.ts";
import { isArm, labelsIn, tagTexts } from "../../../resources/aws/names.ts";
import { parseXml } from "../../../resources/aws/xml.ts";
import type { FirewallRule } from "../../../resources/spec.ts";
import { awsServer, PUBLIC_KEY } from "../../aws/peer.ts";
import { firewallSpec, MARK } from "../declared.ts";

const accept = (partial: Partial<FirewallRule>): FirewallRule => ({
  direction: "inbound",
  action: "accept",
  protocol: "tcp",
  addresses: ["0.0.0.0/0"],
  ...partial,
});

describe("what EC2 cannot take", () => {
  const where = (partial: Parameters<typeof awsServer>[0]) =>
    aws.problems(awsServer({ firewalls: ["web"], ...partial })).map(({ path }) => path);

  it.each([
    { name: "a machine without any group", server: { firewalls: [] }, at: ["firewalls"] },
    { name: "six groups", server: { firewalls: ["a", "b", "c", "d", "e", "f"] }, at: ["firewalls"] },
    {
      name: "labels that are tags of ours or of AWS",
      server: { labels: { Name: "x", "aws:x": "y" } },
      at: ["labels.Name", "labels.aws:x"],
    },
    {
      name: "two keys, or one of a kind it does not know",
      server: {
        createOnly: {
          image: "ami-0de00000000000121",
          keys: [
            { name: "a", publicKey: PUBLIC_KEY },
            { name: "b", publicKey: "ecdsa-sha2-nistp256 AAAA b" },
          ],
        },
      },
      at: ["keys", "keys"],
    },
    { name: "an image by another name", server: { createOnly: { image: "debian-12", keys: [] } }, at: ["image"] },
    {
      name: "a root size for an image that is not known by its id",
      server: {
        createOnly: { image: "resolve:ssm:/aws/service/debian/release/12/latest/amd64", keys: [] },
        options: { rootDiskGiB: 9 },
      },
      at: ["provider.rootDiskGiB"],
    },
    {
      name: "long user data",
      server: { createOnly: { image: "ami-0de00000000000121", keys: [], userData: { text: "x".repeat(16_385) } } },
      at: ["userData"],
    },
    { name: "nothing of an ordinary server", server: { options: { securityGroups: ["sg-0a"] } }, at: [] },
  ])("is told: $name", ({ server, at }) => {
    expect(where(server)).toEqual(at);
  });

  it("is told of firewalls, at its place", () => {
    const many = Array.from({ length: 61 }, (_, index) => `10.0.${index}.0/24`);
    const rules = [
      accept({ action: "drop" }),
      accept({ ownAddresses: ["10.0.0.1/32"] }),
      accept({ description: "naïve" }),
      accept({ addresses: many, ports: "22" }),
    ];

    const found = aws.firewallProblems(firewallSpec({ rules }));

    expect(found.map(({ path }) => path.join("."))).toEqual([
      "rules.0.action",
      "rules.1.ownAddresses",
      "rules.2.description",
      "rules",
    ]);
    expect(aws.firewallProblems(firewallSpec())).toEqual([]);
  });
});

describe("words of AWS", () => {
  it("replace a machine only where the processor is another", () => {
    const to = (size: string) => aws.mustReplace(awsServer(), awsServer({ size }));

    expect(to("m7i.large")).toEqual([]);
    expect(to("t4g.small")).toEqual(["size"]);
    for (const size of ["a1.medium", "c7gn.large", "is4gen.large", "hpc7g.4xlarge", "g5g.xlarge"])
      expect(isArm(size)).toBe(true);
    for (const size of [
      "g4dn.xlarge",
      "g5.xlarge",
      "m7i-flex.large",
      "gr6.4xlarge",
      "t3.micro",
      "u-6tb1.metal",
      "trn1.2xlarge",
    ])
      expect(isArm(size), size).toBe(false);
  });

  it("tell tags apart whatever is in their keys", () => {
    const tags = [
      { key: "a:b%3A", value: "c:d" },
      { key: "plain", value: "" },
      { key: "Name", value: "web" },
      { key: "aws:autoscaling:groupName", value: "x" },
      { key: "fleetwright-mark", value: MARK },
    ];

    const texts = tagTexts(tags);

    expect(texts).toContain(MARK);
    expect(labelsIn(texts, MARK)).toEqual({ "a:b%3A": "c:d", plain: "" });
  });

  it("say of a rule what the cloud says of it, in one order", () => {
    const rules = [
      accept({ ports: "443,80", addresses: ["::/0", "0.0.0.0/0"] }),
      accept({ protocol: "icmp", addresses: ["0.0.0.0/0", "::/0"] }),
      accept({ ports: "80", addresses: ["0.0.0.0/0"] }),
    ];

    const expected = aws.firewalls.expect(firewallSpec({ rules }));

    expect(expected).toEqual({
      rules: [
        accept({ protocol: "icmp", addresses: ["0.0.0.0/0", "::/0"] }),
        accept({ ports: "443", addresses: ["0.0.0.0/0", "::/0"] }),
        accept({ ports: "80", addresses: ["0.0.0.0/0", "::/0"] }),
      ],
      inboundPolicy: "drop",
      outboundPolicy: "accept",
    });
  });

  it("read XML as EC2 writes it, and nothing else", () => {
    const text = `<?xml version="1.0"?>\n<XResponse>\n  <tagSet>\n    <item><key>a &amp; b</key><value> x </value></item>\n  </tagSet>\n  <groupSet/>\n</XResponse>`;

    expect(parseXml(text, "X")).toEqual({ tagSet: [{ key: "a & b", value: " x " }], groupSet: [] });
    for (const broken of ["", "{}", "<html></html>", text.slice(0, 80), "<YResponse><a>1</a></YResponse>"])
      expect(() => parseXml(broken, "X"), broken).toThrow(SyntaxError);
  });
});
