import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openStore } from "../../controller/store/open.ts";
import { isSigned, Receiver, SECRET } from "../controller/notify/receiver.ts";
import { Clouds, isCreate, isRemoval } from "./clouds.ts";
import { accountFile, Fleet, server as keyed } from "./fleet.ts";
import { type LogLine, Serving, withRemote } from "./serving.ts";

/** What the service does by itself with what a hand has changed, and whom it tells. */
const TIMEOUT = 240_000;

const server = (name: string, cloud: "linode" | "digitalocean" = "linode", more: object = {}) =>
  keyed(cloud, name, { keys: [], ...more });

let clouds: Clouds;
let fleet: Fleet;
let clone: string;
let serving: Serving;
let receiver: Receiver;

beforeAll(async () => {
  clouds = await Clouds.start();
  receiver = await new Receiver().start();
  const webhook = { url: receiver.url, secret: { env: "FLEETWRIGHT_HOOK_OPS" } };
  fleet = new Fleet(clouds, {
    id: "policy",
    fleet: {
      approval: "auto",
      policies: { drift: { every: "3s", policy: "revert" } },
      notifications: [{ name: "ops", webhook }],
    },
    environment: { FLEETWRIGHT_HOOK_OPS: SECRET, FLEETWRIGHT_PRIVATE_WEBHOOKS: "127.0.0.1" },
  });
  fleet.write({
    "servers/app-1.yaml": server("app-1"),
    "servers/web-2.yaml": server("web-2"),
    "servers/safe-1.yaml": server("safe-1", "linode", { drift: { policy: "revert-safe" } }),
    "servers/off-1.yaml": server("off-1", "linode", { power: "stopped" }),
    "servers/api-1.yaml": server("api-1", "digitalocean"),
  });
  fleet.commit("Begin");
  ({ clone } = withRemote(fleet));
  serving = new Serving(fleet, clone, ["--poll-seconds", "1", "--drift-seconds", "0", "--retry-seconds", "1"]);
  for (const account of ["linode-main", "do-main"])
    await serving.line(account, ({ msg, lane }) => msg === "converged" && lane === account);
}, TIMEOUT);

afterAll(async () => {
  await receiver?.stop();
  await fleet?.close();
  await clouds?.close();
});

const change = async (name: string, patch: object) => {
  const { cloud, id } = await clouds.server(name);
  await clouds.of(cloud).change(id, patch);
};

const about =
  (name: string, words: string) =>
  ({ object, msg }: LogLine): boolean =>
    object === name && msg.includes(words);

const messages = (type: string, name: string) =>
  receiver.ofType(type).filter(({ body: { data } }) => (data.names as string[] | undefined)?.includes(name));

describe("the policies of drift", () => {
  it(
    "bring back by themselves what is changed in place, with the policy's commit on record, and tell when it began and ended",
    async () => {
      await change("app-1", { power: "stopped" });

      await serving.line("app-1", about("app-1", "was reverted"));
      await expect.poll(() => messages("drift.ended", "app-1").length, { timeout: 60_000 }).toBe(1);

      expect((await clouds.server("app-1")).power).toBe("running");
      const [began, ...others] = messages("drift.started", "app-1");
      expect(others).toEqual([]);
      expect(isSigned(began!, SECRET)).toBe(true);
      expect(began!.body.data).toMatchObject({ fleet: "policy", account: "linode-main", path: "power", count: 1 });
      const store = await openStore({ dataDir: fleet.dataDir });
      const { rows } = await store.jobs.executeSql(
        "select approved_by, done_at is not null as done from approval where approved_by like 'policy: drift%'",
      );
      await store.close();
      expect(rows).toEqual([
        { approved_by: `policy: drift revert, fleet.yaml at ${fleet.git("rev-parse", "HEAD")}`, done: true },
      ]);
    },
    TIMEOUT,
  );

  it(
    "leave to a person what would be made anew, what would be switched off, and what is not among the safe fields",
    async () => {
      await clouds.forgetCalls();
      const gone = await clouds.server("web-2");
      await change("off-1", { power: "running" });
      await change("safe-1", { power: "stopped" });
      await clouds.of(gone.cloud).remove(gone.id);

      const left = await Promise.all(
        ["web-2", "off-1", "safe-1"].map(async (name) =>
          String((await serving.line(name, about(name, "is not reverted by itself"))).reason),
        ),
      );
      for (const name of ["web-2", "safe-1"])
        await expect.poll(() => messages("drift.started", name).length, { timeout: 60_000 }).toBe(1);

      expect(left).toEqual([
        "it is gone: to make it anew is never automatic",
        "a machine is never switched off by itself",
        "not among the safe fields: power",
      ]);
      expect((await clouds.writes()).filter((call) => isCreate(call) || isRemoval(call))).toEqual([]);
      expect((await clouds.server("off-1")).power).toBe("running");
      expect((await clouds.server("safe-1")).power).toBe("stopped");
      expect(messages("drift.started", "safe-1")[0]!.body.data).toMatchObject({ path: "power", actual: "stopped" });
    },
    TIMEOUT,
  );

  it(
    "wait while the account is frozen, and one revert that fails holds up no other",
    async () => {
      const from = serving.lines.length;
      const freeze = { until: new Date(Date.now() + 3_600_000).toISOString(), reason: "the fair" };
      fleet.write({ "accounts/do-main.yaml": { ...accountFile(clouds, "digitalocean", 2), freeze } });
      const commit = fleet.commit("Freeze");
      fleet.git("push", "-q");
      await serving.line("the freeze", (line) => line.msg === "new commit" && line.commit === commit);
      const { id } = await clouds.server("app-1");
      await clouds.of("linode").fault({
        match: { method: "POST", path: `^/v4/linode/instances/${id}/boot$` },
        times: 1000,
        action: { kind: "status", status: 400 },
      });
      await clouds.forgetCalls();
      await change("api-1", { power: "stopped" });
      await change("app-1", { power: "stopped" });
      await change("safe-1", { power: "running", tags: [...(await clouds.server("safe-1")).tags, "by-hand"] });

      const held = await serving.line("api-1", about("api-1", "is not reverted by itself"), from);
      await serving.line("safe-1", about("safe-1", "was reverted"), from, 220_000);
      await serving.line("app-1", about("app-1", "could not be reverted"), from);
      await expect.poll(() => receiver.ofType("drift.unreverted").length, { timeout: 30_000 }).toBe(1);

      expect(held.reason).toBe("account do-main: the fair");
      expect((await clouds.server("api-1")).power).toBe("stopped");
      expect((await clouds.writes()).filter((call) => call.includes("/v2/"))).toEqual([]);
      expect((await clouds.server("safe-1")).tags).not.toContain("by-hand");
      await clouds.clearFaults();
    },
    TIMEOUT,
  );

  it(
    "give up what somebody changes back again and again, and say so once",
    async () => {
      let reverts = 0;
      for (;;) {
        const from = serving.lines.length;
        await change("safe-1", { tags: [...(await clouds.server("safe-1")).tags, "again"] });
        const line = await serving.line(
          "safe-1",
          (line) => about("safe-1", "was reverted")(line) || about("safe-1", "not reverted by itself")(line),
          from,
        );
        if (!line.msg.includes("was reverted")) break;
        reverts += 1;
      }
      await expect.poll(() => receiver.ofType("drift.fought").length, { timeout: 30_000 }).toBe(1);

      // One before, in the test above.
      expect(reverts).toBe(2);
      expect((await clouds.server("safe-1")).tags).toContain("again");
      expect(receiver.ofType("drift.fought")[0]!.body.data).toMatchObject({
        name: "safe-1",
        paths: ["labels"],
        times: 3,
      });
      expect(JSON.stringify([receiver.received, serving.lines])).not.toContain(clouds.tokens.linode);
      expect(JSON.stringify(serving.lines)).not.toContain(SECRET);
      expect(await serving.end()).toBe(0);
    },
    TIMEOUT,
  );

  it(
    "are told to whoever takes a test message",
    async () => {
      const before = receiver.received.length;

      const good = await fleet.json<{ targets: object[] }>(["--fleet", clone, "notify", "--test"]);
      receiver.answer = () => 403;
      const bad = await fleet.json<{ targets: object[] }>(["--fleet", clone, "notify", "--test"]);

      expect(good).toMatchObject({ code: 0, targets: [{ name: "ops", sent: 1 }] });
      expect(bad).toMatchObject({ code: 1, targets: [{ name: "ops", sent: 0, error: "it answered 403" }] });
      expect(receiver.received[before]!.body).toMatchObject({ type: "test", data: { fleet: "policy", target: "ops" } });
    },
    TIMEOUT,
  );
});
