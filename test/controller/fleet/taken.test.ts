import { describe, expect, it } from "vitest";
import { createParsedCache } from "../../../controller/fleet/cache.ts";
import { compile } from "../../../controller/fleet/compile.ts";
import { formatProblem } from "../../../controller/fleet/problem.ts";
import type { Desired } from "../../../controller/reconcile/desired.ts";
import { type EffectContext, workOf } from "../../../controller/reconcile/effects.ts";
import { partHeld } from "../../../controller/reconcile/holds.ts";
import type { Match, MatchedAccount } from "../../../controller/reconcile/match.ts";
import type { Work } from "../../../controller/reconcile/types.ts";
import { wavesOf } from "../../../controller/reconcile/waves.ts";
import type { AppliedObject } from "../../../controller/store/types.ts";
import { digitalocean } from "../../../resources/digitalocean/index.ts";
import { openstack } from "../../../resources/openstack/index.ts";
import type { ServerSpec, SnapshotSpec } from "../../../resources/spec.ts";
import { vultr } from "../../../resources/vultr/index.ts";
import { serverSpec } from "../../resources/fixtures.ts";
import { clouds, fleetFiles, server as serverFile } from "./fleet.ts";

const SNAPSHOT = "kind: Snapshot\nname: before\naccount: main\nserver: a\n";
const OTHER = "kind: Account\nname: other\nprovider: cumulus\ncredentials: { token: { env: FLEETWRIGHT_OTHER } }\n";
const elsewhere = serverFile("a").replace("account: main", "account: other");
const compiled = (files: Record<string, string>, cache = createParsedCache()) =>
  compile(fleetFiles(files), { clouds, cache });
const faultsOf = (files: Record<string, string>) => compiled(files).problems.map(formatProblem);

const document: SnapshotSpec = {
  kind: "Snapshot",
  name: "before",
  account: "main",
  provider: "digitalocean",
  server: "a",
  labels: {},
  protect: false,
};
const place = { account: "main", identity: "before", stack: "main.base", key: "Snapshot/main/before" };
const applied: AppliedObject = {
  ...place,
  kind: "Snapshot",
  name: "before",
  generation: 0,
  mark: "fw-aaaaaaaaaaaaaaaaaaaa",
  hash: "before",
  document,
  cloudId: "7",
  commit: "c0",
  refresh: false,
};
const desired = (more: Partial<SnapshotSpec> = {}) => ({ spec: { ...document, ...more }, hash: "", path: "" });
const context: EffectContext = { fleetId: "acme", capabilities: digitalocean.capabilities };
const workFor = (match: Partial<Match>, more: Partial<EffectContext> = {}) =>
  workOf({ ...place, ...match }, { ...context, ...more });

describe("snapshots", () => {
  it("are objects of their account, with a server in the fleet or none any more", () => {
    const { shared, problems } = compiled({ "snapshots/a.yaml": SNAPSHOT });

    expect(problems).toEqual([]);
    expect(shared.get("main/Snapshot/before")?.spec).toEqual({ ...document, provider: "cumulus" });
  });

  it("are the same whatever is written about them, and whoever may remove them", () => {
    const hashOf = (more: string) =>
      compiled({ "snapshots/a.yaml": SNAPSHOT + more }).shared.get("main/Snapshot/before")?.hash;

    expect(hashOf("description: Why\nprotect: true\n")).toBe(hashOf(""));
    expect(hashOf("labels: { purpose: upgrade }\n")).not.toBe(hashOf(""));
  });

  it.each<{ name: string; files: Record<string, string>; says: RegExp }>([
    {
      name: "where the cloud takes none",
      files: { "snapshots/a.yaml": SNAPSHOT.replace("main", "poor") },
      says: /^snapshots\/a\.yaml:3:10: .*no snapshots are taken on Stratus/,
    },
    {
      name: "of a server on another account",
      files: { "accounts/other.yaml": OTHER, "snapshots/a.yaml": SNAPSHOT, "servers/a.yaml": elsewhere },
      says: /^snapshots\/a\.yaml:4:9: .*"a" is on the account other/,
    },
  ])("are refused at their place $name", ({ files, says }) => {
    expect(faultsOf(files)).toContainEqual(expect.stringMatching(says));
  });

  it("are refused also where only the server's file has changed", () => {
    const cache = createParsedCache();
    const files = { "accounts/other.yaml": OTHER, "snapshots/a.yaml": SNAPSHOT };
    expect(compiled({ ...files, "servers/a.yaml": serverFile("a") }, cache).problems).toEqual([]);

    const { problems } = compiled({ ...files, "servers/a.yaml": elsewhere }, cache);

    expect(problems.map(({ path }) => path)).toContain("server");
  });

  it("are taken of no bare metal at Vultr, and of no server on a volume at OpenStack", () => {
    expect(vultr.snapshotProblem(serverSpec({ size: "vbm-4c-32gb" }))).toMatch(/bare metal/);
    expect(vultr.snapshotProblem(serverSpec({ size: "vc2-1c-1gb" }))).toBeUndefined();
    expect(openstack.snapshotProblem(serverSpec({ options: { bootVolumeGiB: 20 } }))).toMatch(/on a volume/);
    expect(openstack.snapshotProblem(serverSpec({ options: {} }))).toBeUndefined();
  });

  it("are shown with the server they are taken of, and with a price that nobody knows", () => {
    const { effect } = workFor({ desired: desired() })!;

    expect(effect).toMatchObject({ op: "create", dataLoss: false, replaceReasons: [] });
    expect(effect.changes).toContainEqual({ path: "server", after: "a" });
    expect(effect.notes).toEqual([expect.stringContaining("is not known")]);
    expect(effect).not.toHaveProperty("cost");
  });

  it("are no other for another server in their file, and never made anew", () => {
    expect(workFor({ applied, desired: desired({ server: "b", description: "Why" }) })).toBeUndefined();
    expect(workFor({ applied, desired: desired({ labels: { a: "b" } }) })?.effect.op).toBe("update");
  });

  it("lose data when they are removed", () => {
    expect(workFor({ applied })?.effect).toMatchObject({ op: "delete", dataLoss: true });
  });

  it("that a hand has removed are told as lost, and another is of the server as it is now", () => {
    const { effect, generation } = workFor({ applied, desired: desired() }, { seen: { gone: true } })!;

    expect({ op: effect.op, generation }).toEqual({ op: "create", generation: 1 });
    expect(effect.notes[0]).toContain("another would be taken of a as it is now");
  });
});

describe("the order of an execution", () => {
  const server = (op: "create" | "replace"): Work => {
    const spec: ServerSpec = serverSpec({ name: "a", account: "main" });
    const match: Match = { ...place, key: "Server//a", identity: "a", stack: "main.0" };
    const work = workOf({ ...match, desired: { spec, hash: "", path: "" } }, context)!;
    return { ...work, effect: { ...work.effect, op } };
  };
  const where = (op: "create" | "replace") => {
    const snapshot = workFor({ desired: desired() })!;
    const fleet = { fleet: {}, accounts: new Map(), byIdentity: new Map() } as unknown as Desired;
    const { before, after } = wavesOf([snapshot, server(op)], fleet);
    return before.includes(snapshot) ? "before" : after.includes(snapshot) ? "after" : "nowhere";
  };

  it("takes a snapshot of a new server after that is made, and of another before that is made anew", () => {
    expect(where("create")).toBe("after");
    expect(where("replace")).toBe("before");
  });

  it("holds the snapshot of a new server that is held", () => {
    const snapshot = workFor({ desired: desired() })!;
    const suspended = server("create");
    (suspended.desired as ServerSpec).suspend = { reason: "not yet" };
    const account = { spec: { name: "main" } } as MatchedAccount;

    const { free, held } = partHeld([snapshot, suspended], {
      desired: { accounts: new Map([["main", account]]), byIdentity: new Map([["main", account]]) },
      policies: new Map(),
      overrides: { allowReplace: [] },
      open: new Map(),
      now: 0,
    });

    expect(free).toEqual([]);
    expect(held.map(({ work }) => work.effect.object.kind).sort()).toEqual(["Server", "Snapshot"]);
  });
});
