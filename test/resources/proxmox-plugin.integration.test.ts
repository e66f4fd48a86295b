import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { PartialCreation, type PropertyMap, UNKNOWN } from "../../resources/plugin/handler.ts";
import { pve } from "../../resources/proxmox/http.ts";
import { proxmox } from "../../resources/proxmox/index.ts";
import { readConfig } from "../../resources/proxmox/vms.ts";
import type { Fault } from "../../simulators/simulator.ts";
import { type Bench, MARKS, machineInputs, runContext, startBench } from "./proxmox-plugin.ts";

// Real processes and retries, on machines that may be busy.
vi.setConfig({ testTimeout: 30_000 });

let bench: Bench;

beforeEach(async () => {
  bench = await startBench();
});

afterEach(() => bench.simulator.close());

const known = ({ id, outputs }: { id: string; outputs: PropertyMap }, inputs: PropertyMap) => ({
  id,
  old: { inputs, outputs },
});
const call = () => bench.call(AbortSignal.timeout(20_000));
const create = (inputs: PropertyMap, handler = bench.handler) => handler.create(inputs, runContext());
const onClone = (action: Fault["action"], times = 1): Fault => ({
  match: { method: "POST", path: "/clone$" },
  action,
  times,
});

describe("making a machine", () => {
  it("clones the template with its mark, configures it and grows its disk", async () => {
    const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGxH someone@example.com";
    const inputs = machineInputs({ user: "ops", sshKeys: [key], vlan: 12, cpuType: "host", balloonMiB: 1024 });

    const made = await create(inputs);

    expect(made).toMatchObject({
      id: "pve1/100",
      outputs: { ...inputs, vmid: 100, diskActualGiB: 10, status: "stopped" },
    });
    const config = await readConfig(call(), { node: "pve1", vmid: 100 });
    expect(config).toMatchObject({
      name: "web-1",
      cores: 2,
      memory: "2048",
      balloon: 1024,
      cpu: "host",
      ciuser: "ops",
      ipconfig0: "ip=dhcp",
      tags: `env+prod;${MARKS[0]}`,
      description: expect.stringContaining(`fleetwright: ${MARKS[0]}`),
    });
    expect(decodeURIComponent(String(config.sshkeys))).toBe(key);
    expect(config.net0).toMatch(/^virtio=([0-9A-F]{2}:){5}[0-9A-F]{2},bridge=vmbr0,tag=12$/);
    expect(bench.journal.entries.get(MARKS[0]!)?.id).toBe("pve1/100");
  });

  it("makes a linked clone, and one with an empty disk", async () => {
    const linked = await create(machineInputs({ linkedClone: true, node: "pve2" }));
    const { template, ...rest } = machineInputs({ mark: MARKS[1]!, name: "empty", storage: "local-lvm" });
    const empty = await create(rest);

    expect(linked.id).toMatch(/^pve2\//);
    expect(empty.outputs).toMatchObject({ diskActualGiB: 10 });
    expect(await bench.machines()).toHaveLength(2);
  });

  it("touches nothing in a preview, and says what is not known yet", async () => {
    const { outputs } = await bench.handler.create(machineInputs(), runContext({ preview: true }));

    expect(outputs).toMatchObject({ cores: 2, vmid: UNKNOWN, ipv4: UNKNOWN });
    expect(await bench.machines()).toEqual([]);
  });

  it("makes machines from one template side by side", async () => {
    const made = await Promise.all(MARKS.map((mark, i) => create(machineInputs({ mark, name: `web-${i}` }))));

    expect(new Set(made.map(({ id }) => id)).size).toBe(MARKS.length);
    expect((await bench.machines()).map((machine) => machine.mark).sort()).toEqual(MARKS);
  });

  it("passes over ids that others have between the free ones", async () => {
    const [first] = [await bench.control.addForeign(), await bench.control.addForeign()];
    await bench.control.remove(first.id);

    const made = await Promise.all(
      MARKS.map((mark, i) => create(machineInputs({ mark, node: `pve${1 + (i % 2)}`, linkedClone: true }))),
    );

    expect(made.map(({ outputs }) => outputs.vmid).sort()).toEqual([100, 102, 103, 104]);
  });

  it("waits for a template that another program is cloning", async () => {
    const foreign = pve(call(), {
      method: "POST",
      path: "/nodes/pve1/qemu/9000/clone",
      form: { newid: 555, full: true },
    });

    await Promise.all([foreign, create(machineInputs())]);

    expect((await bench.machines()).filter((machine) => machine.mark === MARKS[0])).toHaveLength(1);
  });

  it("names the templates there are when it knows none of that name, and leaves no intent", async () => {
    await expect(create(machineInputs({ template: "debian-13" }))).rejects.toMatchObject({
      code: "FLEET_INVALID",
      message: expect.stringMatching(/template: no debian-13 on pve1; there are debian-12 \(9000\)/),
    });
    expect(bench.journal.entries.size).toBe(0);
  });

  it("refuses a disk smaller than the template's before it makes anything", async () => {
    await expect(create(machineInputs({ diskGiB: 2 }))).rejects.toThrow(
      /diskGiB: the disk of template debian-12 has 3 GiB/,
    );
    expect(await bench.machines()).toEqual([]);
  });

  it("keeps the id of a machine that cannot be configured", async () => {
    await bench.control.fault({ match: { method: "PUT", path: "/config$" }, action: { kind: "status", status: 403 } });

    const failure = await create(machineInputs()).catch((error) => error);

    expect(failure).toBeInstanceOf(PartialCreation);
    expect(failure).toMatchObject({ id: "pve1/100", reasons: [expect.stringContaining("CLOUD_AUTH")] });
    const outputs = await bench.handler.update(
      failure.id,
      { inputs: machineInputs(), outputs: failure.outputs },
      machineInputs(),
      runContext(),
    );
    expect(outputs).toMatchObject({ vmid: 100, diskActualGiB: 10 });
  });
});

describe("exactly one machine", () => {
  it.each<{ name: string; action: Fault["action"]; times?: number }>([
    { name: "when the answer to the clone is lost", action: { kind: "dropAfter" } },
    { name: "when the answer is lost again and again", action: { kind: "dropAfter" }, times: 3 },
    { name: "when the connection breaks before anything is done", action: { kind: "dropBefore" } },
    { name: "when the answer breaks off", action: { kind: "truncate" } },
    { name: "when the answer is empty", action: { kind: "empty" } },
    { name: "when the server fails", action: { kind: "status", status: 502 } },
  ])("$name", async ({ action, times }) => {
    await bench.control.fault(onClone(action, times));

    const made = await create(machineInputs());

    const machines = await bench.machines();
    expect(machines.map(({ id, mark }) => ({ id, mark }))).toEqual([{ id: made.id, mark: MARKS[0] }]);
  });

  it("when a state that lost it creates it again", async () => {
    const first = await create(machineInputs());

    const second = await create(machineInputs(), bench.restarted());

    expect(second.id).toBe(first.id);
    expect(await bench.machines()).toHaveLength(1);
  });

  it("when the run is killed while the clone is being made", async () => {
    const killed = new AbortController();
    const run = bench.handler.create(machineInputs(), runContext({ signal: killed.signal }));
    run.catch(() => {});
    await expect.poll(async () => (await bench.machines()).length, { interval: 5 }).toBe(1);
    killed.abort();
    await expect(run).rejects.toMatchObject({ code: "DEADLINE" });

    const made = await create(machineInputs(), bench.restarted());

    expect((await bench.machines()).map(({ id }) => id)).toEqual([made.id]);
    expect(made.outputs).toMatchObject({ cores: 2, diskActualGiB: 10 });
  });

  it("when the clone begins only after the run was killed", async () => {
    await bench.simulator.close();
    bench = await startBench({ settleSeconds: 3 });
    await bench.control.fault(onClone({ kind: "late", ms: 1_000 }));
    const killed = new AbortController();
    const run = bench.handler.create(machineInputs(), runContext({ signal: killed.signal }));
    run.catch(() => {});
    await expect.poll(async () => (await bench.control.faults())[0]?.acted, { interval: 5 }).toBe(1);
    killed.abort();
    await expect(run).rejects.toMatchObject({ code: "DEADLINE" });
    expect(await bench.machines()).toEqual([]);

    const made = await create(machineInputs(), bench.restarted());

    expect((await bench.machines()).map(({ id }) => id)).toEqual([made.id]);
    const clones = (await bench.control.calls()).filter(({ route }) => route.endsWith("/clone"));
    expect(clones.reduce((sum, { count }) => sum + count, 0)).toBe(1);
  });

  it("and none when two already carry the mark", async () => {
    await create(machineInputs());
    const other = await bench.control.addForeign({ name: "copy" });
    await bench.control.change(other.id, { tags: [MARKS[0]!] });

    await expect(create(machineInputs(), bench.restarted())).rejects.toMatchObject({ code: "VERIFY_FAILED" });
    expect(await bench.machines()).toHaveLength(2);
  });
});

describe("a machine that is there", () => {
  it("is updated in place, and only where it differs", async () => {
    const inputs = machineInputs();
    const { id, old } = known(await create(inputs), inputs);
    const before = await readConfig(call(), { node: "pve1", vmid: 100 });
    const news = machineInputs({ name: "web-9", cores: 4, memoryMiB: 4096, diskGiB: 20, vlan: 7, tags: [MARKS[0]!] });

    const outputs = await bench.handler.update(id, old, news, runContext());

    expect(outputs).toMatchObject({ name: "web-9", diskActualGiB: 20 });
    const after = await readConfig(call(), { node: "pve1", vmid: 100 });
    expect(after).toMatchObject({ name: "web-9", cores: 4, memory: "4096", tags: MARKS[0]! });
    expect(String(after.net0)).toBe(`${before.net0},tag=7`);
    await bench.control.resetCalls();
    await bench.handler.update(id, { inputs: news, outputs }, news, runContext());
    expect((await bench.control.calls()).filter(({ method }) => method !== "GET")).toEqual([]);
  });

  it("reads as it was declared, so that a refresh finds nothing", async () => {
    const inputs = machineInputs({ cpuType: "host", balloonMiB: 512, user: "ops", vlan: 3 });
    const { id, old } = known(await create(inputs), inputs);

    const found = await bench.handler.read(id, old, runContext());

    expect(found?.inputs).toEqual(inputs);
    expect((await bench.handler.diff(id, { inputs: found!.inputs, outputs: found!.outputs }, inputs)).changes).toEqual(
      {},
    );
  });

  it("shows what was changed by hand", async () => {
    const inputs = machineInputs();
    const { id, old } = known(await create(inputs), inputs);
    await bench.control.change(id, { name: "renamed", size: "8x8192" });

    const found = await bench.handler.read(id, old, runContext());

    expect(found?.inputs).toMatchObject({ name: "renamed", cores: 8, memoryMiB: 8192 });
  });

  it("is taken in by its id without a difference", async () => {
    const inputs = (await bench.handler.check(machineInputs(), undefined)).inputs;
    const { id } = await create(inputs);

    const found = await bench.handler.read(id, { inputs: {}, outputs: {} }, runContext());

    expect(found?.inputs.mark).toBe(MARKS[0]);
    expect((await bench.handler.diff(id, found!, inputs)).changes).toEqual({});
  });

  it("tells addresses once its agent answers", async () => {
    const inputs = machineInputs({ waitForAgent: true });
    const { id, old } = known(await create(inputs), inputs);
    expect(old.outputs.ipv4).toEqual([]);
    await proxmox.power(id, "start", call());
    await expect.poll(async () => (await bench.handler.read(id, old, runContext()))?.outputs.ipv4).toHaveLength(1);
  });

  it("is stopped and removed", async () => {
    const inputs = machineInputs();
    const { id, old } = known(await create(inputs), inputs);
    await proxmox.power(id, "start", call());

    await bench.handler.delete(id, old, runContext());

    expect(await bench.machines()).toEqual([]);
    expect(await bench.handler.read(id, old, runContext())).toBeUndefined();
    await bench.handler.delete(id, old, runContext());
  });

  it.each<{ name: string; match: Fault["match"] }>([
    { name: "the stop", match: { method: "POST", path: "/stop$" } },
    { name: "the removal", match: { method: "DELETE" } },
    { name: "the removal's task", match: { path: "/tasks/" } },
  ])("is removed although the answer to $name is lost", async ({ match }) => {
    const inputs = machineInputs();
    const { id, old } = known(await create(inputs), inputs);
    await proxmox.power(id, "start", call());
    await bench.control.fault({ match, action: { kind: "dropAfter" } });

    await bench.handler.delete(id, old, runContext());

    expect(await bench.machines()).toEqual([]);
  });

  it("is not removed while nobody can tell whose it is", async () => {
    const inputs = machineInputs();
    const { id, old } = known(await create(inputs), inputs);
    await bench.control.fault({ match: { method: "GET", path: "/config$" }, action: { kind: "status", status: 403 } });

    await expect(bench.handler.delete(id, old, runContext())).rejects.toMatchObject({ code: "CLOUD_AUTH" });
    expect(await bench.machines()).toHaveLength(1);
  });

  it("is neither read, changed nor removed once another machine has its id", async () => {
    const inputs = machineInputs();
    const { id, old } = known(await create(inputs), inputs);
    await bench.control.remove(id);
    const foreign = await bench.control.addForeign({ name: "not-ours" });
    expect(foreign.id).toBe(id);

    const refusal = { code: "CLOUD_REFUSED", message: expect.stringContaining("does not carry our mark") };
    await expect(bench.handler.delete(id, old, runContext())).rejects.toMatchObject(refusal);
    await expect(bench.handler.read(id, old, runContext())).rejects.toMatchObject(refusal);
    await expect(bench.handler.update(id, old, inputs, runContext())).rejects.toMatchObject(refusal);
    expect(await bench.machines()).toHaveLength(1);
  });

  it.each<{ name: string; action: Fault["action"] }>([
    { name: "no access", action: { kind: "status", status: 403 } },
    { name: "no access in other words", action: { kind: "status", status: 401 } },
    { name: "an unknown error", action: { kind: "status", status: 500 } },
    { name: "an empty answer", action: { kind: "empty" } },
  ])("is not gone for $name", async ({ action }) => {
    const inputs = machineInputs();
    const { id, old } = known(await create(inputs), inputs);
    await bench.control.fault({ match: { method: "GET" }, action, times: 20 });

    const run = bench.handler.read(id, old, runContext({ signal: AbortSignal.timeout(1_500) }));

    await expect(run).rejects.toMatchObject({ name: "FleetError" });
  });
});
