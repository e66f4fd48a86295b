import { describe, expect, it } from "vitest";
import { type Seen, workOf } from "../../../controller/reconcile/effects.ts";
import { matchObjects } from "../../../controller/reconcile/match.ts";
import type { AppliedObject } from "../../../controller/store/types.ts";
import type { Capabilities } from "../../../resources/cloud.ts";
import type { ServerSpec, StackObject } from "../../../resources/spec.ts";
import { accountSpec, accountsOf, appliedOf, desiredOf, serverSpec } from "./specs.ts";

const capabilities = { inPlace: ["size", "hostname", "labels", "firewalls", "backups"] } as unknown as Capabilities;
const accounts = accountsOf(accountSpec("linode-main"), accountSpec("linode-other"));

function work(
  before: ServerSpec | undefined,
  after: ServerSpec | undefined,
  more: { seen?: Seen; removal?: StackObject; record?: Partial<AppliedObject> } = {},
) {
  const applied = before === undefined ? [] : [appliedOf(before, more.record)];
  const [match] = matchObjects(after === undefined ? [] : [desiredOf(after)], applied, accounts);
  return workOf(match!, {
    fleetId: "acme",
    capabilities,
    ...(more.seen ? { seen: more.seen } : {}),
    ...(more.removal ? { removal: more.removal } : {}),
  });
}

const matchOf = (spec: ServerSpec) => matchObjects([desiredOf(spec)], [], accounts)[0]!;

describe("effects of a server", () => {
  const web = serverSpec("web-1");

  it.each([
    { name: "creates a new one", before: undefined, after: web, op: "create" },
    {
      name: "adopts one that names a cloud's id",
      before: undefined,
      after: serverSpec("web-1", { adopt: "123" }),
      op: "adopt",
    },
    {
      name: "updates in place what the cloud can",
      before: web,
      after: serverSpec("web-1", { size: "g6-standard-1" }),
      op: "update",
    },
    { name: "updates power", before: web, after: serverSpec("web-1", { power: "stopped" }), op: "update" },
    {
      name: "updates how it is stopped, and never replaces for that",
      before: web,
      after: serverSpec("web-1", { power: "stopped", stop: "forced" }),
      op: "update",
    },
    {
      name: "updates for a raised restart counter",
      before: web,
      after: serverSpec("web-1", { restarts: { reboot: 1, reset: 0 } }),
      op: "update",
    },
    {
      name: "replaces what the cloud cannot change",
      before: web,
      after: serverSpec("web-1", { region: "eu-west" }),
      op: "replace",
    },
    {
      name: "replaces for a raised rebuild counter",
      before: web,
      after: serverSpec("web-1", { rebuild: 1 }),
      op: "replace",
    },
    {
      name: "replaces when the account changes",
      before: web,
      after: serverSpec("web-1", { account: "linode-other" }),
      op: "replace",
    },
    { name: "deletes a removed one", before: web, after: undefined, op: "delete" },
    { name: "has nothing to do for an equal one", before: web, after: web, op: undefined },
    {
      name: "has nothing to do for a suspended one",
      before: web,
      after: serverSpec("web-1", { suspend: { reason: "x" } }),
      op: undefined,
    },
    {
      name: "has nothing to do for the date that one was stopped for",
      before: web,
      after: serverSpec("web-1", { expires: "2027-01-31", expired: "2027-01-31" }),
      op: undefined,
    },
    {
      name: "has nothing to do for another image",
      before: web,
      after: serverSpec("web-1", { createOnly: { image: "linode/debian13", keys: [] } }),
      op: undefined,
    },
    {
      name: "has nothing to do for protection",
      before: web,
      after: serverSpec("web-1", { protect: true }),
      op: undefined,
    },
    {
      name: "has nothing to do for another owner",
      before: web,
      after: serverSpec("web-1", { owner: "acme" }),
      op: undefined,
    },
    {
      name: "has nothing to do for a lowered counter",
      before: serverSpec("web-1", { rebuild: 2, restarts: { reboot: 3, reset: 1 } }),
      after: web,
      op: undefined,
    },
  ])("$name", ({ before, after, op }) => {
    expect(work(before, after)?.effect.op).toBe(op);
  });

  it("obeys the last committed policy of a removed one", () => {
    expect(work(web, undefined, { removal: serverSpec("web-1", { deletionPolicy: "orphan" }) })?.effect.op).toBe(
      "forget",
    );
    expect(work(serverSpec("web-1", { deletionPolicy: "orphan" }), undefined, { removal: web })?.effect.op).toBe(
      "delete",
    );
  });

  it("replaces for a change that is done in place as a rule, where the cloud says so of this one", () => {
    const [match] = matchObjects([desiredOf(serverSpec("web-1", { size: "small" }))], [appliedOf(web)], accounts);
    const mustReplace = (before: ServerSpec, after: ServerSpec) => (before.size === after.size ? [] : ["size"]);

    const { effect, generation } = workOf(match!, { fleetId: "acme", capabilities, mustReplace })!;

    expect(effect).toMatchObject({ op: "replace", replaceReasons: ["size"], dataLoss: true });
    expect(generation).toBe(1);
  });

  it("calls a change of account one replace that loses data", () => {
    const effect = work(web, serverSpec("web-1", { account: "linode-other", size: "g6-standard-1" }))?.effect;

    expect(effect).toMatchObject({
      op: "replace",
      dataLoss: true,
      replaceReasons: ["account"],
      stack: "linode-other.0",
    });
  });

  it("makes a machine that is gone anew, under another mark", () => {
    const gone = work(web, web, { seen: { gone: true } });

    expect(gone).toMatchObject({ generation: 1, refresh: true, effect: { op: "create" } });
    expect(gone?.mark).not.toBe(appliedOf(web).mark);
  });

  it("brings back what was changed by hand", () => {
    const drift = [{ path: "size", desired: "g6-nanode-1", actual: "g6-standard-2" }];

    expect(work(web, web, { seen: { gone: false, drift } })).toMatchObject({
      refresh: true,
      effect: { op: "update", changes: [{ path: "size", before: "g6-standard-2", after: "g6-nanode-1", drift: true }] },
    });
  });

  it("keeps its mark while it is the same machine, and gets another with a replace", () => {
    expect(work(web, serverSpec("web-1", { size: "g6-standard-1" }))?.mark).toBe("fw-web-1");
    expect(work(web, serverSpec("web-1", { rebuild: 1 }))?.mark).not.toBe("fw-web-1");
  });

  it("shows new values of what only new machines get when it replaces", () => {
    const after = serverSpec("web-1", { rebuild: 1, createOnly: { image: "linode/debian13", keys: [] } });

    expect(work(web, after)?.effect.changes).toContainEqual({
      path: "image",
      before: "linode/debian12",
      after: "linode/debian13",
    });
  });

  it("never shows user data", () => {
    const canary = "canary-6c1f";
    const before = serverSpec("web-1", { createOnly: { image: "a", keys: [], userData: { text: "old" } } });
    const after = serverSpec("web-1", { rebuild: 1, createOnly: { image: "a", keys: [], userData: { text: canary } } });

    for (const effect of [work(undefined, after)?.effect, work(before, after)?.effect]) {
      expect(JSON.stringify(effect)).not.toContain(canary);
      expect(effect?.changes).toContainEqual({ path: "userData", secret: true });
    }
  });
});

describe("effect hashes", () => {
  const web = serverSpec("web-1");
  const resized = serverSpec("web-1", { size: "g6-standard-1" });

  it("stay the same when the same change is looked at again", () => {
    expect(work(web, resized)?.effect.hash).toBe(work(web, structuredClone(resized))?.effect.hash);
  });

  it("stay the same when a run was cut off and the machine is suspect", () => {
    const again = work(web, resized, { record: { refresh: true }, seen: { gone: false, drift: [] } });

    expect(again?.effect.hash).toBe(work(web, resized)?.effect.hash);
  });

  it("stay the same when only the owner, protection or the account's name changes", () => {
    const other = serverSpec("web-1", { size: "g6-standard-1", owner: "acme", protect: true, expires: "2030-01-01" });

    expect(work(web, other)?.effect.hash).toBe(work(web, resized)?.effect.hash);
    expect(work(undefined, other)?.effect.hash).toBe(work(undefined, resized)?.effect.hash);
  });

  it("are those of the same machine however often a run is cut off", () => {
    const gone = { seen: { gone: true } } as const;
    const first = work(web, web, gone);
    const again = work(web, web, { ...gone, record: { refresh: true } });
    const rebuilt = serverSpec("web-1", { rebuild: 1 });
    const replaced = work(web, rebuilt);
    const between = work(web, rebuilt, { ...gone, record: { refresh: true } });

    expect(again).toMatchObject({ generation: 1, mark: first!.mark, effect: { hash: first!.effect.hash } });
    expect(between).toMatchObject({ generation: 1, mark: replaced!.mark, effect: { hash: replaced!.effect.hash } });
  });

  it("tell nothing of user data, and change with it", () => {
    const withText = (text: string) =>
      workOf(matchOf(serverSpec("web-1", { createOnly: { image: "a", keys: [], userData: { text } } })), {
        fleetId: "acme",
        capabilities,
        fingerprint: (secret) => `fingerprint of ${secret.length}`,
      })?.effect.hash;

    expect(withText("short")).toBe(withText("other"));
    expect(withText("short")).not.toBe(withText("longer"));
  });

  it("differ by what is wanted, by operation and by server", () => {
    const hashes = [
      work(web, resized),
      work(web, serverSpec("web-1", { size: "g6-standard-2" })),
      work(undefined, resized),
      work(web, serverSpec("web-1", { size: "g6-standard-1", rebuild: 1 })),
      work(web, undefined),
      work(serverSpec("web-2"), serverSpec("web-2", { size: "g6-standard-1" })),
    ].map((each) => each?.effect.hash);

    expect(new Set(hashes).size).toBe(hashes.length);
  });
});
