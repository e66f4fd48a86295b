import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HYPERSTACK_KEY, startHyperstack } from "../../simulators/hyperstack/index.ts";
import type { Simulator } from "../../simulators/simulator.ts";
import { clientOf, type Json, WAIT } from "./http.ts";
import { loadSpec, SPECS_ABSENT } from "./spec.ts";

const spec = loadSpec("hyperstack");
const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ3vpUXrEGs2cX5nyAgDX0Q6qLX4zXvVYp7fW0mNn9aR someone@example";
const VMS = "/v1/core/virtual-machines";

describe.skipIf(!spec)(
  `the simulated Hyperstack answers as the official description says${spec ? "" : ` (${SPECS_ABSENT})`}`,
  () => {
    let simulator: Simulator;
    let send: ReturnType<typeof clientOf>;

    beforeAll(async () => {
      simulator = await startHyperstack({ provisionMs: 40, actionMs: 20, rateScale: 0 });
      send = clientOf(simulator.url, { api_key: HYPERSTACK_KEY });
    });
    afterAll(() => simulator.close());

    /** Sends a request whose body and answer must both be as described. */
    async function checked<T = Json>(method: string, path: string, body?: unknown): Promise<T> {
      const answer = await send(method, path, body);
      const bare = path.split("?")[0] as string;
      expect(answer.status, JSON.stringify(answer.body)).toBe(200);
      if (body !== undefined) expect(spec?.checkRequest(method, bare, body)).toEqual([]);
      expect(spec?.checkResponse(method, bare, answer.status, answer.body)).toEqual([]);
      return answer.body as T;
    }
    const untilStatus = (id: number, status: string) =>
      expect.poll(async () => (await checked("GET", `${VMS}/${id}`)).instance.status, WAIT).toBe(status);

    it.each([
      "/v1/auth/me",
      "/v1/pricebook",
      "/v1/core/regions",
      "/v1/core/flavors",
      "/v1/core/flavors?region=CANADA-1",
      "/v1/core/images?region=CANADA-1",
      "/v1/core/stocks",
      "/v1/core/gpus",
      "/v1/core/sg-rules-protocols",
      "/v1/core/environments?page=1&pageSize=2",
      "/v1/core/keypairs",
      "/v1/core/firewalls",
      "/v1/core/volumes",
      "/v1/core/virtual-machines",
      "/v1/core/virtual-machines/name-availability/free",
    ])("GET %s", async (path) => {
      await checked("GET", path);
    });

    it("over the whole life of a machine", async () => {
      const { environment } = await checked("POST", "/v1/core/environments", { name: "contract", region: "CANADA-1" });
      const { keypair } = await checked("POST", "/v1/core/keypairs", {
        name: "ops",
        environment_name: "contract",
        public_key: KEY,
      });
      const { instances } = await checked("POST", VMS, {
        name: "contract-1",
        environment_name: "contract",
        image_name: "Debian 12",
        flavor_name: "n3-L40x1",
        key_name: "ops",
        count: 1,
        assign_floating_ip: true,
        labels: ["web", "fleet"],
        user_data: "#cloud-config\n",
      });
      const { id } = instances[0];
      const at = `${VMS}/${id}`;
      await untilStatus(id, "ACTIVE");

      const { firewall } = await checked("POST", "/v1/core/firewalls", {
        name: "web",
        environment_id: environment.id,
        description: "contract",
      });
      const firewallAt = `/v1/core/firewalls/${firewall.id}`;
      const rule = { direction: "ingress", ethertype: "IPv6", protocol: "ipv6-icmp", remote_ip_prefix: "::/0" };
      const { firewall_rule } = await checked("POST", `${firewallAt}/firewall-rules`, rule);
      await checked("POST", `${at}/attach-firewalls`, { firewalls: [firewall.id] });
      await checked("GET", firewallAt);
      await checked("GET", "/v1/core/firewalls?environment=contract");
      await checked("DELETE", `${firewallAt}/firewall-rules/${firewall_rule.id}`);
      await checked("POST", `${firewallAt}/update-attachments`, { vms: [] });
      await checked("DELETE", firewallAt);

      const { security_rule } = await checked("POST", `${at}/sg-rules`, {
        ...rule,
        protocol: "any",
        virtual_machine_id: id,
      });
      await checked("DELETE", `${at}/sg-rules/${security_rule.id}`);
      await checked("PUT", `${at}/label`, { labels: ["db"] });
      await checked("POST", `${at}/resize`, { flavor_name: "n3-L40x2" });
      await untilStatus(id, "ACTIVE");
      for (const [action, status] of [
        ["stop", "SHUTOFF"],
        ["start", "ACTIVE"],
        ["hard-reboot", "ACTIVE"],
        ["hibernate", "HIBERNATED"],
        ["hibernate-restore", "ACTIVE"],
      ] as const) {
        await checked("GET", `${at}/${action}`);
        await untilStatus(id, status);
      }
      await checked("POST", `${at}/detach-floatingip`);
      await expect.poll(async () => (await checked("GET", at)).instance.floating_ip, WAIT).toBeUndefined();
      await checked("POST", `${at}/attach-floatingip`);
      await checked("GET", `${at}/events`);
      await untilStatus(id, "ACTIVE");
      const { url } = await checked("GET", `${at}/request-console`);
      await expect.poll(async () => (await send("GET", new URL(url).pathname)).status, WAIT).toBe(200);
      await checked("GET", new URL(url).pathname);
      await checked("GET", `/v1/core/environments/${environment.id}/vm-quota`);
      await checked("PUT", `/v1/core/keypair/${keypair.id}`, { name: "ops-2" });
      await checked("DELETE", `/v1/core/keypair/${keypair.id}`);
      await checked("DELETE", at);
      await expect.poll(async () => (await send("GET", at)).status, WAIT).toBe(404);
      await checked("PUT", `/v1/core/environments/${environment.id}`, { name: "contract-2" });
      await checked("GET", `/v1/core/environments/${environment.id}`);
      await checked("DELETE", `/v1/core/environments/${environment.id}`);
    });

    it.each([
      { name: "a missing machine", method: "GET", path: `${VMS}/1`, status: 404, body: undefined },
      { name: "a refused body", method: "POST", path: VMS, status: 400, body: { name: "x" } },
    ])("for $name", async ({ method, path, status, body }) => {
      const answer = await send(method, path, body);

      expect(answer.status).toBe(status);
      expect(answer.body.status).toBe(false);
      expect(spec?.checkResponse(method, path, status, answer.body)).toEqual([]);
    });
  },
);
