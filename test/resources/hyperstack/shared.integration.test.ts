import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { firewalls } from "../../../resources/hyperstack/firewalls.ts";
import { ruleTexts } from "../../../resources/hyperstack/rules.ts";
import { PartialCreation, type PropertyMap } from "../../../resources/plugin/handler.ts";
import type { FirewallRule } from "../../../resources/spec.ts";
import type { Fault } from "../../../simulators/simulator.ts";
import { clientOf } from "../../simulators/http.ts";
import { PUBLIC_KEY } from "../declared.ts";
import { type Bench, firewallInputs, keyInputs, MARKS, OUT, PING, runContext, SSH, startBench, WEB } from "./bench.ts";

vi.setConfig({ testTimeout: 30_000 });

let bench: Bench;
beforeEach(async () => {
  bench = await startBench();
});
afterEach(() => bench.simulator.close());

async function writes(): Promise<string[]> {
  const calls = await bench.control.calls();
  return calls
    .filter(({ method }) => method !== "GET")
    .flatMap(({ method, route, count }) => Array<string>(count).fill(`${method} ${route.replace("/v1/core", "")}`))
    .sort();
}
const ADD = "POST /firewalls/:id/firewall-rules";
const DROP = "DELETE /firewalls/:id/firewall-rules/:id";
const there = () => firewalls.list(bench.call());
async function made(more: PropertyMap = {}) {
  const inputs = firewallInputs(more);
  const { id, outputs } = await bench.firewall.create(inputs, runContext());
  return { id, old: { inputs, outputs } };
}
const rulesOf = async (id: string, old: { inputs: PropertyMap; outputs: PropertyMap }) =>
  (await bench.firewall.read(id, old, runContext()))?.inputs.rules;

const LOST: Fault["action"][] = [
  { kind: "dropAfter" },
  { kind: "dropBefore" },
  { kind: "truncate" },
  { kind: "empty" },
  { kind: "status", status: 502 },
];

describe("a firewall", () => {
  it("is made with its mark in the description, and then given its rules", async () => {
    const { id, old } = await made();

    expect(await there()).toMatchObject([
      { id, name: "web-CANADA-1", mark: MARKS[2], region: "CANADA-1", inboundPolicy: "drop", outboundPolicy: "accept" },
    ]);
    const found = (await bench.firewall.read(id, old, runContext()))!;
    expect(found.inputs).toEqual(old.inputs);
    expect((await bench.firewall.diff(id, found, old.inputs)).changes).toEqual({});
    // A new one lets everything out already.
    expect(await writes()).toEqual(["POST /firewalls", ADD, ADD]);
  });

  it("loses what a new one lets out where nothing of it is declared", async () => {
    const { id, old } = await made({ rules: [SSH] });

    expect(await rulesOf(id, old)).toEqual([SSH]);
  });

  it("changes rule by rule, adding before it takes away", async () => {
    const { id, old } = await made();
    await bench.control.resetCalls();
    await bench.control.fault({
      match: { method: "DELETE", path: "/firewall-rules/" },
      action: { kind: "status", status: 403 },
    });
    const news = firewallInputs({ rules: [...OUT, SSH, WEB] });

    await expect(bench.firewall.update(id, old, news, runContext())).rejects.toMatchObject({ code: "CLOUD_AUTH" });
    expect(await rulesOf(id, old)).toEqual([...OUT, SSH, WEB, PING]);
    await bench.firewall.update(id, old, news, runContext());

    expect(await rulesOf(id, old)).toEqual([...OUT, SSH, WEB]);
    expect(await writes()).toEqual([DROP, DROP, ADD].sort());
    await bench.control.resetCalls();
    await bench.firewall.update(id, old, news, runContext());
    expect(await writes()).toEqual([]);
  });

  it.each(LOST)("has each rule once although an answer is lost ($kind)", async (action) => {
    await bench.control.fault({ match: { method: "POST", path: "/firewall-rules$" }, action });

    const { id, old } = await made();

    expect(await rulesOf(id, old)).toEqual(old.inputs.rules);
  });

  it("keeps its id when its rules are refused, and gets them with the next run", async () => {
    await bench.control.fault({
      match: { method: "POST", path: "/firewall-rules$" },
      action: { kind: "status", status: 403 },
    });

    const failure = await bench.firewall.create(firewallInputs(), runContext()).catch((error) => error);

    expect(failure).toBeInstanceOf(PartialCreation);
    const old = { inputs: firewallInputs(), outputs: failure.outputs };
    await bench.firewall.update(failure.id, old, firewallInputs(), runContext());
    expect(await rulesOf(failure.id, old)).toEqual(firewallInputs().rules);
  });

  it.each(LOST)("is there once although the answer is lost ($kind)", async (action) => {
    await bench.control.fault({ match: { method: "POST", path: "/core/firewalls$" }, action });
    await bench.firewall.create(firewallInputs(), runContext()).catch(() => undefined);

    const { id } = await bench.restarted().firewall.create(firewallInputs(), runContext());

    expect((await there()).map((firewall) => firewall.id)).toEqual([id]);
  });

  it("is another one with another name, region or mark", async () => {
    const { id, old } = await made();
    const others: PropertyMap[] = [{ name: "other" }, { region: "US-1" }, { mark: MARKS[3]! }];

    for (const other of others) {
      const { changes, deleteBeforeReplace } = await bench.firewall.diff(id, old, { ...old.inputs, ...other });
      expect(Object.values(changes)).toEqual([{ kind: "update", replace: true }]);
      expect(deleteBeforeReplace).toBe(true);
    }
    expect((await bench.firewall.diff(id, old, { ...old.inputs, environment: "other" })).changes).toEqual({});
  });

  it("is attached by the machine, and refused removal until it is not", async () => {
    const { id, old } = await made();
    const machine = bench.machineInputs({ firewalls: [id] });
    const { id: server, outputs } = await bench.machine.create(machine, runContext());

    await expect(bench.firewall.delete(id, old, runContext())).rejects.toMatchObject({ code: "CLOUD_REFUSED" });
    await bench.machine.update(server, { inputs: machine, outputs }, bench.machineInputs(), runContext());
    await bench.firewall.delete(id, old, runContext());

    expect(await there()).toEqual([]);
    await bench.firewall.delete(id, old, runContext());
    expect(await bench.firewall.read(id, old, runContext())).toBeUndefined();
  });

  it("is neither read, changed nor removed when it is not ours", async () => {
    const { id, old } = await made();
    const other = { ...old, inputs: { ...old.inputs, mark: MARKS[3]! } };

    const refusal = { code: "CLOUD_REFUSED", message: expect.stringContaining("does not carry our mark") };
    await expect(bench.firewall.read(id, other, runContext())).rejects.toMatchObject(refusal);
    await expect(bench.firewall.update(id, other, old.inputs, runContext())).rejects.toMatchObject(refusal);
    await expect(bench.firewall.delete(id, other, runContext())).rejects.toMatchObject(refusal);
    expect(await there()).toHaveLength(1);
  });
});

describe("any firewall that Hyperstack can express", () => {
  const block = fc.constantFrom("10.0.0.0/8", "203.0.113.7/32", "2001:db8::/32", "0.0.0.0/0", "::/0");
  const rule = fc
    .record({
      direction: fc.constantFrom("inbound" as const, "outbound" as const),
      protocol: fc.constantFrom("tcp" as const, "udp" as const, "icmp" as const),
      ports: fc.constantFrom(undefined, "22", "8000-8080", "443,80", "1-65535"),
      addresses: fc.uniqueArray(block, { minLength: 1, maxLength: 3 }),
    })
    .map(({ ports, ...rest }): FirewallRule => {
      return { ...rest, action: "accept", ...(ports && rest.protocol !== "icmp" ? { ports } : {}) };
    });
  const policy = fc.constantFrom("accept" as const, "drop" as const);
  const text = fc.record({ rules: fc.array(rule, { maxLength: 5 }), inboundPolicy: policy, outboundPolicy: policy });

  it("reads back as expected, and so after it became another one", async () => {
    const { id, old } = await made();
    let before = old.inputs;

    for (const wanted of fc.sample(text, { numRuns: 12, seed: 7 })) {
      const inputs = firewallInputs({ rules: ruleTexts(wanted) });
      await bench.firewall.update(id, { inputs: before, outputs: before }, inputs, runContext());
      before = inputs;

      const expected = firewalls.expect({ kind: "Firewall", name: "web", ...wanted });
      expect(await firewalls.observe(id, bench.call())).toMatchObject(expected);
      expect((await bench.firewall.read(id, { inputs, outputs: inputs }, runContext()))?.inputs).toEqual(inputs);
    }
  });
});

describe("a key pair", () => {
  const list = async () => {
    const send = clientOf(bench.simulator.url, { api_key: "hyperstack-simulator-key" });
    return (await send("GET", "/v1/core/keypairs")).body.keypairs as { id: number; name: string }[];
  };
  const inputs = keyInputs({ mark: MARKS[1]!, name: `dev-${MARKS[1]}` });

  it("is imported with its mark in its name, and reads as it was declared", async () => {
    const { id, outputs } = await bench.key.create(inputs, runContext());

    const found = await bench.key.read(id, { inputs, outputs }, runContext());

    expect(found?.inputs).toEqual(inputs);
    expect((await list()).map(({ name }) => name)).toContain(`dev-${MARKS[1]}`);
  });

  it.each(LOST)("is there once although the answer is lost ($kind)", async (action) => {
    await bench.control.fault({ match: { method: "POST", path: "/keypairs$" }, action });
    await bench.key.create(inputs, runContext()).catch(() => undefined);

    const { id } = await bench.restarted().key.create(inputs, runContext());

    const ours = (await list()).filter(({ name }) => name.endsWith(MARKS[1]!));
    expect(ours.map((pair) => String(pair.id))).toEqual([id]);
  });

  it("is another one when anything of it differs", async () => {
    const old = { inputs, outputs: inputs };
    const news = { ...inputs, publicKey: `${PUBLIC_KEY}x` };

    expect((await bench.key.diff("1", old, news)).changes).toEqual({ publicKey: { kind: "update", replace: true } });
  });

  it("is removed, but not when it is not ours", async () => {
    const { id } = await bench.key.create(inputs, runContext());
    const foreign = { inputs: { ...inputs, mark: MARKS[3]! }, outputs: {} };
    await expect(bench.key.delete(id, foreign, runContext())).rejects.toMatchObject({ code: "CLOUD_REFUSED" });

    await bench.key.delete(id, { inputs, outputs: inputs }, runContext());

    expect((await list()).map((pair) => String(pair.id))).not.toContain(id);
    await bench.key.delete(id, { inputs, outputs: inputs }, runContext());
    expect(await bench.key.read(id, { inputs, outputs: inputs }, runContext())).toBeUndefined();
  });
});
