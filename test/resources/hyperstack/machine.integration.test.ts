import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { hyperstack as send } from "../../../resources/hyperstack/http.ts";
import { hyperstack } from "../../../resources/hyperstack/index.ts";
import { PartialCreation, type PropertyMap, UNKNOWN } from "../../../resources/plugin/handler.ts";
import type { Fault } from "../../../simulators/simulator.ts";
import { type Bench, firewallInputs, MARKS, runContext, startBench } from "./bench.ts";

vi.setConfig({ testTimeout: 30_000 });

let bench: Bench;
beforeEach(async () => {
  bench = await startBench();
});
afterEach(() => bench.simulator.close());

const create = (inputs: PropertyMap, handler = bench.machine) => handler.create(inputs, runContext());
const onCreate = (action: Fault["action"], times = 1): Fault => ({
  match: { method: "POST", path: "/core/virtual-machines$" },
  action,
  times,
});
async function creates(): Promise<number> {
  const calls = await bench.control.calls();
  return calls
    .filter(({ method, route }) => method === "POST" && route.endsWith("/virtual-machines"))
    .reduce((sum, { count }) => sum + count, 0);
}
async function made(more: PropertyMap = {}) {
  const inputs = bench.machineInputs(more);
  const { id, outputs } = await create(inputs);
  return { id, inputs, old: { inputs, outputs } };
}
const observed = async (id: string) => (await hyperstack.observe(id, bench.call()))!;

describe("making a machine", () => {
  it("asks for it with its mark among the labels, and waits until it is active", async () => {
    const inputs = bench.machineInputs({ userData: "#cloud-config\n" });

    const { id, outputs } = await create(inputs);

    expect(outputs).toMatchObject({
      ...inputs,
      status: "ACTIVE",
      ipv4: [expect.stringMatching(/^198\./), expect.any(String)],
    });
    expect(await observed(id)).toMatchObject({
      name: "web-1",
      mark: MARKS[0],
      power: "running",
      size: "n3-L40x1",
      region: "CANADA-1",
      image: "Debian 12",
      tags: [MARKS[0], "role:web"],
      vcpus: 28,
      memoryMiB: 58 * 1024,
      options: { publicIp: true },
      createdAt: expect.stringMatching(/Z$/),
    });
    expect(bench.journal.entries.get(MARKS[0]!)?.id).toBe(id);
  });

  it("attaches its firewalls once it is there", async () => {
    const firewall = await bench.firewall.create(firewallInputs(), runContext());

    const { id, inputs, old } = await made({ firewalls: [firewall.id], publicIp: false });

    const read = await bench.machine.read(id, old, runContext());
    expect(read?.inputs).toEqual(inputs);
    expect(read?.outputs.ipv4).toHaveLength(1);
  });

  it("touches nothing in a preview, and says what is not known yet", async () => {
    const { outputs } = await bench.machine.create(
      bench.machineInputs({ key: UNKNOWN }),
      runContext({ preview: true }),
    );

    expect(outputs).toMatchObject({ flavor: "n3-L40x1", ipv4: UNKNOWN, status: UNKNOWN });
    expect(await bench.control.calls()).toEqual([]);
  });

  it.each<{ name: string; more: PropertyMap; code: string; says: RegExp }>([
    { name: "a flavor without stock", more: { flavor: "n3-H100x8" }, code: "CLOUD_OUT_OF_STOCK", says: /out of stock/ },
    { name: "an unknown image", more: { image: "Plan 9" }, code: "CLOUD_REFUSED", says: /Image Plan 9/ },
    { name: "another region's environment", more: { region: "US-1" }, code: "FLEET_INVALID", says: /default-US-1/ },
    { name: "an unknown environment", more: { environment: "none" }, code: "FLEET_INVALID", says: /default-CANADA-1/ },
    { name: "a key that is gone", more: { key: "1" }, code: "FLEET_INVALID", says: /no key pair 1/ },
  ])("tells $name, makes nothing and leaves no intent", async ({ more, code, says }) => {
    await expect(create(bench.machineInputs(more))).rejects.toMatchObject({
      code,
      message: expect.stringMatching(says),
    });

    expect(await bench.machines()).toEqual([]);
    expect(bench.journal.entries.has(MARKS[0]!)).toBe(false);
  });

  it("keeps the id of a machine whose firewalls are refused, and attaches them with the next run", async () => {
    const firewall = await bench.firewall.create(firewallInputs(), runContext());
    const inputs = bench.machineInputs({ firewalls: [firewall.id] });
    await bench.control.fault({ match: { path: "/attach-firewalls$" }, action: { kind: "status", status: 403 } });

    const failure = await create(inputs).catch((error) => error);

    expect(failure).toBeInstanceOf(PartialCreation);
    expect(failure.reasons).toEqual([expect.stringContaining("CLOUD_AUTH")]);
    const old = { inputs, outputs: failure.outputs };
    await bench.machine.update(failure.id, old, inputs, runContext());
    expect((await bench.machine.read(failure.id, old, runContext()))?.inputs.firewalls).toEqual([firewall.id]);
  });

  it("keeps a machine that ended in error, with the words of its last event", async () => {
    const { id } = await made();
    const failing = { status: "ERROR", power_state: "NOSTATE" };
    const { body } = await send<{ instance: object }>(bench.call(), {
      method: "GET",
      path: `/core/virtual-machines/${id}`,
    });
    const answer = { ...body, instance: { ...body.instance, ...failing } };
    await bench.control.fault({
      match: { method: "GET", path: `/virtual-machines/${id}$` },
      action: { kind: "status", status: 200, body: answer },
      times: 9,
    });

    const failure = await create(bench.machineInputs(), bench.restarted().machine).catch((error) => error);

    expect(failure).toBeInstanceOf(PartialCreation);
    expect(failure).toMatchObject({ id, message: expect.stringMatching(/is in error \(.+\): raise `rebuild`/) });
  });
});

describe("exactly one machine", () => {
  it.each<{ name: string; action: Fault["action"] }>([
    { name: "when the answer is lost", action: { kind: "dropAfter" } },
    { name: "when the connection breaks before anything is done", action: { kind: "dropBefore" } },
    { name: "when the answer breaks off", action: { kind: "truncate" } },
    { name: "when the answer is empty", action: { kind: "empty" } },
    { name: "when the server fails", action: { kind: "status", status: 502 } },
    { name: "when a 200 says that it failed", action: { kind: "status", status: 200, body: { status: false } } },
  ])("$name", async ({ action }) => {
    await bench.control.fault(onCreate(action));
    await create(bench.machineInputs()).catch(() => undefined);

    const second = await create(bench.machineInputs(), bench.restarted().machine);

    expect((await bench.machines()).map(({ id, mark }) => ({ id, mark }))).toEqual([{ id: second.id, mark: MARKS[0] }]);
  });

  it("when a state that lost it creates it again", async () => {
    const first = await create(bench.machineInputs());

    const second = await create(bench.machineInputs(), bench.restarted().machine);

    expect(second.id).toBe(first.id);
    expect(await creates()).toBe(1);
  });

  it("when the run is killed while the machine is being made", async () => {
    const killed = new AbortController();
    const run = bench.machine.create(bench.machineInputs(), runContext({ signal: killed.signal }));
    run.catch(() => {});
    await expect.poll(async () => (await bench.control.servers()).length, { interval: 5 }).toBe(1);
    killed.abort();
    await expect(run).rejects.toBeInstanceOf(Error);

    const again = await create(bench.machineInputs(), bench.restarted().machine);

    expect((await bench.machines()).map(({ id }) => id)).toEqual([again.id]);
    expect(again.outputs.status).toBe("ACTIVE");
    expect(await creates()).toBe(1);
  });

  it("when the request takes effect only after the run was killed", async () => {
    await bench.simulator.close();
    bench = await startBench({}, 3);
    await bench.control.fault(onCreate({ kind: "late", ms: 800 }));
    const killed = new AbortController();
    const run = bench.machine.create(bench.machineInputs(), runContext({ signal: killed.signal }));
    run.catch(() => {});
    await expect.poll(async () => (await bench.control.faults())[0]?.acted, { interval: 5 }).toBe(1);
    killed.abort();
    await expect(run).rejects.toMatchObject({ code: "DEADLINE" });
    expect(await bench.machines()).toEqual([]);

    const again = await create(bench.machineInputs(), bench.restarted().machine);

    expect((await bench.machines()).map(({ id }) => id)).toEqual([again.id]);
    expect(await creates()).toBe(1);
  });

  it("and none when two already carry the mark", async () => {
    await create(bench.machineInputs());
    const other = await bench.control.addForeign({ name: "copy" });
    await bench.control.change(other.id, { tags: [MARKS[0]!] });

    await expect(create(bench.machineInputs(), bench.restarted().machine)).rejects.toMatchObject({
      code: "VERIFY_FAILED",
    });
  });
});

describe("a machine that is there", () => {
  it("changes labels, flavor, firewalls and public address in place, and only what differs", async () => {
    const firewall = await bench.firewall.create(firewallInputs(), runContext());
    const { id, old } = await made();
    const news = bench.machineInputs({
      labels: [MARKS[0]!, "role:db"],
      flavor: "n3-L40x2",
      firewalls: [firewall.id],
      publicIp: false,
    });

    const outputs = await bench.machine.update(id, old, news, runContext());

    expect(outputs).toMatchObject({ ...news, status: "ACTIVE" });
    const { inputs } = (await bench.machine.read(id, { inputs: news, outputs }, runContext()))!;
    expect(inputs).toEqual(news);
    await bench.control.resetCalls();
    await bench.machine.update(id, { inputs: news, outputs }, news, runContext());
    expect((await bench.control.calls()).filter(({ method }) => method !== "GET")).toEqual([]);
  });

  it("reads as it was declared, so that a refresh finds nothing", async () => {
    const { id, inputs, old } = await made({ userData: "#cloud-config\n" });

    const found = (await bench.machine.read(id, old, runContext()))!;

    expect(found.inputs).toEqual(inputs);
    expect((await bench.machine.diff(id, found, inputs)).changes).toEqual({});
  });

  it("is taken in by its id without a difference", async () => {
    const { id, inputs } = await made();

    const found = (await bench.machine.read(id, { inputs: {}, outputs: {} }, runContext()))!;

    expect((await bench.machine.diff(id, found, inputs)).changes).toEqual({});
  });

  it("is another machine with another name, region or mark, and waits for rebuild with another image or key", async () => {
    const { id, old } = await made();
    const diff = async (more: PropertyMap) => (await bench.machine.diff(id, old, { ...old.inputs, ...more })).changes;

    const others: PropertyMap[] = [{ name: "web-9" }, { region: "US-1" }, { mark: MARKS[1]! }];
    for (const more of others) {
      expect(Object.values(await diff(more))).toEqual([{ kind: "update", replace: true }]);
    }
    expect(await diff({ image: "Plan 9", key: "7", userData: "x", environment: "other" })).toEqual({});
    expect(await diff({ flavor: "n3-L40x2" })).toEqual({ flavor: { kind: "update" } });
  });

  it("keeps its flavor where Hyperstack has switched resizing off, and the error says what mends it", async () => {
    const { id, old } = await made();
    const body = { status: false, message: "This feature is currently disabled", error_reason: "bad_request" };
    await bench.control.fault({ match: { path: "/resize$" }, action: { kind: "status", status: 400, body } });

    const run = bench.machine.update(id, old, bench.machineInputs({ flavor: "n3-L40x2" }), runContext());

    await expect(run).rejects.toMatchObject({
      code: "CLOUD_REFUSED",
      message: expect.stringMatching(/currently disabled.*raising `rebuild`/),
    });
    expect((await observed(id)).size).toBe("n3-L40x1");
  });

  it("is resized although the answer is lost, with the next run", async () => {
    const { id, old } = await made();
    const news = bench.machineInputs({ flavor: "n3-L40x2" });
    await bench.control.fault({ match: { path: "/resize$" }, action: { kind: "dropAfter" } });

    await expect(bench.machine.update(id, old, news, runContext())).rejects.toMatchObject({
      code: "CLOUD_UNAVAILABLE",
    });
    const outputs = await bench.machine.update(id, old, news, runContext());

    expect(outputs).toMatchObject({ flavor: "n3-L40x2", status: "ACTIVE" });
  });

  it("is not resized while it is hibernated", async () => {
    const { id, old } = await made();
    await hyperstack.power(id, "suspend", bench.call());

    const run = bench.machine.update(id, old, bench.machineInputs({ flavor: "n3-L40x2" }), runContext());

    await expect(run).rejects.toMatchObject({
      code: "CLOUD_REFUSED",
      message: expect.stringMatching(/resume it first/),
    });
  });

  it("is removed, and waited for", async () => {
    const { id, old } = await made();

    await bench.machine.delete(id, old, runContext());

    expect(await bench.control.servers()).toEqual([]);
    expect(await bench.machine.read(id, old, runContext())).toBeUndefined();
    await bench.machine.delete(id, old, runContext());
  });

  it.each<Fault["action"]>([{ kind: "dropAfter" }, { kind: "dropBefore" }, { kind: "empty" }])(
    "is removed although the answer is lost ($kind)",
    async (action) => {
      const { id, old } = await made();
      await bench.control.fault({ match: { method: "DELETE" }, action });

      await bench.machine.delete(id, old, runContext());

      expect(await bench.control.servers()).toEqual([]);
    },
  );

  it("is neither read, changed nor removed once it no longer carries our mark", async () => {
    const { id, inputs, old } = await made();
    await bench.control.change(id, { tags: [MARKS[1]!] });

    const refusal = { code: "CLOUD_REFUSED", message: expect.stringContaining("does not carry our mark") };
    await expect(bench.machine.delete(id, old, runContext())).rejects.toMatchObject(refusal);
    await expect(bench.machine.read(id, old, runContext())).rejects.toMatchObject(refusal);
    await expect(bench.machine.update(id, old, inputs, runContext())).rejects.toMatchObject(refusal);
    expect(await bench.machines()).toHaveLength(1);
  });

  it.each<{ name: string; action: Fault["action"] }>([
    { name: "no access", action: { kind: "status", status: 403 } },
    { name: "a 404 in foreign words", action: { kind: "status", status: 404, body: { status: false } } },
    { name: "an unknown error", action: { kind: "status", status: 500 } },
    { name: "an empty answer", action: { kind: "empty" } },
  ])("is neither gone nor removed for $name", async ({ action }) => {
    const { id, old } = await made();
    await bench.control.fault({ match: { method: "GET" }, action, times: 40 });
    const brief = () => runContext({ signal: AbortSignal.timeout(1_000) });

    await expect(bench.machine.read(id, old, brief())).rejects.toMatchObject({ name: "FleetError" });
    await expect(bench.machine.delete(id, old, brief())).rejects.toMatchObject({ name: "FleetError" });
    expect(await bench.control.servers()).toHaveLength(1);
  });
});
