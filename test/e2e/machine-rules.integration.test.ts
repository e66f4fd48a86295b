import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Accepted } from "../../controller/reconcile/accept.ts";
import type { AccountDrift } from "../../controller/reconcile/drift.ts";
import type { Execution } from "../../controller/reconcile/execute.ts";
import { pveClient } from "../simulators/proxmox/client.ts";
import { Clouds, isCreate, isRemoval } from "./clouds.ts";
import { Fleet, KEY, server } from "./fleet.ts";

/** Where a cloud has rules at each machine only: part of the machine, seen, brought back and accepted rule by rule. Real engine. */
const TIMEOUT = 240_000;

interface DriftReport {
  drifted: number;
  accounts: AccountDrift[];
  reverted?: Execution;
  accepted?: Accepted;
}

const LAB = `kind: Firewall
name: lab
rules:
  - {protocol: tcp, ports: 22, sources: [10.0.0.0/8]} # the office
  - {protocol: icmp}
`;

let clouds: Clouds;
let fleet: Fleet;
let pve: ReturnType<typeof pveClient>;

beforeAll(async () => {
  clouds = await Clouds.start();
  fleet = new Fleet(clouds, { id: "machine-rules" });
  fleet.write({
    "keys/ops.yaml": KEY,
    "firewalls/lab.yaml": LAB,
    "servers/pve-1.yaml": server("proxmox", "pve-1", { firewalls: ["lab"] }),
    "servers/pve-2.yaml": server("proxmox", "pve-2", { firewalls: ["lab"] }),
    "servers/pve-3.yaml": server("proxmox", "pve-3"),
  });
  fleet.commit("Begin");
  await fleet.converge();
  pve = pveClient(clouds.url("proxmox"));
}, TIMEOUT);

afterAll(async () => {
  await fleet?.close();
  await clouds?.close();
});

beforeEach(async () => await clouds.forgetCalls());

const drift = async (...args: string[]) => await fleet.json<DriftReport>(["drift", ...args]);
const at = async (name: string) =>
  `/nodes/pve1/qemu/${(await clouds.server(name)).id.split("/").at(-1)}/firewall/rules`;
const ports = async (name: string) =>
  (await pve.data("GET", await at(name))).map(({ dport, proto }: { dport?: string; proto?: string }) => dport ?? proto);
/** A rule on top, for everybody, as somebody makes one in the web interface. */
const open = async (name: string, dport: string) =>
  await pve.data("POST", await at(name), { type: "in", action: "ACCEPT", proto: "tcp", dport, enable: 1 });

describe("rules at machines", () => {
  it(
    "edited in the firewall's file are shown at each machine that has it, and change nothing else of it",
    async () => {
      fleet.edit("firewalls/lab.yaml", (text) =>
        text.replace("  - {protocol: icmp}", "  - {protocol: tcp, ports: 443}\n  - {protocol: icmp}"),
      );
      fleet.commit("Open 443");

      const preview = await fleet.preview();
      await fleet.converge();

      const changes = [{ path: "rules[+1]", after: "accept tcp 443 from anywhere" }];
      expect(preview.effects.map(({ op, object, changes }) => ({ op, name: object.name, changes }))).toEqual([
        { op: "update", name: "pve-1", changes },
        { op: "update", name: "pve-2", changes },
      ]);
      expect(await ports("pve-1")).toEqual(["22", "443", "icmp", "ipv6-icmp"]);
      expect((await clouds.writes()).filter((call) => isCreate(call) || isRemoval(call))).toEqual([]);
      expect((await fleet.preview("--full")).effects).toEqual([]);
    },
    TIMEOUT,
  );

  it(
    "changed by hand are told rule by rule, at one read of each machine that has some, and brought back",
    async () => {
      await open("pve-1", "3306");
      await clouds.forgetCalls();

      const report = await drift();
      const reads = (await clouds.of("proxmox").calls()).filter(({ route }) => route.endsWith("/firewall/rules"));
      const reverted = await drift("--revert", "--yes");

      expect(report.accounts.flatMap(({ drifted }) => drifted)).toMatchObject([
        { object: "Server", name: "pve-1", fields: [{ path: "rules[+0]", actual: "accept tcp 3306 from anywhere" }] },
      ]);
      expect(reads.reduce((sum, { count }) => sum + count, 0)).toBe(2);
      expect(reverted.reverted?.preview.effects).toMatchObject([
        {
          op: "update",
          object: { name: "pve-1" },
          changes: [{ path: "rules[-0]", before: "accept tcp 3306 from anywhere", drift: true }],
        },
      ]);
      expect(reverted.reverted).toMatchObject({ converged: 1, failed: 0 });
      expect(await ports("pve-1")).toEqual(["22", "443", "icmp", "ipv6-icmp"]);
      expect((await fleet.preview("--full")).effects).toEqual([]);
    },
    TIMEOUT,
  );

  it(
    "are accepted where every machine has them alike, after which nothing is left to do",
    async () => {
      await open("pve-1", "8080");
      const refused = await drift("--accept");
      await open("pve-2", "8080");
      const accepted = await drift("--accept");

      expect(refused.accepted?.refused).toMatchObject([{ name: "pve-1", reason: expect.stringContaining("at pve-2") }]);
      expect(accepted.accepted).toMatchObject({ refused: [], accepted: ["pve-1", "pve-2"] });
      expect(fleet.read("firewalls/lab.yaml")).toBe(`kind: Firewall
name: lab
rules:
  - protocol: tcp
    ports: "8080"
  - {protocol: tcp, ports: 22, sources: [10.0.0.0/8]} # the office
  - {protocol: tcp, ports: 443}
  - {protocol: icmp}
`);
      expect((await fleet.preview()).effects).toEqual([]);
      expect((await fleet.preview("--full")).effects).toEqual([]);
      expect(await drift()).toMatchObject({ code: 0, drifted: 0 });
    },
    TIMEOUT,
  );
});
