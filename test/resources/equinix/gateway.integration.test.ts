import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Account, Call } from "../../../resources/cloud.ts";
import { equinix } from "../../../resources/equinix/index.ts";
import { EQUINIX_PROJECT, EQUINIX_TOKEN, startEquinix } from "../../../simulators/equinix/index.ts";
import type { Simulator } from "../../../simulators/simulator.ts";
import { MARK, PUBLIC_KEY } from "../declared.ts";
import { accountSpec, testCall } from "../fixtures.ts";

const { gateway } = equinix;
const PROJECT = `/metal/v1/projects/${EQUINIX_PROJECT}`;
const request = (method: string, target: string) => ({ method, target, headers: {}, body: Buffer.alloc(0) });
const creation = (path: string, body: unknown, method = "POST") =>
  gateway.creation(method, path, body, request(method, path));

const device = (tags: string[]) => ({
  hostname: "a",
  plan: "c3.small.x86",
  metro: "da",
  operating_system: "debian_12",
  tags,
});
const CREATES = [
  { kind: "Server", path: `${PROJECT}/devices`, ours: device(["role:web", MARK]), foreign: device(["role:web"]) },
  {
    kind: "SshKey",
    path: `${PROJECT}/ssh-keys`,
    ours: { label: `ops ${MARK}`, key: PUBLIC_KEY },
    foreign: { label: "ops", key: PUBLIC_KEY.replace("J3vpUX", "K3vpUX") },
  },
] as const;

describe("the gateway's profile of Equinix Metal", () => {
  let simulator: Simulator;
  beforeAll(async () => {
    // A device is still being made when it is looked for.
    simulator = await startEquinix({ provisionMs: 60_000, rateScale: 0 });
  });
  afterAll(() => simulator.close());

  const account = { spec: accountSpec({ provider: "equinix", options: { project: EQUINIX_PROJECT } }) };
  const call = (): Call => testCall(simulator.url, { credentials: { token: EQUINIX_TOKEN }, account });
  const post = async (path: string, body: unknown) => {
    const headers = {
      "content-type": "application/json",
      ...gateway.authorize(call().account as Account, request("POST", path)),
    };
    const response = await fetch(simulator.url + path, { method: "POST", headers, body: JSON.stringify(body) });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };

  it.each(CREATES)("finds a $kind as the create answered it, also one that is being made", async (each) => {
    const { kind, path, ours, foreign } = each;
    const made = creation(path, ours)!;
    expect((await post(path, foreign)).status).toBe(201);
    const without = await made.find(call());

    const answer = await post(path, ours);
    const found = await made.find(call());

    expect(without).toBeUndefined();
    expect(made).toMatchObject({ kind, key: MARK });
    expect(found).toMatchObject({ status: 201, id: answer.body.id });
    expect(made.idOf(found!.body)).toBe(made.idOf(answer.body));
    expect(Object.keys(found!.body as object).sort()).toEqual(Object.keys(answer.body).sort());
  });

  it("takes no device on its way out for the one that was asked for", async () => {
    const path = `${PROJECT}/devices`;
    const other = MARK.replace("a", "b");
    const { body } = await post(path, device([other]));
    const headers = { "x-auth-token": EQUINIX_TOKEN };
    await fetch(`${simulator.url}/metal/v1/devices/${body.id}?force_delete=true`, { method: "DELETE", headers });

    expect(await creation(path, device([other]))!.find(call())).toBeUndefined();
  });

  it("sees no creation in anything else", () => {
    for (const { path, ours, foreign } of CREATES) {
      expect(creation(path, foreign)).toBeUndefined();
      expect(creation(path, ours, "PUT")).toBeUndefined();
      expect(creation(`${path}/1`, ours)).toBeUndefined();
      expect(creation(path, undefined)).toBeUndefined();
    }
  });

  it("repeats the reads for which the plugin would forget a device, and no others", () => {
    const id = "cb676a46-66fd-4dfb-b839-000000001002";

    expect(gateway.steady?.("GET", `/metal/v1/devices/${id}`)).toBe(true);
    expect(gateway.steady?.("DELETE", `/metal/v1/devices/${id}`)).toBe(false);
    expect(gateway.steady?.("GET", `${PROJECT}/devices`)).toBe(false);
    expect(gateway.steady?.("GET", `/metal/v1/ssh-keys/${id}`)).toBe(false);
  });

  it("stands in for the fixed address, hands out the run's token and knows it again", () => {
    expect(gateway.host).toBe("api.equinix.com");
    expect(gateway.environment("http://127.0.0.1:1", "run-token", call().account)).toEqual({
      METAL_AUTH_TOKEN: "run-token",
    });
    expect(gateway.tokenOf({ "x-auth-token": "run-token" })).toBe("run-token");
    expect(gateway.tokenOf({})).toBeUndefined();
    expect(gateway.scopes("GET", "/metal/v1/plans", request("GET", "/"))).toEqual(Object.keys(equinix.limits));
  });
});
