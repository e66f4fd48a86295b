import { describe, expect, it } from "vitest";
import { declarations } from "../../../resources/digitalocean/declare.ts";
import { digitalocean } from "../../../resources/digitalocean/index.ts";
import { fingerprint } from "../../../resources/digitalocean/names.ts";
import { declareServer, declareShared, firewallSpec, keySpec, MARK, PUBLIC_KEY } from "../declared.ts";
import { serverSpec } from "../fixtures.ts";

const server = serverSpec({
  size: "s-1vcpu-1gb",
  region: "nyc3",
  firewalls: ["web"],
  ipv6: true,
  monitoring: true,
  createOnly: { image: "debian-12-x64", keys: [{ name: "ops", publicKey: PUBLIC_KEY }] },
});
const EVERYWHERE = ["0.0.0.0/0", "::/0"];

describe("a droplet as declared", () => {
  it("carries name, size, labels, mark and the tag of its firewall from the first request on", async () => {
    const [droplet, ...more] = await declareServer(declarations, server, { userData: "#cloud-config\n", rebuild: 2 });

    expect(more).toEqual([]);
    expect(droplet?.inputs).toEqual({
      name: "web-1.example.net",
      region: "nyc3",
      size: "s-1vcpu-1gb",
      image: "debian-12-x64",
      tags: ["fleetwright-firewall-web", MARK, "role:web", "tier:_46_ront_20__45_nd"],
      backups: false,
      monitoring: true,
      ipv6: true,
      sshKeys: [fingerprint(PUBLIC_KEY)],
      userData: "#cloud-config\n",
    });
    expect(droplet?.secrets).toEqual(["userData"]);
  });

  it("lets in keys that the account has already beside those of the fleet", async () => {
    const [droplet] = await declareServer(declarations, { ...server, options: { sshKeys: ["12345"] } });

    expect(droplet?.inputs.sshKeys).toEqual([fingerprint(PUBLIC_KEY), "12345"]);
  });

  it("is replaced by `rebuild`, deleting first, and by no edit of what applies to new machines", async () => {
    const [droplet] = await declareServer(declarations, server, { rebuild: 2 });

    expect(droplet?.opts).toMatchObject({ replacementTrigger: 2, deleteBeforeReplace: true });
    expect(droplet?.opts.ignoreChanges).toEqual(expect.arrayContaining(["image", "sshKeys", "userData", "monitoring"]));
    expect(droplet?.opts.ignoreChanges).not.toContain("size");
  });

  it("is named as the group says", async () => {
    const resources = await declareServer(declarations, server);

    expect(resources.map(({ type, name }) => ({ type, name }))).toEqual(digitalocean.group(server, "web-1"));
  });

  it("names keys by the fingerprint that DigitalOcean gives them", () => {
    // As `ssh-keygen -l -E md5` prints it.
    expect(fingerprint(PUBLIC_KEY)).toBe("a5:63:fc:51:63:08:00:ac:d0:74:22:2f:55:b5:cb:fa");
  });
});

describe("shared objects on DigitalOcean, as declared", () => {
  it("make the tag before the firewall that names it, and let nobody delete it", async () => {
    const [tag, firewall] = await declareShared(declarations, firewallSpec());

    expect(tag).toMatchObject({ inputs: { name: "fleetwright-firewall-web" }, opts: { retainOnDelete: true } });
    expect(firewall?.inputs).toMatchObject({ name: `web-${MARK}`, tags: ["fleetwright-firewall-web"] });
    expect(firewall?.opts.dependsOn).toHaveLength(1);
    const shared = digitalocean.shared(firewallSpec(), "web");
    const named = ({ type, name }: { type: string; name: string }) => ({ type, name });
    expect(named(firewall!)).toEqual(named(shared));
    expect([named(tag!)]).toEqual(shared.parts);
  });

  it("turn port lists into rules of their own, and an accepting policy into rules for everything", async () => {
    const [, firewall] = await declareShared(declarations, firewallSpec());

    expect(firewall?.inputs.inboundRules).toEqual([
      { protocol: "tcp", portRange: "80", sourceAddresses: EVERYWHERE },
      { protocol: "tcp", portRange: "8000-8080", sourceAddresses: EVERYWHERE },
      { protocol: "icmp", sourceAddresses: ["192.0.2.1", "2001:db8::1"] },
    ]);
    expect(firewall?.inputs.outboundRules).toEqual([
      { protocol: "tcp", portRange: "1-65535", destinationAddresses: EVERYWHERE },
      { protocol: "udp", portRange: "1-65535", destinationAddresses: EVERYWHERE },
      { protocol: "icmp", destinationAddresses: EVERYWHERE },
    ]);
  });

  it("refuse what DigitalOcean's firewalls cannot say", () => {
    const drop = firewallSpec({
      rules: [{ direction: "inbound", action: "drop", protocol: "tcp", addresses: EVERYWHERE }],
    });
    const nothing = firewallSpec({ rules: [], outboundPolicy: "drop" });
    const declare = (object: typeof drop) => () =>
      declarations.declareShared(object, { identity: "web", mark: MARK, opts: {} });

    expect(declare(drop)).toThrow(
      expect.objectContaining({ code: "FLEET_INVALID", message: expect.stringContaining("drop") }),
    );
    expect(declare(nothing)).toThrow(expect.objectContaining({ code: "FLEET_INVALID" }));
  });

  it("make a key whose name ends with the mark", async () => {
    const [key] = await declareShared(declarations, keySpec());

    expect(key?.inputs).toEqual({ name: `ops ${MARK}`, publicKey: PUBLIC_KEY });
    expect({ type: key?.type, name: key?.name }).toEqual(digitalocean.shared(keySpec(), "web"));
  });
});
