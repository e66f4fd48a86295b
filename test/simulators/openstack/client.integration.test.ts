import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  OPENSTACK_PASSWORD,
  OPENSTACK_PROJECT,
  OPENSTACK_USERNAME,
  startOpenStack,
} from "../../../simulators/openstack/index.ts";
import { installedPackage, PackageMissing } from "../../../simulators/python-package.ts";
import type { Json } from "../http.ts";
import { CLIENT, type Outcome, runClient } from "./stock-client.ts";

const missing = await installedPackage(CLIENT).then(
  () => undefined,
  (error: unknown) => {
    if (error instanceof PackageMissing) return `skipped: ${error.message}`;
    throw error;
  },
);

describe.skipIf(missing !== undefined)(
  `The stock client works on the simulated OpenStack${missing ? ` (${missing})` : ""}`,
  () => {
    const folder = mkdtempSync(path.join(tmpdir(), "fleetwright-client-"));
    const key = path.join(folder, "key.pub");
    const commands = [
      "token issue -f json",
      "catalog list -f json",
      "flavor list -f json",
      "image list -f json",
      "network list -f json",
      `keypair create --public-key ${key} ops -f json`,
      "security group create web -f json",
      "security group rule create --protocol tcp --dst-port 22 web -f json",
      "server create --flavor m1.small --image debian-12 --network private --key-name ops --security-group web --property fleetwright=x vm -f json",
      "server list -f json",
      "server stop vm",
      "server show vm -f json",
      "server start vm",
      "server delete vm",
      "keypair delete ops",
      "aggregate remove host A100-n3-spot gpu-host-3 -f json",
      "aggregate add host A100-n3 gpu-host-3 -f json",
      "aggregate list --long -f json",
      "hypervisor list -f json",
      "availability zone list --compute -f json",
      "server show nothing",
    ];
    const done = new Map<string, Outcome>();

    // One process for all of them: each start of the client takes seconds.
    beforeAll(async () => {
      const publicKey =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ3vpUXrEGs2cX5nyAgDX0Q6qLX4zXvVYp7fW0mNn9aR someone@example";
      writeFileSync(key, `${publicKey}\n`);
      const simulator = await startOpenStack({ provisionMs: 5, actionMs: 5 });
      const env = {
        OS_AUTH_URL: `${simulator.url}/identity`,
        OS_USERNAME: OPENSTACK_USERNAME,
        OS_PASSWORD: OPENSTACK_PASSWORD,
        OS_PROJECT_NAME: OPENSTACK_PROJECT,
        OS_USER_DOMAIN_NAME: "Default",
        OS_PROJECT_DOMAIN_NAME: "Default",
      };
      const split = commands.map((command) => command.split(" "));
      for (const outcome of await runClient(await installedPackage(CLIENT), env, split))
        done.set(outcome.command, outcome);
      await simulator.close();
    }, 180_000);
    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    const outcomeOf = (start: string): Outcome => {
      const command = commands.find((candidate) => candidate.startsWith(start)) ?? "";
      return done.get(command) ?? { command, status: -1, output: "", error: "it did not run" };
    };
    const answer = (start: string): Json => {
      const { status, output, error } = outcomeOf(start);
      expect(status, `${start}: ${error}`).toBe(0);
      return output.trim() === "" ? undefined : JSON.parse(output);
    };
    const names = (start: string) => answer(start).map((item: Json) => item.Name);

    it("to log in and to see what there is", () => {
      expect(answer("token issue").project_id).toMatch(/^[0-9a-f]{32}$/);
      expect(names("catalog list").sort()).toEqual(["glance", "keystone", "neutron", "nova", "placement"]);
      expect(names("flavor list")).toEqual(expect.arrayContaining(["m1.small", "g1.a100"]));
      expect(names("image list")).toEqual(expect.arrayContaining(["debian-12", "ubuntu-24.04"]));
      expect(names("network list").sort()).toEqual(["private", "public"]);
    });

    it("over the life of a server, with its key and its firewall", () => {
      expect(answer("keypair create").name).toBe("ops");
      expect(answer("security group create").name).toBe("web");
      expect(answer("security group rule create")).toMatchObject({ direction: "ingress", port_range_min: 22 });
      expect(answer("server create")).toMatchObject({ name: "vm" });
      expect(answer("server list")).toEqual([
        expect.objectContaining({ Name: "vm", Flavor: "m1.small", Image: "debian-12" }),
      ]);
      expect(answer("server stop")).toBeUndefined();
      expect(answer("server show vm")).toMatchObject({
        status: "SHUTOFF",
        key_name: "ops",
        properties: { fleetwright: "x" },
      });
      for (const last of ["server start", "server delete", "keypair delete"]) expect(answer(last)).toBeUndefined();
    });

    it("to move a host between aggregates with the commands that a preview shows", () => {
      expect(answer("aggregate remove host").hosts).toEqual([]);
      expect(answer("aggregate add host").hosts).toEqual(["gpu-host-1", "gpu-host-2", "gpu-host-3"]);
      expect(names("aggregate list")).toContain("A100-n3-spot");
      expect(answer("hypervisor list")).toHaveLength(7);
      expect(answer("availability zone list").map((item: Json) => item["Zone Name"])).toEqual(["nova", "zone-b"]);
    });

    it("and is told what there is not", () => {
      expect(outcomeOf("server show nothing")).toMatchObject({
        status: 1,
        error: expect.stringContaining("No Server found for nothing"),
      });
    });
  },
);
