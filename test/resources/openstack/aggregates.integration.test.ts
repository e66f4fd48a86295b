import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { openstack } from "../../../resources/openstack/index.ts";
import type { PropertyMap } from "../../../resources/plugin/handler.ts";
import { type Bench, MARKS, runContext, startBench } from "./bench.ts";

vi.setConfig({ testTimeout: 30_000 });

let bench: Bench;
beforeEach(async () => {
  bench = await startBench();
});
afterEach(() => bench.simulator.close());

const HOST = "gpu-host-3";
const SPOT = { host: HOST, aggregate: "A100-n3-spot" };
const ONDEMAND = { host: HOST, aggregate: "A100-n3" };
const state = (inputs: PropertyMap) => ({ inputs, outputs: inputs });

const placesOf = async (host: string) =>
  (await openstack.hosts.list(bench.call())).filter(({ hosts }) => hosts.includes(host)).map(({ name }) => name);
const move = (from: PropertyMap, to: PropertyMap) => bench.host.update(HOST, state(from), to, runContext());

describe("a host's place", () => {
  it("moves by one removal and then one addition", async () => {
    await bench.control.resetCalls();

    await move(SPOT, ONDEMAND);

    expect(await placesOf(HOST)).toEqual(["A100-n3"]);
    const posts = (await bench.control.calls()).filter(
      ({ method, route }) => method === "POST" && route.endsWith("/action"),
    );
    expect(posts).toEqual([expect.objectContaining({ status: 200, count: 2 })]);
  });

  it("is given up before it is taken anew, so that the host is never in two classes", async () => {
    // The addition fails: only the removal has been done.
    await bench.fault("POST", "/os-aggregates/\\d+/action$", { kind: "status", status: 403 }, { skip: 1 });

    await expect(move(SPOT, ONDEMAND)).rejects.toMatchObject({ code: "CLOUD_AUTH" });

    expect(await placesOf(HOST)).toEqual([]);
  });

  it.each([
    { name: "before the removal", fault: { kind: "dropBefore" }, skip: 0 },
    { name: "after the removal, whose answer is lost", fault: { kind: "dropAfter" }, skip: 0 },
    { name: "between removal and addition", fault: { kind: "dropBefore" }, skip: 1 },
    { name: "after the addition, whose answer is lost", fault: { kind: "dropAfter" }, skip: 1 },
  ] as const)("is finished forward by a second run after a crash $name", async ({ fault, skip }) => {
    // Whatever follows the fault fails too, as it does for a process that is killed there.
    await bench.fault("POST", "/os-aggregates/\\d+/action$", fault, { skip });
    for (const method of ["GET", "POST"]) {
      await bench.fault(
        method,
        "/os-aggregates",
        { kind: "status", status: 403 },
        { skip: method === "GET" ? 1 : skip, times: 50 },
      );
    }
    await move(SPOT, ONDEMAND).catch(() => undefined);
    await bench.control.clearFaults();

    await move(SPOT, ONDEMAND);

    expect(await placesOf(HOST)).toEqual(["A100-n3"]);
    expect((await bench.host.read(HOST, state(ONDEMAND), runContext()))?.inputs).toEqual(ONDEMAND);
  });

  describe("of a host that the fleet had nowhere yet", () => {
    const TAKEN = { ...ONDEMAND, takenFrom: SPOT.aggregate };
    const take = () => bench.host.create(TAKEN, runContext());

    it.each([
      { name: "before the removal", fault: { kind: "dropBefore" }, skip: 0 },
      { name: "after the removal, whose answer is lost", fault: { kind: "dropAfter" }, skip: 0 },
      { name: "between removal and addition", fault: { kind: "dropBefore" }, skip: 1 },
      { name: "after the addition, whose answer is lost", fault: { kind: "dropAfter" }, skip: 1 },
    ] as const)("is finished forward by a second run after a crash $name", async ({ fault, skip }) => {
      await bench.fault("POST", "/os-aggregates/\\d+/action$", fault, { skip });
      const dead = { kind: "status", status: 403 } as const;
      await bench.fault("GET", "/os-aggregates", dead, { skip: 1, times: 50 });
      await bench.fault("POST", "/os-aggregates", dead, { skip, times: 50 });
      await take().catch(() => undefined);
      await bench.control.clearFaults();

      await take();

      expect(await placesOf(HOST)).toEqual([ONDEMAND.aggregate]);
    });

    it("is no difference afterwards", async () => {
      const { changes } = await bench.host.diff(HOST, state(TAKEN), ONDEMAND);
      expect(changes).toEqual({});
    });
  });

  it.each([
    { name: "that is moved", start: () => move(SPOT, ONDEMAND) },
    {
      name: "that the fleet had nowhere yet",
      start: () => bench.host.create({ ...ONDEMAND, takenFrom: SPOT.aggregate }, runContext()),
    },
  ])("stays of a host $name what it was where the cloud refuses the new one for good", async ({ start }) => {
    const body = { conflictingRequest: { code: 409, message: "Host contains instances." } };
    await bench.fault("POST", "/os-aggregates/\\d+/action$", { kind: "status", status: 409, body }, { skip: 1 });

    await expect(start()).rejects.toMatchObject({ code: "CLOUD_REFUSED" });

    expect(await placesOf(HOST)).toEqual([SPOT.aggregate]);
  });

  it("is told as it is at every moment of a move", async () => {
    expect((await bench.host.read(HOST, state(SPOT), runContext()))?.inputs).toEqual(SPOT);
    // In neither: there is no such resource, and the next run makes it.
    const spot = (await openstack.hosts.list(bench.call())).find(({ name }) => name === SPOT.aggregate)!;
    await bench.post("compute", `/os-aggregates/${spot.id}/action`, { remove_host: { host: HOST } });

    expect(await bench.host.read(HOST, state(SPOT), runContext())).toBeUndefined();
    expect(await bench.host.create(ONDEMAND, runContext())).toMatchObject({ id: HOST });
    expect(await placesOf(HOST)).toEqual(["A100-n3"]);
  });

  it("may be there already, and is removed once", async () => {
    expect((await bench.host.create(SPOT, runContext())).id).toBe(HOST);

    await bench.host.delete(HOST, state(SPOT), runContext());
    await bench.host.delete(HOST, state(SPOT), runContext());

    expect(await placesOf(HOST)).toEqual([]);
  });

  it("is not taken while another aggregate of the fleet has the host", async () => {
    const adopted = (await openstack.hosts.list(bench.call())).find(({ name }) => name === SPOT.aggregate)!;
    await bench.aggregate.create(aggregateInputs({ name: SPOT.aggregate, adopt: adopted.id }), runContext());

    await expect(bench.host.create(ONDEMAND, runContext())).rejects.toThrow(
      /is in aggregate A100-n3-spot of the fleet/,
    );

    expect(await placesOf(HOST)).toEqual([SPOT.aggregate]);
  });

  it("fails for a host that nova does not know, in nova's words", async () => {
    await expect(bench.host.create({ host: "nowhere", aggregate: "A100-n3" }, runContext())).rejects.toThrow(
      /Compute host nowhere could not be found/,
    );
  });

  it("shows in a preview which instances are on it, of every tenant", async () => {
    const { id } = await bench.server.create(
      {
        mark: MARKS[0]!,
        name: "gpu-1",
        flavor: "g1.a100",
        image: "debian-12",
        availabilityZone: "nova",
        tags: [MARKS[0]!],
      },
      runContext(),
    );
    const host = (await openstack.observe(id, bench.call()))?.host as string;

    expect(await openstack.hosts.instances(host, bench.call())).toEqual([
      expect.objectContaining({ id, name: "gpu-1", flavor: "g1.a100", status: "ACTIVE" }),
    ]);
    expect(await openstack.hosts.instances("compute-1", bench.call())).toEqual([]);
  });
});

describe("an aggregate", () => {
  it("is made with mark and metadata, changed in place, and removed when its hosts are gone", async () => {
    const inputs = aggregateInputs();
    const { id } = await bench.aggregate.create(inputs, runContext());
    const read = async () => (await openstack.hosts.list(bench.call())).find((aggregate) => aggregate.id === id);

    expect(await read()).toMatchObject({
      name: "H100-n3",
      mark: MARKS[0],
      metadata: { class: "spot", gpu_type: "H100" },
    });
    const news = aggregateInputs({ metadata: ["class:ondemand", MARKS[0]!], availabilityZone: "zone-c" });
    await bench.aggregate.update(id, state(inputs), news, runContext());
    expect(await read()).toMatchObject({
      availabilityZone: "zone-c",
      metadata: { class: "ondemand", fleetwright: MARKS[0], availability_zone: "zone-c" },
    });
    expect((await bench.aggregate.read(id, state(news), runContext()))?.inputs).toEqual(news);

    await bench.aggregate.delete(id, state(news), runContext());
    expect(await read()).toBeUndefined();
  });

  it("is made once when the answer is lost", async () => {
    await bench.fault("POST", "/os-aggregates$", { kind: "dropAfter" });

    await bench.aggregate.create(aggregateInputs(), runContext());

    expect((await openstack.hosts.list(bench.call())).filter(({ name }) => name === "H100-n3")).toHaveLength(1);
  });

  it("is made once when a run is killed before the mark is written", async () => {
    await bench.fault("POST", "/os-aggregates/\\d+/action$", { kind: "status", status: 403 });
    await expect(bench.aggregate.create(aggregateInputs(), runContext())).rejects.toThrow();

    await bench.aggregate.create(aggregateInputs(), runContext());

    const made = (await openstack.hosts.list(bench.call())).filter(({ name }) => name === "H100-n3");
    expect(made).toEqual([expect.objectContaining({ mark: MARKS[0] })]);
  });

  it("of the same name without our mark is taken over only by its id", async () => {
    const name = "A100-n3";
    const there = (await openstack.hosts.list(bench.call())).find((aggregate) => aggregate.name === name)!;

    await expect(bench.aggregate.create(aggregateInputs({ name }), runContext())).rejects.toThrow(
      /`adopt: \d+` in its file/,
    );
    const { id } = await bench.aggregate.create(aggregateInputs({ name, adopt: there.id }), runContext());

    expect(id).toBe(there.id);
    const after = (await openstack.hosts.list(bench.call())).find((aggregate) => aggregate.id === id);
    expect(after).toMatchObject({ mark: MARKS[0], hosts: there.hosts, metadata: { gpu: "A100" } });
  });
});

function aggregateInputs(more: PropertyMap = {}): PropertyMap {
  return { mark: MARKS[0]!, name: "H100-n3", metadata: [MARKS[0]!, "class:spot", "gpu_type:H100"].sort(), ...more };
}
