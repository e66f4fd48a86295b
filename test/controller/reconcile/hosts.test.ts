import { describe, expect, it } from "vitest";
import { commandsOf } from "../../../controller/reconcile/hosts.ts";

describe("commands of a host's move", () => {
  it.each([
    {
      name: "a move",
      args: ["gpu-host-001", "L40-n3", "L40-n3-spot"],
      commands: [
        "openstack aggregate remove host L40-n3 gpu-host-001",
        "openstack aggregate add host L40-n3-spot gpu-host-001",
      ],
    },
    { name: "a new host", args: ["h1", undefined, "a"], commands: ["openstack aggregate add host a h1"] },
    { name: "a host that leaves", args: ["h1", "a", undefined], commands: ["openstack aggregate remove host a h1"] },
    { name: "no move", args: ["h1", "a", "a"], commands: [] },
    {
      name: "names that a shell would read",
      args: ["h1; reboot", undefined, "it's"],
      commands: ["openstack aggregate add host 'it'\\''s' 'h1; reboot'"],
    },
  ])("are those of the OpenStack client: $name", ({ args: [host, from, to], commands }) => {
    expect(commandsOf(host!, from, to)).toEqual(commands);
  });
});
