import { afterEach, describe, expect, it, vi } from "vitest";
import { createBudget } from "../../../resources/budget.ts";
import { hivelocity } from "../../../resources/hivelocity/index.ts";
import { WAIT } from "../../simulators/http.ts";
import { loadSpec, SPECS_ABSENT } from "../../simulators/spec.ts";
import { runContext } from "../proxmox-plugin.ts";
import { type Bench, deviceInputs, MARKS, startBench } from "./bench.ts";

const spec = loadSpec("hivelocity");
let bench: Bench;
afterEach(async () => {
  vi.restoreAllMocks();
  await bench.close();
});

describe("requests to hivelocity", () => {
  it.skipIf(!spec)(`are as the official description says${spec ? "" : ` (${SPECS_ABSENT})`}`, async () => {
    bench = await startBench();
    const complaints: string[] = [];
    const seen = new Set<string>();
    const real = globalThis.fetch;
    vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
      const response = await real(input, init);
      const { pathname } = new URL(String(input));
      if (pathname.startsWith("/_simulator")) return response;
      const method = init?.method ?? "GET";
      seen.add(`${method} ${pathname.replace(/\d+/g, ":id")}`);
      if (init?.body) complaints.push(...spec!.checkRequest(method, pathname, JSON.parse(String(init.body))));
      const text = await response.clone().text();
      complaints.push(...spec!.checkResponse(method, pathname, response.status, text ? JSON.parse(text) : undefined));
      return response;
    });
    const call = () => bench.call();
    const key = await bench.key.create(
      {
        mark: MARKS[1],
        name: `ops ${MARKS[1]}`,
        publicKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ3vpUXrEGs2cX5nyAgDX0Q6qLX4zXvVYp7fW0mNn9aR",
      },
      runContext(),
    );
    const inputs = deviceInputs({ publicKeyId: Number(key.id), script: "#cloud-config\n", bonding: true });

    const { id } = await bench.device.create(inputs, runContext());
    await expect.poll(async () => (await hivelocity.observe(id, call()))?.power, WAIT).toBe("running");
    await bench.devices();
    expect(await hivelocity.observe("99999999", call())).toBeUndefined();
    await hivelocity.findByMark(MARKS[0], {} as never, call());
    await hivelocity.claim(id, MARKS[2], call());
    await hivelocity.claim(id, MARKS[0], call());
    await hivelocity.catalog(call());
    for (const action of ["shutdown", "start", "reboot"] as const) await hivelocity.power(id, action, call());
    const renamed = { ...inputs, hostname: "web-2.example.net" };
    await bench.device.update(id, { inputs, outputs: inputs }, renamed, runContext());
    await bench.device.delete(id, { inputs: renamed, outputs: renamed }, runContext());
    await bench.key.delete(key.id, { inputs: { mark: MARKS[1] }, outputs: {} }, runContext());

    expect(complaints).toEqual([]);
    expect([...seen].sort()).toContain("POST /api/v:id/compute/");
    expect(seen.size).toBe(18);
  });

  it("read a large account in two, and one device in two", async () => {
    bench = await startBench();
    for (let added = 0; added < 250; added += 50)
      await Promise.all(Array.from({ length: 50 }, () => bench.control.addForeign()));
    const { id } = await bench.control.addForeign();
    await bench.control.resetCalls();

    expect(await bench.devices()).toHaveLength(251);
    await hivelocity.observe(id, bench.call());

    expect((await bench.control.calls()).reduce((sum, { count }) => sum + count, 0)).toBe(4);
  });

  it("meet no 429 at a cloud that enforces its limits, and people are served first", async () => {
    const rateScale = 60;
    bench = await startBench({ rateScale });
    const { id } = await bench.control.addForeign();
    await bench.control.resetCalls();
    const budget = createBudget(hivelocity.limits, {
      overrides: {
        hour: { perSecond: rateScale, burst: 3_600 },
        minute: { perSecond: (100 / 60) * rateScale, burst: 100 },
      },
    });
    const call = (priority: "person" | "background") => {
      const plain = bench.call(AbortSignal.timeout(25_000));
      return { ...plain, priority, account: { ...plain.account, budget } };
    };

    const done: string[] = [];
    const background = Array.from({ length: 150 }, () =>
      hivelocity.observe(id, call("background")).then(() => done.push("background")),
    );
    await new Promise((resolve) => setTimeout(resolve, 100));
    await Promise.all([hivelocity.observe(id, call("person")).then(() => done.push("person")), ...background]);

    const calls = await bench.control.calls();
    expect(calls.filter(({ status }) => status !== 200)).toEqual([]);
    expect(calls.reduce((sum, { count }) => sum + count, 0)).toBe(302);
    expect(done.indexOf("person")).toBeLessThan(140);
  }, 40_000);
});
