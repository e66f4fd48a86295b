import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { netboxAccount } from "../../../controller/netbox/account.ts";
import { resolveAccount } from "../../../resources/account.ts";
import type { Call } from "../../../resources/cloud.ts";
import { devicesNamed, netbox, tenantsById } from "../../../resources/netbox/index.ts";
import { SimulatorClient } from "../../../simulators/client.ts";
import { NETBOX_TOKEN, startNetbox } from "../../../simulators/netbox/index.ts";
import type { Simulator } from "../../../simulators/simulator.ts";

const COUNT = 120;
const NAMES = Array.from({ length: COUNT }, (_, index) => `host-${index + 1}`);

let simulator: Simulator;
let control: SimulatorClient;
beforeAll(async () => {
  const devices = NAMES.map((name, index) => ({ id: index + 1, name, tenant: 1 }));
  // So many of one name that they do not fit on a page.
  const twins = Array.from({ length: 1100 }, (_, index) => ({ id: 1000 + index, name: "twin" }));
  const world = {
    devices: [...devices, ...twins],
    tenants: [{ id: 1, name: "One", slug: "one", group: 1 }],
    groups: [{ id: 1, name: "Group", slug: "group" }],
  };
  simulator = await startNetbox({ world });
  control = new SimulatorClient(simulator.url);
});
afterAll(() => simulator.close());

function call(token = NETBOX_TOKEN, more: Record<string, string> = {}): Call {
  const spec = netboxAccount({ url: simulator.url, token: { env: "TOKEN" } });
  const env = { TOKEN: token, TOKEN_ENDPOINT: simulator.url, ...more };
  return { account: resolveAccount(spec, netbox, env), signal: AbortSignal.timeout(20_000), priority: "person" };
}

describe("NetBox", () => {
  it("is asked for hosts by fifties, and gives those that it has", async () => {
    await control.resetCalls();

    const found = await devicesNamed([...NAMES, "nowhere"], call());

    expect(found.map(({ name }) => name)).toEqual(NAMES);
    expect(found[0]).toEqual({ id: 1, name: "host-1", status: "active", tenant: 1, customFields: {} });
    expect(await control.calls()).toEqual([expect.objectContaining({ route: "/api/dcim/devices/", count: 3 })]);
    expect(await tenantsById([1, 1], call())).toEqual([{ id: 1, slug: "one", group: "Group" }]);
  });

  it("is read to the last page", async () => {
    expect(await devicesNamed(["twin"], call())).toHaveLength(1100);
  });

  it("gets its token at the address that an operator has bound it to, and nowhere else", () => {
    expect(() => call(NETBOX_TOKEN, { TOKEN_ENDPOINT: "https://netbox.example.net" })).toThrow(
      /may not be sent to .*credentials bind @netbox/,
    );
  });

  it("that refuses the token, or answers with half of a page, is an error that does not tell the token", async () => {
    await expect(devicesNamed(["host-1"], call("a-wrong-token"))).rejects.toMatchObject({ code: "CLOUD_AUTH" });
    await control.fault({
      match: { path: "devices" },
      action: { kind: "status", status: 200, body: { results: [{ id: "x" }] } },
    });
    await expect(devicesNamed(["host-1"], call())).rejects.toMatchObject({
      code: "CLOUD_ANSWER_INVALID",
      at: { cloud: "netbox" },
    });
  });
});
