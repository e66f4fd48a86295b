import { afterEach, describe, expect, it, vi } from "vitest";
import { createBudget } from "../../resources/budget.ts";
import type { Call, Cloud, PowerAction } from "../../resources/cloud.ts";
import { clouds } from "../../resources/registry.ts";
import { SimulatorClient } from "../../simulators/client.ts";
import { DIGITALOCEAN_TOKEN, startDigitalOcean } from "../../simulators/digitalocean/index.ts";
import { LINODE_TOKEN, startLinode } from "../../simulators/linode/index.ts";
import type { SimulatorOptions } from "../../simulators/simulator.ts";
import { loadSpec, SPECS_ABSENT } from "../simulators/spec.ts";
import { MARK } from "./declared.ts";
import { serverSpec, testCall } from "./fixtures.ts";

const PEERS = [
  { name: "linode", start: startLinode, token: LINODE_TOKEN, image: "linode/debian12" },
  { name: "digitalocean", start: startDigitalOcean, token: DIGITALOCEAN_TOKEN, image: "debian-12-x64" },
] as const;

const closers: (() => unknown)[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
  for (const close of closers.splice(0)) await close();
});

async function open({ name, start, token }: (typeof PEERS)[number], options: SimulatorOptions, limits = {}) {
  const simulator = await start({ provisionMs: 10, actionMs: 10, ...options });
  closers.push(() => simulator.close());
  const cloud: Cloud = clouds[name];
  const budget = createBudget(cloud.limits, { overrides: limits });
  const call = (priority: Call["priority"] = "person"): Call => ({
    ...testCall(simulator.url, { credentials: { token }, account: { budget } }),
    priority,
    signal: AbortSignal.timeout(25_000),
  });
  return { cloud, call, client: new SimulatorClient(simulator.url) };
}

async function listed(cloud: Cloud, call: Call): Promise<number> {
  let count = 0;
  for await (const _ of cloud.list(call)) count++;
  return count;
}

describe.each(PEERS)("requests to $name", (peer) => {
  const spec = loadSpec(peer.name);

  it.skipIf(!spec)(
    `are as the official description says${spec ? "" : ` (${SPECS_ABSENT})`}`,
    async () => {
      const { cloud, call, client } = await open(peer, { rateScale: 0 });
      const { id } = await client.addForeign();
      const complaints: string[] = [];
      let requests = 0;
      const real = globalThis.fetch;
      vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
        const response = await real(input, init);
        const { pathname } = new URL(String(input));
        if (pathname.startsWith("/_simulator")) return response;
        requests++;
        const method = init?.method ?? "GET";
        if (init?.body) complaints.push(...spec!.checkRequest(method, pathname, JSON.parse(String(init.body))));
        const text = await response.clone().text();
        if (text) complaints.push(...spec!.checkResponse(method, pathname, response.status, JSON.parse(text)));
        return response;
      });

      await listed(cloud, call());
      await cloud.observe(id, call());
      await cloud.observe("99999999", call());
      await cloud.claim(id, MARK, call());
      await cloud.claim(id, MARK.replace("a", "b"), call());
      await cloud.findByMark(MARK, serverSpec(), call());
      await cloud.catalog(call());
      await cloud.marketplace?.(call());
      for (const action of ["shutdown", "start", "reboot", "stop"] satisfies PowerAction[])
        await cloud.power(id, action, call());

      expect(complaints).toEqual([]);
      expect(requests).toBeGreaterThan(15);
    },
    30_000,
  );

  it("read a large account in as few calls as its pages allow", async () => {
    const { cloud, call, client } = await open(peer, { rateScale: 0 });
    const machines = cloud.capabilities.pageSize * 2 + 1;
    for (let added = 0; added < machines; added += 100) {
      await Promise.all(Array.from({ length: Math.min(100, machines - added) }, () => client.addForeign()));
    }
    await client.resetCalls();

    expect(await listed(cloud, call())).toBe(machines);

    const calls = (await client.calls()).reduce((sum, { count }) => sum + count, 0);
    // DigitalOcean has a second list, of GPU droplets.
    expect(calls).toBe(peer.name === "digitalocean" ? 4 : 3);
  }, 60_000);

  it("meet no 429 at a cloud that enforces its limits, and people are served first", async () => {
    const rateScale = 60;
    const limits = Object.fromEntries(
      Object.entries(clouds[peer.name].limits).map(([scope, { limit, windowMs }]) => [
        scope,
        { perSecond: (limit / windowMs) * 1000 * rateScale, burst: limit },
      ]),
    );
    const { cloud, call, client } = await open(peer, { rateScale }, limits);
    await client.addForeign();
    await client.resetCalls();

    const done: string[] = [];
    const background = Array.from({ length: 400 }, () =>
      listed(cloud, call("background")).then(() => done.push("background")),
    );
    await new Promise((resolve) => setTimeout(resolve, 100));
    const person = listed(cloud, call("person")).then(() => done.push("person"));
    await Promise.all([person, ...background]);

    const calls = await client.calls();
    expect(calls.filter(({ status }) => status !== 200)).toEqual([]);
    expect(calls.reduce((sum, { count }) => sum + count, 0)).toBeGreaterThanOrEqual(401);
    expect(done.indexOf("person")).toBeLessThan(350);
  }, 40_000);
});
