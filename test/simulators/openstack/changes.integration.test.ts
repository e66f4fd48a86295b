import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SimulatorClient } from "../../../simulators/client.ts";
import { OPENSTACK_CREDENTIALS, startOpenStack } from "../../../simulators/openstack/index.ts";
import type { Simulator } from "../../../simulators/simulator.ts";
import { clientOf } from "../http.ts";
import { openstackSpec } from "./specs.ts";

const spec = openstackSpec(93);
const LIST = "/compute/v2.1/servers/detail";

let simulator: Simulator;
let control: SimulatorClient;
let send: ReturnType<typeof clientOf>;

beforeAll(async () => {
  simulator = await startOpenStack({ actionMs: 5 });
  control = new SimulatorClient(simulator.url);
  const { applicationCredentialId: id, applicationCredentialSecret: secret } = OPENSTACK_CREDENTIALS;
  const auth = { identity: { methods: ["application_credential"], application_credential: { id, secret } } };
  const login = await clientOf(simulator.url, {})("POST", "/v3/auth/tokens", { auth });
  send = clientOf(simulator.url, { "x-auth-token": login.headers.get("x-subject-token") ?? "" });
});
afterAll(() => simulator.close());

const list = (query: Record<string, string>, version = "2.93") =>
  send("GET", `${LIST}?${new URLSearchParams(query)}`, undefined, { "openstack-api-version": `compute ${version}` });
const instant = (ms: number) => new Date(ms).toISOString();

describe("changes-since of the simulated nova", () => {
  it("tells what has changed and what was deleted since, as the official description has it, and nothing older", async () => {
    const [kept, gone, old] = await Promise.all(["kept", "gone", "old"].map((name) => control.addForeign({ name })));
    await delay(1_100);
    const since = instant(Math.floor(Date.now() / 1000) * 1000);
    await control.change(kept!.id, { power: "stopped" });
    await control.remove(gone!.id);
    // Metadata alone leaves `updated` as it was.
    await control.change(old!.id, { tags: ["by:hand"] });

    const { status, body } = await list({ "changes-since": since });
    const plain = await list({});

    expect(status).toBe(200);
    expect(body.servers.map(({ name, status }: { name: string; status: string }) => [name, status]).sort()).toEqual([
      ["gone", "DELETED"],
      ["kept", "SHUTOFF"],
    ]);
    expect(plain.body.servers.map(({ name }: { name: string }) => name).sort()).toEqual(["kept", "old"]);
    expect((await send("GET", `/compute/v2.1/servers/${gone!.id}`)).status).toBe(404);
    expect(spec?.checkResponse("GET", LIST, 200, body) ?? []).toEqual([]);
    expect((await list({ "changes-since": instant(Date.now() + 60_000) })).body.servers).toEqual([]);
  });

  it.each(["2026-01-01", "2026-01-01T00:00:00", "2026-01-01T01:00:00+01:00", "2026-01-01T00:00:00.123456Z"])(
    "takes %s for an instant",
    async (since) => {
      expect((await list({ "changes-since": since })).body.servers.length).toBeGreaterThan(0);
    },
  );

  it.each(["yesterday", "", "1767225600", "2026-13-01T00:00:00Z"])("refuses %j", async (since) => {
    const { status, body } = await list({ "changes-since": since });

    expect([status, body.badRequest.message]).toEqual([400, expect.stringContaining("is not a 'date-time'")]);
  });

  it("knows changes-before from 2.66 on, and refuses a window that ends before it begins", async () => {
    const window = { "changes-since": instant(Date.now() + 60_000), "changes-before": "2026-01-01T00:00:00Z" };

    expect((await list(window, "2.66")).status).toBe(400);
    expect((await list(window, "2.65")).status).toBe(200);
  });
});
