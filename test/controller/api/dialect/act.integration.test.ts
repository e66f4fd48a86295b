import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Act, type Acted, act, type Composed } from "../../../../controller/api/dialect/act.ts";
import type { CallOp } from "../../../../controller/changes/call.ts";
import type { Wish } from "../../../../controller/changes/wishes.ts";
import type { Principal } from "../../../../controller/people/principal.ts";
import { Clouds } from "../../../e2e/clouds.ts";
import { Fleet, KEY, server } from "../../../e2e/fleet.ts";
import { ANN, Desk, signal } from "../../changes/desk.ts";

/** Calls as dialects make them, with a running service: real git, database and engine, simulated clouds. */
const TIMEOUT = 240_000;
const OTHER_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ3vpUXrEGs2cX5nyAgDX0Q6qLX4zXvVYp7fW0mNn9aR me@example.org";
const by: Principal = { ...ANN, via: "token" };

let clouds: Clouds;
let fleet: Fleet;
let desk: Desk;

beforeAll(async () => {
  clouds = await Clouds.start();
  const vps = { servers: 3, operations: ["create", "delete"], deletionsPerHour: { minimum: 1, share: 0 } };
  // Whoever removes one server has to say that it is meant.
  const guards = { maxRemovals: { minimum: 0, share: 0 } };
  fleet = new Fleet(clouds, { id: "calls", fleet: { approval: "required", guards, policies: { dialects: { vps } } } });
  fleet.write({
    "keys/ops.yaml": KEY,
    "servers/web-1.yaml": server("linode", "web-1", { owner: "ann" }),
    "servers/other.yaml": server("linode", "other", { owner: "bob" }),
    "servers/safe.yaml": server("linode", "safe", { owner: "bob", protect: true }),
  });
  fleet.commit("Begin");
  await fleet.converge();
  desk = await Desk.start(fleet);
}, TIMEOUT);

afterAll(async () => {
  await desk?.close();
  await fleet?.close();
  await clouds?.close();
});

interface Called {
  op?: CallOp;
  owner?: string;
  asked?: unknown;
  until?: Act["until"];
  name?: (seed: string) => string;
  wish?: (name: string) => Wish;
  /** A new key that it brings. */
  key?: string;
  by?: AbortSignal;
}

/** A call about one server. */
async function call({
  op = "create",
  owner = "ann",
  asked,
  until = "done",
  name,
  wish,
  key,
  by: caller = signal,
}: Called) {
  const made = (name: string): Wish => ({
    kind: "Server",
    name,
    create: server("linode", name, { owner, ...(key && { keys: [key] }) }) as Record<string, unknown>,
  });
  const brought: Wish[] = key ? [{ kind: "SshKey", name: key, create: { publicKey: OTHER_KEY }, orSame: true }] : [];
  const compose = (seed: string): Composed => {
    const called = name?.(seed) ?? `vps-${seed.slice(0, 8)}`;
    const objects = [
      { kind: "Server" as const, name: called },
      ...brought.map(({ kind, name }) => ({ kind, name })),
    ] as const;
    return { title: `${op} ${called}`, objects, owner, wishes: [(wish ?? made)(called), ...brought] };
  };
  const { controller, service } = desk;
  const parts = { controller, service };
  return await act(
    parts,
    { dialect: "vps", op, by, asked: asked ?? [op, Math.random()], compose, until, waitMs: 120_000 },
    caller,
  );
}

const remove = (name: string): Called => ({
  op: "delete",
  name: () => name,
  wish: (name) => ({ kind: "Server", name, delete: true }),
});
const made = ({ composed: { objects } }: Acted): string => objects[0].name;
const files = () => fleet.git("ls-tree", "-r", "--name-only", "main");

describe("a call of a dialect", () => {
  it(
    "is answered with the cloud's id while the engine works, and its policy has approved it as its caller's commit",
    async () => {
      const acted = await call({ until: "id" });

      const machine = await clouds.server(made(acted));
      expect(acted.id).toBe(machine.id);
      const change = await desk.in(acted.change!.id, "converged");
      expect(change.approvals[0]!.by).toBe("policy: dialects.vps of fleet.yaml");
      expect(fleet.git("log", "-1", "--format=%an", change.merged!)).toBe("Ann");
      await acted.answered();
    },
    TIMEOUT,
  );

  it(
    "that a cloud refuses is taken back before it is told, so that nothing is bought later",
    async () => {
      await clouds.of("linode").fault({
        match: { method: "POST", path: "/linode/instances$" },
        action: { kind: "status", status: 400, body: { errors: [{ field: "region", reason: "No capacity here" }] } },
      });
      const before = await clouds.servers();

      const calling = call({ key: "brought" }).catch((error: unknown) => error);
      await desk.until(async () => files().includes("keys/brought.yaml"));
      // Another begins to use its key before the cloud has answered.
      const text = JSON.stringify(server("digitalocean", "second", { owner: "bob", keys: ["brought"] }));
      // By the queue: a work tree that is just being brought along lacks what the call has committed.
      const edits = [{ path: "servers/second.yaml", text }];
      await desk.controller.commits.submit({ key: "second", author: ANN, message: "Use the key", edits });
      const refused = await calling;

      expect(refused).toMatchObject({
        name: "Refusal",
        kind: "capacity",
        message: expect.stringContaining("No capacity"),
      });
      const change = await desk.changes.get((refused as { change: string }).change);
      expect(change).toMatchObject({ state: "closed", refusal: { code: "CLOUD_OUT_OF_STOCK" } });
      const { object } = change.preview!.effects.find(({ object }) => object.kind === "Server")!;
      expect(files()).not.toContain(object.name);
      expect(files()).toContain("keys/brought.yaml");
      expect(await desk.controller.store.openApprovals()).toEqual(new Map());
      await desk.service.look();
      expect((await clouds.servers()).length).toBe(before.length);
      fleet.git("reset", "-q", "--hard");
      fleet.write({ "servers/second.yaml": null, "keys/brought.yaml": null });
      fleet.commit("Use it no more");
    },
    TIMEOUT,
  );

  it(
    "beyond its policy is refused and closed at once, and those that come together are counted together",
    async () => {
      const head = fleet.git("rev-parse", "main");
      const power: Called = { op: "power", name: () => "web-1", wish: powerOff };
      await expect(call(power)).rejects.toMatchObject({ kind: "forbidden" });
      const strange = {
        wish: (): Wish => ({ kind: "Server", name: "other", patch: { power: "stopped" } }),
      };
      await expect(call(strange)).rejects.toMatchObject({ kind: "forbidden" });
      expect(fleet.git("rev-parse", "main")).toBe(head);

      // Of three that it may have two are there.
      const [one, two] = await Promise.allSettled([call({}), call({})]);
      expect([one.status, two.status].sort()).toEqual(["fulfilled", "rejected"]);
      const states = (await desk.changes.list({}, 100)).map(({ state }) => state);
      expect(states.filter((state) => state !== "converged" && state !== "closed")).toEqual([]);
    },
    TIMEOUT,
  );

  it(
    "that is sent again because its answer was lost joins the first, and is another one after that",
    async () => {
      const gone = new AbortController();
      const asked = { label: "shop" };
      const lost = call({ ...remove("web-1"), asked, by: gone.signal }).catch((error: Error) => error.name);
      await desk.until(async () => (await desk.changes.list({}, 1))[0]!.title === "delete web-1");
      gone.abort();
      expect(await lost).toBe("AbortError");

      const joined = await call({ ...remove("web-1"), asked });
      expect(joined).toMatchObject({ state: "done", change: { title: "delete web-1", state: "converged" } });
      await joined.answered();

      await expect(call({ ...remove("web-1"), asked })).rejects.toMatchObject({ kind: "conflict" });
    },
    TIMEOUT,
  );

  it(
    "that deletes is its own override, within so many an hour, and never of what is protected",
    async () => {
      const [left] = (await clouds.servers()).filter(({ name }) => name.startsWith("vps-"));
      await expect(call(remove(left!.name))).rejects.toMatchObject({
        kind: "conflict",
        message: expect.stringContaining("within an hour"),
      });
      await expect(call({ ...remove("safe"), owner: "bob" })).rejects.toMatchObject({
        kind: "conflict",
        message: expect.stringContaining("protected"),
      });
      const done = await call({ ...remove("other"), owner: "bob" });
      expect(done.state).toBe("done");
      expect((await clouds.servers()).map(({ name }) => name)).not.toContain("other");
    },
    TIMEOUT,
  );
});

function powerOff(name: string): Wish {
  return { kind: "Server", name, patch: { power: "stopped" } };
}
