import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Call } from "../../../resources/cloud.ts";
import { digitalocean as send } from "../../../resources/digitalocean/http.ts";
import { digitalocean } from "../../../resources/digitalocean/index.ts";
import { ownerMark } from "../../../resources/mark.ts";
import { DIGITALOCEAN_TOKEN, startDigitalOcean } from "../../../simulators/digitalocean/index.ts";
import type { Simulator } from "../../../simulators/simulator.ts";
import { testCall } from "../fixtures.ts";

const REQUEST = { method: "POST", target: "/", headers: {}, body: Buffer.alloc(0) };
const mark = ownerMark("snapshots", "Snapshot", "main/before", 0);
const { gateway, snapshots } = digitalocean;

let simulator: Simulator;
let call: () => Call;
let droplet: string;

beforeAll(async () => {
  simulator = await startDigitalOcean({ provisionMs: 10, actionMs: 400, rateScale: 0 });
  call = () => testCall(simulator.url, { credentials: { token: DIGITALOCEAN_TOKEN } });
  const json = { name: "a", region: "nyc3", size: "s-1vcpu-1gb", image: "debian-12-x64" };
  const { body } = await send<{ droplet: { id: number } }>(call(), { method: "POST", path: "/v2/droplets", json });
  droplet = String(body.droplet.id);
  await vi.waitFor(async () => expect((await digitalocean.observe(droplet, call()))?.power).toBe("running"));
});
afterAll(() => simulator.close());

const path = () => `/v2/droplets/${droplet}/actions`;
const take = (name: string) =>
  send<{ action: { id: number } }>(call(), { method: "POST", path: path(), json: { type: "snapshot", name } });

describe("a snapshot of a droplet", () => {
  it("is asked for by an action that says so, with our mark in its name", () => {
    const creationOf = (body: object, method = "POST") => gateway.creation(method, path(), body, REQUEST);

    expect(creationOf({ type: "snapshot", name: `before ${mark}` })).toMatchObject({ kind: "Snapshot", key: mark });
    expect(creationOf({ type: "snapshot", name: "by hand" })).toBeUndefined();
    expect(creationOf({ type: "rename", name: `before ${mark}` })).toBeUndefined();
    expect(creationOf({ type: "snapshot", name: `before ${mark}` }, "GET")).toBeUndefined();
  });

  it("is found by its mark once it is taken, as the action that took it, and nobody else's is mistaken for it", async () => {
    const creation = gateway.creation("POST", path(), { type: "snapshot", name: `before ${mark}` }, REQUEST)!;
    expect(await creation.find(call())).toBeUndefined();
    const second = () => Math.floor(Date.now() / 1_000);
    const begun = second();
    await take("by hand");

    // Whose the one is that is being taken, nobody can tell.
    await expect(creation.find(call())).rejects.toMatchObject({ code: "CLOUD_UNAVAILABLE" });
    await expect.poll(async () => (await snapshots.list(call())).length, { timeout: 5_000 }).toBe(1);
    expect(await creation.find(call())).toBeUndefined();

    // By that the plugin tells them apart.
    await expect.poll(second, { timeout: 5_000 }).toBeGreaterThan(begun);
    const { body } = await take(`before ${mark}`);
    await expect.poll(async () => (await snapshots.list(call())).length, { timeout: 5_000 }).toBe(2);
    const found = await creation.find(call());

    expect(found).toMatchObject({ status: 201, id: String(body.action.id) });
    expect(creation.idOf(found!.body)).toBe(found!.id);
    expect((await snapshots.list(call())).find((snapshot) => snapshot.mark === mark)).toMatchObject({
      name: "before",
      server: droplet,
      sizeGiB: 2.34,
    });
  });

  it("is gone only when DigitalOcean says so", async () => {
    const [{ id } = { id: "" }] = await snapshots.list(call());

    expect(await snapshots.observe(id, call())).toMatchObject({ id });
    await send(call(), { method: "DELETE", path: `/v2/snapshots/${id}`, answer: "none" });
    expect(await snapshots.observe(id, call())).toBeUndefined();
    await expect(snapshots.observe("../droplets", call())).rejects.toMatchObject({ code: "FLEET_INVALID" });
  });
});
