import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DIGITALOCEAN_TOKEN, startDigitalOcean } from "../../simulators/digitalocean/index.ts";
import type { Simulator } from "../../simulators/simulator.ts";
import { clientOf, type Json, WAIT } from "./http.ts";
import { loadSpec, SPECS_ABSENT } from "./spec.ts";

const spec = loadSpec("digitalocean");
const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ3vpUXrEGs2cX5nyAgDX0Q6qLX4zXvVYp7fW0mNn9aR someone@example";
const TITLE = "the simulated DigitalOcean answers as the official description says";

describe.skipIf(!spec)(`${TITLE}${spec ? "" : ` (${SPECS_ABSENT})`}`, () => {
  let simulator: Simulator;
  let send: ReturnType<typeof clientOf>;

  beforeAll(async () => {
    simulator = await startDigitalOcean({ provisionMs: 40, actionMs: 20, rateScale: 1 });
    send = clientOf(simulator.url, { authorization: `Bearer ${DIGITALOCEAN_TOKEN}` });
  });
  afterAll(() => simulator.close());

  /** Sends a request whose body and answer must both be as described. */
  async function checked<T = Json>(status: number, method: string, path: string, body?: unknown): Promise<T> {
    const answer = await send(method, path, body);
    const bare = path.split("?")[0] as string;
    expect(answer.status, JSON.stringify(answer.body)).toBe(status);
    if (body !== undefined) expect(spec?.checkRequest(method, bare, body)).toEqual([]);
    expect(spec?.checkResponse(method, bare, answer.status, answer.body)).toEqual([]);
    return answer.body as T;
  }
  async function untilIdle(id: number, status: string): Promise<void> {
    const state = async () => {
      const { droplet } = await checked(200, "GET", `/v2/droplets/${id}`);
      return [droplet.status, droplet.locked];
    };
    await expect.poll(state, WAIT).toEqual([status, false]);
  }

  it.each([
    "/v2/account",
    "/v2/account/keys",
    "/v2/sizes",
    "/v2/1-clicks?type=droplet",
    "/v2/sizes?per_page=2&page=2",
    "/v2/regions",
    "/v2/images",
    "/v2/images?type=application",
    "/v2/images/debian-12-x64",
    "/v2/vpcs",
    "/v2/tags",
    "/v2/actions",
    "/v2/firewalls",
    "/v2/droplets?type=gpus",
  ])("GET %s", async (path) => {
    await checked(200, "GET", path);
  });

  it("over the whole life of a droplet", async () => {
    const { ssh_key: key } = await checked(201, "POST", "/v2/account/keys", { name: "someone", public_key: KEY });
    await checked(200, "GET", `/v2/account/keys/${key.fingerprint}`);
    await checked(200, "PUT", `/v2/account/keys/${key.id}`, { name: "someone-else", public_key: KEY });
    const { droplet } = await checked(202, "POST", "/v2/droplets", {
      name: "contract-1",
      region: "nyc3",
      size: "s-1vcpu-1gb",
      image: "ubuntu-24-04-x64",
      ssh_keys: [key.id],
      backups: false,
      ipv6: true,
      monitoring: true,
      tags: ["web", "fleet"],
    });
    const at = `/v2/droplets/${droplet.id}`;
    await untilIdle(droplet.id, "active");

    await checked(200, "GET", "/v2/droplets?tag_name=web");
    await checked(200, "GET", "/v2/droplets?per_page=1");
    await checked(200, "GET", "/v2/vpcs");
    await checked(201, "POST", `${at}/actions`, { type: "power_off" });
    await untilIdle(droplet.id, "off");
    const { action } = await checked(201, "POST", `${at}/actions`, { type: "resize", size: "s-1vcpu-2gb", disk: true });
    await checked(200, "GET", `/v2/actions/${action.id}`);
    await untilIdle(droplet.id, "off");
    for (const body of [{ type: "power_on" }, { type: "rename", name: "contract-2" }, { type: "enable_backups" }]) {
      await checked(201, "POST", `${at}/actions`, body);
      await untilIdle(droplet.id, "active");
    }
    await checked(200, "GET", `${at}/actions`);
    await checked(200, "GET", `${at}/actions/${action.id}`);
    await checked(200, "GET", `${at}/firewalls`);
    await checked(201, "POST", `${at}/actions`, { type: "snapshot", name: "before" });
    await expect.poll(async () => (await checked(200, "GET", "/v2/snapshots")).meta.total, WAIT).toBe(1);
    const { snapshots } = await checked(200, "GET", `${at}/snapshots`);
    await checked(200, "GET", "/v2/snapshots?resource_type=droplet");
    await checked(200, "GET", `/v2/snapshots/${snapshots[0].id}`);
    await checked(200, "GET", "/v2/images?private=true");
    await expect.poll(async () => (await checked(200, "GET", at)).droplet.locked, WAIT).toBe(false);
    await checked(204, "DELETE", at);
    await checked(204, "DELETE", `/v2/snapshots/${snapshots[0].id}`);
    await checked(404, "DELETE", `/v2/snapshots/${snapshots[0].id}`);
    await checked(404, "GET", `/v2/snapshots/${snapshots[0].id}`);
    await checked(204, "DELETE", `/v2/account/keys/${key.id}`);
    await expect.poll(async () => (await send("GET", at)).status, WAIT).toBe(404);
    await checked(404, "GET", at);
  });

  it("for several droplets in one request", async () => {
    const body = { names: ["many-1", "many-2"], region: "fra1", size: "s-1vcpu-1gb", image: 195932985, tags: ["many"] };

    const { droplets } = await checked(202, "POST", "/v2/droplets", body);
    for (const droplet of droplets) await untilIdle(droplet.id, "active");

    await checked(204, "DELETE", "/v2/droplets?tag_name=many");
  });

  it("for firewalls and tags", async () => {
    await checked(201, "POST", "/v2/tags", { name: "behind" });
    const { droplet } = await checked(202, "POST", "/v2/droplets", {
      name: "behind-1",
      region: "ams3",
      size: "s-1vcpu-1gb",
      image: "debian-12-x64",
    });
    const rules = {
      inbound_rules: [{ protocol: "tcp", ports: "22", sources: { addresses: ["0.0.0.0/0", "::/0"] } }],
      outbound_rules: [
        { protocol: "tcp", ports: "all", destinations: { addresses: ["0.0.0.0/0"] } },
        { protocol: "icmp", ports: "0", destinations: { addresses: ["0.0.0.0/0"] } },
      ],
    };
    const { firewall } = await checked(202, "POST", "/v2/firewalls", { name: "contract", ...rules, tags: ["behind"] });
    const at = `/v2/firewalls/${firewall.id}`;
    const resources = { resources: [{ resource_id: String(droplet.id), resource_type: "droplet" }] };

    await checked(200, "GET", at);
    await checked(204, "POST", "/v2/tags/behind/resources", resources);
    await checked(200, "GET", "/v2/tags/behind");
    await checked(200, "PUT", at, { name: "contract", ...rules, droplet_ids: [droplet.id], tags: null });
    await checked(204, "POST", `${at}/tags`, { tags: ["behind"] });
    await checked(204, "DELETE", `${at}/droplets`, { droplet_ids: [droplet.id] });
    await checked(200, "GET", "/v2/firewalls");
    await checked(204, "DELETE", "/v2/tags/behind/resources", resources);
    await checked(204, "DELETE", "/v2/tags/behind");
    await checked(204, "DELETE", at);
  });

  it("for a request without a token", async () => {
    const answer = await send("GET", "/v2/account", undefined, { authorization: "Bearer wrong" });

    expect(answer.status).toBe(401);
    expect(spec?.checkResponse("GET", "/v2/account", 401, answer.body)).toEqual([]);
  });
});
