import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createBudget } from "../../resources/budget.ts";
import type { Account, Call, Cloud } from "../../resources/cloud.ts";
import type { MetricWindow, Series } from "../../resources/insight.ts";
import { type CloudName, clouds } from "../../resources/registry.ts";
import { SimulatorClient } from "../../simulators/client.ts";
import { DIGITALOCEAN_TOKEN, startDigitalOcean } from "../../simulators/digitalocean/index.ts";
import { HYPERSTACK_KEY, startHyperstack } from "../../simulators/hyperstack/index.ts";
import { LINODE_TOKEN, startLinode } from "../../simulators/linode/index.ts";
import { OPENSTACK_CREDENTIALS, startOpenStack } from "../../simulators/openstack/index.ts";
import { simulatedProxmox } from "../../simulators/proxmox/index.ts";
import type { Simulator } from "../../simulators/simulator.ts";
import { startVultr, VULTR_API_KEY } from "../../simulators/vultr/index.ts";
import { accountSpec } from "./fixtures.ts";

/** Machines that others have made are as good as ours to look into. */
const QUICK = { provisionMs: 20, actionMs: 20, rateScale: 0 };
const START: Partial<Record<CloudName, { start(): Promise<Simulator>; credentials: Record<string, string> }>> = {
  digitalocean: { start: () => startDigitalOcean(QUICK), credentials: { token: DIGITALOCEAN_TOKEN } },
  linode: { start: () => startLinode(QUICK), credentials: { token: LINODE_TOKEN } },
  proxmox: { start: () => simulatedProxmox.start(QUICK), credentials: simulatedProxmox.credentials },
  vultr: { start: () => startVultr(QUICK), credentials: { apiKey: VULTR_API_KEY } },
  openstack: { start: () => startOpenStack(QUICK), credentials: OPENSTACK_CREDENTIALS },
  hyperstack: { start: () => startHyperstack(QUICK), credentials: { apiKey: HYPERSTACK_KEY } },
};

interface Place {
  cloud: Cloud;
  simulator: Simulator;
  control: SimulatorClient;
  id: string;
  call(): Call;
}
const places: Partial<Record<CloudName, Place>> = {};
const at = (name: CloudName): Place => places[name]!;

async function open(name: CloudName): Promise<Place> {
  const { start, credentials } = START[name]!;
  const simulator = await start();
  const control = new SimulatorClient(simulator.url);
  const made = name === "digitalocean" ? await monitored(simulator) : await control.addForeign({ name: "web-1" });
  const account: Account = {
    spec: accountSpec({ provider: name, endpoint: simulator.url }),
    endpoint: simulator.url,
    credentials,
    budget: createBudget({}),
  };
  const call = (): Call => ({ account, signal: AbortSignal.timeout(20_000), priority: "person" });
  return { cloud: clouds[name], simulator, control, id: made.id, call };
}

/** Only droplets that are to be monitored are. */
async function monitored({ url }: Simulator): Promise<{ id: string }> {
  const wanted = { name: "web-1", region: "nyc3", size: "s-1vcpu-1gb", image: "debian-12-x64", monitoring: true };
  const headers = { authorization: `Bearer ${DIGITALOCEAN_TOKEN}`, "content-type": "application/json" };
  const response = await fetch(`${url}/v2/droplets`, { method: "POST", headers, body: JSON.stringify(wanted) });
  const { droplet } = (await response.json()) as { droplet: { id: number } };
  return { id: String(droplet.id) };
}

beforeAll(async () => {
  const names = Object.keys(START) as CloudName[];
  const opened = await Promise.all(names.map(open));
  for (const [index, name] of names.entries()) places[name] = opened[index]!;
}, 60_000);
afterAll(async () => {
  for (const { simulator } of Object.values(places)) await simulator.close();
});

const figures = (series: readonly Series[]) => series.map(({ metric, unit }) => `${metric} ${unit}`);

describe("figures of a machine", () => {
  it.each<{ name: CloudName; window: MetricWindow; shows: string[] }>([
    {
      name: "linode",
      window: "day",
      shows: ["cpu percent", "network-in bytes-per-second", "network-out bytes-per-second", "disk blocks-per-second"],
    },
    {
      name: "proxmox",
      window: "hour",
      shows: [
        "cpu percent",
        "network-in bytes-per-second",
        "network-out bytes-per-second",
        "disk-read bytes-per-second",
        "disk-write bytes-per-second",
      ],
    },
    {
      name: "digitalocean",
      window: "day",
      shows: ["cpu percent", "network-in bytes-per-second", "network-out bytes-per-second"],
    },
    { name: "vultr", window: "month", shows: ["network-in bytes-per-day", "network-out bytes-per-day"] },
  ])("are read from $name, in one unit everywhere", async ({ name, window, shows }) => {
    const { cloud, id, call, control } = at(name);
    expect(cloud.metrics!.windows).toContain(window);

    const series = await cloud.metrics!.read(id, window, call());

    expect(figures(series)).toEqual(shows);
    for (const { points } of series) {
      const times = points.map(({ at }) => Date.parse(at));
      expect(times).toEqual([...times].sort((a, b) => a - b));
      expect(Date.now() - times.at(-1)!).toBeLessThan(25 * 3600_000);
      expect(points.every(({ value }) => value >= 0)).toBe(true);
    }
    const cpu = series.find(({ metric }) => metric === "cpu")?.points.at(-1)?.value;
    if (cpu !== undefined) expect([cpu > 1, cpu <= 100]).toEqual([true, true]);
    await control.remove(id);
    await expect(cloud.metrics!.read(id, window, call())).rejects.toMatchObject({
      code: expect.stringMatching(/^(NOT_FOUND|CLOUD_REFUSED)$/),
    });
  });

  it("are bytes where Linode tells bits", async () => {
    const { cloud, call, control, simulator } = at("linode");
    const { id } = await control.addForeign({ name: "web-3" });
    const headers = { authorization: `Bearer ${LINODE_TOKEN}` };
    const raw = await (await fetch(`${simulator.url}/v4/linode/instances/${id}/stats`, { headers })).json();

    const [, incoming] = await cloud.metrics!.read(id, "day", call());

    expect(incoming!.points.map(({ value }) => value * 8)).toEqual(
      (raw as { netv4: { in: [number, number][] } }).netv4.in.map(([, bits]) => bits),
    );
  });

  it("are none of one that Linode has not measured yet, which is no error", async () => {
    const { cloud, call, control } = at("linode");
    const body = { errors: [{ reason: "Stats are unavailable at this time." }] };
    await control.fault({ match: { path: "/stats$" }, times: 1, action: { kind: "status", status: 400, body } });
    const made = await control.addForeign({ name: "web-2" });

    expect(await cloud.metrics!.read(made.id, "day", call())).toEqual([]);
  });
});

describe("the console of a machine", () => {
  it.each<CloudName>(["openstack", "hyperstack"])("is an address of its own each time on %s", async (name) => {
    const { cloud, id, call } = at(name);

    const [one, other] = [await cloud.console!.open(id, call()), await cloud.console!.open(id, call())];

    expect(one).toEqual({ url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/.*[0-9a-f-]{32,}$/) });
    expect(other).not.toEqual(one);
  });

  it.each<CloudName>(["openstack", "hyperstack"])(
    "is refused in the cloud's words of one that is off on %s",
    async (name) => {
      const { cloud, id, call } = at(name);
      await cloud.power(id, "stop", call());

      await expect(cloud.console!.open(id, call())).rejects.toMatchObject({ code: "CLOUD_REFUSED" });

      await cloud.power(id, "start", call());
    },
  );

  it("is what the machine has written where an OpenStack has no noVNC", async () => {
    const { cloud, id, call, control } = at("openstack");
    const body = { badRequest: { code: 400, message: "Unavailable console type novnc." } };
    await control.fault({
      match: { path: "/remote-consoles$" },
      times: 1,
      action: { kind: "status", status: 400, body },
    });

    const shown = await cloud.console!.open(id, call());

    expect(shown).toEqual({ text: expect.stringContaining("login: ") });
  });
});
