import { afterEach, describe, expect, it } from "vitest";
import { hivelocity } from "../../../resources/hivelocity/index.ts";
import type { PropertyMap } from "../../../resources/plugin/handler.ts";
import type { SimulatorOptions } from "../../../simulators/simulator.ts";
import { WAIT } from "../../simulators/http.ts";
import { runContext } from "../proxmox-plugin.ts";
import { type Bench, deviceInputs, MARKS, startBench } from "./bench.ts";

let bench: Bench;
afterEach(() => bench.close());
const open = async (options: SimulatorOptions & { settleSeconds?: number; createSeconds?: number } = {}) => {
  bench = await startBench(options);
};

const POST = { method: "POST", path: "/compute/$" };
const create = (inputs: PropertyMap = deviceInputs()) => bench.device.create(inputs, runContext());
const known = (inputs: PropertyMap) => ({ inputs, outputs: inputs });
const ready = async (id: string) =>
  expect.poll(async () => (await hivelocity.observe(id, bench.call()))?.power, WAIT).toBe("running");

describe("creating a Device", () => {
  it("ends once the order has an id, long before it is ready", async () => {
    await open({ provisionMs: 60_000 });

    const { id, outputs } = await create();

    expect(id).toMatch(/^\d+\/\d+$/);
    expect(outputs.deviceId).toBe(Number(id.split("/")[0]));
    expect(await bench.devices()).toEqual([]);
    const actual = await hivelocity.observe(id, bench.call());
    expect(actual).toMatchObject({ id, power: "changing", provisioning: { step: expect.stringContaining("order") } });
    const [made] = await bench.control.servers();
    expect(made).toMatchObject({ id, mark: MARKS[0], name: "web-1.example.net", size: "504", region: "TPA2" });
  });

  it("touches nothing in a preview", async () => {
    await open();

    await bench.device.create(deviceInputs(), runContext({ preview: true }));

    expect(await bench.control.servers()).toEqual([]);
  });

  it("looks for the device by its mark where the answer tells no id", async () => {
    await open();

    const { id } = await create(deviceInputs({ productId: 702 }));

    expect((await bench.devices()).map((device) => device.id)).toEqual([id]);
    expect(await bench.orders()).toBe(1);
  });

  it.each([
    { name: "is lost", action: { kind: "dropAfter" } },
    { name: "breaks off", action: { kind: "truncate" } },
    { name: "is empty", action: { kind: "empty" } },
  ] as const)("finds what was ordered when the answer $name, although it is not to be seen yet", async ({ action }) => {
    // Nothing but the order tells of it, long after the settle time is over.
    await open({ provisionMs: 1_000, settleSeconds: 0 });
    await bench.control.fault({ match: POST, action });

    const { id } = await create();

    await ready(id);
    expect((await bench.devices()).map((device) => [device.id, device.mark])).toEqual([[id, MARKS[0]]]);
    expect(await bench.orders()).toBe(1);
  });

  it("orders again only when the first request was never taken", async () => {
    await open();
    await bench.control.fault({ match: POST, action: { kind: "dropBefore" } });
    await expect(create()).rejects.toMatchObject({ code: "CLOUD_UNAVAILABLE" });

    await bench.restarted().create(deviceInputs(), runContext());

    expect(await bench.control.servers()).toHaveLength(1);
  });

  it("takes up what a killed run has ordered and was told of, at once and while it is being made", async () => {
    await open({ provisionMs: 60_000 });
    const { id } = await create();

    const again = await bench.restarted().create(deviceInputs(), runContext());

    expect(again.id).toBe(id);
    expect(await bench.orders()).toBe(1);
  });

  it("waits for an order that may be its own after a kill that left no answer", async () => {
    await open({ provisionMs: 1_000, settleSeconds: 0 });
    await create();
    // As a kill between the request and its answer leaves the journal.
    const { id: _, ...entry } = bench.journal.entries.get(MARKS[0])!;
    bench.journal.entries.set(MARKS[0], entry);

    const again = await bench.restarted().create(deviceInputs(), runContext());

    expect((await bench.devices()).map((device) => device.id)).toEqual([again.id]);
    expect(await bench.orders()).toBe(1);
  });

  it("rather gives up than buys while an order may be its own", async () => {
    await open({ provisionMs: 60_000, createSeconds: 1, settleSeconds: 0 });
    await create();
    const { id: _, ...entry } = bench.journal.entries.get(MARKS[0])!;
    bench.journal.entries.set(MARKS[0], entry);

    await expect(bench.restarted().create(deviceInputs(), runContext())).rejects.toMatchObject({ code: "DEADLINE" });

    expect(await bench.orders()).toBe(1);
    expect(bench.journal.entries.has(MARKS[0])).toBe(true);
  });

  it("orders anew what was cancelled before it came to be", async () => {
    await open({ provisionMs: 60_000, settleSeconds: 0 });
    const { id } = await create();
    await bench.control.remove(id);

    const again = await bench.restarted().create(deviceInputs(), runContext());

    expect(again.id).not.toBe(id);
    expect(await bench.control.servers()).toHaveLength(1);
  });

  it("orders one for each of many at once, with every other answer lost", async () => {
    await open({ provisionMs: 1_000, settleSeconds: 0 });
    const marks = "abcdefgh".split("").map((letter) => `fw-${letter.repeat(20)}`);
    for (const skip of [0, 1, 2, 3]) await bench.control.fault({ match: POST, skip, action: { kind: "dropAfter" } });

    const made = await Promise.all(
      marks.map((mark, index) => create(deviceInputs({ mark, tags: [mark], hostname: `web-${index}.example.net` }))),
    );

    expect(new Set(made.map(({ id }) => id)).size).toBe(marks.length);
    expect((await bench.control.servers()).map(({ mark }) => mark).sort()).toEqual(marks);
  });

  it("tells what has run out, and forgets the intent", async () => {
    await open();

    await expect(create(deviceInputs({ productId: 525, location: "LAX2" }))).rejects.toMatchObject({
      code: "CLOUD_OUT_OF_STOCK",
    });

    expect(bench.journal.entries.size).toBe(0);
  });
});

describe("keeping a Device", () => {
  it("changes name and tags in place, and installs nothing anew", async () => {
    await open({ provisionMs: 0 });
    const inputs = deviceInputs();
    const { id } = await create(inputs);
    const news = deviceInputs({ hostname: "web-2.example.net", tags: [MARKS[0], "role:db"].sort() });

    await bench.device.update(id, known(inputs), news, runContext());

    expect(await hivelocity.observe(id, bench.call())).toMatchObject({
      name: "web-2.example.net",
      tags: [MARKS[0], "role:db"].sort(),
      power: "running",
    });
    const read = await bench.device.read(id, known(news), runContext());
    expect((await bench.device.diff(id, known(read!.inputs), news)).changes).toEqual({});
  });

  it.each<{ name: string; news: PropertyMap; changes: object }>([
    { name: "another product", news: { productId: 525 }, changes: { productId: { kind: "update", replace: true } } },
    { name: "another facility", news: { location: "NYC1" }, changes: { location: { kind: "update", replace: true } } },
    { name: "another name", news: { hostname: "b.example.net" }, changes: { hostname: { kind: "update" } } },
    { name: "another system", news: { osName: "Ubuntu 24.04" }, changes: {} },
    { name: "other user data", news: { script: "#!/bin/sh" }, changes: {} },
  ])("sees $name for what it is", async ({ news, changes }) => {
    await open();

    const diff = await bench.device.diff("1/2", known(deviceInputs()), deviceInputs(news));

    expect(diff).toEqual({ changes, deleteBeforeReplace: true });
  });

  it("reads a device that is not to be seen yet as it is known, and never as gone", async () => {
    await open({ provisionMs: 60_000 });
    const inputs = deviceInputs();
    const { id } = await create(inputs);

    expect((await bench.device.read(id, known(inputs), runContext()))?.inputs).toEqual(inputs);
  });

  it("leaves a device alone that does not carry its mark", async () => {
    await open({ provisionMs: 0 });
    const inputs = deviceInputs();
    const { id } = await create(inputs);
    await bench.control.change(id, { tags: ["somebody-elses"] });

    await expect(bench.device.delete(id, known(inputs), runContext())).rejects.toMatchObject({ code: "CLOUD_REFUSED" });
    await expect(
      bench.device.update(id, known(inputs), deviceInputs({ hostname: "x.example.net" }), runContext()),
    ).rejects.toMatchObject({ code: "CLOUD_REFUSED" });

    expect(await bench.control.servers()).toHaveLength(1);
  });
});

describe("removing a Device", () => {
  it("waits until it is gone, also when the answer is lost", async () => {
    await open({ provisionMs: 0 });
    const inputs = deviceInputs();
    const { id } = await create(inputs);
    await bench.control.fault({ match: { method: "DELETE" }, action: { kind: "dropAfter" } });

    await bench.device.delete(id, known(inputs), runContext());
    await bench.device.delete(id, known(inputs), runContext());

    expect(await hivelocity.observe(id, bench.call())).toBeUndefined();
  });

  it("ends with a cancellation where the device is paid for longer, and finds it no more by its mark", async () => {
    await open({ provisionMs: 0 });
    const inputs = deviceInputs({ period: "monthly" });
    const { id } = await create(inputs);
    const lines: string[] = [];

    await bench.device.delete(id, known(inputs), runContext({ log: (line) => lines.push(line) }));

    expect((await hivelocity.observe(id, bench.call()))?.leaving?.on).toMatch(/^20/);
    expect(lines.join()).toContain("cancelled");
    expect(await hivelocity.findByMark(MARKS[0], {} as never, bench.call())).toEqual([]);
  });

  it("is refused while nobody can see whose the device is", async () => {
    await open({ provisionMs: 60_000 });
    const inputs = deviceInputs();
    const { id } = await create(inputs);

    await expect(bench.device.delete(id, known(inputs), runContext())).rejects.toMatchObject({
      code: "CLOUD_UNAVAILABLE",
    });
  });
});

describe("an SshKey", () => {
  const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ3vpUXrEGs2cX5nyAgDX0Q6qLX4zXvVYp7fW0mNn9aR someone";
  const inputs = { mark: MARKS[1], name: `ops ${MARKS[1]}`, publicKey: KEY };

  it("is made once although the answer is lost, renamed, and removed", async () => {
    await open();
    await bench.control.fault({ match: { method: "POST", path: "/ssh_key/$" }, action: { kind: "dropAfter" } });

    const { id } = await bench.key.create(inputs, runContext());
    expect((await bench.key.create(inputs, runContext())).id).toBe(id);
    const renamed = { ...inputs, name: `operators ${MARKS[1]}` };
    await bench.key.update(id, known(inputs), renamed, runContext());
    expect((await bench.key.read(id, known(renamed), runContext()))?.inputs).toEqual(renamed);

    await bench.key.delete(id, known(renamed), runContext());
    expect(await bench.key.read(id, known(renamed), runContext())).toBeUndefined();
  });

  it("of somebody else is left alone", async () => {
    await open();
    const { id } = await bench.key.create(inputs, runContext());

    await expect(bench.key.delete(id, known({ ...inputs, mark: MARKS[2] }), runContext())).rejects.toMatchObject({
      code: "CLOUD_REFUSED",
    });
  });
});
