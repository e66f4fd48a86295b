import { describe, expect, it } from "vitest";
import type { FirewallRule } from "../../../resources/spec.ts";
import { vultr } from "../../../resources/vultr/index.ts";
import { firewallSpec } from "../declared.ts";
import { serverSpec } from "../fixtures.ts";

const UUID = "cb676a46-66fd-4dfb-b839-443f2e6c0b60";
const instance = serverSpec({ size: "vc2-1c-1gb", createOnly: { image: "os:2136", keys: [] } });
const metal = serverSpec({ size: "vbm-4c-32gb", createOnly: { image: "os:2136", keys: [] } });

describe("what Vultr cannot take of a server", () => {
  it("is nothing of an ordinary one", () => {
    expect([instance, metal].flatMap(vultr.problems)).toEqual([]);
    expect(vultr.problems({ ...instance, firewalls: ["web"], backups: true, adopt: UUID })).toEqual([]);
    expect(vultr.problems({ ...metal, adopt: `bare-metal/${UUID}` })).toEqual([]);
  });

  it.each([
    { name: "two firewalls", server: { ...instance, firewalls: ["a", "b"] }, path: "firewalls.1" },
    {
      name: "an image of another cloud",
      server: { ...instance, createOnly: { image: "debian-12", keys: [] } },
      path: "image",
    },
    {
      name: "an id of bare metal for an instance",
      server: { ...instance, adopt: `bare-metal/${UUID}` },
      path: "adopt",
    },
    { name: "an id of an instance for bare metal", server: { ...metal, adopt: UUID }, path: "adopt" },
    { name: "a label that is too long", server: { ...instance, labels: { a: "B".repeat(70) } }, path: "labels.a" },
    {
      name: "a schedule without backups",
      server: { ...instance, options: { backupSchedule: { type: "weekly" } } },
      path: "provider.backupSchedule",
    },
    {
      name: "no address at all",
      server: { ...instance, options: { disablePublicIpv4: true } },
      path: "provider.disablePublicIpv4",
    },
    {
      name: "PXE on an instance",
      server: { ...instance, options: { persistentPxe: true } },
      path: "provider.persistentPxe",
    },
    { name: "a firewall before bare metal", server: { ...metal, firewalls: ["web"] }, path: "firewalls.0" },
    { name: "backups of bare metal", server: { ...metal, backups: true }, path: "backups" },
    { name: "bare metal kept off", server: { ...metal, power: "stopped" as const }, path: "power" },
    {
      name: "flood protection of bare metal",
      server: { ...metal, options: { ddosProtection: true } },
      path: "provider.ddosProtection",
    },
  ])("is $name", ({ server, path }) => {
    expect(vultr.problems(server).map((problem) => problem.path)).toEqual([path]);
  });
});

describe("what a firewall group cannot say", () => {
  const rule = (partial: Partial<FirewallRule>): FirewallRule => ({
    direction: "inbound",
    action: "accept",
    protocol: "tcp",
    addresses: ["0.0.0.0/0"],
    ...partial,
  });
  const paths = (partial: Parameters<typeof firewallSpec>[0]) =>
    vultr.firewallProblems(firewallSpec(partial)).map(({ path }) => path.join("."));

  it("is nothing of an ordinary one, nor of a rule that lets out what goes out anyway", () => {
    expect(paths({})).toEqual([]);
    expect(paths({ rules: [rule({ direction: "outbound", protocol: "any" })] })).toEqual([]);
  });

  it.each([
    { name: "to let in what no rule names", partial: { inboundPolicy: "accept" as const }, path: "inboundPolicy" },
    { name: "to keep in what goes out", partial: { outboundPolicy: "drop" as const }, path: "outboundPolicy" },
    { name: "a rule that drops", partial: { rules: [rule({ action: "drop" })] }, path: "rules.0.action" },
    {
      name: "an outbound rule that drops",
      partial: { rules: [rule({ direction: "outbound", action: "drop" })] },
      path: "rules.0.action",
    },
    { name: "any protocol", partial: { rules: [rule({ protocol: "any" })] }, path: "rules.0.protocol" },
    {
      name: "own addresses",
      partial: { rules: [rule({ ownAddresses: ["192.0.2.0/24"] })] },
      path: "rules.0.ownAddresses",
    },
    {
      name: "more rules than a group takes",
      partial: { rules: [rule({ ports: Array.from({ length: 51 }, (_, n) => 8000 + n * 2).join(",") })] },
      path: "rules",
    },
  ])("is $name", ({ partial, path }) => {
    expect(paths(partial)).toEqual([path]);
  });

  it("takes fifty rules, each counted once", () => {
    const ports = Array.from({ length: 50 }, (_, n) => 8000 + n * 2).join(",");

    expect(paths({ rules: [rule({ ports }), rule({ ports })] })).toEqual([]);
  });
});
