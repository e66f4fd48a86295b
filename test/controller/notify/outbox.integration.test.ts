import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { generate } from "selfsigned";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { deadLetters } from "../../../controller/jobs/letters.ts";
import { createLog } from "../../../controller/jobs/log.ts";
import { Notifier } from "../../../controller/jobs/notifier.ts";
import { JobQueue } from "../../../controller/jobs/queue.ts";
import type { Message } from "../../../controller/notify/message.ts";
import { collect, deliver } from "../../../controller/notify/outbox.ts";
import { isPrivate } from "../../../controller/notify/reach.ts";
import { send } from "../../../controller/notify/send.ts";
import type { Controller } from "../../../controller/reconcile/context.ts";
import type { Desired } from "../../../controller/reconcile/desired.ts";
import { holderName } from "../../../controller/reconcile/leases.ts";
import { openStore } from "../../../controller/store/open.ts";
import type { Store } from "../../../controller/store/types.ts";
import type { NotificationTarget } from "../../../resources/spec.ts";
import { createMemoryCloud } from "../../memory/cloud.ts";
import { memoryController } from "../reconcile/controller.ts";
import { desiredOf } from "../reconcile/passes.ts";
import { makeDataDir, removeDataDir } from "../store/support.ts";
import { Mailbox } from "./mailbox.ts";
import { isSigned, Receiver, SECRET } from "./receiver.ts";

/** Messages on their way: a real database, a real receiver of webhooks and a real mail server. */
const { signal } = new AbortController();
const dataDir = makeDataDir();
const environment: Record<string, string> = {
  FLEETWRIGHT_PRIVATE_WEBHOOKS: "127.0.0.1",
  FLEETWRIGHT_HOOK: SECRET,
  FLEETWRIGHT_MAIL: "a password of this test",
};

let store: Store;
let controller: Controller;
let receiver: Receiver;
let number = 0;

beforeAll(async () => {
  store = await openStore({ dataDir });
});
afterAll(async () => {
  await store?.close();
  await removeDataDir(dataDir);
});
beforeEach(async () => {
  receiver = await new Receiver().start();
  number += 1;
  controller = {
    ...memoryController(createMemoryCloud(), store),
    environment,
    holder: holderName(process.pid),
    now: Date.now,
  };
});
afterEach(async () => await receiver.stop());

const webhook = (more: Partial<NotificationTarget> = {}): NotificationTarget => ({
  name: `hook-${number}`,
  on: ["failure", "expiry"],
  by: { kind: "webhook", url: receiver.url, secret: { env: "FLEETWRIGHT_HOOK" } },
  ...more,
});

function desired(...notifications: NotificationTarget[]): Desired {
  const made = desiredOf(createMemoryCloud().account.spec, []);
  return { ...made, fleet: { ...made.fleet, id: "outbox", notifications } };
}

const happen = async (lane: string, reason = "down") =>
  await store.event({ kind: "failure.lane", data: { lane, reason } });

const lanes = () => receiver.received.map(({ body }) => body.data.lane);
const ids = () => receiver.received.map(({ headers }) => headers["webhook-id"]);

/** A target that is known, so that what happens from now on is for it. */
async function known(target: NotificationTarget): Promise<Desired> {
  const fleet = desired(target);
  await collect(controller, fleet);
  return fleet;
}

describe("an outbox", () => {
  it("sends a message once more under its id when it is asked to, and tells of what it holds", async () => {
    const target = webhook();
    const fleet = await known(target);
    await happen("one");
    await collect(controller, fleet);
    await deliver(controller, fleet, target, signal);

    const [record] = await store.notifications(1);
    const resent = await store.resend(record!.id);
    const sent = await deliver(controller, fleet, target, signal);

    expect(record).toMatchObject({
      target: target.name,
      sentAt: expect.any(String),
      message: { type: "failure.lane" },
    });
    expect([resent, sent]).toEqual([target.name, 1]);
    expect(new Set(ids())).toEqual(new Set([record!.id]));
    expect(receiver.received).toHaveLength(2);
    expect(await store.resend("msg_none")).toBeUndefined();
  });

  it("sends what happens after a target was named, of its topics, once, signed, in order", async () => {
    await happen("before");
    const target = webhook();
    const fleet = await known(target);
    await happen("one");
    await store.event({
      kind: "expiry.warning",
      data: { name: "web-1", account: "main", expires: "2026-02-01", days: 3 },
    });
    await store.event({ kind: "drift", object: "main", data: { started: [], ended: [] } });

    const waiting = await Promise.all([collect(controller, fleet), collect(controller, fleet)]);
    const sent = await deliver(controller, fleet, target, signal);
    await collect(controller, fleet);
    const again = await deliver(controller, fleet, target, signal);

    expect(waiting.flat()).toEqual([target.name]);
    expect([sent, again]).toEqual([2, 0]);
    expect(receiver.received.map(({ body }) => body.type)).toEqual(["failure.lane", "expiry.warning"]);
    expect(receiver.received[0]!.body).toMatchObject({
      timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
      data: { fleet: "outbox", lane: "one", summary: "one has failed and is tried again" },
    });
    expect(receiver.received.every((one) => isSigned(one, SECRET))).toBe(true);
    expect(Number(receiver.received[0]!.headers["webhook-timestamp"])).toBeCloseTo(Date.now() / 1000, -2);
    expect(new Set(ids()).size).toBe(2);
  });

  it("sends what a kill -9 has cut off between sending and marking it again, under the same id", async () => {
    const target = webhook();
    const fleet = await known(target);
    await happen("first");
    await happen("second");
    await collect(controller, fleet);
    const arrived = new Promise<void>((done) => {
      receiver.answer = async () => {
        done();
        return await new Promise<number>(() => {});
      };
    });
    const child = spawn(process.execPath, [join(import.meta.dirname, "sender.ts"), dataDir, JSON.stringify(target)], {
      env: { ...process.env, ...environment },
      stdio: "inherit",
    });
    await arrived;
    const ended = new Promise((done) => child.once("exit", done));
    child.kill("SIGKILL");
    await ended;

    receiver.answer = () => 204;
    const sent = await deliver(controller, fleet, target, signal);

    expect(sent).toBe(2);
    expect(lanes()).toEqual(["first", "first", "second"]);
    expect(ids()[0]).toBe(ids()[1]);
  });

  it("comes again when a receiver was down, is a dead letter when it stays so, and is sent when it is back", async () => {
    const target = webhook();
    const fleet = await known(target);
    const log = createLog(() => undefined, "json");
    const settings = { retryMs: 1000, retryLimit: 1, keepDays: 1, onError: () => undefined };
    const dead: string[] = [];
    const queue = await JobQueue.open(controller, { ...settings, onDead: async ({ lane }) => void dead.push(lane) });
    const notifier = new Notifier(controller, queue, log, { desired: async () => fleet, pollMs: 100, signal });
    await queue.work("notifications", notifier.work);
    try {
      await receiver.stop();
      await happen("during the fall");
      await notifier.look();
      await expect.poll(async () => await deadLetters(store), { timeout: 20_000 }).toHaveLength(1);
      expect(await deadLetters(store)).toMatchObject([
        { queue: "notifications", lane: target.name, reason: `notifications to ${target.name}: ECONNREFUSED` },
      ]);
      expect(dead).toEqual([target.name]);

      await receiver.start();
      await happen("after it");
      await notifier.look();
      await expect.poll(lanes, { timeout: 20_000 }).toEqual(["during the fall", "after it"]);
      await expect.poll(async () => await deadLetters(store), { timeout: 10_000 }).toEqual([]);
    } finally {
      await queue.stop();
    }
  });

  it("follows no redirect, and lets a message that is refused hold up no other", async () => {
    const target = webhook();
    const fleet = await known(target);
    await happen("redirected");
    await happen("good");
    await collect(controller, fleet);
    receiver.location = receiver.url;
    receiver.answer = ({ body }) => (body.data.lane === "redirected" ? 307 : 200);

    await expect(deliver(controller, fleet, target, signal)).rejects.toThrow(
      "it answered 307, and redirects are not followed",
    );

    expect(lanes()).toEqual(["redirected", "good"]);
    expect((await store.unsent(target.name, 10)).map(({ message }) => (message as Message).data.lane)).toEqual([
      "redirected",
    ]);
  });

  it("holds no secret in what it sends", async () => {
    const target = webhook();
    const fleet = await known(target);
    await happen("leaky", `the cloud said: ${SECRET} is no good`);
    await collect(controller, fleet);

    await deliver(controller, fleet, target, signal);

    expect(receiver.received[0]!.text).not.toContain(SECRET);
    expect(receiver.received[0]!.body.data.reason).toBe("the cloud said: [redacted] is no good");
  });

  it("tells of a target that cannot be reached to the others, and not to itself", async () => {
    const [one, other] = [webhook(), webhook({ name: `other-${number}` })];
    const fleet = desired(one, other);
    await collect(controller, fleet);
    await store.event({ kind: "failure.dead", data: { queue: "notifications", lane: one.name, reason: "down" } });

    expect(await collect(controller, fleet)).toEqual([other.name]);
  });
});

const message: Message = {
  type: "test",
  at: "2026-01-02T00:00:00.000Z",
  summary: "a test",
  lines: ["of mail"],
  data: {},
};

describe("a webhook", () => {
  it("reaches no private network that an operator has not allowed, by whatever name", async () => {
    const { port } = new URL(receiver.url);
    const closed = { ...controller, environment: { ...environment, FLEETWRIGHT_PRIVATE_WEBHOOKS: "" } };
    const delivery = {
      id: "msg_1",
      fleet: "outbox",
      message: { type: "test", at: "", summary: "", lines: [], data: {} },
    };
    const by = (host: string) =>
      webhook({ by: { kind: "webhook", url: `http://${host}:${port}/hook`, secret: { env: "FLEETWRIGHT_HOOK" } } });

    for (const host of ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1", "0.0.0.0"])
      await expect(send(closed, by(host), delivery), host).rejects.toMatchObject({
        code: "NOTIFY_FAILED",
        message: expect.stringContaining("FLEETWRIGHT_PRIVATE_WEBHOOKS="),
      });
    const exact = {
      ...closed,
      environment: { ...environment, FLEETWRIGHT_PRIVATE_WEBHOOKS: `a.example, 127.0.0.1:${port}` },
    };
    await send(exact, by("127.0.0.1"), delivery);

    expect(receiver.received).toHaveLength(1);
  });

  it.each([
    "10.1.2.3",
    "169.254.169.254",
    "192.168.0.1",
    "172.31.0.1",
    "100.64.0.1",
    "fd00::1",
    "fe80::1",
    "::",
    "224.0.0.1",
    "255.255.255.255",
  ])("takes %s for an address of a private network", (address) => expect(isPrivate(address)).toBe(true));

  it.each(["8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1111"])("takes %s for a public address", (address) =>
    expect(isPrivate(address)).toBe(false),
  );

  it("is signed with a secret from a file of the operator's folder, and a bad one is told", async () => {
    const folder = mkdtempSync(join(tmpdir(), "fw-secrets-"));
    writeFileSync(join(folder, "hook"), `${SECRET}\n`);
    const on = {
      ...controller,
      environment: { ...environment, FLEETWRIGHT_SECRETS_DIR: folder, FLEETWRIGHT_BAD: "hunter2" },
    };
    const by = (secret: { file: string } | { env: string }) =>
      webhook({ by: { kind: "webhook", url: receiver.url, secret } });
    const delivery = { id: "msg_1", fleet: "outbox", message };

    await send(on, by({ file: "hook" }), delivery);
    const bad = send(on, by({ env: "FLEETWRIGHT_BAD" }), delivery);
    const missing = send(on, by({ file: "none" }), delivery);

    await expect(bad).rejects.toThrow("the secret must be whsec_");
    await expect(missing).rejects.toMatchObject({
      code: "CREDENTIAL_MISSING",
      message: expect.stringContaining("the file none"),
    });
    expect(receiver.received.map((one) => isSigned(one, SECRET))).toEqual([true]);
    rmSync(folder, { recursive: true });
  });
});

describe("a mail", () => {
  const certificates = getCACertificates();
  let mailbox: Mailbox;

  beforeAll(async () => {
    const names = [{ name: "commonName", value: "localhost" }];
    const { private: key, cert } = await generate(names, {
      extensions: [{ name: "subjectAltName", altNames: [{ type: 2, value: "localhost" }] }],
    });
    setDefaultCACertificates([...certificates, cert]);
    mailbox = await new Mailbox({
      key,
      cert,
      onAuth: ({ username, password }, _session, done) =>
        password === environment.FLEETWRIGHT_MAIL ? done(null, { user: username }) : done(new Error("bad login")),
      onRcptTo: ({ address }, _session, done) =>
        address.startsWith("nobody") ? done(Object.assign(new Error("no such user"), { responseCode: 550 })) : done(),
    }).start();
  });
  afterAll(async () => {
    setDefaultCACertificates(certificates);
    await mailbox.stop();
  });

  const target = (to = ["ops@example.net"], password = "FLEETWRIGHT_MAIL", host = "localhost"): NotificationTarget => ({
    name: "mail",
    on: ["failure"],
    by: {
      kind: "mail",
      to,
      from: "fleetwright@example.net",
      smtp: { host, port: mailbox.port, login: { user: "fleet", password: { env: password } } },
    },
  });
  const delivery = { id: "msg_stable", fleet: "outbox", message };

  it("goes out encrypted, with a login, under an id of its own", async () => {
    await send(controller, target(), delivery);

    const [mail] = mailbox.mails;
    expect(mail).toMatchObject({ secure: true, user: "fleet", to: ["ops@example.net"] });
    expect(mail!.text).toContain("Subject: [outbox] a test\r\n");
    expect(mail!.text).toContain("Message-ID: <msg_stable@outbox.fleetwright>\r\n");
    expect(mail!.text).toContain("\r\n\r\na test\r\n\r\nof mail\r\n");
  });

  it("says what the server says of a bad login or a recipient, and never the password", async () => {
    environment.FLEETWRIGHT_WRONG = "another password";

    const login = send(controller, target(undefined, "FLEETWRIGHT_WRONG"), delivery).catch((error: Error) => error);
    const nobody = send(controller, target(["nobody@example.net"]), delivery).catch((error: Error) => error);

    expect(await login).toMatchObject({ code: "NOTIFY_FAILED", message: expect.stringContaining("bad login") });
    expect(String(await login)).not.toContain("another password");
    expect(await nobody).toMatchObject({ name: "FleetError", message: expect.stringContaining("no such user") });
  });

  it("sends a password only where an operator lets it go", async () => {
    const elsewhere = send(controller, target(undefined, undefined, "smtp.example.net"), delivery);

    await expect(elsewhere).rejects.toThrow(
      `the password may not be sent to smtp.example.net:${mailbox.port}; an operator allows it by FLEETWRIGHT_MAIL_ENDPOINT=smtp.example.net:${mailbox.port}`,
    );
  });
});
