import * as pulumi from "@pulumi/pulumi";
import { beforeAll, describe, expect, it } from "vitest";
import { proxmox } from "../../../resources/proxmox/index.ts";
import { serverSpec } from "../fixtures.ts";

const MARK = `fw-${"a2".repeat(10)}`;

describe("the Pulumi resources of a Proxmox VE server", () => {
  const made: pulumi.runtime.MockResourceArgs[] = [];

  beforeAll(async () => {
    await pulumi.runtime.setMocks({
      newResource: (args) => {
        made.push(args);
        return { id: "pve1/101", state: { ...args.inputs, vmid: 101 } };
      },
      call: () => ({}),
    });
  });

  it("are one machine under the name of its group, with the mark in the request", async () => {
    const server = serverSpec({ region: "pve1", size: "", resources: { vcpus: 1, memoryMiB: 1024 }, labels: {} });
    const { declareServer } = await proxmox.declarations();

    const { id } = declareServer(server, {
      identity: "web-1",
      mark: MARK,
      rebuild: 0,
      keyIds: {},
      firewallIds: {},
      opts: {},
    });

    expect(await new Promise((resolve) => id.apply(resolve))).toBe("pve1/101");
    const [group] = proxmox.group(server, "web-1");
    expect(made).toMatchObject([{ type: group?.type, name: group?.name, inputs: { mark: MARK, tags: [MARK] } }]);
  });

  it("are none for a key, which goes into each machine, and refuse a firewall", async () => {
    const { declareShared } = await proxmox.declarations();
    const before = made.length;
    const context = { identity: "x", mark: MARK, opts: {} };
    const common = { name: "x", account: "main", provider: "proxmox" };

    declareShared({ kind: "SshKey", ...common, publicKey: "ssh-ed25519 AAAA" }, context);

    expect(made).toHaveLength(before);
    const rules = { rules: [], inboundPolicy: "drop", outboundPolicy: "accept", protect: false } as const;
    expect(() => declareShared({ kind: "Firewall", ...common, ...rules, rules: [] }, context)).toThrow(
      expect.objectContaining({ code: "CLOUD_UNSUPPORTED" }),
    );
  });
});
