import { afterEach, describe, expect, it } from "vitest";
import { SimulatorClient } from "../../simulators/client.ts";
import { DIGITALOCEAN_TOKEN, startDigitalOcean } from "../../simulators/digitalocean/index.ts";
import { LINODE_TOKEN, startLinode } from "../../simulators/linode/index.ts";
import type { Simulator } from "../../simulators/simulator.ts";
import { clientOf, type Json, WAIT } from "./http.ts";

/** The requests that the official Pulumi plugins were seen to send, with their nulls, in their order. */
describe("the simulators answer what the official plugins send", () => {
  let simulator: Simulator;
  afterEach(() => simulator.close());

  it("Linode: start, create, resize with a shutdown before and a reboot after, delete", async () => {
    simulator = await startLinode({ provisionMs: 30, actionMs: 20 });
    const send = clientOf(simulator.url, { authorization: `Bearer ${LINODE_TOKEN}` });
    const ok = async (method: string, path: string, body?: unknown, filter?: object): Promise<Json> => {
      const answer = await send(method, path, body, filter ? { "X-Filter": JSON.stringify(filter) } : {});
      expect(answer.status, `${method} ${path} ${JSON.stringify(answer.body)}`).toBe(200);
      return answer.body;
    };

    expect(await ok("GET", "/v4/linode/types?page=100")).toMatchObject({ data: [], page: 100, pages: 1 });
    const { id } = await ok("POST", "/v4/linode/instances", {
      region: "us-east",
      type: "g6-nanode-1",
      label: "node-1",
      root_pass: "not-a-real-password",
      authorized_keys: null,
      image: "linode/ubuntu24.04",
      tags: ["web", "fleet"],
      booted: true,
      interfaces: null,
    });
    const at = `/v4/linode/instances/${id}`;
    const until = (status: string) => expect.poll(async () => (await ok("GET", at)).status, WAIT).toBe(status);
    await until("running");
    expect((await ok("GET", `${at}/ips`)).ipv4.public).toHaveLength(1);

    const filterOf = (action: string) => ({
      "+order": "desc",
      "+order_by": "created",
      action,
      "entity.id": id,
      "entity.type": "linode",
    });
    /** Sends an action and follows the event that was not there before, as the plugin's poller does. */
    async function followed(action: string, method: string, path: string, body?: unknown): Promise<void> {
      const list = async (): Promise<number[]> =>
        (await ok("GET", "/v4/account/events?page=1", undefined, filterOf(action))).data.map((event: Json) => event.id);
      const before = await list();
      await ok(method, path, body);
      const fresh = async () => (await list()).filter((event) => !before.includes(event));
      await expect.poll(async () => (await fresh()).length, WAIT).toBe(1);
      const [event] = await fresh();
      await expect.poll(async () => (await ok("GET", `/v4/account/events/${event}`)).status, WAIT).toBe("finished");
    }

    const { data: disks } = await ok("GET", `${at}/disks?page=1`);
    const [config] = (await ok("GET", `${at}/configs?page=1`)).data;
    await ok("POST", `${at}/shutdown`, {});
    await until("offline");
    const resize = { type: "g6-standard-1", migration_type: "cold", allow_auto_disk_resize: false };
    await followed("linode_resize", "POST", `${at}/resize`, resize);
    await until("offline");
    const put = await ok("PUT", `${at}/configs/${config.id}`, {
      label: config.label,
      comments: "",
      devices: { sda: { disk_id: disks[0].id }, sdb: { disk_id: disks[1].id } },
      helpers: config.helpers,
      interfaces: null,
      kernel: config.kernel,
      memory_limit: 0,
      root_device: "/dev/sda",
      run_level: "default",
      virt_mode: "paravirt",
      init_rd: null,
    });
    expect(put).toEqual(config);
    await followed("linode_reboot", "POST", `${at}/reboot`, { config_id: config.id });
    await until("running");
    await followed("linode_delete", "DELETE", at);
    expect((await send("GET", at)).body).toEqual({ errors: [{ reason: "Not found" }] });
  });

  it("DigitalOcean: key, tag, firewall, droplet, its tags one by one, and away", async () => {
    simulator = await startDigitalOcean({ provisionMs: 30, actionMs: 20 });
    const send = clientOf(simulator.url, { authorization: `Bearer ${DIGITALOCEAN_TOKEN}` });
    const ok = async (status: number, method: string, path: string, body?: unknown): Promise<Json> => {
      const answer = await send(method, path, body);
      expect(answer.status, `${method} ${path} ${JSON.stringify(answer.body)}`).toBe(status);
      return answer.body;
    };

    await ok(201, "POST", "/v2/tags", { name: "web" });
    const rules = {
      inbound_rules: [{ protocol: "tcp", ports: "22", sources: { addresses: ["0.0.0.0/0", "::/0"] } }],
      outbound_rules: [{ protocol: "icmp", destinations: { addresses: ["0.0.0.0/0"] } }],
    };
    const { firewall } = await ok(202, "POST", "/v2/firewalls", {
      name: "edge",
      ...rules,
      droplet_ids: null,
      tags: ["web"],
    });
    const { droplet } = await ok(202, "POST", "/v2/droplets", {
      name: "node-1",
      region: "nyc3",
      size: "s-1vcpu-1gb",
      image: "ubuntu-24-04-x64",
      ssh_keys: null,
      backups: false,
      ipv6: true,
      private_networking: false,
      monitoring: true,
      tags: ["fleet", "web"],
    });
    const at = `/v2/droplets/${droplet.id}`;
    const idle = () => expect.poll(async () => (await ok(200, "GET", at)).droplet.locked, WAIT).toBe(false);
    await idle();
    expect((await ok(200, "GET", at)).droplet).toMatchObject({ status: "active", features: ["ipv6", "monitoring"] });
    expect((await ok(200, "GET", `/v2/firewalls/${firewall.id}`)).firewall.outbound_rules[0].ports).toBe("0");

    const resources = { resources: [{ resource_id: String(droplet.id), resource_type: "droplet" }] };
    await ok(204, "DELETE", "/v2/tags/fleet/resources", resources);
    await ok(201, "POST", "/v2/tags", { name: "blue" });
    await ok(204, "POST", "/v2/tags/blue/resources", resources);
    expect((await ok(200, "GET", at)).droplet.tags).toEqual(["web", "blue"]);

    await ok(204, "DELETE", at);
    await expect.poll(async () => (await send("GET", at)).status, WAIT).toBe(404);
    await ok(204, "DELETE", `/v2/firewalls/${firewall.id}`);
  });

  it("a create that its dead caller never saw finish is there afterwards", async () => {
    simulator = await startDigitalOcean({ provisionMs: 30 });
    const control = new SimulatorClient(simulator.url);
    await control.fault({ match: { method: "POST", path: "^/v2/droplets$" }, action: { kind: "late", ms: 500 } });
    const body = { name: "late", size: "s-1vcpu-1gb", region: "fra1", image: "debian-12-x64" };

    const lost = fetch(`${simulator.url}/v2/droplets`, {
      method: "POST",
      headers: { authorization: `Bearer ${DIGITALOCEAN_TOKEN}`, "content-type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(40),
    });
    await expect(lost).rejects.toThrow();

    expect(await control.servers()).toEqual([]);
    await expect.poll(async () => (await control.servers()).map((server) => server.status), WAIT).toEqual(["active"]);
  });
});
