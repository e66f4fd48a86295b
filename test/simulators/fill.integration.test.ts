import { afterEach, describe, expect, it } from "vitest";
import { resolveAccount } from "../../resources/account.ts";
import type { Cloud } from "../../resources/cloud.ts";
import { ENDPOINTS_VARIABLE, SIMULATORS_ALLOWED } from "../../resources/endpoints.ts";
import { clouds } from "../../resources/registry.ts";
import type { AccountSpec } from "../../resources/spec.ts";
import { SimulatorClient } from "../../simulators/client.ts";
import { simulators } from "../../simulators/index.ts";
import type { SimulatedEntry, Simulator } from "../../simulators/simulator.ts";

/** All but AWS. */
const FILLED = Object.keys(simulators).filter((name) => name !== "aws");
/** Enough for every list to have pages, and for each size and region that is common. */
const SERVERS = 600;

let simulator: Simulator | undefined;
afterEach(async () => {
  await simulator?.close();
  simulator = undefined;
});

async function start(name: string, servers: number): Promise<SimulatorClient> {
  simulator = await simulators[name]!.start({ servers, rateScale: 0 });
  return new SimulatorClient(simulator.url);
}

function accountOn(name: string, entry: SimulatedEntry, endpoint: string) {
  const fields = Object.entries(entry.credentials);
  const spec: AccountSpec = {
    kind: "Account",
    name,
    formerly: [],
    provider: name,
    endpoint,
    credentials: Object.fromEntries(fields.map(([field]) => [field, { env: field.toUpperCase() }])),
    cells: 1,
    budgets: {},
    regions: [],
    deadlines: { createSeconds: 600, settleSeconds: 10 },
    options: { ...entry.accountOptions },
  };
  const cloud: Cloud = clouds[name as keyof typeof clouds];
  const environment = {
    [ENDPOINTS_VARIABLE]: SIMULATORS_ALLOWED,
    ...Object.fromEntries(fields.map(([field, value]) => [field.toUpperCase(), value])),
  };
  return { cloud, account: resolveAccount(spec, cloud, environment) };
}

describe("a simulated cloud that starts with machines", () => {
  it.each(FILLED)("lists them on %s, of many kinds and with no owner mark", async (name) => {
    const control = await start(name, SERVERS);
    const { cloud, account } = accountOn(name, simulators[name]!, simulator!.url);

    const listed = await Array.fromAsync(
      cloud.list({ account, signal: AbortSignal.timeout(30_000), priority: "person" }),
    );

    expect(new Set(listed.map(({ id }) => id)).size).toBe(SERVERS);
    expect(listed.filter(({ mark }) => mark !== undefined)).toEqual([]);
    const held = await control.servers();
    for (const field of ["size", "region", "power"] as const)
      expect(new Set(held.map((server) => server[field])).size, field).toBeGreaterThan(1);
  });

  it("starts with the same ones each time", async () => {
    const first = await (await start("digitalocean", 50)).servers();
    await simulator!.close();

    expect(await (await start("digitalocean", 50)).servers()).toEqual(first);
  });

  it.each(FILLED)("holds 10,000 on %s within seconds", async (name) => {
    const startedAt = performance.now();

    await start(name, 10_000);

    // A way that looks at all machines for each new one takes longer than this.
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });

  it("says that AWS cannot, before anything is started", async () => {
    await expect(simulators.aws!.start({ servers: 1 })).rejects.toMatchObject({
      code: "USAGE",
      message: expect.stringContaining("cannot start with machines"),
    });
  });
});
