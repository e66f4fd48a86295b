import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { openstack } from "../../../resources/openstack/index.ts";
import type { PropertyMap } from "../../../resources/plugin/handler.ts";
import { PartialCreation, UNKNOWN } from "../../../resources/plugin/handler.ts";
import type { Fault } from "../../../simulators/simulator.ts";
import { type Bench, MARKS, runContext, serverInputs, startBench } from "./bench.ts";

vi.setConfig({ testTimeout: 30_000 });

let bench: Bench;
beforeEach(async () => {
  bench = await startBench();
});
afterEach(() => bench.simulator.close());

const create = (inputs = serverInputs()) => bench.server.create(inputs, runContext());
const update = (id: string, inputs: PropertyMap, news: PropertyMap) =>
  bench.server.update(id, { inputs, outputs: inputs }, news, runContext());

interface NovaServer {
  server: {
    key_name: string;
    config_drive: string;
    metadata: object;
    name: string;
    "OS-EXT-SRV-ATTR:user_data": string;
  };
}

describe("making a server", () => {
  it("sends mark, labels, key, user data and network within the one request", async () => {
    const publicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ3vpUXrEGs2cX5nyAgDX0Q6qLX4zXvVYp7fW0mNn9aR a@b";
    await bench.key.create({ name: "ops x", publicKey }, runContext());
    const inputs = serverInputs({
      keyName: "ops x",
      userData: "#cloud-config\n",
      networks: ["private"],
      configDrive: true,
    });

    const { id, outputs } = await create(inputs);

    expect(outputs).toMatchObject({ ...inputs, status: "ACTIVE", ipv4: [expect.stringMatching(/^10\.20\./)] });
    const { server } = await bench.get<NovaServer>("compute", `/servers/${id}`);
    expect(server).toMatchObject({
      name: "web-1",
      key_name: "ops x",
      config_drive: "True",
      metadata: { fleetwright: MARKS[0], role: "web" },
      "OS-EXT-SRV-ATTR:user_data": Buffer.from("#cloud-config\n").toString("base64"),
    });
    expect(bench.journal.entries.get(MARKS[0]!)?.id).toBe(id);
  });

  it("touches nothing in a preview, and says what is not known yet", async () => {
    const { outputs } = await bench.server.create(serverInputs(), runContext({ preview: true }));

    expect(outputs).toMatchObject({ flavor: "m1.small", ipv4: UNKNOWN });
    expect(await bench.servers()).toEqual([]);
  });

  it.each<{ name: string; action: Fault["action"] }>([
    { name: "the answer is lost", action: { kind: "dropAfter" } },
    { name: "the request is lost", action: { kind: "dropBefore" } },
    { name: "the answer breaks off", action: { kind: "truncate" } },
    { name: "the answer is empty", action: { kind: "empty" } },
    { name: "nova fails", action: { kind: "status", status: 500 } },
  ])("makes one server when $name", async ({ action }) => {
    await bench.fault("POST", "/servers$", action);

    const first = await create().catch((error: unknown) => error);
    const { id } = first instanceof Error ? await create() : (first as { id: string });

    expect((await bench.servers()).map((server) => server.id)).toEqual([id]);
  });

  it("takes up what a killed run has made, also while it is still being built", async () => {
    await bench.journal.begin({ account: "main", kind: "Server", key: MARKS[0]! });
    const made = await bench.post<{ server: { id: string } }>("compute", "/servers", {
      server: {
        name: "web-1",
        flavorRef: "2",
        imageRef: await imageId(),
        networks: "auto",
        metadata: { fleetwright: MARKS[0] },
      },
    });

    const { id } = await create();

    expect(id).toBe(made.server.id);
    expect(await bench.servers()).toHaveLength(1);
  });

  it("removes what nova could not place, says why, and makes it once there is room", async () => {
    const inputs = serverInputs({ flavor: "g1.a100", availabilityZone: "zone-b" });

    await expect(create(inputs)).rejects.toMatchObject({
      code: "CLOUD_OUT_OF_STOCK",
      message: expect.stringContaining("No valid host was found"),
    });

    expect(await bench.servers()).toEqual([]);
    const { id } = await create(serverInputs({ flavor: "g1.a100" }));
    expect((await bench.servers()).map((server) => server.id)).toEqual([id]);
  });

  it("keeps the id of one that is not ready in time", async () => {
    // Its addresses are still to be read when the reading fails.
    await bench.fault("GET", "/servers/[0-9a-f-]{36}$", { kind: "status", status: 403 }, { times: 50 });

    const error = await create().catch((caught: unknown) => caught);

    expect(error).toBeInstanceOf(PartialCreation);
    expect((await bench.servers()).map((server) => server.id)).toEqual([(error as PartialCreation).id]);
  });

  it.each<{ what: string; inputs: PropertyMap; says: RegExp }>([
    { what: "flavor", inputs: { flavor: "m9.huge" }, says: /flavor: there is no m9\.huge; there are c1\.large/ },
    { what: "image", inputs: { image: "windows" }, says: /image: there is no windows; there are cirros, debian-12/ },
    { what: "image by a name used twice", inputs: { image: "rolling" }, says: /several are called rolling/ },
    { what: "network", inputs: { networks: ["dmz"] }, says: /network: there is no dmz; there are private/ },
  ])("names what there is instead of an unknown $what, and leaves no intent", async ({ inputs, says }) => {
    await expect(create(serverInputs(inputs))).rejects.toThrow(says);
    expect(bench.journal.entries.size).toBe(0);
  });

  it("calls a quota a refusal and no bad credential", async () => {
    const project = (await bench.get<{ security_groups: { project_id: string }[] }>("network", "/security-groups"))
      .security_groups[0]!.project_id;
    await putQuota(project, { instances: 0 });

    await expect(create()).rejects.toMatchObject({
      code: "CLOUD_REFUSED",
      message: expect.stringContaining("Quota exceeded"),
    });
    expect(bench.journal.entries.size).toBe(0);
  });

  it("boots from a new volume where it is told to", async () => {
    const { id } = await create(serverInputs({ flavor: "v1.medium", bootVolumeGiB: 20 }));

    const actual = await openstack.observe(id, bench.call());
    expect(actual).toMatchObject({ size: "v1.medium", power: "running" });
    expect(actual?.image).toBeUndefined();
  });
});

describe("changing a server", () => {
  it("renames, relabels and resizes in place", async () => {
    const { id } = await create();
    const news = serverInputs({ name: "web-2", tags: [MARKS[0]!, "role:db"], flavor: "m1.large" });

    await update(id, serverInputs(), news);

    expect(await openstack.observe(id, bench.call())).toMatchObject({
      name: "web-2",
      size: "m1.large",
      power: "running",
      tags: [MARKS[0], "role:db"],
    });
    expect(await bench.servers()).toHaveLength(1);
  });

  it("confirms a resize that a killed run left to be verified", async () => {
    const { id } = await create();
    await bench.post("compute", `/servers/${id}/action`, { resize: { flavorRef: "4" } }).catch(() => {});
    await expect
      .poll(async () => (await openstack.observe(id, bench.call()))?.status, { interval: 10, timeout: 10_000 })
      .toBe("VERIFY_RESIZE");

    await update(id, serverInputs(), serverInputs({ flavor: "m1.large" }));

    expect(await openstack.observe(id, bench.call())).toMatchObject({ size: "m1.large", status: "ACTIVE" });
  });

  it.each(["dropAfter", "dropBefore"] as const)("resizes once when an answer on the way is lost (%s)", async (kind) => {
    const { id } = await create();
    const news = serverInputs({ flavor: "m1.large" });
    await bench.fault("POST", "/action$", { kind });
    await update(id, serverInputs(), news).catch(() => undefined);
    await bench.fault("POST", "/action$", { kind }, { skip: 1 });
    await update(id, serverInputs(), news).catch(() => undefined);

    await update(id, serverInputs(), news);

    expect(await openstack.observe(id, bench.call())).toMatchObject({ size: "m1.large", status: "ACTIVE" });
  });

  it("resizes one that is off, and leaves it off", async () => {
    const { id } = await create();
    await openstack.power(id, "stop", bench.call());

    await update(id, serverInputs(), serverInputs({ flavor: "m1.medium" }));

    expect(await openstack.observe(id, bench.call())).toMatchObject({ size: "m1.medium", power: "stopped" });
  });

  it("says that no host has room for the new size, and leaves the server as it was", async () => {
    const { id } = await create();

    await expect(
      update(id, serverInputs(), serverInputs({ flavor: "g1.a100", availabilityZone: "nova" })),
    ).resolves.toBeDefined();
    const other = await create(serverInputs({ mark: MARKS[1]!, availabilityZone: "zone-b" }));
    await expect(
      update(other.id, serverInputs({ mark: MARKS[1]! }), serverInputs({ mark: MARKS[1]!, flavor: "g1.a100" })),
    ).rejects.toMatchObject({ code: "CLOUD_OUT_OF_STOCK" });

    expect(await openstack.observe(other.id, bench.call())).toMatchObject({ size: "m1.small", power: "running" });
  });

  it("leaves alone what does not carry our mark", async () => {
    const foreign = await bench.control.addForeign({ name: "theirs" });

    const state = { inputs: serverInputs(), outputs: {} };
    await expect(bench.server.delete(foreign.id, state, runContext())).rejects.toThrow(/does not carry our mark/);
    await expect(bench.server.update(foreign.id, state, serverInputs(), runContext())).rejects.toThrow(/our mark/);
    expect(await bench.servers()).toHaveLength(1);
  });
});

describe("reading and removing a server", () => {
  it("reads inputs that differ from what was declared where somebody changed them", async () => {
    const inputs = serverInputs();
    const { id } = await create(inputs);
    await bench.control.change(id, { name: "by-hand", size: "m1.large" });

    const read = await bench.server.read(id, { inputs, outputs: {} }, runContext());

    expect(read?.inputs).toEqual({ ...inputs, name: "by-hand", flavor: "m1.large" });
    const { changes } = await bench.server.diff(id, { inputs: read!.inputs, outputs: {} }, inputs);
    expect(Object.keys(changes).sort()).toEqual(["flavor", "name"]);
  });

  it("is gone after a removal, also when asked again or when the answer is lost", async () => {
    const inputs = serverInputs();
    const { id } = await create(inputs);
    await bench.fault("DELETE", "/servers/", { kind: "dropAfter" });

    await bench.server.delete(id, { inputs, outputs: {} }, runContext());
    await bench.server.delete(id, { inputs, outputs: {} }, runContext());

    expect(await bench.servers()).toEqual([]);
    expect(await bench.server.read(id, { inputs, outputs: {} }, runContext())).toBeUndefined();
  });

  it("asks for a new server when image or zone change, and for none when only how it was made does", async () => {
    const inputs = serverInputs();
    const diff = (more: PropertyMap) => bench.server.diff("x", { inputs, outputs: {} }, { ...inputs, ...more });

    expect((await diff({ availabilityZone: "zone-b" })).changes.availabilityZone).toEqual({
      kind: "update",
      replace: true,
    });
    expect((await diff({ image: "cirros" })).changes.image).toMatchObject({ replace: true });
    expect((await diff({ networks: ["private"], userData: "x", keyName: "k", ports: ["p"] })).changes).toEqual({});
  });
});

async function imageId(): Promise<string> {
  const { images } = await openstack.catalog(bench.call());
  return images.find(({ name, title }) => title === "debian-12" && name !== "debian-12")!.name;
}

async function putQuota(project: string, quota: object): Promise<void> {
  const { openstack: send } = await import("../../../resources/openstack/http.ts");
  await send(bench.call(), "compute", { method: "PUT", path: `/os-quota-sets/${project}`, json: { quota_set: quota } });
}
