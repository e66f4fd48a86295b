import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { ActualServer } from "../../../resources/actual.ts";
import type { Call } from "../../../resources/cloud.ts";
import { pve } from "../../../resources/proxmox/http.ts";
import { proxmox } from "../../../resources/proxmox/index.ts";
import { runTask, waitTask } from "../../../resources/proxmox/tasks.ts";
import { SimulatorClient } from "../../../simulators/client.ts";
import { PROXMOX_PASSWORD, PROXMOX_TOKEN, PROXMOX_USERNAME, startProxmox } from "../../../simulators/proxmox/index.ts";
import type { Simulator } from "../../../simulators/simulator.ts";
import { serverSpec, testCall } from "../fixtures.ts";

const MARK = `fw-${"a2".repeat(10)}`;
const OTHER = `fw-${"b3".repeat(10)}`;

describe("Proxmox VE, read and acted on", () => {
  let simulator: Simulator;
  let control: SimulatorClient;
  let call: Call;
  let nextVmid = 1000;

  beforeAll(async () => {
    simulator = await startProxmox({ provisionMs: 300, actionMs: 10 });
    control = new SimulatorClient(simulator.url);
  });
  afterAll(() => simulator.close());
  beforeEach(async () => {
    call = testCall(simulator.url, { credentials: { token: PROXMOX_TOKEN } });
    await control.clearFaults();
  });

  /** A stopped machine without tags, as a clone leaves it. */
  async function clone(name: string, description?: string): Promise<string> {
    const newid = nextVmid++;
    const form = { newid, name, full: false, ...(description ? { description } : {}) };
    await runTask(call, "pve1", { method: "POST", path: "/nodes/pve1/qemu/9000/clone", form });
    return `pve1/${newid}`;
  }

  async function list(): Promise<ActualServer[]> {
    return Array.fromAsync(proxmox.list(call));
  }

  describe("list", () => {
    it("tells all machines in one request, ours or not, without templates", async () => {
      const { id } = await control.addForeign({ name: "theirs", tags: ["b", "a"], size: "2x2048", power: "running" });
      await control.resetCalls();

      const servers = await list();

      expect(servers.find((server) => server.id === id)).toMatchObject({
        name: "theirs",
        power: "running",
        region: "pve1",
        vcpus: 2,
        memoryMiB: 2048,
        diskGiB: 8,
        tags: ["a", "b"],
      });
      expect(servers.map(({ name }) => name)).not.toContain("debian-12");
      expect((await control.calls()).reduce((sum, { count }) => sum + count, 0)).toBe(1);
    });

    it("tells the mark from the tags", async () => {
      const { id } = await control.addForeign({ name: "ours", tags: [MARK] });

      expect((await list()).find((server) => server.id === id)?.mark).toBe(MARK);
      await control.remove(id);
    });

    it.each(["truncate", "empty"] as const)("asks again when the answer is cut short (%s)", async (kind) => {
      const { length } = await list();
      await control.fault({ match: { path: "/cluster/resources$" }, action: { kind } });

      expect(await list()).toHaveLength(length);
    });

    it("never takes a list for empty that has no data", async () => {
      await control.fault({
        match: { path: "/cluster/resources$" },
        action: { kind: "status", status: 200, body: { data: null } },
      });

      await expect(list()).rejects.toMatchObject({ code: "CLOUD_ANSWER_INVALID" });
    });
  });

  describe("observe", () => {
    it("tells addresses once the guest agent answers, and is content without", async () => {
      const slow = await startProxmox({ provisionMs: 3000, actionMs: 10 });
      const here = testCall(slow.url, { credentials: { token: PROXMOX_TOKEN } });
      const form = { newid: 100, name: "observed", full: false };
      await runTask(here, "pve1", { method: "POST", path: "/nodes/pve1/qemu/9000/clone", form });
      const seen = () => proxmox.observe("pve1/100", here);
      expect(await seen()).toMatchObject({ power: "stopped", ipv4: [], vcpus: 1, memoryMiB: 1024 });

      await proxmox.power("pve1/100", "start", here);

      expect(await seen()).toMatchObject({ power: "running", ipv4: [] });
      await expect.poll(async () => (await seen())?.ipv4, { timeout: 6000 }).toEqual(["10.10.0.100"]);
      expect((await seen())?.ipv6).toEqual(["fd00:10::64"]);
      await slow.close();
    });

    it("says gone only when no node has the machine", async () => {
      const id = await clone("leaving");
      await control.remove(id);

      expect(await proxmox.observe(id, call)).toBeUndefined();
    });

    it("finds a machine that has moved to another node", async () => {
      const id = await clone("moving");
      const moved = await control.change(id, { region: "pve2" });

      expect(await proxmox.observe(id, call)).toMatchObject({ id: moved.id, name: "moving", region: "pve2" });
    });

    it.each([
      { status: 401, code: "CLOUD_AUTH" },
      { status: 403, code: "CLOUD_AUTH" },
      { status: 404, code: "CLOUD_REFUSED" },
    ])("takes $status for an error and never for gone", async ({ status, code }) => {
      await control.fault({ match: { path: "/qemu/" }, action: { kind: "status", status }, times: 2 });

      await expect(proxmox.observe("pve1/9001", call)).rejects.toMatchObject({ code });
    });

    it("asks again after a 500 with unknown words and after a lost connection", async () => {
      const id = await clone("faulty");
      await control.fault({ match: { path: "/config$" }, action: { kind: "status", status: 500 } });
      await control.fault({ match: { path: "/current$" }, action: { kind: "dropBefore" } });

      expect(await proxmox.observe(id, call)).toMatchObject({ name: "faulty" });
    });

    it("refuses an id that is none", async () => {
      await expect(proxmox.observe("101", call)).rejects.toMatchObject({ code: "FLEET_INVALID" });
    });
  });

  describe("power", () => {
    it("reaches every state, and does nothing when it is there already", async () => {
      const id = await clone("powered");
      const power = async () => (await proxmox.observe(id, call))?.power;

      for (const [action, state] of [
        ["start", "running"],
        ["start", "running"],
        ["suspend", "suspended"],
        ["suspend", "suspended"],
        ["resume", "running"],
        ["reboot", "running"],
        ["reset", "running"],
        ["suspend", "suspended"],
        ["start", "running"],
        ["shutdown", "stopped"],
        ["shutdown", "stopped"],
        ["start", "running"],
        ["stop", "stopped"],
      ] as const) {
        await proxmox.power(id, action, call);
        expect(await power(), action).toBe(state);
      }
    });

    it("tells the cloud's own words when it refuses", async () => {
      const id = await clone("off");

      await expect(proxmox.power(id, "reboot", call)).rejects.toMatchObject({
        code: "CLOUD_REFUSED",
        message: expect.stringContaining("not running"),
      });
    });

    it("starts once, also when the answer to the start was lost", async () => {
      const id = await clone("lost-start");
      await control.fault({ match: { method: "POST", path: "/status/start$" }, action: { kind: "dropAfter" } });

      await proxmox.power(id, "start", call);

      expect((await proxmox.observe(id, call))?.power).toBe("running");
    });

    it("goes on asking a system that does not shut down, until the caller's time is over", async () => {
      const vmid = nextVmid++;
      await runTask(call, "pve1", {
        method: "POST",
        path: "/nodes/pve1/qemu",
        form: { vmid, name: "deaf", start: true },
      });
      const short = testCall(simulator.url, {
        credentials: { token: PROXMOX_TOKEN },
        signal: AbortSignal.timeout(300),
      });

      await expect(proxmox.power(`pve1/${vmid}`, "shutdown", short)).rejects.toMatchObject({ code: "DEADLINE" });
      await proxmox.power(`pve1/${vmid}`, "stop", call);
    });
  });

  describe("findByMark", () => {
    const server = (hostname: string) => serverSpec({ hostname });
    const find = (hostname: string, mark = MARK) => proxmox.findByMark(mark, server(hostname), call);

    it("finds a machine by its tag, whatever it is called", async () => {
      const { id } = await control.addForeign({ name: "renamed", tags: [MARK] });

      expect(await find("tagged")).toMatchObject([{ id, mark: MARK }]);
      await control.remove(id);
    });

    it("finds a clone that has no tags yet by its description", async () => {
      const id = await clone("described", `fleetwright: ${MARK}`);

      expect(await find("described")).toMatchObject([{ id, mark: MARK }]);
      expect(await find("described", OTHER)).toEqual([]);
      await control.remove(id);
    });

    it("waits for a clone that does not yet show whose it is", async () => {
      const newid = nextVmid++;
      const upid = await pve<string>(call, {
        method: "POST",
        path: "/nodes/pve1/qemu/9000/clone",
        form: { newid, name: "begun", full: true, description: `fleetwright: ${MARK}` },
      });

      expect(await find("begun")).toMatchObject([{ id: `pve1/${newid}`, mark: MARK }]);
      await waitTask(call, "pve1", upid);
      await control.remove(`pve1/${newid}`);
    });

    it("says that it is too early to tell, rather than none, when its time is over before", async () => {
      const slow = await startProxmox({ provisionMs: 20_000 });
      const credentials = { token: PROXMOX_TOKEN };
      const form = { newid: 100, name: "slow", full: true, description: `fleetwright: ${MARK}` };
      const asked = testCall(slow.url, { credentials });
      await pve(asked, { method: "POST", path: "/nodes/pve1/qemu/9000/clone", form });

      const late = testCall(slow.url, { credentials, signal: AbortSignal.timeout(200) });
      await expect(proxmox.findByMark(MARK, server("slow"), late)).rejects.toMatchObject({ code: "DEADLINE" });
      await slow.close();
    });

    it("passes over a machine of the same name that carries another mark", async () => {
      const { id } = await control.addForeign({ name: "same-name", tags: [OTHER] });

      expect(await find("same-name")).toEqual([]);
      await control.remove(id);
    });
  });

  describe("claim", () => {
    it("writes the mark beside what is there, in place of an earlier one", async () => {
      const { id } = await control.addForeign({ name: "adopted", tags: [OTHER, "role+web"] });

      await proxmox.claim(id, MARK, call);
      await proxmox.claim(id, MARK, call);

      const actual = await proxmox.observe(id, call);
      expect(actual).toMatchObject({ mark: MARK, tags: [MARK, "role+web"] });
      expect(actual && proxmox.labelsOf(actual)).toEqual({ role: "web" });
      await control.remove(id);
    });
  });

  describe("catalog", () => {
    it("tells nodes as regions and templates as images, by name and by id", async () => {
      const catalog = await proxmox.catalog(call);

      expect(catalog.regions).toEqual([
        { name: "pve1", title: "Node pve1", available: true },
        { name: "pve2", title: "Node pve2", available: true },
      ]);
      expect(catalog.images.map(({ name }) => name)).toEqual(
        expect.arrayContaining(["debian-12", "ubuntu-24.04", "9000", "9101"]),
      );
      expect(catalog.sizes).toEqual([]);
    });
  });

  describe("tasks", () => {
    it("fail with their own words, and with whether it may pass", async () => {
      const form = (newid: number) => ({ newid, name: "x", full: true });
      const start = (newid: number) =>
        pve<string>(call, { method: "POST", path: "/nodes/pve1/qemu/9001/clone", form: form(newid) });
      const first = await start(nextVmid++);
      const second = await start(nextVmid++);

      await expect(waitTask(call, "pve1", second)).rejects.toMatchObject({
        code: "CLOUD_UNAVAILABLE",
        message: expect.stringContaining("lock-9001.conf' - got timeout"),
      });
      await waitTask(call, "pve1", first);
      const shrink = {
        method: "PUT",
        path: "/nodes/pve1/qemu/9001/resize",
        form: { disk: "scsi0", size: "1G" },
      } as const;
      await expect(runTask(call, "pve1", shrink)).rejects.toMatchObject({
        code: "CLOUD_REFUSED",
        message: expect.stringContaining("shrinking disks is not supported"),
      });
    });

    it("are given up at the call's deadline", async () => {
      const slow = await startProxmox({ provisionMs: 20_000 });
      const late = testCall(slow.url, { credentials: { token: PROXMOX_TOKEN }, signal: AbortSignal.timeout(250) });
      const form = { newid: 100, full: true };
      const task = runTask(late, "pve1", { method: "POST", path: "/nodes/pve1/qemu/9000/clone", form });

      await expect(task).rejects.toMatchObject({ code: "DEADLINE" });
      await slow.close();
    });
  });

  describe("logging in with a password", () => {
    const credentials = { username: PROXMOX_USERNAME, password: PROXMOX_PASSWORD };

    it("logs in once for many requests, and may write", async () => {
      const id = await clone("by-password");
      const user = testCall(simulator.url, { credentials });
      await control.resetCalls();

      await Promise.all([proxmox.catalog(user), proxmox.observe(id, user)]);
      await proxmox.power(id, "start", user);

      const logins = (await control.calls()).filter(({ route }) => route.endsWith("/access/ticket"));
      expect(logins).toMatchObject([{ status: 200, count: 1 }]);
    });

    it("logs in again when the server no longer knows the ticket", async () => {
      const user = testCall(simulator.url, { credentials });
      await proxmox.catalog(user);
      await control.fault({ match: { path: "/nodes$" }, action: { kind: "status", status: 401 } });

      expect((await proxmox.catalog(user)).regions).toHaveLength(2);
    });

    it("refuses a wrong password and a missing one, and tells neither", async () => {
      const wrong = testCall(simulator.url, { credentials: { ...credentials, password: "wrong-password" } });
      const none = testCall(simulator.url, { credentials: {} });

      const error = await proxmox.catalog(wrong).catch((caught: Error) => caught);
      expect(error).toMatchObject({ code: "CLOUD_AUTH", message: expect.not.stringContaining("wrong-password") });
      await expect(proxmox.catalog(none)).rejects.toMatchObject({ code: "CREDENTIAL_MISSING" });
    });
  });
});
