import { describe, expect, it } from "vitest";
import { declarations } from "../../../resources/linode/declare.ts";
import { linode } from "../../../resources/linode/index.ts";
import { declareServer, declareShared, firewallSpec, keySpec, MARK, PUBLIC_KEY } from "../declared.ts";
import { serverSpec } from "../fixtures.ts";

const server = serverSpec({
  size: "g6-nanode-1",
  region: "us-east",
  firewalls: ["web"],
  createOnly: { image: "linode/debian12", keys: [{ name: "ops", publicKey: `${PUBLIC_KEY}\n` }] },
});
const context = { keyIds: {}, firewallIds: { web: "71" }, userData: "#cloud-config\n", rebuild: 3 };

describe("a Linode as declared", () => {
  it("carries label, size, labels and mark, and neither password nor power", async () => {
    const [instance] = await declareServer(declarations, server, context);

    expect(instance?.inputs).toEqual({
      label: "web-1.example.net",
      region: "us-east",
      type: "g6-nanode-1",
      image: "linode/debian12",
      tags: [MARK, "role:web", "tier:_46_ront_20__45_nd"],
      backupsEnabled: false,
      authorizedKeys: [PUBLIC_KEY],
      metadatas: [{ userData: Buffer.from("#cloud-config\n").toString("base64") }],
    });
  });

  it("runs a StackScript when it is made, whose answers are no inputs", async () => {
    const createOnly = { ...server.createOnly, secrets: { stackscriptData: { hostname: "s-1" } } };
    const spec = { ...server, createOnly, options: { stackscriptId: 12345 } };
    const [instance] = await declareServer(declarations, spec, context);

    expect(instance?.inputs).toMatchObject({ stackscriptId: 12345 });
    expect(instance?.opts.ignoreChanges).toContain("stackscriptId");
    expect(JSON.stringify(instance?.inputs)).not.toContain("s-1");
  });

  it("is labelled by the server's name where several may have one host name", async () => {
    const spec = { ...server, name: "vps-0b9d7a543c5e", options: { labelFrom: "name" } };
    const [instance] = await declareServer(declarations, spec, context);

    expect(instance?.inputs.label).toBe("vps-0b9d7a543c5e");
    expect(linode.expect(spec, MARK).name).toBe("vps-0b9d7a543c5e");
  });

  it("is labelled as its file says, where no host name can be that", async () => {
    const spec = { ...server, options: { label: "Web_1", labelFrom: "name" } };
    const [instance] = await declareServer(declarations, spec, context);

    expect(instance?.inputs.label).toBe("Web_1");
    expect(linode.expect(spec, MARK).name).toBe("Web_1");
  });

  it("keeps user data secret, and leaves it out where there is none", async () => {
    const [withData] = await declareServer(declarations, server, context);
    const [without] = await declareServer(declarations, server, { firewallIds: context.firewallIds });

    expect(withData?.secrets).toEqual(["metadatas"]);
    expect(without?.inputs).not.toHaveProperty("metadatas");
  });

  it("is replaced by `rebuild` and by region only, deleting first", async () => {
    const [instance] = await declareServer(declarations, server, context);

    expect(instance?.opts).toMatchObject({
      replacementTrigger: 3,
      deleteBeforeReplace: true,
      replaceOnChanges: ["region"],
    });
    expect(instance?.opts.ignoreChanges).toEqual(expect.arrayContaining(["image", "authorizedKeys", "metadatas"]));
    expect(instance?.opts.ignoreChanges).not.toContain("type");
  });

  it("declares the trigger from 0 on, because it acts only between two recorded values", async () => {
    const [instance] = await declareServer(declarations, server, { ...context, rebuild: 0 });

    expect(instance?.opts.replacementTrigger).toBe(0);
  });

  it("has its firewalls attached within its own group, by literal id", async () => {
    const [, ...devices] = await declareServer(declarations, server, context);

    expect(devices.map(({ name, inputs }) => ({ name, ...inputs }))).toEqual([
      { name: "web-1.web", firewallId: 71, entityId: 1001 },
    ]);
  });

  it("is named as the group says", async () => {
    const resources = await declareServer(declarations, server, context);

    expect(resources.map(({ type, name }) => ({ type, name }))).toEqual(linode.group(server, "web-1"));
  });

  it("is refused without the firewall that the base stack should have made", () => {
    const missing = () =>
      declarations.declareServer(server, {
        identity: "web-1",
        mark: MARK,
        rebuild: 0,
        keyIds: {},
        firewallIds: {},
        opts: {},
      });

    expect(missing).toThrow(
      expect.objectContaining({ code: "FLEET_INVALID", message: expect.stringContaining("web") }),
    );
  });

  it("is refused with a label that makes no tag", () => {
    const long = { ...server, labels: { note: "x".repeat(60) } };

    expect(() =>
      declarations.declareServer(long, {
        identity: "web-1",
        mark: MARK,
        rebuild: 0,
        keyIds: {},
        firewallIds: {},
        opts: {},
      }),
    ).toThrow(/labels\.note.*3 to 50/);
    expect(linode.problems(long)).toHaveLength(1);
    expect(linode.problems(server)).toEqual([]);
  });
});

describe("shared objects on Linode, as declared", () => {
  it("make a firewall with its mark as tag", async () => {
    const [firewall] = await declareShared(declarations, firewallSpec());

    expect(firewall?.inputs).toEqual({
      label: "web",
      tags: [MARK],
      inboundPolicy: "DROP",
      outboundPolicy: "ACCEPT",
      inbounds: [
        {
          label: "inbound-1",
          action: "ACCEPT",
          protocol: "TCP",
          ports: "80, 8000-8080",
          ipv4s: ["0.0.0.0/0"],
          ipv6s: ["::/0"],
        },
        { label: "inbound-2", action: "ACCEPT", protocol: "ICMP", ipv4s: ["192.0.2.1/32"], ipv6s: ["2001:db8::1/128"] },
      ],
      outbounds: [],
    });
    expect({ type: firewall?.type, name: firewall?.name }).toEqual(linode.shared(firewallSpec(), "web"));
  });

  it("make a key whose label ends with the mark", async () => {
    const [key] = await declareShared(declarations, keySpec());

    expect(key?.inputs).toEqual({ label: `ops ${MARK}`, sshKey: PUBLIC_KEY });
    expect({ type: key?.type, name: key?.name }).toEqual(linode.shared(keySpec(), "web"));
  });
});
