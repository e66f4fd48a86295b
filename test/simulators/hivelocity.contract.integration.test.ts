import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HIVELOCITY_KEY, startHivelocity } from "../../simulators/hivelocity/index.ts";
import type { Simulator } from "../../simulators/simulator.ts";
import { clientOf, type Json, WAIT } from "./http.ts";
import { loadSpec, SPECS_ABSENT } from "./spec.ts";

const spec = loadSpec("hivelocity");
const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ3vpUXrEGs2cX5nyAgDX0Q6qLX4zXvVYp7fW0mNn9aR someone@example";
const V2 = "/api/v2";

describe.skipIf(!spec)(
  `the simulated Hivelocity answers as the official description says${spec ? "" : ` (${SPECS_ABSENT})`}`,
  () => {
    let simulator: Simulator;
    let send: ReturnType<typeof clientOf>;

    beforeAll(async () => {
      simulator = await startHivelocity({ provisionMs: 60, actionMs: 20, rateScale: 0 });
      send = clientOf(simulator.url, { "x-api-key": HIVELOCITY_KEY });
    });
    afterAll(() => simulator.close());

    /** Sends a request whose body and answer must both be as described. */
    async function checked<T = Json>(method: string, path: string, body?: unknown, status = 200): Promise<T> {
      const answer = await send(method, V2 + path, body);
      const bare = V2 + (path.split("?")[0] as string);
      expect(answer.status, JSON.stringify(answer.body)).toBe(status);
      if (body !== undefined) expect(spec?.checkRequest(method, bare, body)).toEqual([]);
      expect(spec?.checkResponse(method, bare, answer.status, answer.body)).toEqual([]);
      return answer.body as T;
    }
    const order = {
      productId: 504,
      locationName: "TPA2",
      osName: "Debian 12",
      hostname: "contract-1.example.net",
      period: "hourly",
      tags: ["fleet"],
      script: "#cloud-config\n",
    };
    async function ordered(at: string): Promise<number> {
      const { deviceId } = await checked("POST", at, order);
      await expect
        .poll(async () => (await send("GET", `${V2}/device/${deviceId}`)).body.spsStatus, WAIT)
        .toBe("IN_USE");
      return deviceId;
    }

    it.each([
      "/inventory/product",
      "/inventory/product?group_by=facility",
      "/inventory/product/504",
      "/inventory/locations",
      "/product/options",
      "/product/504/operating-systems",
      "/product/504/options",
      "/compute/",
      "/bare-metal-devices/",
      "/device/",
      "/device/tags",
      "/ssh_key/",
      "/order/",
      "/order/in-progress",
      "/deploy/",
      "/vlan/",
      "/cancellation/cancellation",
    ])("GET %s", async (path) => {
      await checked("GET", path);
    });

    it.each(["/compute/", "/bare-metal-devices/"])("over the whole life of a device by %s", async (root) => {
      const id = await ordered(root);
      const { orderId, serviceId } = await checked("GET", `${root}${id}`);
      const at = `/device/${id}`;

      await checked("GET", `/order/${orderId}`);
      await checked("GET", at);
      await checked("PUT", at, { hostname: "contract-2.example.net", name: "two" });
      await checked("PUT", `${at}/tags`, { tags: ["fleet", "web"] });
      await checked("GET", `${at}/tags`);
      await checked("GET", `${at}/ips`);
      await checked("GET", `${at}/ports`);
      await checked("GET", `${at}/events`);
      await checked("GET", `${at}/power`);
      await checked("POST", `${at}/power?action=shutdown`, undefined, 202);
      await expect.poll(async () => (await checked("GET", `${at}/power`)).powerStatus, WAIT).toBe("OFF");
      await checked("PUT", `${root}${id}`, { hostname: "contract-3.example.net", osName: "Ubuntu 24.04" });
      expect((await checked("GET", at)).isReload).toBe(true);
      await checked("POST", "/cancellation/cancellation", { deviceId: id, serviceId, reason: "A product difference" });
      await checked("GET", `/cancellation/device/${id}`);
      await checked("DELETE", `${root}${id}`, undefined, 409);
      await expect.poll(async () => (await send("GET", `${V2}${root}${id}`)).status, WAIT).toBe(404);
    });

    it("for a removal, keys and VLANs", async () => {
      const id = await ordered("/compute/");
      await checked("DELETE", `/compute/${id}`, undefined, 201);
      const { sshKeyId } = await checked("POST", "/ssh_key/", { name: "someone", publicKey: KEY }, 201);
      await checked("GET", `/ssh_key/${sshKeyId}`);
      await checked("PUT", `/ssh_key/${sshKeyId}`, { name: "someone-else" });
      await checked("DELETE", `/ssh_key/${sshKeyId}`);
      await checked("GET", `/ssh_key/${sshKeyId}`, undefined, 404);
      await checked("POST", "/vlan/", { facilityCode: "TPA2", type: "private" });
    });

    it("and the check itself finds what is wrong", () => {
      expect(spec?.checkResponse("GET", `${V2}/compute/7`, 200, { deviceId: "7" })).toEqual([
        expect.stringContaining("/deviceId must be integer"),
      ]);
      expect(spec?.checkRequest("POST", `${V2}/compute/`, { productId: 1 }).join()).toContain("hostname");
      expect(spec?.checkResponse("GET", `${V2}/compute`, 200, [])).toEqual([`GET ${V2}/compute is not described`]);
    });
  },
);
