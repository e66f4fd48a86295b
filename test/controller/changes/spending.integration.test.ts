import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { laneStates } from "../../../controller/jobs/lane-states.ts";
import { Clouds } from "../../e2e/clouds.ts";
import { Fleet, KEY, server } from "../../e2e/fleet.ts";
import { Receiver, SECRET } from "../notify/receiver.ts";
import { Desk, OTTO, signal } from "./desk.ts";

/** What an account may cost, with two services on one fleet: real git, database and engine, simulated clouds. Each server costs 5 USD a month. */
const TIMEOUT = 240_000;

let clouds: Clouds;
let fleet: Fleet;
let desk: Desk;
let other: Desk;
let receiver: Receiver;

const text = (name: string) => stringify(server("linode", name));
const add = (name: string) => [{ path: `servers/${name}.yaml`, text: text(name), ifBlob: null }];
const limit = (amount: number) =>
  `spending: { monthly: { amount: ${amount}, currency: USD }, alertAt: [0.4, 0.8], cap: true }\n`;
const approve = async (at: Desk, id: string, overrides?: { allowReplace: string[]; allowSpending: string[] }) => {
  const { preview } = await at.changes.get(id);
  const request = { hashes: [preview!.hash], by: OTTO, ...(overrides && { overrides }) };
  return await at.changes.approve(id, request, signal);
};
const has = async (name: string) => (await clouds.servers()).some((one) => one.name === name);

beforeAll(async () => {
  clouds = await Clouds.start();
  receiver = await new Receiver().start();
  const hook = { url: receiver.url, secret: { env: "FLEETWRIGHT_HOOK_SECRET" } };
  fleet = new Fleet(clouds, {
    id: "spending",
    fleet: {
      notifications: [{ name: "ops", on: ["spending"], webhook: hook }],
      policies: { dialects: { capsule: { operations: ["create"] } } },
    },
    environment: { FLEETWRIGHT_HOOK_SECRET: SECRET, FLEETWRIGHT_PRIVATE_WEBHOOKS: "127.0.0.1" },
  });
  fleet.write({ "keys/ops.yaml": KEY, "servers/web-1.yaml": text("web-1") });
  fleet.edit("accounts/linode-main.yaml", (before) => before + limit(12));
  fleet.commit("Begin");
  await fleet.converge();
  desk = await Desk.start(fleet);
  other = await Desk.start(fleet);
}, TIMEOUT);

afterAll(async () => {
  await other?.close();
  await desk?.close();
  await fleet?.close();
  await clouds?.close();
  await receiver?.stop();
});

describe("what an account may cost", () => {
  it(
    "lets one of two changes pass that fit each by itself, approved in the same moment at two controllers",
    async () => {
      const [one, two] = await Promise.all([
        desk.open("Add api-1", add("api-1")),
        other.open("Add api-2", add("api-2")),
      ]);
      const shown = await Promise.all([one, two].map(async ({ id }) => await desk.in(id, "needs-approval")));
      for (const { preview } of shown)
        expect(preview!.notes).toContainEqual(
          expect.stringMatching(/^account linode-main: 10\.00 of 12\.00 USD a month.*5\.00 before$/),
        );

      const ends = await Promise.allSettled([approve(desk, one.id), approve(other, two.id)]);

      const refused = ends.flatMap((end) => (end.status === "rejected" ? [end.reason as Error] : []));
      expect(refused).toMatchObject([
        { code: "GUARD_REFUSED", message: expect.stringContaining("--allow-spending linode-main") },
      ]);
      const [passed, left] = ends[0]!.status === "fulfilled" ? [one, two] : [two, one];
      await desk.changes.execute(passed.id, OTTO, signal);
      // Also while the first is on the main line, and on no record yet.
      await expect(approve(other, left.id)).rejects.toMatchObject({ code: "GUARD_REFUSED" });
      await desk.in(passed.id, "converged");
      await expect(approve(other, left.id)).rejects.toMatchObject({ code: "GUARD_REFUSED" });

      await desk.changes.preview(left.id, OTTO);
      const again = await desk.in(left.id, "previewed");
      expect(again.reason).toContain("linode-main may cost 12.00 USD a month, and would cost 15.00");
      expect(again.preview!.verdicts).toMatchObject([{ guard: "spending", passed: false }]);
      // Who answers for it goes ahead all the same.
      const lifted = await approve(desk, left.id, { allowReplace: [], allowSpending: ["linode-main"] });
      expect(lifted.state).toBe("approved");
      await desk.changes.close(left.id, OTTO);
      expect((await Promise.all(["api-1", "api-2"].map(has))).filter(Boolean)).toHaveLength(1);
    },
    TIMEOUT,
  );

  it(
    "refuses a call without telling what the account costs",
    async () => {
      const call = {
        dialect: "capsule" as const,
        op: "create" as const,
        objects: [{ kind: "Server" as const, name: "cap-1" }],
      };
      const called = await desk.open("Deploy cap-1", add("cap-1"), { call, executes: true });

      const closed = await desk.in(called.id, "closed");

      expect(closed.refusal).toEqual({
        code: "FORBIDDEN",
        message: "it would bring the account linode-main above what it may cost a month (spending)",
      });
      expect(await has("cap-1")).toBe(false);
    },
    TIMEOUT,
  );

  it(
    "lets what comes by commits alone be made as far as it fits, and the rest once there is room",
    async () => {
      fleet.git("checkout", "-q", "main");
      fleet.git("reset", "-q", "--hard");
      fleet.edit("accounts/linode-main.yaml", (before) => before.replace(limit(12), limit(17)));
      fleet.edit("fleet.yaml", (before) => `${before}approval: auto\n`);
      fleet.write({ "servers/n-1.yaml": text("n-1"), "servers/n-2.yaml": text("n-2") });
      fleet.commit("Two more, of which one fits");
      const waits = async () => (await laneStates(desk.controller.store)).find(({ state }) => state === "waiting");
      await desk.until(async () => (await has("n-1")) && (await waits())?.reason?.includes("may cost") === true);

      expect((await waits())!.reason).toContain(
        "account linode-main: may cost 17.00 USD a month, and would cost 20.00 with n-1, n-2",
      );
      expect(await has("n-2")).toBe(false);
      fleet.edit("accounts/linode-main.yaml", (before) => before.replace(limit(17), limit(20)));
      fleet.commit("Make room");
      await desk.until(async () => await has("n-2"));
    },
    TIMEOUT,
  );

  it(
    "is told once for each share, limit and month by two services",
    async () => {
      const told = () =>
        receiver.received.map(({ body: { data } }) => `${data.share} of ${(data.limitMicro as number) / 1e6}`).sort();
      const all = ["12", "17", "20"].flatMap((amount) => [`0.4 of ${amount}`, `0.8 of ${amount}`]).sort();
      await desk.until(async () => told().length >= all.length);

      await Promise.all([desk, other].map(async ({ service }) => await service.look()));
      expect(told()).toEqual(all);
      expect(new Set(receiver.received.map(({ headers }) => headers["webhook-id"])).size).toBe(all.length);
    },
    TIMEOUT,
  );
});
