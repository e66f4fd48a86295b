import { describe, expect, it } from "vitest";
import type { CallOp, DialectCall } from "../../../controller/changes/call.ts";
import { type CallTally, judgeCall } from "../../../controller/changes/call-policy.ts";
import type { Role } from "../../../controller/people/principal.ts";
import type { Effect } from "../../../controller/reconcile/types.ts";
import type { DialectPolicies, ServersPolicy } from "../../../resources/spec.ts";

const usd = (units: number) => ({ monthlyMicro: units * 1_000_000, hourlyMicro: 0, currency: "USD" });
const NOTHING: CallTally = { servers: 0, cost: [], unpriced: false, deletions: 0 };
const PER_HOUR = { deletionsPerHour: { minimum: 3, share: 0.1 } };
const effect = (op: Effect["op"], changes: Partial<Effect> = {}) =>
  ({
    op,
    object: { kind: "Server", name: "a", account: "m" },
    changes: [],
    dataLoss: op === "delete" || op === "replace",
    ...(op === "create" && { cost: { after: usd(5) } }),
    ...changes,
  }) as Effect;

interface Given {
  op?: CallOp;
  /** Beside the server. */
  names?: DialectCall["objects"];
  policy?: Partial<ServersPolicy>;
  effects?: Effect[];
  files?: string[];
  tally?: Partial<CallTally>;
  role?: Role;
  dialects?: DialectPolicies;
  dialect?: DialectCall["dialect"];
}

/** What comes of a call about the server a: "approved", or the code that it is refused with. */
function judged({
  op = "create",
  names = [],
  policy,
  effects,
  files,
  tally,
  role = "requester",
  dialects,
  dialect = "vps",
}: Given) {
  const call: DialectCall = { dialect, op, objects: [{ kind: "Server", name: "a" }, ...names], owner: "ann" };
  const change = { call, role, files: files ?? ["servers/a.yaml"] };
  const policies = { dialects: dialects ?? { vps: { ...PER_HOUR, ...policy } } };
  const preview = { effects: effects ?? [effect("create")] };
  const judgement = judgeCall({ policies }, change, preview, { ...NOTHING, ...tally });
  return "approves" in judgement ? "approved" : judgement.refuses.code;
}

describe("the policy of a dialect", () => {
  it("approves what the call names, and nothing without a policy", () => {
    expect(judged({})).toBe("approved");
    expect(judged({ dialects: {} })).toBe("FORBIDDEN");
    expect(judged({ dialects: { capsule: PER_HOUR } })).toBe("FORBIDDEN");
    expect(judged({ op: "power", effects: [effect("update")] })).toBe("approved");
    expect(judged({ op: "delete", effects: [effect("delete")] })).toBe("approved");
  });

  it("never approves a replace, a lost disk, a second object or another kind of file", () => {
    expect(judged({ op: "power", effects: [effect("replace")] })).toBe("FORBIDDEN");
    expect(judged({ op: "power", effects: [effect("update", { dataLoss: true })] })).toBe("FORBIDDEN");
    expect(judged({ op: "power", effects: [effect("delete")] })).toBe("FORBIDDEN");
    const second = effect("create", { object: { kind: "Server", name: "b", account: "m" } });
    expect(judged({ effects: [effect("create"), second] })).toBe("FORBIDDEN");
    for (const path of ["accounts/m.yaml", "fleet.yaml", "plans/p.yaml", "firewalls/f.yaml"])
      expect(judged({ files: ["servers/a.yaml", path] })).toBe("FORBIDDEN");
  });

  it("knows a key of each region by the name that the call has for all of them", () => {
    const names = [{ kind: "SshKey", name: "ops" }] as const;
    const key = (name: string) => effect("create", { object: { kind: "SshKey", name, account: "m" } });

    expect(judged({ names, effects: [effect("create"), key("ops@us-east-1")] })).toBe("approved");
    expect(judged({ names, effects: [effect("create"), key("other@us-east-1")] })).toBe("FORBIDDEN");
  });

  it("approves of a machine's power nothing that would change along with it", () => {
    const power = { path: "power", before: "stopped", after: "running", drift: true as const };
    const restart = { path: "restarts.reboot", before: 0, after: 1 };
    const resized = { path: "size", before: "s-4", after: "s-1", drift: true as const };
    const about = (op: CallOp, ...changes: Effect["changes"]) =>
      judged({ op, policy: {}, effects: [effect("update", { changes })] });

    expect(about("power", power)).toBe("approved");
    expect(about("restart", restart, power)).toBe("approved");
    expect(about("power", power, resized)).toBe("CONFLICT");
    expect(about("power", power, { path: "labels.power", after: "x" })).toBe("CONFLICT");
    expect(about("power", power, { path: "…", after: "2 more fields" })).toBe("CONFLICT");
  });

  it("lets callers do only the operations that it names, and accounts only be admins' matter", () => {
    expect(judged({ policy: { operations: ["power"] } })).toBe("FORBIDDEN");
    expect(judged({ policy: { operations: ["power"] }, op: "power", effects: [effect("update")] })).toBe("approved");
    const account = { op: "account" as const, files: ["accounts/m.yaml"], effects: [] };
    expect(judged({ ...account, role: "operator" })).toBe("FORBIDDEN");
    expect(judged({ ...account, role: "admin" })).toBe("approved");
  });

  it("lets callers take and remove snapshots only where it names that", () => {
    const object = { kind: "Snapshot" as const, name: "s", account: "m" };
    const snapshots = (op: "snapshot" | "delete-snapshot", effects: Effect[], policy: Partial<ServersPolicy> = {}) => {
      const call: DialectCall = { dialect: "capsule", op, objects: [{ kind: "Snapshot", name: "s" }] };
      const change = { call, role: "requester" as const, files: ["snapshots/s.yaml"] };
      const policies = { dialects: { capsule: { ...PER_HOUR, ...policy } } };
      return "approves" in judgeCall({ policies }, change, { effects }, NOTHING);
    };
    const named = { operations: ["snapshot" as const] };

    expect(snapshots("snapshot", [effect("create", { object })])).toBe(false);
    expect(snapshots("snapshot", [effect("create", { object })], named)).toBe(true);
    expect(snapshots("snapshot", [effect("delete", { object })], named)).toBe(false);
    expect(snapshots("delete-snapshot", [effect("delete", { object })], named)).toBe(true);
    expect(snapshots("delete-snapshot", [effect("delete")], named)).toBe(false);
  });

  it("keeps an owner within so many servers and so much money, what is on its way among it", () => {
    expect(judged({ policy: { servers: 3 }, tally: { servers: 2 } })).toBe("approved");
    expect(judged({ policy: { servers: 3 }, tally: { servers: 3 } })).toBe("FORBIDDEN");
    const monthly = { amount: 20, currency: "USD" };
    expect(judged({ policy: { monthly }, tally: { cost: [usd(15)] } })).toBe("approved");
    expect(judged({ policy: { monthly }, tally: { cost: [usd(15.01)] } })).toBe("FORBIDDEN");
    expect(judged({ policy: { monthly }, tally: { unpriced: true } })).toBe("FORBIDDEN");
    expect(judged({ policy: { monthly }, effects: [effect("create", { cost: {} })] })).toBe("FORBIDDEN");
    expect(judged({ policy: { monthly }, tally: { cost: [{ ...usd(1), currency: "EUR" }] } })).toBe("FORBIDDEN");
  });

  it("lets an owner delete the larger of a count and a share within an hour", () => {
    const deleted = (tally: Partial<CallTally>) => judged({ op: "delete", effects: [effect("delete")], tally });

    expect(deleted({ servers: 4, deletions: 2 })).toBe("approved");
    expect(deleted({ servers: 4, deletions: 3 })).toBe("CONFLICT");
    expect(deleted({ servers: 95, deletions: 5 })).toBe("approved");
    expect(deleted({ servers: 90, deletions: 10 })).toBe("CONFLICT");
  });

  it("lets the spot manager move, launch and connect as far as it says", () => {
    const spot = (more: object, given: Given) =>
      judged({ dialect: "spot", dialects: { spot: { moves: true, launches: 1, network: true, ...more } }, ...given });
    const move = { op: "move" as const, files: ["aggregates/a.yaml"], effects: [effect("update")] };

    expect(spot({}, move)).toBe("approved");
    expect(spot({ moves: false }, move)).toBe("FORBIDDEN");
    expect(spot({}, { op: "launch" })).toBe("approved");
    expect(spot({}, { op: "launch", tally: { servers: 1 } })).toBe("FORBIDDEN");
    expect(spot({ network: false }, { op: "firewall", effects: [effect("update")] })).toBe("FORBIDDEN");
    expect(spot({}, { op: "delete", effects: [effect("delete")] })).toBe("FORBIDDEN");
  });
});
