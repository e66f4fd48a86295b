import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pve } from "../../../resources/proxmox/http.ts";
import { PROXMOX_TOKEN, startProxmox } from "../../../simulators/proxmox/index.ts";
import type { Simulator } from "../../../simulators/simulator.ts";
import { accountSpec, testCall } from "../fixtures.ts";

/** A certificate of its own making, as a new Proxmox VE has one; undefined where there is no openssl. */
function selfSigned(): { key: Buffer; cert: Buffer } | undefined {
  const folder = mkdtempSync(join(tmpdir(), "fleetwright-tls-"));
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  try {
    const made = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
    execFileSync("openssl", ["req", "-x509", ...made, "-subj", "/CN=127.0.0.1", "-keyout", key, "-out", cert], {
      stdio: "ignore",
    });
    return { key: readFileSync(key), cert: readFileSync(cert) };
  } catch {
    return undefined;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const certificate = selfSigned();

describe.skipIf(!certificate)(
  `a cluster with a self-signed certificate${certificate ? "" : " (skipped: there is no openssl to make one)"}`,
  () => {
    let simulator: Simulator;
    let server: Server;
    let endpoint: string;

    beforeAll(async () => {
      simulator = await startProxmox({ provisionMs: 20, actionMs: 5 });
      server = createServer({ ...certificate }, async (asked, answered) => {
        const chunks: Buffer[] = [];
        for await (const chunk of asked) chunks.push(chunk as Buffer);
        const body = Buffer.concat(chunks);
        const answer = await fetch(simulator.url + asked.url, {
          method: asked.method ?? "GET",
          headers: {
            authorization: asked.headers.authorization ?? "",
            "content-type": asked.headers["content-type"] ?? "",
          },
          ...(body.length > 0 ? { body } : {}),
        });
        answered.writeHead(answer.status, answer.statusText, { "content-type": "application/json" });
        answered.end(await answer.text());
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      endpoint = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    });
    afterAll(async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await simulator.close();
    });

    const callWith = (options: Record<string, unknown>) =>
      testCall(endpoint, {
        credentials: { token: PROXMOX_TOKEN },
        signal: AbortSignal.timeout(5000),
        account: { spec: accountSpec({ provider: "proxmox", options }) },
      });

    it("is reached by the account that says so, for reading and writing", async () => {
      const call = callWith({ insecureTls: true });

      expect(await pve(call, { method: "GET", path: "/version" })).toMatchObject({ release: "9.1" });
      await pve(call, { method: "PUT", path: "/nodes/pve1/qemu/9001/config", form: { description: "läuft" } });
      expect(await pve(call, { method: "GET", path: "/nodes/pve1/qemu/9001/config" })).toMatchObject({
        description: "läuft",
      });
      await expect(pve(call, { method: "GET", path: "/nodes/pve1/qemu/5555/config" })).rejects.toMatchObject({
        code: "NOT_FOUND",
      });
    });

    it("is refused by any other account, also beside the first", async () => {
      await pve(callWith({ insecureTls: true }), { method: "GET", path: "/version" });

      const strict = pve(callWith({}), { method: "GET", path: "/version", idempotent: false });

      await expect(strict).rejects.toMatchObject({
        code: "CLOUD_UNAVAILABLE",
        message: expect.stringMatching(/SELF_SIGNED/),
      });
    });

    it("is given up at the call's deadline", async () => {
      const call = { ...callWith({ insecureTls: true }), signal: AbortSignal.timeout(1) };
      await new Promise((resolve) => setTimeout(resolve, 5));

      await expect(pve(call, { method: "GET", path: "/version" })).rejects.toMatchObject({ code: "DEADLINE" });
    });
  },
);
