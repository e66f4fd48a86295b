import { describe, expect, it } from "vitest";
import { portDrift } from "../../../controller/reconcile/port-drift.ts";
import type { PortSpec } from "../../../resources/spec.ts";

const port: PortSpec = { kind: "Port", name: "a", account: "main", provider: "openstack", network: "storage" };
const actual = { id: "1", name: "a", network: "6ef6a1c4", status: "DOWN", addresses: [] };

describe("drift of a port", () => {
  it("is its name and what it is for, and never its network", () => {
    expect(portDrift(port, actual, undefined)).toEqual([]);
    expect(portDrift({ ...port, description: "x" }, { ...actual, name: "b" }, undefined)).toEqual([
      { path: "name", desired: "a", actual: "b" },
      { path: "description", desired: "x", actual: "" },
    ]);
  });

  it("is its machine only while that runs without it", () => {
    const forMachine = { ...port, machine: "m" };

    expect(portDrift(forMachine, actual, undefined)).toEqual([]);
    expect(portDrift(forMachine, { ...actual, server: "7" }, "7")).toEqual([]);
    expect(portDrift(forMachine, actual, "7")).toEqual([{ path: "machine", desired: "m" }]);
    expect(portDrift(forMachine, { ...actual, server: "8" }, "7")).toEqual([
      { path: "machine", desired: "m", actual: "8" },
    ]);
    expect(portDrift(port, { ...actual, server: "8" }, "7")).toEqual([]);
  });
});
