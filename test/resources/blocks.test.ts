import { BlockList, isIP } from "node:net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isEverywhere, toBlock } from "../../resources/blocks.ts";

describe("a block", () => {
  it.each([
    ["203.0.113.7", "203.0.113.7/32"],
    ["10.1.2.3/8", "10.0.0.0/8"],
    ["255.255.255.255/0", "0.0.0.0/0"],
    ["2001:DB8:0:0::1", "2001:db8::1/128"],
    ["2001:db8:ffff::/33", "2001:db8:8000::/33"],
    ["::ffff:203.0.113.7/128", "::ffff:cb00:7107/128"],
    ["::/0", "::/0"],
  ])("of %s is %s", (text, block) => {
    expect(toBlock(text)).toBe(block);
  });

  it.each([
    "",
    "10.0.0.0/33",
    "::/129",
    "10.0.0",
    "fe80::1%eth0",
    "10.0.0.0/8/8",
    "10.0.0.0/08",
    "example.net",
    "+web",
  ])('is not made of "%s"', (text) => {
    expect(toBlock(text)).toBeUndefined();
  });

  it("holds exactly what the text that it came from holds, and stays itself", () => {
    const address = fc.oneof(fc.ipV4(), fc.ipV6());
    fc.assert(
      fc.property(address, fc.nat(128), fc.array(address, { maxLength: 5 }), (host, bits, others) => {
        const family = isIP(host) === 4 ? ("ipv4" as const) : ("ipv6" as const);
        const prefix = Math.min(bits, family === "ipv4" ? 32 : 128);
        const block = toBlock(`${host}/${prefix}`)!;
        const given = new BlockList();
        given.addSubnet(host, prefix, family);
        const made = new BlockList();
        made.addSubnet(block.split("/")[0]!, prefix, family);

        expect(toBlock(block)).toBe(block);
        for (const other of [host, ...others]) {
          const kind = isIP(other) === 4 ? ("ipv4" as const) : ("ipv6" as const);
          expect(made.check(other, kind)).toBe(given.check(other, kind));
        }
      }),
      { numRuns: 200 },
    );
  });
});

it("everywhere is both versions of IP", () => {
  expect(isEverywhere(["::/0", "0.0.0.0/0"])).toBe(true);
  expect(isEverywhere(["0.0.0.0/0"])).toBe(false);
  expect(isEverywhere([])).toBe(false);
});
