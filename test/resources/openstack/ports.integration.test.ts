import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { openstack as send } from "../../../resources/openstack/http.ts";
import type { PropertyMap } from "../../../resources/plugin/handler.ts";
import type { Fault } from "../../../simulators/simulator.ts";
import { type Bench, MARKS, runContext, serverInputs, startBench } from "./bench.ts";

vi.setConfig({ testTimeout: 30_000 });

interface SeenPort {
  id: string;
  name: string;
  description: string;
  device_id: string;
  network_id: string;
  security_groups: string[];
}

let bench: Bench;
let network: { id: string; name: string };
beforeAll(async () => {
  bench = await startBench();
  [network] = (await bench.get<{ networks: [typeof network] }>("network", "/networks")).networks;
});
afterAll(() => bench.simulator.close());

const state = (inputs: PropertyMap) => ({ inputs, outputs: inputs });
const inputsOf = (mark: string, more: PropertyMap = {}): PropertyMap => ({
  mark,
  name: "storage-1",
  network: network.name,
  ...more,
});
const ports = async () => (await bench.get<{ ports: SeenPort[] }>("network", "/ports")).ports;
const marked = async (mark: string) => (await ports()).filter(({ description }) => description.includes(mark));
const portOf = async (id: string) => (await ports()).find((port) => port.id === id)!;
const makePort = async (mark: string) => (await bench.port.create(inputsOf(mark), runContext())).id;
const foreign = async () =>
  (await bench.post<{ port: SeenPort }>("network", "/ports", { port: { name: "by-hand", network_id: network.id } }))
    .port;

describe("a port", () => {
  it.each<{ name: string; mark: string; action: Fault["action"] }>([
    { name: "lost", mark: MARKS[0]!, action: { kind: "dropAfter" } },
    { name: "broken off", mark: MARKS[1]!, action: { kind: "truncate" } },
  ])("is made once, with the mark in its description, when an answer is $name", async ({ mark, action }) => {
    await bench.fault("POST", "/ports$", action);

    await makePort(mark).catch(() => makePort(mark));

    expect(await marked(mark)).toEqual([
      expect.objectContaining({ name: "storage-1", network_id: network.id, description: `fleetwright: ${mark}` }),
    ]);
  });

  it("is read as its file has it, described anew in place, and removed", async () => {
    const inputs = inputsOf(MARKS[2]!, { description: "Storage" });
    const { id } = await bench.port.create(inputs, runContext());

    const read = await bench.port.read(id, state(inputs), runContext());
    expect((await bench.port.diff(id, state(read!.inputs), inputs)).changes).toEqual({});
    const news = inputsOf(MARKS[2]!, { description: "Archive" });
    await bench.port.update(id, state(inputs), news, runContext());
    expect(await portOf(id)).toMatchObject({ description: `Archive fleetwright: ${MARKS[2]}` });
    await bench.port.delete(id, state(news), runContext());
    expect(await portOf(id)).toBeUndefined();
    expect(await bench.port.read(id, state(news), runContext())).toBeUndefined();
  });

  it("is made anew on another network", async () => {
    const { changes } = await bench.port.diff("x", state(inputsOf(MARKS[0]!)), inputsOf(MARKS[0]!, { network: "b" }));

    expect(changes.network).toMatchObject({ replace: true });
  });

  it("of somebody else is neither changed nor removed, until its id is adopted", async () => {
    const { id } = await foreign();
    const inputs = inputsOf(MARKS[3]!);

    await expect(bench.port.delete(id, state(inputs), runContext())).rejects.toMatchObject({ code: "CLOUD_REFUSED" });
    await expect(bench.port.update(id, state(inputs), inputs, runContext())).rejects.toMatchObject({
      code: "CLOUD_REFUSED",
    });
    expect(await portOf(id)).toMatchObject({ name: "by-hand", description: "" });
    await bench.port.create({ ...inputs, adopt: id }, runContext());
    expect(await portOf(id)).toMatchObject({ name: "storage-1", description: `fleetwright: ${MARKS[3]}` });
    const other = { ...inputsOf(MARKS[0]!), adopt: id };
    await expect(bench.port.create(other, runContext())).rejects.toMatchObject({ code: "CLOUD_REFUSED" });
  });
});

describe("a server on a port", () => {
  let server: string;
  let group: string;
  beforeAll(async () => {
    const mark = "fw-ssssssssssssssssssss";
    group = (await bench.group.create({ mark, name: "web", rules: [] }, runContext())).id;
    server = (await bench.server.create(serverInputs({ mark }), runContext())).id;
  });
  const attach = (port: string, more: PropertyMap = {}) =>
    bench.attachment.create({ server, port, securityGroups: [], ...more }, runContext());

  it("is plugged in once and gets the server's firewalls there, whatever is lost on the way, and is pulled out again", async () => {
    const port = await makePort("fw-cccccccccccccccccccc");
    const inputs = { server, port, securityGroups: [group] };
    await bench.fault("POST", "/os-interface$", { kind: "dropAfter" });

    const { id } = await attach(port, inputs).catch(() => attach(port, inputs));

    expect(id).toBe(`${server}/${port}`);
    expect(await portOf(port)).toMatchObject({ device_id: server, security_groups: [group] });
    const read = await bench.attachment.read(id, state(inputs), runContext());
    expect(read?.inputs).toEqual(inputs);
    await bench.attachment.delete(id, state(inputs), runContext());
    expect(await portOf(port)).toMatchObject({ device_id: "" });
    expect(await bench.attachment.read(id, state(inputs), runContext())).toBeUndefined();
  });

  it("waits while nova is at work on it", async () => {
    const port = await makePort("fw-dddddddddddddddddddd");
    await send(bench.call(), "compute", {
      method: "POST",
      path: `/servers/${server}/action`,
      json: { "os-stop": null },
      answer: "none",
    });

    const { id } = await attach(port);

    expect(await portOf(port)).toMatchObject({ device_id: server });
    await bench.attachment.delete(id, state({ server, port, securityGroups: [] }), runContext());
  });

  it("that another service has made is found by its name: its port joins it once it runs, and leaves it with the word for it", async () => {
    const mark = "fw-uuuuuuuuuuuuuuuuuuuu";
    const inputs = inputsOf("fw-ffffffffffffffffffff", { machine: "launched" });
    const { id } = await bench.port.create(inputs, runContext());
    const waiting = await bench.port.read(id, state(inputs), runContext());
    const machine = (await bench.server.create(serverInputs({ mark, name: "launched" }), runContext())).id;

    const alone = await bench.port.read(id, state(inputs), runContext());
    await bench.port.update(id, state(alone!.inputs), inputs, runContext());

    expect(waiting?.inputs).toEqual(inputs);
    expect(alone?.inputs).not.toHaveProperty("machine");
    expect(await portOf(id)).toMatchObject({ device_id: machine });
    expect((await bench.port.read(id, state(inputs), runContext()))?.inputs).toEqual(inputs);
    const { machine: _, ...without } = inputs;
    await bench.port.update(id, state(inputs), without, runContext());
    expect(await portOf(id)).toMatchObject({ device_id: "" });
    await bench.port.update(id, state(without), inputs, runContext());
    await bench.port.delete(id, state(inputs), runContext());
    expect(await portOf(id)).toBeUndefined();
    await bench.server.delete(machine, state(serverInputs({ mark })), runContext());
  });

  it("never takes a port without our mark, or one that is plugged in elsewhere", async () => {
    const theirs = await foreign();
    const ours = await makePort("fw-eeeeeeeeeeeeeeeeeeee");
    const mark = "fw-tttttttttttttttttttt";
    const other = (await bench.server.create(serverInputs({ mark, name: "web-2" }), runContext())).id;
    const there = await bench.attachment.create({ server: other, port: ours, securityGroups: [] }, runContext());

    await expect(attach(theirs.id)).rejects.toMatchObject({ code: "CLOUD_REFUSED" });
    await expect(attach(ours)).rejects.toMatchObject({
      code: "CLOUD_REFUSED",
      message: expect.stringContaining(other),
    });

    expect(await portOf(theirs.id)).toMatchObject({ device_id: "" });
    expect(await portOf(ours)).toMatchObject({ device_id: other });
    await bench.server.delete(other, state(serverInputs({ mark })), runContext());
    expect(await portOf(ours)).toMatchObject({ device_id: "" });
    expect(there.id).toContain(other);
  });
});
