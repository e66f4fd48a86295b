import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SimulatorClient } from "../../../simulators/client.ts";
import { startProxmox } from "../../../simulators/proxmox/index.ts";
import type { Simulator } from "../../../simulators/simulator.ts";
import { type PveClient, pveClient } from "./client.ts";

const UPID = /^UPID:pve1:[0-9A-F]{8}:[0-9A-F]{8,9}:[0-9A-F]{8}:\w+:\d*:root@pam!fleetwright:$/;

describe("machines of the simulated Proxmox VE", () => {
  let simulator: Simulator;
  let control: SimulatorClient;
  let pve: PveClient;

  beforeAll(async () => {
    simulator = await startProxmox({ provisionMs: 1200, actionMs: 10 });
    control = new SimulatorClient(simulator.url);
    pve = pveClient(simulator.url);
  });
  afterAll(() => simulator.close());

  const linked = (newid: number, more: Record<string, string | number> = {}) =>
    pve.run("POST", "/nodes/pve1/qemu/9000/clone", { newid, full: 0, ...more });

  it("clones a template by a task, which locks the new machine until it is done", async () => {
    const upid = await pve.data("POST", "/nodes/pve1/qemu/9000/clone", {
      newid: 101,
      full: 1,
      name: "web-1",
      description: "first",
    });

    expect(upid).toMatch(UPID);
    const begun = await pve.data("GET", "/nodes/pve1/qemu/101/config");
    expect(begun).toMatchObject({ lock: "clone", description: "qmclone temporary file\n" });
    expect(begun.name).toBeUndefined();
    const change = await pve.send("PUT", "/nodes/pve1/qemu/101/config", { cores: 2 });
    expect(change).toMatchObject({ status: 500, words: "VM is locked (clone)" });

    expect(await pve.exit(upid)).toBe("OK");
    const done = await pve.data("GET", "/nodes/pve1/qemu/101/config");
    expect(done).toMatchObject({ name: "web-1", description: "first", scsi0: "local-lvm:vm-101-disk-0,size=3G" });
    expect(done.lock).toBeUndefined();
    expect(done.template).toBeUndefined();
  });

  it("fails a second full clone of a template that is being cloned, but not linked ones", async () => {
    const clone = (newid: number) => pve.data("POST", "/nodes/pve1/qemu/9001/clone", { newid, full: 1, name: "x" });

    const [first, second] = [await clone(110), await clone(111)];

    expect(await pve.exit(second)).toBe("can't lock file '/var/lock/qemu-server/lock-9001.conf' - got timeout");
    expect(await pve.exit(first)).toBe("OK");
    expect((await pve.send("GET", "/nodes/pve1/qemu/111/config")).status).toBe(500);
    expect(await Promise.all([linked(112), linked(113)])).toEqual(["OK", "OK"]);
  });

  it("reserves no id and lets only one machine have it", async () => {
    const free = await pve.data("GET", "/cluster/nextid");
    expect(await pve.data("GET", "/cluster/nextid")).toBe(free);
    await linked(free);

    const again = await pve.send("POST", "/nodes/pve1/qemu/9000/clone", { newid: free });
    const words = `unable to create VM ${free}: config file already exists`;
    expect(again).toMatchObject({ status: 500, words, body: { data: null } });
    expect(await pve.send("GET", `/cluster/nextid?vmid=${free}`)).toMatchObject({
      status: 400,
      words: "Parameter verification failed.",
      body: { data: null, errors: { vmid: `VM ${free} already exists` } },
    });
  });

  it("links clones only to templates, without another storage", async () => {
    await linked(120, { name: "source" });

    const ofMachine = await pve.send("POST", "/nodes/pve1/qemu/120/clone", { newid: 121, full: 0 });
    const elsewhere = await pve.send("POST", "/nodes/pve1/qemu/9000/clone", {
      newid: 121,
      full: 0,
      storage: "local-lvm",
    });

    expect(ofMachine.words).toBe("Linked clone feature is not supported for 'local-lvm:vm-120-disk-0' (scsi0)");
    expect(elsewhere.words).toBe("parameter 'storage' not allowed for linked clones");
  });

  it.each<{ name: string; form: Record<string, string | number>; field: string; text: RegExp }>([
    { name: "an unknown field", form: { colour: "red" }, field: "colour", text: /not defined in schema/ },
    { name: "a name that is no DNS name", form: { name: "web_1" }, field: "name", text: /valid DNS name/ },
    {
      name: "a tag with a colon",
      form: { tags: "a:b" },
      field: "tags",
      text: /invalid characters in tag/,
    },
    { name: "no processors", form: { cores: 0 }, field: "cores", text: /minimum value of 1/ },
    { name: "a text for a number", form: { cores: "many" }, field: "cores", text: /type check \('integer'\)/ },
    { name: "a word for a switch", form: { onboot: "true" }, field: "onboot", text: /type check \('boolean'\)/ },
    { name: "a network card without a model", form: { net0: "bridge=vmbr0" }, field: "net0", text: /model/ },
    { name: "keys that are not escaped", form: { sshkeys: "ssh-ed25519 AAAA" }, field: "sshkeys", text: /urlencoded/ },
    { name: "an address that is none", form: { ipconfig0: "ip=1.2.3.4" }, field: "ipconfig0", text: /ipv4/ },
  ])("refuses $name, and tells the field", async ({ form, field, text }) => {
    const answer = await pve.send("PUT", "/nodes/pve1/qemu/9000/config", form);

    expect(answer).toMatchObject({ status: 400, words: "Parameter verification failed.", body: { data: null } });
    expect(answer.body.errors[field]).toMatch(text);
  });

  it("keeps tags in lower case, sorted and once each", async () => {
    await linked(130);

    await pve.data("PUT", "/nodes/pve1/qemu/130/config", { tags: "web,Zone;web,a" });

    expect((await pve.data("GET", "/nodes/pve1/qemu/130/config")).tags).toBe("a;web;zone");
  });

  it("refuses a change made for another version of the configuration", async () => {
    await linked(131);
    const { digest } = await pve.data("GET", "/nodes/pve1/qemu/131/config");
    await pve.data("PUT", "/nodes/pve1/qemu/131/config", { onboot: 1, digest });

    const late = await pve.send("PUT", "/nodes/pve1/qemu/131/config", { onboot: 0, digest });

    expect(late).toMatchObject({ status: 500, words: expect.stringContaining("checksum mismatch") });
  });

  it("grows disks and never shrinks them", async () => {
    await linked(140);
    const resize = (size: string) => pve.run("PUT", "/nodes/pve1/qemu/140/resize", { disk: "scsi0", size });

    expect(await resize("10G")).toBe("OK");
    expect(await resize("+2G")).toBe("OK");
    expect(await resize("11G")).toBe("shrinking disks is not supported");
    expect((await pve.data("GET", "/nodes/pve1/qemu/140/config")).scsi0).toBe("local-lvm:vm-140-disk-0,size=12G");
  });

  it("keeps new processors and memory of a running machine for its next start", async () => {
    await linked(150);
    await pve.run("POST", "/nodes/pve1/qemu/150/status/start");

    await pve.data("PUT", "/nodes/pve1/qemu/150/config", { cores: 4, memory: 2048, name: "now" });

    const status = () => pve.data("GET", "/nodes/pve1/qemu/150/status/current");
    expect(await status()).toMatchObject({ name: "now", cpus: 1, maxmem: 1024 * 1024 ** 2 });
    expect(await pve.data("GET", "/nodes/pve1/qemu/150/config")).toMatchObject({ cores: 4, memory: "2048" });
    expect(await pve.data("GET", "/nodes/pve1/qemu/150/config?current=1")).toMatchObject({ cores: 1, memory: "1024" });
    await pve.run("POST", "/nodes/pve1/qemu/150/status/reboot");
    expect(await status()).toMatchObject({ cpus: 4, maxmem: 2048 * 1024 ** 2 });
  });

  it("goes through the power states, with the real errors where one does not lead to the next", async () => {
    await linked(160);
    const act = (action: string) => pve.run("POST", `/nodes/pve1/qemu/160/status/${action}`);
    const state = async () => (await pve.data("GET", "/nodes/pve1/qemu/160/status/current")).qmpstatus;

    expect(await pve.send("POST", "/nodes/pve1/qemu/160/status/reboot", {})).toMatchObject({
      status: 500,
      words: "VM 160 not running",
    });
    expect(await act("start")).toBe("OK");
    expect(await act("start")).toBe("VM 160 already running");
    expect(await act("suspend")).toBe("OK");
    expect(await state()).toBe("paused");
    expect(await pve.send("POST", "/nodes/pve1/qemu/160/status/shutdown", {})).toMatchObject({ status: 500 });
    expect(await act("resume")).toBe("OK");
    expect(await act("reset")).toBe("OK");
    expect(await state()).toBe("running");
    expect(await pve.send("DELETE", "/nodes/pve1/qemu/160")).toMatchObject({
      status: 500,
      words: "VM 160 is running - destroy failed",
    });
    expect(await act("shutdown")).toBe("OK");
    expect(await pve.run("DELETE", "/nodes/pve1/qemu/160?purge=1")).toBe("OK");
    expect((await pve.send("GET", "/nodes/pve1/qemu/160/status/current")).words).toBe(
      "Configuration file 'nodes/pve1/qemu-server/160.conf' does not exist",
    );
  });

  it("does not start a template", async () => {
    expect(await pve.run("POST", "/nodes/pve1/qemu/9000/status/start")).toBe("you can't start a vm if it's a template");
  });

  it("tells addresses only once the guest's agent runs", async () => {
    await linked(170);
    const ask = () => pve.send("GET", "/nodes/pve1/qemu/170/agent/network-get-interfaces");

    expect((await ask()).words).toBe("VM 170 is not running");
    await pve.run("POST", "/nodes/pve1/qemu/170/status/start");
    expect(await ask()).toMatchObject({ status: 500, words: "QEMU guest agent is not running" });
    await expect.poll(async () => (await ask()).status).toBe(200);
    const [, card] = (await ask()).body.data.result;
    expect(card["ip-addresses"][0]).toMatchObject({ "ip-address": "10.10.0.170", "ip-address-type": "ipv4" });
  });

  it("makes an empty machine, which has no agent and cannot be asked to shut down", async () => {
    const made = await pve.run("POST", "/nodes/pve1/qemu", {
      vmid: 180,
      name: "empty",
      memory: 1024,
      agent: 1,
      scsi0: "local-lvm:8",
      net0: "virtio,bridge=vmbr0",
    });
    await pve.run("POST", "/nodes/pve1/qemu/180/status/start");

    expect(made).toBe("OK");
    expect((await pve.data("GET", "/nodes/pve1/qemu/180/config")).net0).toMatch(/^virtio=BC:24:11:.*,bridge=vmbr0$/);
    expect(await pve.run("POST", "/nodes/pve1/qemu/180/status/shutdown")).toContain("got timeout");
    expect(await pve.run("POST", "/nodes/pve1/qemu/180/status/stop")).toBe("OK");
    const again = await pve.send("POST", "/nodes/pve1/qemu", { vmid: 180 });
    expect(again.words).toBe("unable to create VM 180 - VM 180 already exists on node 'pve1'");
  });

  it("does not start a machine on a bridge that its node does not have", async () => {
    await linked(181);
    await pve.data("PUT", "/nodes/pve1/qemu/181/config", { net0: "virtio,bridge=vmbr9" });

    expect(await pve.run("POST", "/nodes/pve1/qemu/181/status/start")).toBe("bridge 'vmbr9' does not exist");
  });

  it("answers for an unknown task, node and path as the real one does", async () => {
    const task = "UPID:pve1:00001000:00000001:00000001:qmclone:1:root@pam:";

    expect((await pve.send("GET", `/nodes/pve1/tasks/${task}/status`)).body.errors).toEqual({ upid: "no such task" });
    expect((await pve.send("GET", "/nodes/pve9/status")).words).toContain("hostname lookup 'pve9' failed");
    expect((await pve.send("GET", "/nodes/pve1/nothing")).status).toBe(501);
  });

  it("goes on with a clone whose caller is gone", async () => {
    await control.fault({ match: { method: "POST", path: "/clone$" }, action: { kind: "dropAfter" } });

    await expect(
      pve.send("POST", "/nodes/pve1/qemu/9000/clone", { newid: 190, full: 0, name: "lost" }),
    ).rejects.toThrow();

    await expect
      .poll(async () => (await control.servers()).find(({ id }) => id === "pve1/190"))
      .toMatchObject({ name: "lost", status: "stopped" });
  });

  it("shows a change to the list's status late, a tag and a removal at once", async () => {
    const lagging = await startProxmox({ provisionMs: 20, actionMs: 5, listLagMs: 150 });
    const late = pveClient(lagging.url);
    const listed = async () => {
      const all = await late.data("GET", "/cluster/resources?type=vm");
      return all.find(({ vmid }: { vmid: number }) => vmid === 200);
    };
    await late.run("POST", "/nodes/pve1/qemu/9000/clone", { newid: 200, full: 0, name: "slow" });
    await late.data("PUT", "/nodes/pve1/qemu/200/config", { tags: "fresh" });

    expect(await listed()).toMatchObject({ status: "unknown", tags: "fresh" });
    expect(await listed()).not.toHaveProperty("name");
    await expect.poll(listed).toMatchObject({ status: "stopped", name: "slow" });
    await late.run("DELETE", "/nodes/pve1/qemu/200");
    expect(await listed()).toBeUndefined();
    await lagging.close();
  });

  it("lets a test change, move and remove machines behind everybody's back", async () => {
    const { id } = await control.addForeign({ name: "theirs", tags: ["a"], power: "running" });

    const changed = await control.change(id, { size: "4x8192", power: "suspended", region: "pve2" });
    expect(changed).toMatchObject({ size: "4x8192", power: "suspended", region: "pve2" });
    await control.remove(changed.id);
    expect((await control.servers()).find((server) => server.name === "theirs")).toBeUndefined();
  });
});
