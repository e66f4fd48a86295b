import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SimulatorClient } from "../../simulators/client.ts";
import { OPENSTACK_CREDENTIALS, startOpenStack } from "../../simulators/openstack/index.ts";
import type { Simulator } from "../../simulators/simulator.ts";
import { Fleet } from "./fleet.ts";

/** Ports and servers on them, through the real engine. */
const TIMEOUT = 240_000;

let simulator: Simulator;
let fleet: Fleet;

beforeAll(async () => {
  simulator = await startOpenStack({ provisionMs: 100, actionMs: 20 });
  const { applicationCredentialId: id, applicationCredentialSecret: secret } = OPENSTACK_CREDENTIALS;
  const environment = { FLEETWRIGHT_STACK_ID: id!, FLEETWRIGHT_STACK_SECRET: secret! };
  fleet = new Fleet(undefined, { id: "ports", environment });
  fleet.write({
    "accounts/stack-main.yaml": {
      kind: "Account",
      name: "stack-main",
      provider: "openstack",
      endpoint: simulator.url,
      credentials: {
        applicationCredentialId: { env: "FLEETWRIGHT_STACK_ID" },
        applicationCredentialSecret: { env: "FLEETWRIGHT_STACK_SECRET" },
      },
      deadlines: { createSeconds: 60, settleSeconds: 1 },
    },
    "ports/storage-1.yaml": { kind: "Port", name: "storage-1", account: "stack-main", network: "private" },
    "servers/ci-1.yaml": server(["storage-1"]),
  });
  fleet.commit("Make a server on a port");
}, TIMEOUT);
afterAll(async () => {
  await fleet?.close();
  await simulator?.close();
});

const server = (ports: string[]) => ({
  kind: "Server",
  name: "ci-1",
  account: "stack-main",
  size: "m1.small",
  region: "nova",
  image: "debian-12",
  ports,
});
/** How often something was asked for by a request that changes something. */
const asked = async (method: string, route: RegExp) =>
  (await new SimulatorClient(simulator.url).calls())
    .filter((call) => call.method === method && route.test(call.route))
    .reduce((sum, { count }) => sum + count, 0);

describe("a port", () => {
  it(
    "is made before the server that is plugged into it, and goes after the server has been pulled out",
    async () => {
      const made = await fleet.converge();

      expect(made).toMatchObject({ failed: 0 });
      expect(made.outcomes.map(({ op, name }) => `${op} ${name}`)).toEqual(["create storage-1", "create ci-1"]);
      expect([await asked("POST", /\/ports$/), await asked("POST", /os-interface$/)]).toEqual([1, 1]);
      expect((await fleet.preview("--full")).effects).toEqual([]);

      fleet.write({ "ports/storage-1.yaml": null, "servers/ci-1.yaml": server([]) }).commit("Take the port away");
      const taken = await fleet.converge();

      expect(taken).toMatchObject({ failed: 0 });
      expect(taken.outcomes.map(({ op, name }) => `${op} ${name}`)).toEqual(["update ci-1", "delete storage-1"]);
      expect([await asked("DELETE", /\/os-interface\//), await asked("DELETE", /\/ports\//)]).toEqual([1, 1]);
      expect(await asked("DELETE", /\/servers\/[^/]+$/)).toBe(0);
    },
    TIMEOUT,
  );
});
