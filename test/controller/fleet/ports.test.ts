import { describe, expect, it } from "vitest";
import { createParsedCache } from "../../../controller/fleet/cache.ts";
import { compile } from "../../../controller/fleet/compile.ts";
import { formatProblem } from "../../../controller/fleet/problem.ts";
import { workOf } from "../../../controller/reconcile/effects.ts";
import type { AppliedObject } from "../../../controller/store/types.ts";
import { openstack } from "../../../resources/openstack/index.ts";
import type { PortSpec } from "../../../resources/spec.ts";
import { clouds, fleetFiles, server as serverFile } from "./fleet.ts";

const PORT = "kind: Port\nname: storage-1\naccount: main\nnetwork: storage-network\n";
const server = (name: string, more = "") => serverFile(name) + more;
const compiled = (files: Record<string, string>, cache = createParsedCache()) =>
  compile(fleetFiles(files), { clouds, cache });
const faultsOf = (files: Record<string, string>) => compiled(files).problems.map(formatProblem);

/** The port as it is recorded, and as a file would have it. */
function matched(more: Partial<PortSpec>) {
  const document: PortSpec = {
    kind: "Port",
    name: "storage-1",
    account: "main",
    provider: "openstack",
    network: "storage-network",
  };
  const place = { account: "main", identity: "storage-1", stack: "main.base" };
  const applied: AppliedObject = {
    ...place,
    kind: "Port",
    name: "storage-1",
    generation: 0,
    mark: "fw-aaaaaaaaaaaaaaaaaaaa",
    hash: "before",
    document,
    commit: "c0",
    refresh: false,
  };
  return {
    ...place,
    key: "Port/main/storage-1",
    applied,
    desired: { spec: { ...document, ...more }, hash: "", path: "" },
  };
}

describe("ports", () => {
  it("are compiled whether a server is plugged into them or not, and the same once taken over", () => {
    const adopted = `${PORT}description: Storage\nadopt: 6ef6a1c4-6f0e-4a1e-9d52-6a1f6f0f6b6e\n`;

    const { shared, problems } = compiled({ "ports/a.yaml": adopted });

    expect(problems).toEqual([]);
    expect(shared.get("main/Port/storage-1")?.spec).toEqual({
      kind: "Port",
      name: "storage-1",
      account: "main",
      provider: "cumulus",
      network: "storage-network",
      description: "Storage",
      adopt: "6ef6a1c4-6f0e-4a1e-9d52-6a1f6f0f6b6e",
    });
    const kept = compiled({ "ports/b.yaml": `${PORT}description: Storage\n` });
    expect(kept.shared.get("main/Port/storage-1")?.hash).toBe(shared.get("main/Port/storage-1")?.hash);
  });

  it("are part of a server in no order, and of a server without them they say nothing", () => {
    const plain = compiled({ "servers/a.yaml": server("a") }).servers.get("a");
    const plugged = compiled({ "ports/a.yaml": PORT, "servers/a.yaml": server("a", "ports: [storage-1]\n") });

    expect(plain?.spec).not.toHaveProperty("ports");
    expect(plugged.servers.get("a")?.spec.ports).toEqual(["storage-1"]);
    expect(plugged.servers.get("a")?.hash).not.toBe(plain?.hash);
  });

  it("belong to one server of their own account", () => {
    const ports = "ports: [storage-1]\n";

    expect(faultsOf({ "servers/a.yaml": server("a", ports) })).toEqual([
      expect.stringMatching(/^servers\/a\.yaml:7:\d+: .*there is no Port "storage-1"/),
    ]);
    expect(
      faultsOf({ "ports/a.yaml": PORT.replace("main", "poor"), "servers/a.yaml": server("a", ports) }).join(),
    ).toMatch(/Stratus has no ports of networks/);
    expect(
      faultsOf({ "ports/a.yaml": PORT, "servers/a.yaml": server("a", ports), "servers/b.yaml": server("b", ports) }),
    ).toEqual([expect.stringMatching(/^servers\/b\.yaml.*"storage-1" is also a port of the one in servers\/a\.yaml/)]);
  });

  it("are not for a server and for a machine that no file has", () => {
    const ports = "ports: [storage-1]\n";

    expect(compiled({ "ports/a.yaml": `${PORT}machine: gpu-host-4\n` }).problems).toEqual([]);
    expect(faultsOf({ "ports/a.yaml": `${PORT}machine: gpu-host-4\n`, "servers/a.yaml": server("a", ports) })).toEqual([
      expect.stringMatching(/^servers\/a\.yaml.*"storage-1" is for the machine gpu-host-4/),
    ]);
  });

  it("belong to one server also where only changed files are compiled", () => {
    const cache = createParsedCache();
    const files = { "ports/a.yaml": PORT, "servers/a.yaml": server("a", "ports: [storage-1]\n") };
    compiled({ ...files, "servers/b.yaml": server("b") }, cache);

    const { problems } = compiled({ ...files, "servers/b.yaml": server("b", "ports: [storage-1]\n") }, cache);

    expect(problems.map(({ path }) => path)).toEqual(["ports[0]"]);
  });

  it("are made anew on another network, and changed in place otherwise", () => {
    const opOf = (more: Partial<PortSpec>) => {
      const { desired, ...match } = matched(more);
      return workOf({ ...match, desired }, { fleetId: "acme", capabilities: openstack.capabilities })?.effect.op;
    };

    expect(opOf({ network: "other" })).toBe("replace");
    expect(opOf({ description: "for storage" })).toBe("update");
    expect(opOf({ machine: "gpu-host-4" })).toBe("update");
    expect(opOf({ adopt: "6ef6a1c4-6f0e-4a1e-9d52-6a1f6f0f6b6e" })).toBeUndefined();
  });
});
