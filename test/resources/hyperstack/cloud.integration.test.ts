import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Budget, createBudget } from "../../../resources/budget.ts";
import type { Call } from "../../../resources/cloud.ts";
import { hyperstack } from "../../../resources/hyperstack/index.ts";
import type { PropertyMap } from "../../../resources/plugin/handler.ts";
import { loadSpec, SPECS_ABSENT } from "../../simulators/spec.ts";
import { type Bench, firewallInputs, keyInputs, MARKS, OUT, runContext, startBench, WEB } from "./bench.ts";

vi.setConfig({ testTimeout: 30_000 });

let bench: Bench;
beforeEach(async () => {
  bench = await startBench();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await bench.simulator.close();
});

async function made(more: PropertyMap = {}): Promise<string> {
  return (await bench.machine.create(bench.machineInputs(more), runContext())).id;
}
const observed = async (id: string) => (await hyperstack.observe(id, bench.call()))!;
async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
async function asked(): Promise<string[]> {
  const words = /\/(start|stop|hard-reboot|hibernate|hibernate-restore)$/;
  return (await bench.control.calls()).flatMap(({ route, count }) =>
    words.test(route) ? Array<string>(count).fill(route.split("/").at(-1)!) : [],
  );
}

describe("power on Hyperstack", () => {
  it("keeps the public address over a hibernation", async () => {
    const id = await made();
    const { ipv4 } = await observed(id);

    await hyperstack.power(id, "suspend", bench.call());
    expect(await observed(id)).toMatchObject({ power: "suspended", ipv4 });
    await hyperstack.power(id, "resume", bench.call());

    expect(await observed(id)).toMatchObject({ power: "running", ipv4 });
  });

  it("wakes a hibernated machine before it stops it, and starts a stopped one before it hibernates it", async () => {
    const id = await made();
    await hyperstack.power(id, "suspend", bench.call());
    await bench.control.resetCalls();

    await hyperstack.power(id, "stop", bench.call());
    await hyperstack.power(id, "suspend", bench.call());

    expect(await asked()).toEqual(["hibernate-restore", "stop", "start", "hibernate"]);
  });

  it.each(["dropAfter", "dropBefore"] as const)("reaches its state although an answer is lost (%s)", async (kind) => {
    const id = await made();
    await bench.control.fault({ match: { path: "/stop$" }, action: { kind } });

    await hyperstack.power(id, "stop", bench.call());

    expect((await observed(id)).power).toBe("stopped");
  });

  it("never repeats a hard reboot whose answer is lost", async () => {
    const id = await made();
    await bench.control.resetCalls();
    await bench.control.fault({ match: { path: "/hard-reboot$" }, action: { kind: "dropAfter" } });

    await expect(hyperstack.power(id, "reset", bench.call())).rejects.toMatchObject({ code: "CLOUD_UNAVAILABLE" });

    expect(await asked()).toEqual(["hard-reboot"]);
  });

  it("takes a 200 that says that it failed for what it is", async () => {
    const id = await made();
    const body = { status: false, message: "The hypervisor is in maintenance" };
    await bench.control.fault({ match: { path: "/stop$" }, action: { kind: "status", status: 200, body } });

    await expect(hyperstack.power(id, "stop", bench.call(3_000))).rejects.toMatchObject({
      code: "CLOUD_ANSWER_INVALID",
      message: expect.stringContaining("The hypervisor is in maintenance"),
    });
  });

  it("tells what the flavor cannot, and what it can do itself", async () => {
    const id = await made({ flavor: "n1-cpu-small" });

    await expect(hyperstack.power(id, "suspend", bench.call())).rejects.toMatchObject({
      code: "CLOUD_REFUSED",
      message: expect.stringContaining("does not support hibernation"),
    });
    await expect(hyperstack.power(id, "shutdown", bench.call())).rejects.toMatchObject({
      code: "CLOUD_UNSUPPORTED",
      message: expect.stringContaining("it can start, stop, reset, suspend, resume"),
    });
  });
});

describe("requests to Hyperstack", () => {
  const spec = loadSpec("hyperstack");

  it.skipIf(!spec)(`are as the official description says${spec ? "" : ` (${SPECS_ABSENT})`}`, async () => {
    const complaints: string[] = [];
    let requests = 0;
    const real = globalThis.fetch;
    vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
      const response = await real(input, init);
      const { pathname } = new URL(String(input));
      if (pathname.startsWith("/_simulator")) return response;
      requests++;
      const method = init?.method ?? "GET";
      if (init?.body) complaints.push(...spec!.checkRequest(method, pathname, JSON.parse(String(init.body))));
      complaints.push(...spec!.checkResponse(method, pathname, response.status, await response.clone().json()));
      return response;
    });

    const { id: key } = await bench.key.create(keyInputs({ mark: MARKS[1]!, name: `x-${MARKS[1]}` }), runContext());
    const rules = firewallInputs();
    const { id: firewall } = await bench.firewall.create(rules, runContext());
    const news = firewallInputs({ rules: [...OUT, WEB] });
    await bench.firewall.update(firewall, { inputs: rules, outputs: rules }, news, runContext());
    const inputs = bench.machineInputs({ key, firewalls: [firewall], userData: "#cloud-config\n" });
    const { id, outputs } = await bench.machine.create(inputs, runContext());
    const other = bench.machineInputs({ flavor: "n3-L40x2", publicIp: false, labels: [MARKS[0]!] });
    await bench.machine.update(id, { inputs, outputs }, other, runContext());
    for (const action of ["stop", "start", "suspend", "resume", "reset"] as const) {
      await hyperstack.power(id, action, bench.call());
    }
    await hyperstack.claim(id, MARKS[3]!, bench.call());
    await hyperstack.claim(id, MARKS[0]!, bench.call());
    await hyperstack.catalog(bench.call());
    await hyperstack.firewalls.observe(firewall, bench.call());
    await hyperstack.observe("99999999", bench.call());
    await bench.machine.delete(id, { inputs: other, outputs }, runContext());
    await bench.firewall.delete(firewall, { inputs: news, outputs: news }, runContext());

    expect(complaints).toEqual([]);
    expect(requests).toBeGreaterThan(50);
  });

  it("read a large account in as few calls as its pages allow", async () => {
    await bench.control.resetCalls();
    const machines = hyperstack.capabilities.pageSize * 2 + 1;
    await Promise.all(Array.from({ length: machines }, () => bench.control.addForeign()));

    expect(await bench.machines()).toHaveLength(machines);

    expect((await bench.control.calls()).reduce((sum, { count }) => sum + count, 0)).toBe(3);
  });

  it("go on with the pages that the cloud gives, where they are smaller than asked for", async () => {
    const ids = await Promise.all(Array.from({ length: 5 }, async () => (await bench.control.addForeign()).id));
    const real = globalThis.fetch;
    // A cloud that gives two at a time, whatever is asked for.
    vi.spyOn(globalThis, "fetch").mockImplementation((input, init) =>
      real(String(input).replace(/pageSize=\d+/, "pageSize=2"), init),
    );

    expect((await bench.machines()).map(({ id }) => id).sort()).toEqual(ids.sort());
  });

  it("never take a count of one page for that of the whole list", async () => {
    for (let added = 0; added < 101; added++) await bench.control.addForeign();
    const real = globalThis.fetch;
    vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
      const response = await real(input, init);
      const body = (await response.json()) as { instances?: unknown[] };
      return Response.json({ ...body, ...(body.instances ? { count: body.instances.length } : {}) });
    });

    await expect(bench.machines()).rejects.toMatchObject({ code: "CLOUD_ANSWER_INVALID" });
  });

  it("reach the API at an address with its version as well", async () => {
    const id = await made();
    const call = bench.call();
    const versioned: Call = { ...call, account: { ...call.account, endpoint: `${call.account.endpoint}/v1/` } };

    expect((await hyperstack.observe(id, versioned))?.id).toBe(id);
  });

  it("keep quiet after a refusal for too many, so that five attempts outlast the minute", async () => {
    const { budget } = bench.call().account;
    const learned: unknown[] = [];
    const quiet: Budget = {
      take: (...args) => budget.take(...args),
      hold: (...args) => budget.hold(...args),
      learn: (scopes, said) => void learned.push([scopes, said]),
    };
    const call = bench.call();
    await bench.control.fault({ match: { path: "/virtual-machines$" }, action: { kind: "status", status: 429 } });

    await collect(hyperstack.list({ ...call, account: { ...call.account, budget: quiet } }));

    expect(learned).toEqual([
      [["all"], { retryAfterMs: 15_000 }],
      [["all"], {}],
    ]);
  });

  it("stay within what Hyperstack allows from one address, so that nothing is refused", async () => {
    await bench.simulator.close();
    bench = await startBench({ rateScale: 60 });
    await bench.control.addForeign();
    await bench.control.resetCalls();
    const limits = { all: { ...hyperstack.limits.all, windowMs: 1_000 } };
    const call = bench.call();
    const within: Call = { ...call, account: { ...call.account, budget: createBudget(limits) } };

    await Promise.all(Array.from({ length: 1_000 }, () => hyperstack.observe("99999999", within)));

    expect((await bench.control.calls()).map(({ status }) => status)).toEqual([404]);
  });
});

describe("the catalogue of Hyperstack", () => {
  it("has prices put together from the pricebook, GPUs and stock by region", async () => {
    const { sizes, regions, images } = await hyperstack.catalog(bench.call());

    const size = (name: string) => sizes.find((one) => one.name === name);
    expect(size("n3-H100x8")).toMatchObject({
      kind: "gpu",
      gpus: 8,
      gpuType: "H100-80G-PCIe",
      memoryMiB: 1440 * 1024,
      pricePerHourMicro: 15_200_000,
      pricePerMonthMicro: 15_200_000 * 730,
      currency: "USD",
      regions: [],
    });
    // 4 processors, 4 GB and 100 GB of disk.
    expect(size("n1-cpu-small")).toMatchObject({ kind: "shared", pricePerHourMicro: 40_000, vcpus: 4 });
    expect(size("n1-cpu-small")).not.toHaveProperty("gpus");
    expect(size("n3-L40x2")?.regions).toEqual(["CANADA-1"]);
    expect(regions).toContainEqual({ name: "CANADA-1", title: "Canada 1", available: true, country: "ca" });
    expect(images.find(({ name }) => name === "Debian 12")?.regions).toEqual(["CANADA-1", "NORWAY-1", "US-1"]);
  });

  it("reads prices that are texts, and tells none where the pricebook has none", async () => {
    const body = [
      { name: "L40", value: "1.000000000" },
      { name: "vCPU", value: "0E-9" },
    ];
    await bench.control.fault({ match: { path: "/pricebook$" }, action: { kind: "status", status: 200, body } });

    const { sizes } = await hyperstack.catalog(bench.call());

    const price = (name: string) => sizes.find((one) => one.name === name)?.pricePerHourMicro;
    expect([price("n3-L40x2"), price("n3-H100x1"), price("n1-cpu-small")]).toEqual([2_000_000, undefined, undefined]);
  });
});
