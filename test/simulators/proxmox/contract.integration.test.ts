import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startProxmox } from "../../../simulators/proxmox/index.ts";
import type { Simulator } from "../../../simulators/simulator.ts";
import { loadSpec, SPECS_ABSENT } from "../spec.ts";
import { type PveClient, pveClient } from "./client.ts";

const spec = loadSpec("proxmox-ve");

describe.skipIf(!spec)(
  `the simulated Proxmox VE answers as the official description says${spec ? "" : ` (${SPECS_ABSENT})`}`,
  () => {
    let simulator: Simulator;
    let pve: PveClient;

    beforeAll(async () => {
      simulator = await startProxmox({ provisionMs: 20, actionMs: 4 });
      pve = pveClient(simulator.url);
    });
    afterAll(() => simulator.close());

    /** Sends a request whose body and answer must both be as described, and waits for its task. */
    async function checked(method: string, path: string, form?: Record<string, string | number>) {
      const { status, words, body } = await pve.send(method, path, form);
      const bare = `/api2/json${path.split("?")[0]}`;
      expect(status, words).toBe(200);
      if (form) expect(spec?.checkRequest(method, bare, form)).toEqual([]);
      expect(spec?.checkResponse(method, bare, status, body)).toEqual([]);
      if (typeof body.data === "string" && body.data.startsWith("UPID:")) expect(await pve.exit(body.data)).toBe("OK");
      return body.data;
    }

    it.each([
      "/version",
      "/access/permissions",
      "/access/permissions?path=/vms",
      "/nodes",
      "/nodes/pve1/status",
      "/nodes/pve1/qemu",
      "/nodes/pve1/qemu/9000/config",
      "/nodes/pve1/qemu/9000/status/current",
      "/nodes/pve1/storage",
      "/nodes/pve1/storage/local-lvm/content",
      "/nodes/pve1/network",
      "/nodes/pve1/tasks",
      "/cluster/resources",
      "/cluster/resources?type=vm",
      "/cluster/nextid",
      "/cluster/nextid?vmid=555",
      "/cluster/status",
      "/cluster/tasks",
      "/storage",
      "/pools",
    ])("GET %s", async (path) => {
      await checked("GET", path);
    });

    it("over the whole life of a machine", async () => {
      const at = "/nodes/pve1/qemu/300";
      await checked("POST", "/nodes/pve1/qemu/9000/clone", { newid: 300, name: "web-1", description: "x", full: 1 });
      const key = encodeURIComponent(
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ3vpUXrEGs2cX5nyAgDX0Q6qLX4zXvVYp7fW0mNn9aR me",
      );
      await checked("PUT", `${at}/config`, { cores: 2, memory: "2048", tags: "a;b", sshkeys: key, ciuser: "ops" });
      await checked("POST", `${at}/config`, { net0: "virtio,bridge=vmbr0,tag=5", ipconfig0: "ip=dhcp" });
      await checked("PUT", `${at}/resize`, { disk: "scsi0", size: "10G" });
      for (const action of ["start", "suspend", "resume", "reset", "reboot"]) {
        await checked("POST", `${at}/status/${action}`, {});
        await checked("GET", `${at}/status/current`);
        await checked("GET", `${at}/rrddata?timeframe=day&cf=AVERAGE`);
        await checked("GET", "/cluster/resources?type=vm");
      }
      await expect.poll(async () => (await pve.send("GET", `${at}/agent/network-get-interfaces`)).status).toBe(200);
      await checked("GET", `${at}/agent/network-get-interfaces`);
      await checked("GET", `${at}/config`);
      await checked("POST", `${at}/status/shutdown`, { timeout: 20 });
      await checked("POST", `${at}/status/start`, {});
      await checked("POST", `${at}/status/stop`, { "overrule-shutdown": 1 });
      await checked("DELETE", `${at}?purge=1`);
      const [task] = await checked("GET", "/nodes/pve1/tasks?typefilter=qmclone");
      await checked("GET", `/nodes/pve1/tasks/${task.upid}/status`);
      await checked("GET", `/nodes/pve1/tasks/${task.upid}/log`);
    });

    it("with the firewall of a machine", async () => {
      const at = "/nodes/pve1/qemu/9000/firewall";
      const enabled = { type: "in", action: "ACCEPT", enable: 1 };
      await checked("POST", `${at}/rules`, { ...enabled, proto: "tcp", dport: "22", source: "10.0.0.0/8" });
      await checked("POST", `${at}/rules`, { ...enabled, proto: "icmp", comment: "pings" });
      const [first] = await checked("GET", `${at}/rules`);
      await checked("PUT", `${at}/rules/0`, { moveto: 2, digest: first.digest });
      await checked("PUT", `${at}/rules/1`, { enable: 0 });
      expect(await checked("GET", `${at}/rules`)).toMatchObject([{ dport: "22" }, { proto: "icmp", enable: 0 }]);
      await checked("GET", `${at}/rules/1`);
      await checked("DELETE", `${at}/rules/1`);
      await checked("PUT", `${at}/options`, { enable: 1, policy_in: "DROP" });
      await checked("GET", `${at}/options`);
    });

    it("logs in and makes an empty machine", async () => {
      const login = await pve.send("POST", "/access/ticket", { username: "root@pam", password: "simulated-password" });

      expect(spec?.checkResponse("POST", "/api2/json/access/ticket", login.status, login.body)).toEqual([]);
      await checked("POST", "/nodes/pve1/qemu", { vmid: 310, name: "empty", memory: "1024", scsi0: "local-lvm:8" });
    });
  },
);
