import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { OPENSTACK_CREDENTIALS, startOpenStack } from "../../../simulators/openstack/index.ts";
import type { Simulator } from "../../../simulators/simulator.ts";
import { clientOf, type Json, WAIT } from "../http.ts";
import { SPECS_ABSENT } from "../spec.ts";
import { openstackSpec } from "./specs.ts";

const spec = openstackSpec(93);
const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ3vpUXrEGs2cX5nyAgDX0Q6qLX4zXvVYp7fW0mNn9aR someone@example";

describe.skipIf(!spec)(
  `The simulated OpenStack answers as the official description says${spec ? "" : ` (${SPECS_ABSENT})`}`,
  () => {
    let simulator: Simulator;
    let send: ReturnType<typeof clientOf>;

    beforeAll(async () => {
      simulator = await startOpenStack({ provisionMs: 20, actionMs: 10 });
      const { applicationCredentialId: id, applicationCredentialSecret: secret } = OPENSTACK_CREDENTIALS;
      const auth = { identity: { methods: ["application_credential"], application_credential: { id, secret } } };
      const login = await clientOf(simulator.url, {})("POST", "/v3/auth/tokens", { auth });
      expect(spec?.checkRequest("POST", "/v3/auth/tokens", { auth })).toEqual([]);
      expect(spec?.checkResponse("POST", "/v3/auth/tokens", 201, login.body)).toEqual([]);
      send = clientOf(simulator.url, {
        "x-auth-token": login.headers.get("x-subject-token") ?? "",
        "openstack-api-version": "compute 2.93",
      });
    });
    afterAll(() => simulator.close());

    /** Sends a request whose body and answer must both be as described. */
    async function checked<T = Json>(method: string, path: string, body?: unknown): Promise<T> {
      const answer = await send(method, path, body);
      const bare = path.split("?")[0] as string;
      expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(300);
      if (body !== undefined) expect(spec?.checkRequest(method, bare, body)).toEqual([]);
      if (answer.body !== undefined) expect(spec?.checkResponse(method, bare, answer.status, answer.body)).toEqual([]);
      return answer.body as T;
    }

    it.each([
      "/compute/v2.1/",
      "/compute/v2.1/flavors",
      "/compute/v2.1/flavors/detail",
      "/compute/v2.1/flavors/1",
      "/compute/v2.1/limits",
      "/compute/v2.1/os-aggregates",
      "/compute/v2.1/os-availability-zone",
      "/compute/v2.1/os-availability-zone/detail",
      "/compute/v2.1/os-hypervisors",
      "/compute/v2.1/os-hypervisors/detail",
      "/compute/v2.1/os-keypairs",
      "/compute/v2.1/os-services",
      "/compute/v2.1/servers?limit=1",
      "/compute/v2.1/servers/detail?limit=1",
      "/network/v2.0/networks",
      "/network/v2.0/subnets",
      "/network/v2.0/ports",
      "/network/v2.0/security-groups",
      "/network/v2.0/security-group-rules",
      "/network/v2.0/floatingips",
      "/network/v2.0/extensions",
      "/image/v2/images",
      "/identity/v3/auth/catalog",
      "/identity/v3/auth/projects",
      "/identity/v3/projects",
      "/identity/v3/users",
      "/identity/v3/regions",
    ])("GET %s", async (path) => {
      await checked("GET", path);
    });

    it("over the whole life of a server", async () => {
      const { images } = await checked("GET", "/image/v2/images?name=debian-12");
      await checked("GET", `/image/v2/images/${images[0].id}`);
      const server = {
        name: "contract",
        flavorRef: "2",
        imageRef: images[0].id,
        networks: "auto",
        metadata: { fleetwright: `fw-${"a".repeat(20)}` },
        availability_zone: "nova",
        user_data: Buffer.from("#cloud-config\n").toString("base64"),
        security_groups: [{ name: "default" }],
      };
      const made = await checked("POST", "/compute/v2.1/servers", { server });
      const at = `/compute/v2.1/servers/${made.server.id}`;
      const until = (status: string) =>
        expect.poll(async () => (await checked("GET", at)).server.status, WAIT).toBe(status);
      const act = (body: object) => checked("POST", `${at}/action`, body);
      await checked("GET", at);
      await until("ACTIVE");

      await checked("GET", "/compute/v2.1/servers/detail");
      await checked("PUT", at, { server: { name: "renamed" } });
      await checked("GET", `${at}/metadata`);
      await checked("POST", `${at}/metadata`, { metadata: { role: "web" } });
      await checked("PUT", `${at}/metadata`, { metadata: { role: "db" } });
      await checked("PUT", `${at}/metadata/role`, { meta: { role: "web" } });
      await checked("GET", `${at}/metadata/role`);
      await checked("DELETE", `${at}/metadata/role`);
      await checked("GET", `${at}/os-security-groups`);
      const [place] = (await checked("GET", `${at}/os-interface`)).interfaceAttachments;
      await checked("GET", `${at}/os-interface/${place.port_id}`);
      const { interfaceAttachment: more } = await checked("POST", `${at}/os-interface`, {
        interfaceAttachment: { net_id: place.net_id },
      });
      await checked("DELETE", `${at}/os-interface/${more.port_id}`);
      await checked("POST", `${at}/remote-consoles`, { remote_console: { protocol: "vnc", type: "novnc" } });
      await act({ "os-getConsoleOutput": { length: 2 } });
      for (const [body, status] of [
        [{ "os-stop": null }, "SHUTOFF"],
        [{ "os-start": null }, "ACTIVE"],
        [{ suspend: null }, "SUSPENDED"],
        [{ resume: null }, "ACTIVE"],
        [{ pause: null }, "PAUSED"],
        [{ unpause: null }, "ACTIVE"],
        [{ reboot: { type: "HARD" } }, "ACTIVE"],
        [{ resize: { flavorRef: "3" } }, "VERIFY_RESIZE"],
        [{ confirmResize: null }, "ACTIVE"],
      ] as const) {
        await act(body);
        await until(status);
        await expect.poll(async () => (await checked("GET", at)).server["OS-EXT-STS:task_state"], WAIT).toBe(null);
      }
      await act({ createImage: { name: "before", metadata: { fleetwright: `fw-${"a".repeat(20)}` } } });
      const listed = async () => (await checked("GET", "/image/v2/images?image_type=snapshot")).images;
      await expect.poll(async () => (await listed())[0]?.status, WAIT).toBe("active");
      await expect.poll(async () => (await checked("GET", at)).server["OS-EXT-STS:task_state"], WAIT).toBe(null);
      await checked("GET", `/image/v2/images/${(await listed())[0].id}`);
      await checked("DELETE", `/image/v2/images/${(await listed())[0].id}`);
      await checked("DELETE", at);
      await expect.poll(async () => (await send("GET", at)).status, WAIT).toBe(404);
    });

    it("for keys, aggregates and quotas", async () => {
      await checked("POST", "/compute/v2.1/os-keypairs", { keypair: { name: "contract", public_key: KEY } });
      await checked("GET", "/compute/v2.1/os-keypairs/contract");
      await checked("DELETE", "/compute/v2.1/os-keypairs/contract");
      const { aggregate } = await checked("POST", "/compute/v2.1/os-aggregates", { aggregate: { name: "contract" } });
      const at = `/compute/v2.1/os-aggregates/${aggregate.id}`;
      await checked("POST", `${at}/action`, { add_host: { host: "compute-1" } });
      await checked("POST", `${at}/action`, { set_metadata: { metadata: { class: "spot" } } });
      await checked("GET", at);
      await checked("POST", `${at}/action`, { remove_host: { host: "compute-1" } });
      await checked("PUT", at, { aggregate: { name: "contract-2" } });
      await send("DELETE", at);
    });

    it("for security groups, their rules and ports", async () => {
      const made = await checked("POST", "/network/v2.0/security-groups", {
        security_group: { name: "contract", description: "by a test" },
      });
      const { id } = made.security_group;
      const rule = {
        security_group_id: id,
        direction: "ingress",
        ethertype: "IPv4",
        protocol: "tcp",
        port_range_min: 22,
        port_range_max: 22,
      };
      const added = await checked("POST", "/network/v2.0/security-group-rules", {
        security_group_rule: { ...rule, remote_ip_prefix: "192.0.2.0/24" },
      });
      await checked("GET", `/network/v2.0/security-group-rules/${added.security_group_rule.id}`);
      await checked("PUT", `/network/v2.0/security-groups/${id}`, { security_group: { name: "contract-2" } });
      await checked("GET", `/network/v2.0/security-groups/${id}`);
      const { networks } = await checked("GET", "/network/v2.0/networks?name=private");
      const { port } = await checked("POST", "/network/v2.0/ports", {
        port: { network_id: networks[0].id, name: "p" },
      });
      await checked("PUT", `/network/v2.0/ports/${port.id}`, { port: { security_groups: [id] } });
      await checked("GET", `/network/v2.0/ports/${port.id}`);
      await checked("DELETE", `/network/v2.0/ports/${port.id}`);
      await checked("DELETE", `/network/v2.0/security-group-rules/${added.security_group_rule.id}`);
      await checked("DELETE", `/network/v2.0/security-groups/${id}`);
    });

    it("and the check itself finds what is wrong", () => {
      expect(spec?.checkRequest("POST", "/compute/v2.1/servers", { server: { name: "x" } })).not.toEqual([]);
      expect(spec?.checkResponse("GET", "/compute/v2.1/flavors", 200, { flavors: [{ id: 1 }] })).not.toEqual([]);
    });
  },
);
