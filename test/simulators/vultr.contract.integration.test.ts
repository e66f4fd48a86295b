import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Simulator } from "../../simulators/simulator.ts";
import { startVultr, VULTR_API_KEY } from "../../simulators/vultr/index.ts";
import { clientOf, type Json, WAIT } from "./http.ts";
import { loadSpec, SPECS_ABSENT } from "./spec.ts";

const spec = loadSpec("vultr");
const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ3vpUXrEGs2cX5nyAgDX0Q6qLX4zXvVYp7fW0mNn9aR someone@example";
const TITLE = "the simulated Vultr answers as the official description says";

describe.skipIf(!spec)(`${TITLE}${spec ? "" : ` (${SPECS_ABSENT})`}`, () => {
  let simulator: Simulator;
  let send: ReturnType<typeof clientOf>;

  beforeAll(async () => {
    simulator = await startVultr({ provisionMs: 20, actionMs: 20, rateScale: 0 });
    send = clientOf(simulator.url, { authorization: `Bearer ${VULTR_API_KEY}` });
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

  it.each([
    "/v2/account",
    "/v2/regions",
    "/v2/regions/ewr/availability",
    "/v2/plans",
    "/v2/plans?per_page=2",
    "/v2/plans-metal",
    "/v2/os",
    "/v2/applications",
    "/v2/startup-scripts",
    "/v2/ssh-keys",
    "/v2/snapshots",
    "/v2/vpcs",
    "/v2/vpc2",
    "/v2/instances",
    "/v2/bare-metals",
    "/v2/firewalls",
  ])("GET %s", async (path) => {
    await checked(200, "GET", path);
  });

  it("over the whole life of an instance behind a firewall", async () => {
    const { ssh_key: key } = await checked(201, "POST", "/v2/ssh-keys", { name: "someone", ssh_key: KEY });
    const { firewall_group: group } = await checked(201, "POST", "/v2/firewalls", { description: "web" });
    const rule = { ip_type: "v4", protocol: "tcp", port: "22", subnet: "0.0.0.0", subnet_size: 0 };
    const { firewall_rule: made } = await checked(201, "POST", `/v2/firewalls/${group.id}/rules`, rule);
    const { instance } = await checked(202, "POST", "/v2/instances", {
      region: "ewr",
      plan: "vc2-1c-1gb",
      os_id: 2136,
      label: "contract-1",
      tags: ["web"],
      sshkey_id: [key.id],
      firewall_group_id: group.id,
      enable_ipv6: true,
      backups: "enabled",
    });
    const at = `/v2/instances/${instance.id}`;
    const ready = async () => (await checked(200, "GET", at)).instance.server_status;
    await expect.poll(ready, WAIT).toBe("ok");

    for (const part of ["backup-schedule", "vpcs", "vpc2", "ipv4", "ipv6", "user-data", "upgrades", "bandwidth"])
      await checked(200, "GET", `${at}/${part}`);
    await checked(202, "PATCH", at, { label: "contract-2", plan: "vc2-2c-4gb", tags: ["front"] });
    await expect.poll(async () => (await checked(200, "GET", at)).instance.plan, WAIT).toBe("vc2-2c-4gb");
    await checked(204, "POST", `${at}/halt`);
    await expect.poll(async () => (await checked(200, "GET", at)).instance.power_status, WAIT).toBe("stopped");
    await checked(204, "POST", `${at}/start`);
    await checked(200, "GET", `/v2/firewalls/${group.id}/rules/${made.id}`);
    await checked(204, "PUT", `/v2/firewalls/${group.id}`, { description: "front" });
    const { snapshot } = await checked(201, "POST", "/v2/snapshots", { instance_id: instance.id, description: "a" });
    const kept = `/v2/snapshots/${snapshot.id}`;
    await expect.poll(async () => (await checked(200, "GET", kept)).snapshot.status, WAIT).toBe("complete");
    await checked(204, "PUT", kept, { description: "b" });
    await checked(200, "GET", "/v2/snapshots?description=b");
    await checked(204, "DELETE", at);
    await checked(404, "GET", at);
    await checked(204, "DELETE", kept);
    await checked(404, "GET", kept);
    for (const path of [
      `/v2/firewalls/${group.id}/rules/${made.id}`,
      `/v2/firewalls/${group.id}`,
      `/v2/ssh-keys/${key.id}`,
    ])
      await checked(204, "DELETE", path);
  });

  it("over the whole life of bare metal", async () => {
    const wanted = { region: "ewr", plan: "vbm-4c-32gb", app_id: 17, label: "metal", tags: ["lab"], enable_ipv6: true };
    const { bare_metal: metal } = await checked(202, "POST", "/v2/bare-metals", wanted);
    const at = `/v2/bare-metals/${metal.id}`;
    expect(metal.status).toBe("pending");
    await expect.poll(async () => (await checked(200, "GET", at)).bare_metal.status, WAIT).toBe("active");

    for (const part of ["vpc2", "ipv4", "ipv6", "user-data", "bandwidth"]) await checked(200, "GET", `${at}/${part}`);
    await checked(202, "PATCH", at, { label: "metal-2" });
    for (const command of ["halt", "start", "reboot"]) await checked(204, "POST", `${at}/${command}`);
    await checked(204, "DELETE", at);
    await checked(404, "GET", at);
  });
});
