import { beforeEach, describe, expect, it } from "vitest";
import { awaitMade } from "../../../controller/reconcile/await-made.ts";
import { madeSince, watchBeingMade } from "../../../controller/reconcile/being-made.ts";
import type { Controller } from "../../../controller/reconcile/context.ts";
import { settledWork } from "../../../controller/reconcile/settled.ts";
import type { AppliedObject, Lease, Store } from "../../../controller/store/types.ts";
import { FleetError } from "../../../resources/errors.ts";
import { createMemoryCloud, type MemoryCloud } from "../../memory/cloud.ts";
import { memoryController } from "./controller.ts";
import { appliedOf, serverSpec } from "./specs.ts";

const MARK = `fw-${"a".repeat(20)}`;
const SINCE = "2026-01-01T00:00:00.000Z";
const spec = serverSpec("metal-1", { account: "memory-main", provider: "memory", size: "small", region: "here" });
const { signal } = new AbortController();

let memory: MemoryCloud;
let records: Map<string, AppliedObject>;
let held: Lease | undefined;
let controller: Controller;

beforeEach(() => {
  memory = createMemoryCloud({ account: { deadlines: { createSeconds: 3_600, settleSeconds: 10 } } });
  records = new Map();
  held = undefined;
  controller = memoryController(memory, {
    objects: async () => [...records.values()].filter(({ provisioningSince }) => provisioningSince !== undefined),
    object: async (_account, _kind, name) => records.get(name),
    putObjects: async (objects) => {
      for (const object of objects) records.set(object.name, object);
    },
    acquireLease: async (stack, holder) => (held ? undefined : { stack, holder, expiresAt: SINCE }),
    lease: async () => held,
    releaseLease: async () => {},
    intent: async () => undefined,
  } satisfies Partial<Store>);
});

const desired = () => ({
  byIdentity: new Map([
    ["memory-main", { identity: "memory-main", spec: memory.account.spec, cells: 1, recorded: true }],
  ]),
});
const watch = () => watchBeingMade(controller, desired(), signal);

/** A machine that was ordered at `SINCE`, which is also the time now. */
function ordered(name = "metal-1", more: Partial<AppliedObject> = {}): string {
  const id = memory.make({ ...spec, name }, MARK);
  Object.assign(memory.machines.get(id)!, { power: "changing", provisioning: { percent: 40, step: "INSTALLING" } });
  records.set(name, appliedOf({ ...spec, name }, { mark: MARK, cloudId: id, provisioningSince: SINCE, ...more }));
  return id;
}
function ready(id: string, power: "running" | "stopped" = "running"): void {
  const { provisioning: _, ...machine } = memory.machines.get(id)!;
  memory.machines.set(id, { ...machine, power });
}

describe("a look at machines that are being made", () => {
  it("tells how far each is, at one request a machine", async () => {
    const id = ordered();

    const { beingMade, ready, gone } = await watch();

    expect(beingMade).toEqual([
      {
        name: "metal-1",
        account: "memory-main",
        id,
        percent: 40,
        step: "INSTALLING",
        since: SINCE,
        deadline: "2026-01-01T01:00:00.000Z",
      },
    ]);
    expect({ ready, gone, calls: memory.calls }).toEqual({ ready: [], gone: [], calls: { observe: 1 } });
  });

  it("asks nothing where there are none", async () => {
    await watch();

    expect(memory.calls).toEqual({});
  });

  it("settles one that is ready and as it is wanted", async () => {
    ready(ordered());

    expect((await watch()).ready).toEqual([{ name: "metal-1", account: "memory-main", differs: false }]);

    expect(records.get("metal-1")).toMatchObject({ refresh: false });
    expect(records.get("metal-1")).not.toHaveProperty("provisioningSince");
    expect((await watch()).beingMade).toEqual([]);
  });

  it("leaves what differs to the next preview: here it runs and is to be stopped", async () => {
    const id = ordered("metal-1", { document: { ...spec, power: "stopped" } });
    ready(id);

    expect((await watch()).ready).toEqual([{ name: "metal-1", account: "memory-main", differs: true }]);

    expect(records.get("metal-1")).toMatchObject({ refresh: true });
    expect(memory.machines.get(id)?.power).toBe("running");
  });

  it("reports one past its deadline, and leaves it alone", async () => {
    const id = ordered();
    await controller.sleep(3_601_000);

    const { beingMade } = await watch();

    expect(beingMade).toMatchObject([{ name: "metal-1", overdue: true }]);
    expect(memory.machines.has(id)).toBe(true);
    expect(records.get("metal-1")).toMatchObject({ provisioningSince: SINCE, refresh: false });
  });

  it("tells when the cloud has given up on one", async () => {
    const id = ordered();
    Object.assign(memory.machines.get(id)!, { provisioning: { step: "FAILED", failed: true } });

    expect((await watch()).beingMade).toMatchObject([{ failed: true, step: "FAILED" }]);
    expect(records.get("metal-1")?.provisioningSince).toBe(SINCE);
  });

  it("says that one is gone only after two looks, and then leaves it to a preview", async () => {
    memory.machines.delete(ordered());

    expect((await watch()).gone).toEqual([{ name: "metal-1", account: "memory-main" }]);

    expect(memory.calls.observe).toBe(2);
    expect(records.get("metal-1")).toMatchObject({ refresh: true });
  });

  it("concludes nothing from a fault", async () => {
    ordered();
    memory.fail("observe", new FleetError("CLOUD_UNAVAILABLE", "503"));

    expect((await watch()).beingMade).toMatchObject([{ problem: "503", since: SINCE }]);
    expect(records.get("metal-1")?.provisioningSince).toBe(SINCE);
  });

  it("writes no record of a stack that somebody is at work on", async () => {
    ready(ordered());
    held = { stack: "memory-main.0", holder: "elsewhere process 1 started 1", expiresAt: "2027-01-01T00:00:00.000Z" };

    expect((await watch()).beingMade).toMatchObject([{ name: "metal-1" }]);

    expect(records.get("metal-1")?.provisioningSince).toBe(SINCE);
  });

  it("watches others when one cannot be looked at", async () => {
    ordered("metal-1");
    ordered("metal-2");
    memory.fail("observe", new FleetError("CLOUD_AUTH", "403"));

    expect((await watch()).beingMade.map(({ name, problem }) => [name, problem])).toEqual([
      ["metal-1", "403"],
      ["metal-2", undefined],
    ]);
  });
});

describe("since when a machine is being made", () => {
  it("is what was noted first, also when a later change looks at it again", async () => {
    const applied = appliedOf(spec, { mark: MARK, provisioningSince: SINCE });

    expect(await madeSince(controller, "memory-main", settledWork(applied))).toBe(SINCE);
  });

  it("is when its order left, which a kill does not forget", async () => {
    controller.store.intent = async (account, key) => ({
      account,
      kind: "Server",
      key,
      startedAt: "2025-12-31T23:50:00.000Z",
      attemptedAt: SINCE,
    });

    expect(await madeSince(controller, "memory-main", settledWork(appliedOf(spec)))).toBe("2025-12-31T23:50:00.000Z");
  });
});

describe("waiting for machines that are being made", () => {
  it("ends when all are ready, telling how far they are", async () => {
    const ids = [ordered("metal-1"), ordered("metal-2")];
    const told: number[] = [];

    const watched = await awaitMade(controller, desired(), signal, (waiting) => {
      told.push(waiting.length);
      const next = ids.pop();
      if (next) ready(next);
    });

    expect(told).toEqual([2, 1, 0]);
    expect(watched.ready.map(({ name }) => name).sort()).toEqual(["metal-1", "metal-2"]);
  });

  it("ends at one that is overdue, which is not waited for", async () => {
    ordered();

    const watched = await awaitMade(controller, desired(), signal);

    expect(watched.beingMade).toMatchObject([{ name: "metal-1", overdue: true }]);
  });
});
