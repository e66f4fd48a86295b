import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LINODE_TOKEN, startLinode } from "../../simulators/linode/index.ts";
import type { Simulator } from "../../simulators/simulator.ts";
import { clientOf, type Json, WAIT } from "./http.ts";
import { loadSpec, SPECS_ABSENT } from "./spec.ts";

const spec = loadSpec("linode");
const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ3vpUXrEGs2cX5nyAgDX0Q6qLX4zXvVYp7fW0mNn9aR someone@example";

describe.skipIf(!spec)(
  `the simulated Linode answers as the official description says${spec ? "" : ` (${SPECS_ABSENT})`}`,
  () => {
    let simulator: Simulator;
    let send: ReturnType<typeof clientOf>;

    beforeAll(async () => {
      simulator = await startLinode({ provisionMs: 40, actionMs: 20, rateScale: 0 });
      send = clientOf(simulator.url, { authorization: `Bearer ${LINODE_TOKEN}` });
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
      expect.poll(async () => (await checked("GET", `/v4/linode/instances/${id}`)).status, WAIT).toBe(status);

    it.each([
      "/v4/linode/types",
      "/v4/linode/types/g6-standard-2",
      "/v4/linode/types/g2-gpu-rtx4000a1-s",
      "/v4/linode/kernels",
      "/v4/regions",
      "/v4/regions/us-east",
      "/v4/regions/availability",
      "/v4/regions/us-east/availability",
      "/v4/images",
      "/v4/images/linode%2Fubuntu24.04",
      "/v4/linode/stackscripts",
      "/v4/account",
      "/v4/profile",
      "/v4/tags",
      "/v4beta/linode/instances",
    ])("GET %s", async (path) => {
      await checked("GET", path);
    });

    it("over the whole life of a machine", async () => {
      const { id } = await checked("POST", "/v4/linode/instances", {
        region: "us-east",
        type: "g6-standard-1",
        label: "contract-1",
        image: "linode/ubuntu24.04",
        root_pass: "not-a-real-password",
        authorized_keys: [KEY],
        tags: ["web", "fleet"],
        booted: true,
        private_ip: true,
        metadata: { user_data: Buffer.from("#cloud-config\n").toString("base64") },
      });
      const at = `/v4/linode/instances/${id}`;
      await untilStatus(id, "running");

      await checked("GET", "/v4/linode/instances?page=1&page_size=25");
      await checked("GET", `${at}/ips`);
      await checked("GET", `${at}/stats`);
      await checked("GET", `${at}/disks`);
      await checked("GET", `${at}/firewalls`);
      const configs = await checked("GET", `${at}/configs`);
      const config = configs.data[0];
      await checked("GET", `${at}/configs/${config.id}`);
      await checked("PUT", `${at}/configs/${config.id}`, { label: "other", comments: "", run_level: "default" });
      await checked("PUT", at, { label: "contract-2", tags: ["web"] });
      await checked("POST", `${at}/backups/enable`, {});
      await checked("POST", `${at}/backups/cancel`, {});
      await checked("POST", `${at}/reboot`, { config_id: config.id });
      await untilStatus(id, "running");
      await checked("POST", `${at}/shutdown`, {});
      await untilStatus(id, "offline");
      await checked("POST", `${at}/boot`, { config_id: config.id });
      await untilStatus(id, "running");
      await checked("POST", `${at}/resize`, {
        type: "g6-standard-2",
        migration_type: "cold",
        allow_auto_disk_resize: true,
      });
      await untilStatus(id, "running");
      await checked("GET", "/v4/tags/web");
      await checked("DELETE", at);
      const events = await checked("GET", "/v4/account/events");
      for (const event of events.data) await checked("GET", `/v4/account/events/${event.id}`);
      await expect.poll(async () => (await send("GET", at)).status, WAIT).toBe(404);
    });

    it("for firewalls, their rules and devices", async () => {
      const { id: linode } = await checked("POST", "/v4/linode/instances", { region: "eu-west", type: "g6-nanode-1" });
      const rule = {
        action: "ACCEPT",
        protocol: "TCP",
        label: "ssh",
        ports: "22",
        addresses: { ipv4: ["0.0.0.0/0"], ipv6: ["::/0"] },
      };
      const { id } = await checked("POST", "/v4/networking/firewalls", {
        label: "contract",
        rules: { inbound: [rule], inbound_policy: "DROP", outbound: [], outbound_policy: "ACCEPT" },
        tags: ["fleet"],
      });
      const at = `/v4/networking/firewalls/${id}`;

      const device = await checked("POST", `${at}/devices`, { id: linode, type: "linode" });
      await checked("GET", `${at}/devices`);
      await checked("GET", `${at}/devices/${device.id}`);
      await checked("GET", `${at}/rules`);
      await checked("PUT", `${at}/rules`, {
        inbound: [],
        inbound_policy: "ACCEPT",
        outbound: [rule],
        outbound_policy: "DROP",
      });
      await checked("PUT", at, { label: "contract-2", status: "disabled" });
      await checked("GET", at);
      await checked("GET", "/v4/networking/firewalls");
      await checked("DELETE", `${at}/devices/${device.id}`);
      await checked("DELETE", at);
    });

    it("for SSH keys and tags", async () => {
      const { id } = await checked("POST", "/v4/profile/sshkeys", { label: "someone", ssh_key: KEY });

      await checked("GET", "/v4/profile/sshkeys");
      await checked("GET", `/v4/profile/sshkeys/${id}`);
      await checked("PUT", `/v4/profile/sshkeys/${id}`, { label: "someone-else" });
      await checked("DELETE", `/v4/profile/sshkeys/${id}`);
      await checked("POST", "/v4/tags", { label: "blue" });
      await checked("DELETE", "/v4/tags/blue");
    });

    it.each([
      { name: "a missing machine", method: "GET", path: "/v4/linode/instances/1", status: 404, body: undefined },
      { name: "a refused body", method: "POST", path: "/v4/linode/instances", status: 400, body: { region: "mars" } },
    ])("for $name", async ({ method, path, status, body }) => {
      const answer = await send(method, path, body);

      expect(answer.status).toBe(status);
      expect(spec?.checkResponse(method, path, status, answer.body)).toEqual([]);
    });

    it("and the check itself finds what is wrong", () => {
      expect(spec?.checkResponse("GET", "/v4/linode/types/x", 200, { id: "x", disk: "large" })).toEqual([
        expect.stringContaining("/disk must be integer"),
      ]);
      expect(spec?.checkRequest("POST", "/v4/linode/instances", { region: "us-east" })).toEqual([
        expect.stringContaining("must have required property 'type'"),
      ]);
      expect(spec?.checkResponse("GET", "/v4/no/such/path", 200, {})).toEqual([
        "GET /v4/no/such/path is not described",
      ]);
    });
  },
);
