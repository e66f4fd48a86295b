import { beforeEach, describe, expect, it } from "vitest";
import type { MatchedAccount } from "../../../controller/reconcile/match.ts";
import type { ObjectResult } from "../../../controller/reconcile/results.ts";
import { settledWork } from "../../../controller/reconcile/settled.ts";
import { verify } from "../../../controller/reconcile/verify.ts";
import { FleetError } from "../../../resources/errors.ts";
import { createMemoryCloud, type MemoryCloud } from "../../memory/cloud.ts";
import { memoryController } from "./controller.ts";
import { appliedOf, serverSpec } from "./specs.ts";

const MARK = `fw-${"a".repeat(20)}`;
const spec = serverSpec("web-1", { account: "memory-main", provider: "memory", size: "small", region: "here" });
const { signal } = new AbortController();

let memory: MemoryCloud;
let account: MatchedAccount;

beforeEach(() => {
  memory = createMemoryCloud({ account: { deadlines: { createSeconds: 60, settleSeconds: 10 } } });
  account = { identity: "memory-main", spec: memory.account.spec, cells: 1, recorded: true };
});

const look = async (...results: ObjectResult[]) =>
  await verify(memoryController(memory), memory.cloud, account, results, signal);

function ended(id: string, removed = false): ObjectResult {
  const { desired, ...work } = settledWork(appliedOf(spec, { mark: MARK, cloudId: id }));
  return { work: removed || desired === undefined ? work : { ...work, desired }, errors: [], id };
}

describe("verification", () => {
  it("says converged of a machine that is as its file wants it", async () => {
    const [found] = await look(ended(memory.make(spec, MARK)));

    expect(found).toMatchObject({ drift: [] });
    expect(found?.problem).toBeUndefined();
  });

  it("waits for what the cloud does not show yet", async () => {
    const id = memory.make(spec, MARK);
    const machine = memory.machines.get(id)!;
    machine.power = "changing";
    memory.cloud.observe = observed([undefined, { ...machine }, { ...machine, power: "running" }]);

    const [found] = await look(ended(id));

    expect(found?.problem).toBeUndefined();
    expect(found?.drift).toEqual([]);
  });

  it("never says converged when the last look differs", async () => {
    const id = memory.make(spec, MARK);
    const right = { ...memory.machines.get(id)! };
    const wrong = { ...right, size: "large" };
    memory.cloud.observe = observed([undefined, wrong, wrong, right]);

    const [found] = await look(ended(id));

    expect(found?.drift).toEqual([{ path: "size", desired: "small", actual: "large" }]);
  });

  it("tells one that never shows, and one that never comes to rest", async () => {
    const id = memory.make(spec, MARK);
    memory.machines.get(id)!.power = "changing";

    const [absent, busy] = await look(ended("4711"), ended(id));

    expect(absent?.problem).toContain("does not show 4711");
    expect(busy?.problem).toContain("still at work");
  });

  describe("of a machine that takes long", () => {
    beforeEach(() => {
      memory.cloud.capabilities.provisioning = () => "long";
    });
    const beingMade = (mark: string | undefined) => {
      const id = memory.make(spec, MARK);
      const tags = mark === undefined ? [] : [mark];
      Object.assign(memory.machines.get(id)!, { power: "changing", provisioning: { percent: 40 }, tags });
      return id;
    };

    it.each([MARK, undefined])("says at once that it is being made, with the mark %s", async (mark) => {
      const [found] = await look(ended(beingMade(mark)));

      expect(found).toMatchObject({ drift: [], provisioning: { percent: 40 } });
      expect(found?.problem).toBeUndefined();
      expect(memory.calls.observe).toBe(1);
    });

    it("does not take another's machine for one of ours that is being made", async () => {
      const [found] = await look(ended(beingMade(`fw-${"b".repeat(20)}`)));

      expect(found?.problem).toContain("another machine's");
      expect(found?.provisioning).toBeUndefined();
    });

    it("waits for it where the cloud does not say that it takes long", async () => {
      memory.cloud.capabilities.provisioning = () => "short";

      const [found] = await look(ended(beingMade(MARK)));

      expect(found?.problem).toContain("still at work");
    });

    it("is content with a removal that the cloud has accepted", async () => {
      const id = memory.make(spec, MARK);
      Object.assign(memory.machines.get(id)!, { leaving: { on: "2026-02-01T00:00:00.000Z" } });

      const [found] = await look(ended(id, true));

      expect(found?.problem).toBeUndefined();
    });
  });

  it("lets one machine that cannot be read fail by itself", async () => {
    const [one, two] = [memory.make(spec, MARK), memory.make(spec, MARK)];
    memory.fail("observe", new FleetError("CLOUD_AUTH", "403 Forbidden"));

    const found = await look(ended(one), ended(two));

    expect(found.map(({ problem }) => problem)).toEqual([expect.stringContaining("403 Forbidden"), undefined]);
  });

  it("reads each machine when a listing fails, and when it leaves some out", async () => {
    const ids = Array.from({ length: 25 }, () => memory.make(spec, MARK));
    memory.fail("list", new FleetError("CLOUD_UNAVAILABLE", "502"));

    const found = await look(...ids.map((id) => ended(id)));

    expect(found.filter(({ drift, problem }) => drift.length > 0 || problem !== undefined)).toEqual([]);
    expect(memory.calls.observe).toBe(25);
  });

  it("tells a removed machine that still stands, but not a stranger that has got its id", async () => {
    const id = memory.make(spec, MARK);
    const reused = memory.make(spec, `fw-${"b".repeat(20)}`);

    const [standing, gone, stranger] = await look(ended(id, true), ended("4711", true), ended(reused, true));

    expect(standing?.problem).toContain(`still shows ${id}`);
    expect(gone?.problem).toBeUndefined();
    expect(stranger?.problem).toBeUndefined();
  });

  type Answers = (Awaited<ReturnType<MemoryCloud["cloud"]["observe"]>> | undefined)[];
  function observed(answers: Answers): MemoryCloud["cloud"]["observe"] {
    let at = 0;
    return async () => answers[Math.min(at++, answers.length - 1)];
  }
});
