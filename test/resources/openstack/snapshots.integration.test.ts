import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { openstack as send } from "../../../resources/openstack/http.ts";
import { openstack } from "../../../resources/openstack/index.ts";
import type { PropertyMap } from "../../../resources/plugin/handler.ts";
import type { Fault } from "../../../simulators/simulator.ts";
import { type Bench, MARKS, runContext, serverInputs, startBench } from "./bench.ts";

vi.setConfig({ testTimeout: 30_000 });

let bench: Bench;
let server: string;
beforeAll(async () => {
  bench = await startBench();
  server = (await bench.server.create(serverInputs({ mark: "fw-ssssssssssssssssssss" }), runContext())).id;
});
afterAll(() => bench.simulator.close());

const state = (inputs: PropertyMap) => ({ inputs, outputs: inputs });
const inputsOf = (mark: string, more: PropertyMap = {}): PropertyMap => ({
  mark,
  name: "before",
  server,
  labels: [],
  ...more,
});
const all = () => openstack.snapshots.list(bench.call());
const marked = async (mark: string) => (await all()).filter((snapshot) => snapshot.mark === mark);
const byHand = async () => {
  const json = { createImage: { name: "by-hand" } };
  const path = `/servers/${server}/action`;
  const { body } = await send<{ image_id: string }>(bench.call(), "compute", { method: "POST", path, json });
  await vi.waitFor(async () => expect((await all()).some(({ pending }) => pending)).toBe(false), { timeout: 5_000 });
  return body.image_id;
};

describe("a snapshot", () => {
  it.each<{ name: string; mark: string; action: Fault["action"] }>([
    { name: "lost", mark: MARKS[0]!, action: { kind: "dropAfter" } },
    { name: "broken off", mark: MARKS[1]!, action: { kind: "truncate" } },
  ])("is taken once, with its mark, when an answer is $name, and is there when that is told", async (lost) => {
    const { mark, action } = lost;
    await bench.fault("POST", "/action$", action, { times: 1 });
    const create = () => bench.snapshot.create(inputsOf(mark), runContext());

    const { id } = await create().catch(create);

    expect(await marked(mark)).toEqual([
      expect.objectContaining({ id, name: "before", status: "active", server, labels: {} }),
    ]);
  });

  it("is read as its file has it, labelled anew in place, and removed", async () => {
    const inputs = inputsOf(MARKS[2]!, { labels: ["purpose:upgrade"] });
    const { id } = await bench.snapshot.create(inputs, runContext());

    const read = await bench.snapshot.read(id, state(inputs), runContext());
    expect((await bench.snapshot.diff(id, state(read!.inputs), inputs)).changes).toEqual({});
    const news = inputsOf(MARKS[2]!, { labels: ["keep:12:00", "who:me"] });
    await bench.snapshot.update(id, state(inputs), news, runContext());
    expect((await marked(MARKS[2]!))[0]?.labels).toEqual({ keep: "12:00", who: "me" });
    await bench.snapshot.delete(id, state(news), runContext());
    expect(await openstack.snapshots.observe(id, bench.call())).toBeUndefined();
    expect(await bench.snapshot.read(id, state(news), runContext())).toBeUndefined();
  });

  it("of somebody else is neither labelled nor removed", async () => {
    const id = await byHand();
    const inputs = inputsOf(MARKS[3]!);

    await expect(bench.snapshot.delete(id, state(inputs), runContext())).rejects.toMatchObject({
      code: "CLOUD_REFUSED",
    });
    await expect(bench.snapshot.update(id, state(inputs), inputs, runContext())).rejects.toMatchObject({
      code: "CLOUD_REFUSED",
    });

    expect(await openstack.snapshots.observe(id, bench.call())).toMatchObject({ name: "by-hand", labels: {} });
  });

  it("that cannot be asked for is not called gone", async () => {
    const id = await byHand();
    await bench.fault("GET", `/images/${id}$`, { kind: "status", status: 404, body: {} }, { times: 1 });

    await expect(openstack.snapshots.observe(id, bench.call())).rejects.toMatchObject({ code: "CLOUD_ANSWER_INVALID" });
    expect(await openstack.snapshots.observe(id, bench.call())).toMatchObject({ id });
  });
});
