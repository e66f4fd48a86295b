import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { PropertyMap } from "../../resources/plugin/handler.ts";
import { proxmox } from "../../resources/proxmox/index.ts";
import { pveClient } from "../simulators/proxmox/client.ts";
import { type Bench, machineInputs, runContext, startBench } from "./proxmox-plugin.ts";

// Real processes and retries, on machines that may be busy.
vi.setConfig({ testTimeout: 30_000 });

const AT = "/nodes/pve1/qemu/100/firewall";
const SSH = "IN ACCEPT -proto tcp -source 10.0.0.0/8 -dport 22 # office";
const WEB = "IN ACCEPT -proto tcp -dport 80,443";
const PING = "IN ACCEPT -proto icmp";
const DNS = "OUT DROP -proto udp -dest 203.0.113.0/24 -dport 53";

let bench: Bench;
let pve: ReturnType<typeof pveClient>;

beforeEach(async () => {
  bench = await startBench();
  pve = pveClient(bench.simulator.url);
});
afterEach(() => bench.simulator.close());

const guarded = (...firewallRules: string[]) =>
  machineInputs({ firewallRules, firewallIn: "DROP", firewallOut: "ACCEPT" });
const known = (inputs: PropertyMap, outputs: PropertyMap = {}) => ({ inputs, outputs });
const rules = async () =>
  (await pve.data("GET", `${AT}/rules`)).map(
    ({ type, dport, enable }: { type: string; dport?: string; enable: number }) => [type, dport, enable],
  );
const writes = async () =>
  (await bench.control.calls())
    .filter(({ method, route }) => method !== "GET" && route.includes("/firewall/"))
    .flatMap(({ method, count }) => Array<string>(count).fill(method));
const update = async (before: PropertyMap, after: PropertyMap) =>
  await bench.handler.update("pve1/100", known(before), after, runContext());
const observed = async () => (await proxmox.observe("pve1/100", bench.call(AbortSignal.timeout(5_000))))?.rules;

describe("a machine with rules", () => {
  it("is made with them in their order, the firewall on, and its card behind it", async () => {
    await bench.handler.create(guarded(SSH, WEB, PING, DNS), runContext());

    expect(await rules()).toEqual([
      ["in", "22", 1],
      ["in", "80,443", 1],
      ["in", undefined, 1],
      ["out", "53", 1],
    ]);
    expect(await pve.data("GET", `${AT}/options`)).toMatchObject({
      enable: 1,
      policy_in: "DROP",
      policy_out: "ACCEPT",
    });
    expect((await pve.data("GET", "/nodes/pve1/qemu/100/config")).net0).toMatch(/,bridge=vmbr0,firewall=1$/);
    expect(await observed()).toMatchObject({
      inboundPolicy: "drop",
      outboundPolicy: "accept",
      rules: [
        { protocol: "tcp", ports: "22", addresses: ["10.0.0.0/8"], description: "office" },
        { protocol: "tcp", ports: "80,443" },
        { protocol: "icmp", addresses: ["0.0.0.0/0"] },
        { direction: "outbound", action: "drop", protocol: "udp" },
      ],
    });
  });

  it("is changed rule by rule, and not at all where nothing differs", async () => {
    const before = guarded(SSH, WEB, PING);
    await bench.handler.create(before, runContext());
    await bench.control.resetCalls();

    await update(before, before);
    const idle = await writes();
    await update(before, guarded(SSH, DNS, WEB));

    expect(idle).toEqual([]);
    // On top and disabled, to its place, enabled; then the one that is not wanted.
    expect((await writes()).sort()).toEqual(["DELETE", "POST", "PUT", "PUT"]);
    expect(await rules()).toEqual([
      ["in", "22", 1],
      ["out", "53", 1],
      ["in", "80,443", 1],
    ]);
  });

  it("reads what a hand has changed, and has it put right by the next update", async () => {
    const inputs = guarded(SSH, WEB);
    const { outputs } = await bench.handler.create(inputs, runContext());
    await pve.data("POST", `${AT}/rules`, { type: "in", action: "ACCEPT", enable: 1 });
    await pve.data("DELETE", `${AT}/rules/1`);
    await pve.data("PUT", `${AT}/options`, { policy_in: "ACCEPT" });

    const read = await bench.handler.read("pve1/100", known(inputs, outputs), runContext());
    const { changes } = await bench.handler.diff("pve1/100", known(read!.inputs, read!.outputs), inputs);
    await update(read!.inputs, inputs);

    expect(read?.inputs).toMatchObject({ firewallRules: ["IN ACCEPT", WEB], firewallIn: "ACCEPT" });
    expect(Object.keys(changes).map((path) => path.split("[")[0])).toContain("firewallIn");
    expect((await bench.handler.read("pve1/100", known(inputs, outputs), runContext()))?.inputs).toMatchObject(inputs);
  });

  it("that was switched off by hand lets everything pass, and is told so", async () => {
    const inputs = guarded(SSH);
    await bench.handler.create(inputs, runContext());
    await pve.data("PUT", `${AT}/options`, { enable: 0 });

    expect(await observed()).toEqual({ rules: [], inboundPolicy: "accept", outboundPolicy: "accept" });
    await update(inputs, inputs);
    expect(await observed()).toMatchObject({ rules: [{ ports: "22" }], inboundPolicy: "drop" });
  });

  it("whose file names no firewall any more has none; one that never had is left alone", async () => {
    const bare = machineInputs();
    await bench.handler.create(bare, runContext());
    await pve.data("POST", `${AT}/rules`, { type: "in", action: "DROP", enable: 1 });
    await update(bare, { ...bare, cores: 4 });
    const left = await rules();
    const read = await bench.handler.read("pve1/100", known(bare), runContext());

    await update(bare, guarded(SSH));
    await update(guarded(SSH), bare);

    expect(left).toEqual([["in", undefined, 1]]);
    expect(read?.inputs).not.toHaveProperty("firewallRules");
    expect(await rules()).toEqual([]);
    expect(await pve.data("GET", `${AT}/options`)).toMatchObject({ enable: 0 });
  });

  it("is not changed over a change that somebody makes meanwhile", async () => {
    const before = guarded(SSH, WEB);
    await bench.handler.create(before, runContext());
    await bench.control.fault({
      match: { method: "DELETE", path: "/firewall/rules/" },
      action: {
        kind: "status",
        status: 500,
        body: { data: null, message: "detected modified configuration - file changed by other user? Try again.\n" },
      },
      times: 1,
    } as never);

    await expect(update(before, guarded(SSH))).rejects.toMatchObject({ code: "CLOUD_REFUSED" });
    await update(before, guarded(SSH));
    expect(await rules()).toEqual([["in", "22", 1]]);
  });
});
