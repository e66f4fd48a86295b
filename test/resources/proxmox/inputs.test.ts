import { describe, expect, it } from "vitest";
import { proxmox } from "../../../resources/proxmox/index.ts";
import { machineInputs } from "../../../resources/proxmox/inputs.ts";
import { serverSpec } from "../fixtures.ts";

const MARK = `fw-${"a2".repeat(10)}`;
const resources = { vcpus: 2, memoryMiB: 2048, diskGiB: 20 };
const server = serverSpec({ region: "pve1", size: "", resources, labels: {} });

describe("a server's document as a machine on Proxmox VE", () => {
  it("clones the image in full onto the region's node", () => {
    expect(machineInputs(server, { mark: MARK })).toEqual({
      mark: MARK,
      name: "web-1.example.net",
      node: "pve1",
      template: "debian-12",
      linkedClone: false,
      cores: 2,
      memoryMiB: 2048,
      diskGiB: 20,
      bridge: "vmbr0",
      tags: [MARK],
      sshKeys: [],
      ipconfig: "ip=dhcp",
      waitForAgent: false,
    });
  });

  it("takes from the account what the server leaves open, and nothing else", () => {
    const accountOptions = { storage: "fast", bridge: "vmbr1", pool: "fleet", templates: { "debian-12": 9000 } };
    const own = { ...server, options: { bridge: "vmbr7" } };

    expect(machineInputs(own, { mark: MARK, accountOptions })).toMatchObject({
      storage: "fast",
      bridge: "vmbr7",
      pool: "fleet",
      template: "9000",
    });
  });

  it("gives a linked clone no storage, because it lies where its template does", () => {
    const linked = { ...server, options: { linkedClone: true } };

    expect(machineInputs(linked, { mark: MARK, accountOptions: { storage: "fast" } })).not.toHaveProperty("storage");
  });

  it("refuses user data, which the API cannot store", () => {
    const asking = { ...server, createOnly: { ...server.createOnly, userData: { text: "#cloud-config" } } };

    expect(proxmox.problems(asking)).toEqual([expect.objectContaining({ path: "userData" })]);
    expect(() => machineInputs(asking, { mark: MARK })).toThrow(expect.objectContaining({ code: "FLEET_INVALID" }));
  });

  it("refuses a machine without processors or memory", () => {
    expect(() => machineInputs({ ...server, resources: { vcpus: 1 } }, { mark: MARK })).toThrow(
      expect.objectContaining({ code: "FLEET_INVALID", message: expect.stringContaining("memoryMiB") }),
    );
  });

  it("expects what the cluster reports when all is as desired", () => {
    const own = { ...server, labels: { role: "web" }, options: { node: "pve2", cores: 8 } };

    expect(proxmox.expect(own, MARK)).toEqual({
      name: "web-1.example.net",
      region: "pve2",
      vcpus: 8,
      memoryMiB: 2048,
      diskGiB: 20,
      tags: [MARK, "role+web"],
      power: "running",
    });
  });
});
