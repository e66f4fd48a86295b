import { afterEach, beforeEach, expect, it } from "vitest";
import { type Gateway, startGateway } from "../../../controller/gateway/index.ts";
import type { Cloud } from "../../../resources/cloud.ts";
import { fixedAddressAgent } from "../../../simulators/standins/fixed-address.ts";
import { ConnectionLost, exchange } from "../../../simulators/standins/wire.ts";
import { accountOf, cloudOf, MemoryJournal, Peer } from "../../controller/gateway/peer.ts";

const HOST = "api.thing.example";

let peer: Peer;
let gateway: Gateway;

beforeEach(async () => {
  peer = new Peer();
  const endpoint = await peer.start();
  const cloud = cloudOf();
  const fixed: Cloud = { ...cloud, gateway: { ...cloud.gateway!, host: HOST } };
  gateway = await startGateway({
    account: accountOf(endpoint),
    cloud: fixed,
    journal: new MemoryJournal(),
    settleMs: 50,
  });
});

afterEach(async () => {
  await gateway.close();
  await peer.close();
});

function asked(environment: Record<string, string>) {
  const headers = { authorization: `Bearer ${gateway.token}` };
  const agent = fixedAddressAgent(environment);
  return exchange("GET", `https://${HOST}/v1/other`, headers, undefined, AbortSignal.timeout(5_000), agent);
}

it("reaches a fixed address through the proxy of the environment, with the certificate it names", async () => {
  const answer = await asked(gateway.environment);

  expect(answer.status).toBe(200);
  expect(JSON.parse(answer.text)).toMatchObject({ path: "/v1/other" });
});

it("trusts nobody whom SSL_CERT_FILE does not name", async () => {
  await expect(asked({ ...gateway.environment, SSL_CERT_FILE: "" })).rejects.toThrow(ConnectionLost);
  expect(peer.seen).toEqual([]);
});
