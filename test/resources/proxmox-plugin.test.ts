import { describe, expect, it } from "vitest";
import type { PropertyMap } from "../../resources/plugin/handler.ts";
import { virtualMachineHandler } from "../../resources/proxmox/plugin.ts";
import { MARKS, MemoryJournal, machineInputs } from "./proxmox-plugin.ts";

const noCloud = () => {
  throw new Error("a check or a diff asks no cloud");
};
const handler = virtualMachineHandler({
  cloud: { observe: noCloud, findByMark: noCloud },
  call: noCloud,
  journal: new MemoryJournal(),
});
const problems = async (more: PropertyMap, old?: PropertyMap) =>
  (await handler.check(machineInputs(more), old)).failures;
const changes = async (old: PropertyMap, news: PropertyMap, outputs: PropertyMap = {}) =>
  (await handler.diff("pve1/100", { inputs: machineInputs(old), outputs }, machineInputs(news))).changes;

describe("checking a VirtualMachine", () => {
  it("takes what is right, with tags in the order of the cluster", async () => {
    const { inputs, failures } = await handler.check(
      machineInputs({ tags: [MARKS[0]!, "B+x", "a+y", "b+x"] }),
      undefined,
    );

    expect(failures).toEqual([]);
    expect(inputs.tags).toEqual(["a+y", "b+x", MARKS[0]]);
  });

  it.each<{ name: string; more: PropertyMap; path: string }>([
    { name: "a name that is no host name", more: { name: "web_1" }, path: "name" },
    { name: "no processors", more: { cores: 0 }, path: "cores" },
    { name: "half a GiB of disk", more: { diskGiB: 0.5 }, path: "diskGiB" },
    { name: "a VLAN that cannot be", more: { vlan: 5000 }, path: "vlan" },
    { name: "a key that is no text", more: { sshKeys: ["ssh-ed25519 A", 5] }, path: "sshKeys[1]" },
    { name: "a storage for a linked clone", more: { linkedClone: true, storage: "local-lvm" }, path: "storage" },
    { name: "an empty machine without a storage", more: { template: null }, path: "storage" },
    { name: "tags without the mark", more: { tags: ["env+prod"] }, path: "tags" },
    { name: "a typo", more: { coers: 2 }, path: "coers" },
  ])("refuses $name by its path", async ({ more, path }) => {
    expect((await problems(more)).map((failure) => failure.path)).toEqual([path]);
  });

  it("refuses a smaller disk on the same machine, and takes it on another", async () => {
    expect(await problems({ diskGiB: 5 }, machineInputs())).toEqual([
      { path: "diskGiB", reason: "is 10 now, and disks only grow" },
    ]);
    expect(await problems({ diskGiB: 5, mark: MARKS[1]! }, machineInputs())).toEqual([]);
  });
});

describe("the diff of a VirtualMachine", () => {
  it("replaces for another mark, node or template, and deletes first", async () => {
    expect(await changes({}, { template: "ubuntu-24.04" })).toEqual({ template: { kind: "update", replace: true } });
    expect(await changes({}, { node: "pve2" })).toEqual({ node: { kind: "update", replace: true } });
    const { changes: marked, deleteBeforeReplace } = await handler.diff(
      "pve1/100",
      { inputs: machineInputs(), outputs: {} },
      machineInputs({ mark: MARKS[1]! }),
    );
    expect(marked.mark).toEqual({ kind: "update", replace: true });
    expect(deleteBeforeReplace).toBe(true);
  });

  it("updates size, name, tags and network in place", async () => {
    const news = { name: "web-2", cores: 4, memoryMiB: 4096, diskGiB: 20, bridge: "vmbr1", vlan: 4 };

    expect(await changes({}, news)).toEqual({
      name: { kind: "update" },
      cores: { kind: "update" },
      memoryMiB: { kind: "update" },
      diskGiB: { kind: "update" },
      bridge: { kind: "update" },
      vlan: { kind: "add" },
    });
  });

  it("takes no notice of what only matters while a machine is made, or is no longer named", async () => {
    expect(await changes({}, { linkedClone: true, storage: "fast", pool: "p", waitForAgent: true })).toEqual({});
    expect(await changes({ cpuType: "host", user: "ops" }, { diskGiB: null })).toEqual({});
  });

  it("refuses a disk smaller than the actual one", async () => {
    await expect(changes({ diskGiB: null }, { diskGiB: 5 }, { diskActualGiB: 10 })).rejects.toThrow(
      /^diskGiB: .* 10 GiB/,
    );
  });
});
