import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Accepted } from "../../controller/reconcile/accept.ts";
import type { AccountDrift } from "../../controller/reconcile/drift.ts";
import type { Execution } from "../../controller/reconcile/execute.ts";
import { Clouds } from "./clouds.ts";
import { Fleet, KEY, server } from "./fleet.ts";
import { digitaloceanRules, linodeRules, type Rules } from "./rules.ts";

/** Firewalls on three clouds, with the real engine: edits, rules changed by hand, brought back and written into the files. */
const TIMEOUT = 240_000;

interface DriftReport {
  drifted: number;
  accounts: AccountDrift[];
  reverted?: Execution;
  accepted?: Accepted;
}

const WEB = `kind: Firewall
name: web
# What the balancer needs.
rules:
  - protocol: tcp
    ports: 443
  - protocol: icmp # pings
    sources: [203.0.113.0/24]
`;

let clouds: Clouds;
let fleet: Fleet;
let linode: Rules;
let digitalocean: Rules;

beforeAll(async () => {
  clouds = await Clouds.start();
  fleet = new Fleet(clouds, { id: "firewalls" });
  fleet.write({
    "keys/ops.yaml": KEY,
    "firewalls/web.yaml": WEB,
    "servers/web-1.yaml": server("linode", "web-1", { firewalls: ["web"] }),
    "servers/web-2.yaml": server("linode", "web-2", { firewalls: ["web"] }),
    "servers/api-1.yaml": server("digitalocean", "api-1", { firewalls: ["web"] }),
  });
  fleet.commit("Begin");
  await fleet.converge();
  linode = linodeRules(clouds);
  digitalocean = digitaloceanRules(clouds);
}, TIMEOUT);

afterAll(async () => {
  await fleet?.close();
  await clouds?.close();
});

beforeEach(async () => await clouds.forgetCalls());

const drift = async (...args: string[]) => await fleet.json<DriftReport>(["drift", ...args]);
const fieldsOf = (report: DriftReport) =>
  report.accounts.flatMap(({ drifted }) => drifted.flatMap(({ name, account, fields }) => [{ name, account, fields }]));

async function expectSettled(): Promise<void> {
  expect((await fleet.preview()).effects).toEqual([]);
  expect((await fleet.preview("--full")).effects).toEqual([]);
  expect(await drift()).toMatchObject({ code: 0, drifted: 0 });
}

describe("a firewall", () => {
  it(
    "edited in the middle is shown as that one rule, on each account that has it",
    async () => {
      fleet.edit("firewalls/web.yaml", (text) =>
        text.replace(
          "  - protocol: icmp",
          "  - protocol: tcp\n    ports: 22\n    addresses: [10.0.0.0/8]\n  - protocol: icmp",
        ),
      );
      fleet.commit("Let the office in");

      const preview = await fleet.preview();
      await fleet.converge();

      const changes = [{ path: "rules[+1]", after: "accept tcp 22 from 10.0.0.0/8" }];
      expect(preview.effects.map(({ op, object, changes }) => ({ op, account: object.account, changes }))).toEqual([
        { op: "update", account: "do-main", changes },
        { op: "update", account: "linode-main", changes },
      ]);
      expect(await linode.ports()).toEqual(["443", "22", undefined]);
      expect(await digitalocean.ports()).toEqual(["22", "443", undefined]);
      await expectSettled();
    },
    TIMEOUT,
  );

  it(
    "with rules that a hand has changed is told rule by rule, from one list, and nothing is touched",
    async () => {
      await linode.open("3306");
      await linode.close("443");
      await clouds.forgetCalls();

      const report = await drift();
      const text = await fleet.run(["drift"]);

      expect(report.code).toBe(2);
      expect(fieldsOf(report)).toEqual([
        {
          name: "web",
          account: "linode-main",
          fields: [
            { path: "rules[-0]", desired: "accept tcp 443 from anywhere" },
            { path: "rules[+2]", actual: "accept tcp 3306 from anywhere" },
          ],
        },
      ]);
      expect(report.accounts.find(({ account }) => account === "linode-main")).toMatchObject({
        firewalls: 1,
        servers: 2,
      });
      expect(text.stdout).toContain("rules: - accept tcp 443 from anywhere");
      expect(text.stdout).toContain("rules: + accept tcp 3306 from anywhere");
      expect(await clouds.writes()).toEqual([]);
      const lists = (await clouds.of("linode").calls()).filter(({ route }) => route === "/v4/networking/firewalls");
      expect(lists.map(({ count }) => count)).toEqual([2]);
    },
    TIMEOUT,
  );

  it(
    "is brought back to what its file says, with effects that name each rule",
    async () => {
      const refused = await drift("--revert");
      const reverted = await drift("--revert", "--yes");

      expect(refused.code).toBe(3);
      expect(reverted.reverted).toMatchObject({ converged: 1, failed: 0 });
      expect(reverted.reverted?.preview.effects).toMatchObject([
        {
          op: "update",
          object: { kind: "Firewall", name: "web", account: "linode-main" },
          changes: [
            { path: "rules[+0]", after: "accept tcp 443 from anywhere", drift: true },
            { path: "rules[-2]", before: "accept tcp 3306 from anywhere", drift: true },
          ],
        },
      ]);
      expect(await linode.ports()).toEqual(["443", "22", undefined]);
      await expectSettled();
    },
    TIMEOUT,
  );

  it(
    "that one account has otherwise than another cannot be accepted",
    async () => {
      await linode.open("8443");

      const report = await drift("--accept");

      expect(report.code).toBe(2);
      expect(report.accepted).toMatchObject({
        accepted: [],
        refused: [{ name: "web", reason: expect.stringContaining("on do-main") }],
      });
      expect(fleet.git("status", "--porcelain")).toBe("");
    },
    TIMEOUT,
  );

  it(
    "is accepted where all have it alike: a commit of those lines, after which nothing is left to do",
    async () => {
      await digitalocean.open("8443");
      const before = fleet.git("rev-parse", "HEAD");

      const report = await drift("--accept");

      expect(report.accepted).toMatchObject({ refused: [], accepted: ["web", "web"] });
      expect(
        fleet
          .git("diff", "--unified=0", before, "HEAD")
          .split("\n")
          .filter((line) => /^[+-] /.test(line)),
      ).toEqual(["+  - protocol: tcp", '+    ports: "8443"']);
      expect(fleet.read("firewalls/web.yaml")).toContain("# pings");
      await expectSettled();
    },
    TIMEOUT,
  );

  it(
    "that a hand has deleted is made anew, and its machines are put behind it",
    async () => {
      const gone = await linode.remove();

      const report = await drift();
      const refused = await drift("--accept");
      const reverted = await drift("--revert", "--yes");

      expect(report.accounts.flatMap(({ drifted }) => drifted)).toMatchObject([
        { object: "Firewall", name: "web", kind: "gone" },
      ]);
      expect(refused.accepted?.refused).toMatchObject([{ name: "web", reason: expect.stringContaining("gone") }]);
      expect(reverted.reverted?.preview.effects.map(({ op, object }) => `${op} ${object.name}`).sort()).toEqual([
        "create web",
        "update web-1",
        "update web-2",
      ]);
      expect(reverted.reverted).toMatchObject({ converged: 3, failed: 0 });
      const [one, two] = [await clouds.server("web-1"), await clouds.server("web-2")];
      expect(await linode.id()).not.toBe(gone);
      expect(await linode.machines()).toEqual([one.id, two.id].sort());
      await expectSettled();
    },
    TIMEOUT,
  );
});
