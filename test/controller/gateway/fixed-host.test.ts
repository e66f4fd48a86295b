import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Gateway, startGateway } from "../../../controller/gateway/index.ts";
import type { Cloud } from "../../../resources/cloud.ts";
import { accountOf, cloudOf, loseAnswer, MemoryJournal, Peer } from "./peer.ts";

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
    settleMs: 200,
    lookEveryMs: 50,
  });
});

afterEach(async () => {
  await gateway.close();
  await peer.close();
});

/** What a plugin with a fixed address does: a process that knows its environment and the public address. */
async function plugin(script: string, environment: Record<string, string> = {}): Promise<string> {
  const { SSL_CERT_FILE: trusted, ...proxied } = { ...gateway.environment, ...environment };
  const env = { ...proxied, PATH: process.env.PATH, NODE_USE_ENV_PROXY: "1", NODE_EXTRA_CA_CERTS: trusted };
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script], { env });
  return stdout.trim();
}

const request = (method: string, path: string, body?: object) => `
  const answer = await fetch("https://${HOST}${path}", {
    method: "${method}",
    headers: { authorization: "Bearer " + process.env.THING_TOKEN, "content-type": "application/json" },
    ${body ? `body: ${JSON.stringify(JSON.stringify(body))},` : ""}
  }).then((response) => response.json(), (error) => ({ error: String(error.cause?.code ?? error.cause?.message ?? error) }));
  console.log(JSON.stringify(answer));`;

describe("a gateway for a fixed address", () => {
  it("answers as that host, and forwards to the account's endpoint with its credentials", async () => {
    const answer = await plugin(request("GET", "/v1/other"));

    expect(JSON.parse(answer)).toMatchObject({ path: "/v1/other" });
    expect(peer.seen[0]).toMatchObject({ method: "GET", authorization: "Bearer the-real-token" });
  });

  it("does a create once, however often the plugin repeats it", async () => {
    peer.creates.push(loseAnswer);

    const answers = [
      await plugin(request("POST", "/v1/things", { mark: "fw-one" })),
      await plugin(request("POST", "/v1/things", { mark: "fw-one" })),
    ];

    expect(answers.map((text) => JSON.parse(text).id)).toEqual([1, 1]);
    expect(peer.posts).toHaveLength(1);
  });

  it("is trusted by the run alone", async () => {
    const answer = await plugin(request("GET", "/v1/other"), { SSL_CERT_FILE: "" });

    expect(JSON.parse(answer).error).toMatch(/SELF_SIGNED|UNABLE_TO_VERIFY/);
    expect(peer.seen).toEqual([]);
  });

  it("lets nobody through who has not the run's token", async () => {
    const stranger = new URL(gateway.environment.HTTPS_PROXY!);
    stranger.password = "guessed";

    const answer = await plugin(request("GET", "/v1/other"), {
      HTTPS_PROXY: stranger.href,
      https_proxy: stranger.href,
    });

    expect(JSON.parse(answer).error).toBeDefined();
    expect(peer.seen).toEqual([]);
  });

  it("passes nothing on but TLS", async () => {
    const script = `
      const { request } = await import("node:http");
      const proxy = new URL(process.env.HTTPS_PROXY);
      const authorization = "Basic " + Buffer.from(proxy.username + ":" + proxy.password).toString("base64");
      request({ host: proxy.hostname, port: proxy.port, method: "CONNECT", path: "127.0.0.1:22", headers: { "proxy-authorization": authorization } })
        .on("connect", (response) => { console.log(response.statusCode); process.exit(); }).end();`;

    expect(await plugin(script)).toBe("403");
  });

  it("takes its certificate away when it closes", async () => {
    const file = gateway.environment.SSL_CERT_FILE!;
    expect(existsSync(file)).toBe(true);

    await gateway.close();

    expect(existsSync(file)).toBe(false);
  });
});
