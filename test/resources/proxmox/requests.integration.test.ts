import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { proxmox } from "../../../resources/proxmox/index.ts";
import { SimulatorClient } from "../../../simulators/client.ts";
import { PROXMOX_PASSWORD, PROXMOX_USERNAME, startProxmox } from "../../../simulators/proxmox/index.ts";
import type { Simulator } from "../../../simulators/simulator.ts";
import { loadSpec, SPECS_ABSENT } from "../../simulators/spec.ts";
import { serverSpec, testCall } from "../fixtures.ts";

const spec = loadSpec("proxmox-ve");
const MARK = `fw-${"a2".repeat(10)}`;

/** The API takes 1 and 0 where its description says boolean. */
function typed(body: Readonly<Record<string, string>> = {}): Record<string, unknown> {
  const booleans = ["overrule-shutdown"];
  return Object.fromEntries(
    Object.entries(body).map(([name, value]) => [name, booleans.includes(name) ? value === "1" : value]),
  );
}

describe.skipIf(!spec)(
  `requests to Proxmox VE are as the official description says${spec ? "" : ` (${SPECS_ABSENT})`}`,
  () => {
    let simulator: Simulator;

    beforeAll(async () => {
      simulator = await startProxmox({ provisionMs: 20, actionMs: 5 });
    });
    afterEach(() => vi.restoreAllMocks());
    afterAll(() => simulator.close());

    it("for everything that is read and done", async () => {
      const control = new SimulatorClient(simulator.url);
      const { id } = await control.addForeign({ name: "theirs", power: "running" });
      const sent: { method: string; path: string; body: Record<string, string> | undefined }[] = [];
      const real = globalThis.fetch;
      vi.spyOn(globalThis, "fetch").mockImplementation((input, init) => {
        const { pathname } = new URL(String(input));
        const body = init?.body instanceof URLSearchParams ? Object.fromEntries(init.body) : undefined;
        sent.push({ method: init?.method ?? "GET", path: pathname, body });
        return real(input, init);
      });
      const call = testCall(simulator.url, { credentials: { username: PROXMOX_USERNAME, password: PROXMOX_PASSWORD } });

      await Array.fromAsync(proxmox.list(call));
      await proxmox.catalog(call);
      await proxmox.claim(id, MARK, call);
      await proxmox.observe(id, call);
      await proxmox.observe("pve1/5555", call);
      await proxmox.findByMark(MARK, serverSpec(), call);
      for (const action of ["suspend", "resume", "reboot", "reset", "shutdown", "start", "stop"] as const) {
        await proxmox.power(id, action, call);
      }

      expect(new Set(sent.map(({ method }) => method))).toEqual(new Set(["GET", "POST", "PUT"]));
      for (const { method, path, body } of sent) expect(spec?.checkRequest(method, path, typed(body))).toEqual([]);
    });
  },
);
