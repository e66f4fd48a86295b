import { beforeEach, describe, expect, it } from "vitest";
import { FleetError } from "../../../resources/errors.ts";
import { PartialUpdate, type PropertyMap, type ResourceHandler } from "../../../resources/plugin/handler.ts";
import { powerHandler } from "../../../resources/plugin/power.ts";
import { context, FakeMachine } from "./machine.ts";

let machine: FakeMachine;
let power: ResourceHandler;

beforeEach(() => {
  machine = new FakeMachine();
  power = handlerOf(machine);
});

function handlerOf({ cloud, call, sleep }: FakeMachine): ResourceHandler {
  return powerHandler({ cloud, call, patience: { sleep } });
}

const wanted = (more: PropertyMap = {}): PropertyMap => ({
  server: "7",
  state: "running",
  reboot: 0,
  reset: 0,
  ...more,
});
const known = (inputs: PropertyMap) => ({ inputs, outputs: inputs });
const update = (old: PropertyMap, news: PropertyMap) => power.update("7", known(wanted(old)), wanted(news), context());

describe("creating a Power", () => {
  it.each([
    { from: "stopped", to: "running", actions: ["start"] },
    { from: "suspended", to: "running", actions: ["resume"] },
    { from: "running", to: "running", actions: [] },
    { from: "running", to: "stopped", actions: ["shutdown"] },
    { from: "suspended", to: "stopped", actions: ["stop"] },
    { from: "running", to: "suspended", actions: ["suspend"] },
    { from: "stopped", to: "suspended", actions: ["start", "suspend"] },
  ] as const)("brings a machine that is $from to $to by $actions", async ({ from, to, actions }) => {
    machine.power = from;

    const made = await power.create(wanted({ state: to }), context());

    expect(made.id).toBe("7");
    expect(machine.power).toBe(to);
    expect(machine.actions).toEqual(actions);
  });

  it.each([
    { forced: true, actions: ["stop"] },
    { forced: false, actions: ["shutdown"] },
  ])("switches off without asking the system only where that is wanted: $forced", async ({ forced, actions }) => {
    machine.power = "running";

    await power.create(wanted({ state: "stopped", forced }), context());

    expect(machine.actions).toEqual(actions);
  });

  it("records counters without restarting anything", async () => {
    const made = await power.create(wanted({ reboot: 4, reset: 2 }), context());

    expect(made.outputs).toMatchObject({ reboot: 4, reset: 2 });
    expect(machine.actions).toEqual(["start"]);
  });

  it("waits out what the cloud is doing, and a machine that does not show yet", async () => {
    machine.missingLooks = 3;
    machine.changingLooks = 5;

    await power.create(wanted(), context());

    expect(machine.actions).toEqual(["start"]);
    expect(machine.slept).toBeGreaterThanOrEqual(3 * 2_000);
  });

  it("gives up on a machine that is not there", async () => {
    machine.power = undefined;

    await expect(power.create(wanted(), context())).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("gives up on a machine that the cloud never finishes", async () => {
    machine.changingLooks = Number.POSITIVE_INFINITY;

    await expect(power.create(wanted(), context())).rejects.toMatchObject({ code: "DEADLINE" });
  });

  it("stops a machine hard that does not shut down within its grace", async () => {
    machine.power = "running";
    machine.deafToShutdown = true;

    await power.create(wanted({ state: "stopped" }), context());

    expect(machine.actions).toEqual(["shutdown", "stop"]);
    expect(machine.slept).toBe(60_000);
  });

  it("does not stop a machine hard because the cloud refused our credentials", async () => {
    machine.power = "running";
    machine.refuse = new FleetError("CLOUD_AUTH", "no");

    await expect(power.create(wanted({ state: "stopped" }), context())).rejects.toMatchObject({ code: "CLOUD_AUTH" });
    expect(machine.actions).toEqual(["shutdown"]);
  });

  it("touches nothing in a preview", async () => {
    await power.create(wanted(), context({ preview: true }));

    expect(machine.actions).toEqual([]);
  });
});

describe("a Power of a machine that is still being made ready", () => {
  const lines: string[] = [];
  const told = () => context({ log: (line) => lines.push(line) });
  beforeEach(() => {
    lines.length = 0;
    machine.beingMade = true;
    machine.power = "changing";
  });

  it("is there at once with the wanted state, and no action is sent", async () => {
    const made = await power.create(wanted({ state: "stopped" }), told());

    expect(made).toEqual({ id: "7", outputs: wanted({ state: "stopped" }) });
    expect(machine.actions).toEqual([]);
    expect(machine.slept).toBe(0);
    expect(lines.join()).toContain("still making it ready");
  });

  it("takes a change without an action, also when its power seems to be settled", async () => {
    machine.power = "running";

    const outputs = await power.update("7", known(wanted()), wanted({ state: "stopped", reboot: 1 }), told());

    expect(outputs).toEqual(wanted({ state: "stopped", reboot: 1 }));
    expect(machine.actions).toEqual([]);
    expect(machine.slept).toBe(0);
  });

  it("is read as it is known, without a wait", async () => {
    expect((await power.read("7", known(wanted({ state: "stopped" })), told()))?.inputs.state).toBe("stopped");
    expect(machine.slept).toBe(0);
  });
});

describe("updating a Power", () => {
  beforeEach(() => {
    machine.power = "running";
  });

  it.each<{ name: string; news: PropertyMap; actions: string[] }>([
    { name: "reboots when the counter was raised", news: { reboot: 1 }, actions: ["reboot"] },
    { name: "resets when that counter was raised", news: { reset: 3 }, actions: ["reset"] },
    { name: "resets only, when both were raised", news: { reboot: 1, reset: 1 }, actions: ["reset"] },
    { name: "does nothing but look when only the size changed", news: { ensure: "big" }, actions: [] },
    { name: "does not reboot what is to be stopped", news: { reboot: 1, state: "stopped" }, actions: ["shutdown"] },
  ])("$name", async ({ news, actions }) => {
    await update({}, news);

    expect(machine.actions).toEqual(actions);
  });

  it("starts a machine that a resize left off", async () => {
    machine.power = "stopped";

    await update({ ensure: "small" }, { ensure: "big" });

    expect(machine.actions).toEqual(["start"]);
  });

  it("starts, and does not reboot, a machine that is off", async () => {
    machine.power = "stopped";

    await update({}, { reboot: 1 });

    expect(machine.actions).toEqual(["start"]);
  });

  it("keeps the counters of a restart that was done when the state is not reached afterwards", async () => {
    const cloud = machine.cloud;
    power = powerHandler({
      cloud: {
        ...cloud,
        power: async (id, action, call) => {
          await cloud.power(id, action, call);
          machine.power = undefined;
        },
      },
      call: machine.call,
      patience: { sleep: machine.sleep },
    });

    const failure = await update({}, { reboot: 1 }).catch((error) => error);

    expect(failure).toBeInstanceOf(PartialUpdate);
    expect(failure.outputs).toMatchObject({ reboot: 1 });
    expect(machine.actions).toEqual(["reboot"]);
  });
});

describe("checking a Power", () => {
  it("keeps the highest counter that was recorded, so that lowering it is no change", async () => {
    const old = wanted({ reboot: 5, reset: 1 });

    const { inputs, failures } = await power.check(wanted({ reboot: 2, reset: 3 }), old);

    expect(failures).toEqual([]);
    expect(inputs).toMatchObject({ reboot: 5, reset: 3 });
    expect((await power.diff("7", known(old), inputs)).changes).toEqual({ reset: { kind: "update" } });
  });

  it("refuses to suspend where the cloud cannot", async () => {
    machine.capabilities = ["start", "shutdown", "stop", "reboot"];

    const { failures } = await handlerOf(machine).check(wanted({ state: "suspended" }), undefined);

    expect(failures).toEqual([{ path: "state", reason: "must be one of running, stopped" }]);
  });

  it("names every wrong property", async () => {
    const { failures } = await power.check({ state: "on", reboot: -1, reset: 1.5, sate: "x" }, undefined);

    expect(failures.map(({ path }) => path)).toEqual(["server", "state", "reboot", "reset", "sate"]);
  });
});

describe("reading a Power", () => {
  it("answers the actual state as an input, so that drift shows", async () => {
    machine.power = "stopped";

    const found = await power.read("7", known(wanted({ reboot: 3, ensure: "x" })), context());

    expect(found?.inputs).toEqual({ server: "7", state: "stopped", reboot: 3, reset: 0, ensure: "x" });
  });

  it("takes in a machine of which nothing is known", async () => {
    machine.power = "running";

    expect((await power.read("7", known({}), context()))?.inputs).toEqual(wanted());
  });

  it("waits some seconds for a machine at work, then believes what was known", async () => {
    machine.power = "running";
    machine.changingLooks = 3;
    expect((await power.read("7", known(wanted({ state: "stopped" })), context()))?.inputs.state).toBe("running");

    machine.changingLooks = Number.POSITIVE_INFINITY;
    expect((await power.read("7", known(wanted({ state: "stopped" })), context()))?.inputs.state).toBe("stopped");
  });

  it("is gone when the cloud says that the machine is", async () => {
    machine.power = undefined;

    expect(await power.read("7", known(wanted()), context())).toBeUndefined();
  });
});

it("replaces a Power only for another server", async () => {
  const { changes } = await power.diff("7", known(wanted()), wanted({ server: "8", state: "stopped" }));

  expect(changes).toEqual({ server: { kind: "update", replace: true }, state: { kind: "update" } });
});
