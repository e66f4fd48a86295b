import { describe, expect, it } from "vitest";
import { actualRules, expectedRules } from "../../../resources/vultr/firewall.ts";
import { firewallSpec } from "../declared.ts";

describe("rules in the words of a fleet file", () => {
  it("are the same, told by the group and by the file, in whatever order the group has them", () => {
    const told = [
      { id: 7, ip_type: "v6", protocol: "TCP", port: "8000:8080", subnet: "::", subnet_size: 0, source: "", notes: "" },
      { id: 1, ip_type: "v4", protocol: "tcp", port: "80", subnet: "0.0.0.0", subnet_size: 0, source: "", notes: "x" },
      { id: 3, ip_type: "v6", protocol: "icmp", port: "", subnet: "2001:db8::1", subnet_size: 128 },
      { id: 2, ip_type: "v4", protocol: "icmp", port: "0", subnet: "192.0.2.1", subnet_size: 32 },
      { id: 5, ip_type: "v6", protocol: "tcp", port: "80", subnet: "::", subnet_size: 0 },
      { id: 6, ip_type: "v4", protocol: "tcp", port: "8000 - 8080", subnet: "0.0.0.0", subnet_size: 0 },
    ];

    expect(actualRules(told)).toEqual(expectedRules(firewallSpec()));
  });

  it("name no ports where all are meant", () => {
    const all = firewallSpec({
      rules: [{ direction: "inbound", action: "accept", protocol: "udp", addresses: ["0.0.0.0/0"] }],
    });

    expect(expectedRules(all).rules).toEqual([
      { direction: "inbound", action: "accept", protocol: "udp", addresses: ["0.0.0.0/0"] },
    ]);
  });

  it("differ where a rule lets in Cloudflare in place of a block", () => {
    const told = [{ id: 1, protocol: "tcp", port: "80", subnet: "0.0.0.0", subnet_size: 0, source: "cloudflare" }];

    expect(actualRules(told).rules[0]?.addresses).toEqual(["cloudflare/0"]);
  });
});
