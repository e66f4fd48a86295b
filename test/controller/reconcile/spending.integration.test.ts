import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { collect, deliver } from "../../../controller/notify/outbox.ts";
import type { Controller } from "../../../controller/reconcile/context.ts";
import type { Desired } from "../../../controller/reconcile/desired.ts";
import { spendingTallies } from "../../../controller/reconcile/spending.ts";
import { tellSpending } from "../../../controller/reconcile/spending-alerts.ts";
import { spendingNow } from "../../../controller/reconcile/spending-judge.ts";
import { openStore } from "../../../controller/store/open.ts";
import type { PassRecord, SeenServer, Store } from "../../../controller/store/types.ts";
import type { NotificationTarget, SpendingLimit } from "../../../resources/spec.ts";
import { Mailbox } from "../notify/mailbox.ts";
import { Receiver, SECRET } from "../notify/receiver.ts";
import { makeDataDir, removeDataDir } from "../store/support.ts";
import { approveOne, controllerOn, EACH, spendingFleet } from "./approvers.ts";
import { appliedOf, serverSpec } from "./specs.ts";

/** What accounts may cost, with a real database that several controllers share, real webhooks and real mail. */
const TIMEOUT = 60_000;
const { signal } = new AbortController();
const dataDir = makeDataDir();
let store: Store;
let other: Store;

beforeAll(async () => {
  store = await openStore({ dataDir });
  other = await openStore({ dataDir });
});
afterAll(async () => {
  await other?.close();
  await store?.close();
  await removeDataDir(dataDir);
});

const limitOf = (amount: number, over: Partial<SpendingLimit> = {}): SpendingLimit => ({
  monthly: { amount, currency: "USD" },
  alertAt: [0.5, 0.8, 1],
  cap: true,
  ...over,
});
const named = (prefix: string, count: number) => Array.from({ length: count }, (_, index) => `${prefix}-${index}`);
const spec = (name: string) => serverSpec(name, { account: "main", size: "s", region: "east" });
const now = async (desired: Desired) => spendingNow((await spendingTallies(controllerOn(store), desired)).get("main")!);

async function forgetApprovals(): Promise<void> {
  await store.closeApprovals([...(await store.openApprovals()).keys()]);
}

describe("a cap", () => {
  it(
    "lets no more pass than fit, by however many calls and processes at once",
    async () => {
      const [amount, fits] = [EACH * 4 + 1, 4];
      const names = ["here", "there", "one", "two"].flatMap((prefix) => named(prefix, 4));
      const desired = spendingFleet(names, limitOf(amount));
      const here = async (database: Store, prefix: string) =>
        (
          await Promise.all(
            named(prefix, 4).map(async (name) =>
              (await approveOne(controllerOn(database), desired, name)) ? [name] : [],
            ),
          )
        ).flat();
      const elsewhere = async (prefix: string) => {
        const args = [dataDir, JSON.stringify(names), JSON.stringify(named(prefix, 4)), String(amount)];
        const script = join(import.meta.dirname, "approver.ts");
        const { stdout } = await promisify(execFile)(process.execPath, [script, ...args]);
        return JSON.parse(stdout) as string[];
      };

      const passed = (
        await Promise.all([here(store, "here"), here(other, "there"), elsewhere("one"), elsewhere("two")])
      ).flat();

      expect(passed).toHaveLength(fits);
      expect([...(await store.openApprovals()).values()].map(({ object }) => object).sort()).toEqual(
        passed.map((name) => `Server//${name}`).sort(),
      );
      expect(await now(desired)).toMatchObject({ committedMicro: fits * EACH * 1e6 });
      await forgetApprovals();
    },
    TIMEOUT,
  );

  it("has room again once something is gone, and counts a machine once, whoever knows of it", async () => {
    const desired = spendingFleet(["a", "b"], limitOf(EACH * 2));
    await store.putAccount({ identity: "main", name: "main", cells: 1 });
    await store.putObjects([appliedOf(spec("a"), { cloudId: "1" })]);
    await store.recordPass(
      pass("2026-11-10", [machine("1", "managed"), machine("2", "foreign"), machine("3", "managed")]),
    );

    // The record of the third is gone since: it was deleted.
    expect(await now(desired)).toMatchObject({ committedMicro: 2 * EACH * 1e6, uncounted: 0 });
    expect(await approveOne(controllerOn(store), desired, "b")).toBe(false);
    await store.putObjects([appliedOf(spec("b"), { cloudId: "2" })]);
    expect(await now(desired)).toMatchObject({ committedMicro: 2 * EACH * 1e6 });
    await store.removeObjects([appliedOf(spec("a"))]);
    expect(await approveOne(controllerOn(store), desired, "a")).toBe(true);

    await forgetApprovals();
    await store.removeObjects([appliedOf(spec("b"))]);
    await store.recordPass(pass("2026-11-10", [], { gone }));
    expect(await now(desired)).toMatchObject({ committedMicro: 0 });
  });
});

function machine(id: string, whose: SeenServer["class"]): SeenServer {
  const at = "2026-11-10T00:00:00.000Z";
  return {
    id,
    name: `machine-${id}`,
    class: whose,
    region: "east",
    state: "running",
    firstSeen: at,
    lastSeen: at,
    monthly: { monthlyMicro: EACH * 1e6, hourlyMicro: 7_500, currency: "USD" },
    actual: { id, name: `machine-${id}`, power: "running" } as unknown as SeenServer["actual"],
  };
}

const gone = ["1", "2", "3"].map((id) => ({ id, lastSeen: "2026-11-10T00:00:00.000Z" }));
let passes = 0;

function pass(day: string, seen: SeenServer[], more: Partial<PassRecord> = {}): PassRecord {
  passes += 1;
  const at = `${day}T00:00:00.000Z`;
  const record = { number: passes, fingerprint: "f", listedAt: at, readAt: at };
  return { account: "main", pass: record, seen, gone: [], ...more };
}

describe("an alert", () => {
  const MONTH = Date.parse("2026-11-16T00:00:00Z");
  let at = MONTH;
  const controllers = (): Controller[] => [store, other].map((one) => ({ ...controllerOn(one), now: () => at }));
  const told = async (desired: Desired) =>
    (await Promise.all(controllers().map(async (one) => await tellSpending(one, desired))))
      .flat()
      .map(({ share, by, month }) => `${month} ${share} ${by}`);

  it(
    "is told once for each share and month, whoever looks and whatever is begun anew, by webhook and by mail",
    async () => {
      const receiver = await new Receiver().start();
      const mailbox = await new Mailbox({ disabledCommands: ["STARTTLS"] }).start();
      const targets: NotificationTarget[] = [
        { name: "hook", on: ["spending"], by: { kind: "webhook", url: receiver.url, secret: { env: "HOOK" } } },
        {
          name: "mail",
          on: ["spending"],
          by: {
            kind: "mail",
            to: ["ops@example.net"],
            from: "fleetwright@example.net",
            smtp: { host: "127.0.0.1", port: mailbox.port },
          },
        },
      ];
      const made = spendingFleet(["a", "b"], limitOf(EACH * 2));
      const desired = { ...made, fleet: { ...made.fleet, id: "spending", notifications: targets } };
      const environment = { FLEETWRIGHT_PRIVATE_WEBHOOKS: "127.0.0.1", HOOK: SECRET };
      const send = async () => {
        const senders = controllers().map((one) => ({ ...one, environment }));
        await Promise.all(senders.map(async (one) => await collect(one, desired)));
        for (const target of targets) await deliver(senders[0]!, desired, target, signal);
      };
      await send();

      expect(await told(desired)).toEqual([]);
      // By a change: it counts from its approval on.
      await approveOne({ ...controllerOn(store), now: () => at }, desired, "a");
      expect(await told(desired)).toEqual(["2026-11 0.5 committed"]);
      expect(await told(desired)).toEqual([]);
      await send();
      await other.close();
      other = await openStore({ dataDir });
      expect(await told(desired)).toEqual([]);
      await send();

      expect(receiver.received.map(({ body }) => body)).toMatchObject([
        {
          type: "spending.alert",
          data: {
            account: "main",
            share: 0.5,
            by: "committed",
            currency: "USD",
            limitMicro: 10e6,
            committedMicro: 5e6,
            summary: "main has come to 50 % of the 10.00 USD that it may cost a month",
          },
        },
      ]);
      expect(mailbox.mails.map(({ to }) => to)).toEqual([["ops@example.net"]]);
      expect(mailbox.mails[0]!.text).toContain("Subject: [spending] main has come to 50 %");
      await receiver.stop();
      await mailbox.stop();
    },
    TIMEOUT,
  );

  it("is told by time alone, of another limit and of another month anew", async () => {
    const desired = spendingFleet(["a"], limitOf(EACH * 2));
    await forgetApprovals();
    // Machines of 20 USD a month for half a month, which are gone by now.
    const costs = [{ class: "managed" as const, currency: "USD", servers: 4, monthlyMicro: 20e6 }];
    await store.recordPass(pass("2026-11-01", [], { costs }));
    expect(await told(desired)).toEqual(["2026-11 0.8 spent", "2026-11 1 spent"]);
    expect(await told(spendingFleet(["a"], limitOf(20)))).toEqual(["2026-11 0.5 spent"]);

    at = Date.parse("2026-12-01T00:00:00Z");
    expect(await told(desired)).toEqual([]);
    await approveOne({ ...controllerOn(store), now: () => at }, desired, "a");
    expect(await told(desired)).toEqual(["2026-12 0.5 committed"]);
  });
});
