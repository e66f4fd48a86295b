import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Execution } from "../../controller/reconcile/execute.ts";
import type { Preview } from "../../controller/reconcile/types.ts";
import { SimulatorClient } from "../../simulators/client.ts";
import type { CallCount } from "../../simulators/simulator.ts";
import { RunningDemo } from "./running.ts";

/** One fleet on all nine clouds (eight where moto cannot be had), through the real engine. */
const TIMEOUT = 600_000;
let demo: RunningDemo;

beforeAll(async () => {
  demo = new RunningDemo();
  await demo.says(/It stays up until Ctrl-C/, TIMEOUT);
}, TIMEOUT);

afterAll(async () => {
  demo?.child.kill("SIGINT");
  await demo?.ended();
  await demo?.end();
});

/** A line in the shell of another terminal. */
function shell(line: string): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((done) => {
    execFile("bash", ["-c", `. ${demo.folder}/env.sh\n${line}`], { maxBuffer: 1e8 }, (error, stdout, stderr) => {
      done({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

async function json<T>(line: string): Promise<T & { code: number }> {
  const { code, stdout, stderr } = await shell(`fw ${line} --json`);
  try {
    return { ...(JSON.parse(stdout) as T), code };
  } catch {
    throw new Error(`fw ${line} ended with ${code}:\n${stdout}\n${stderr}`);
  }
}

/** Changes a file of the fleet and commits it. */
async function commit(file: string, change: (text: string) => string, message: string): Promise<void> {
  const path = join(demo.folder, "fleet", file);
  const before = readFileSync(path, "utf8");
  const after = change(before);
  expect(after).not.toBe(before);
  writeFileSync(path, after);
  expect((await shell(`git -C ${demo.folder}/fleet commit -qam ${JSON.stringify(message)}`)).code).toBe(0);
}

/** The engine's whole look at every stack, twenty processes of it: after several steps, each on objects of its own, it still shows what any left behind. */
async function expectSettled(): Promise<void> {
  const full = await json<Preview>("preview --full");
  expect(full.effects, JSON.stringify(full.effects)).toEqual([]);
  expect(full.code).toBe(0);
}

const outcomes = ({ outcomes }: Execution) => outcomes.map(({ name, op, state }) => `${op} ${name} ${state}`).sort();
const hasAws = () => !/aws +left out/.test(demo.stdout);

/** Accounts of the clouds that `adopt` is tried on; some of the machines are switched off. */
const ACCOUNTS: Record<string, { account: string; name?: string; power?: { power: "stopped" } }> = {
  aws: { account: "aws-main", power: { power: "stopped" } },
  equinix: { account: "metal-old", power: { power: "stopped" } },
  // Hivelocity takes full domain names only.
  hivelocity: { account: "hive-main", name: "old-hivelocity.example.net" },
  hyperstack: { account: "hyper-main", power: { power: "stopped" } },
  openstack: { account: "stack-main", power: { power: "stopped" } },
  vultr: { account: "vultr-main", power: { power: "stopped" } },
};

/** The control of a cloud of the demo, at the address that it told. */
function simulator(cloud: string): SimulatorClient {
  return new SimulatorClient(new RegExp(`^ +${cloud} +(http://\\S+)`, "m").exec(demo.stdout)![1]!);
}

/** EC2 reads by POST, and its calls are told by action; logging in to Keystone changes nothing. */
function isWrite(cloud: string, { method, route }: CallCount): boolean {
  if (cloud === "aws") return !/\/(Describe|Get)/.test(route);
  return method !== "GET" && !route.endsWith("/auth/tokens");
}

describe("a fleet on all clouds", () => {
  it("is as the files say to the engine's whole look", { timeout: TIMEOUT }, async () => {
    await expectSettled();
  });

  it("gets a rule of a firewall changed on every cloud that has it, shown as that rule", {
    timeout: TIMEOUT,
  }, async () => {
    await commit("firewalls/edge.yaml", (text) => text.replace("ports: 443", "ports: 8443"), "Serve on 8443");

    const preview = await json<Preview>("preview");
    const done = await json<Execution>("apply --yes");

    const accounts = preview.effects.map(({ object }) => object.account);
    expect(accounts).toEqual(expect.arrayContaining(["hyper-main", "stack-main", "vultr-main"]));
    expect(preview.effects.every(({ object, op }) => object.kind === "Firewall" && op === "update")).toBe(true);
    expect(JSON.stringify(preview.effects)).toContain("8443");
    expect(done.failed, JSON.stringify(done.outcomes)).toBe(0);
    expect(done.converged).toBe(hasAws() ? 5 : 3);
  });

  it("moves a host by one edited file, and says with which commands", { timeout: TIMEOUT }, async () => {
    const move = (text: string) =>
      text.replace("hosts: [gpu-host-4]", "hosts: []").replace(/hosts: \[\]\n$/, "hosts: [gpu-host-4]\n");
    await commit("aggregates/a100.yaml", move, "Give gpu-host-4 to spot");

    const preview = await json<Preview>("preview");
    const done = await json<Execution>("apply --yes");

    expect(preview.effects).toHaveLength(1);
    expect(preview.effects[0]).toMatchObject({
      object: { kind: "AggregateHost", name: "gpu-host-4" },
      op: "update",
      commands: [
        "openstack aggregate remove host A100-ondemand gpu-host-4",
        "openstack aggregate add host A100-spot gpu-host-4",
      ],
      instances: { total: expect.any(Number) },
    });
    expect(outcomes(done)).toEqual(["update gpu-host-4 converged"]);
  });

  it("switches machines off and on where they are", { timeout: TIMEOUT }, async () => {
    const files = [
      "servers/vultr/edge-1.yaml",
      "servers/openstack/ci-1.yaml",
      "servers/gpu/train-1.yaml",
      "servers/metal/store-2.yaml",
      "servers/metal/store-1.yaml",
      ...(hasAws() ? ["servers/aws/edge-2.yaml"] : []),
    ];
    for (const file of files) await commit(file, (text) => `${text}power: stopped\n`, `Stop ${file}`);

    const stopped = await json<Execution>("apply --yes");
    for (const file of files) await commit(file, (text) => text.replace("power: stopped\n", ""), `Start ${file}`);
    const started = await json<Execution>("apply --yes");

    expect(stopped.failed, JSON.stringify(stopped.outcomes)).toBe(0);
    expect(stopped.converged).toBe(files.length);
    expect(started.failed, JSON.stringify(started.outcomes)).toBe(0);
    expect(started.converged).toBe(files.length);
    expect((await shell("fw drift")).code).toBe(0);
    await expectSettled();
  });

  it("takes over machines that ran before, on every cloud, without a write but the mark", {
    timeout: TIMEOUT,
  }, async () => {
    const adopted = Object.entries(ACCOUNTS).filter(([cloud]) => cloud !== "aws" || hasAws());
    for (const [cloud, { name = `old-${cloud}`, power }] of adopted)
      await simulator(cloud).addForeign({ name, ...power });

    for (const [cloud, { account, name = `old-${cloud}` }] of adopted) {
      const client = simulator(cloud);
      await client.resetCalls();
      const done = await json<{ execution: Execution; refused: unknown[] }>(
        `adopt --account ${account} --match ^old- --yes`,
      );
      expect(done.code, `${cloud}: ${JSON.stringify(done)}`).toBe(0);
      expect(outcomes(done.execution)).toEqual([`adopt ${name.replaceAll(".", "-")} converged`]);
      const machine = (await client.servers()).find((each) => each.name === name);
      expect(machine?.mark, cloud).toMatch(/^fw-/);
      const writes = (await client.calls()).filter((call) => isWrite(cloud, call));
      expect(
        writes.reduce((sum, { count }) => sum + count, 0),
        `${cloud}: ${JSON.stringify(writes)}`,
      ).toBe(1);
    }
  });

  it("refuses a new server where the provider has ended, and removes an old one", { timeout: TIMEOUT }, async () => {
    const file = "servers/metal/store-1.yaml";
    const copy = `sed -e 's/store-1/store-9/' -e '/^adopt/d' ${file} > servers/metal/store-9.yaml`;
    expect((await shell(`cd ${demo.folder}/fleet && ${copy} && git add -A && git commit -qm "One more"`)).code).toBe(0);

    const refused = await json<{ error: { code: string; message: string } }>("apply --yes");
    const remove = `git rm -q servers/metal/store-9.yaml ${file} && git commit -qm "No more metal"`;
    expect((await shell(`cd ${demo.folder}/fleet && ${remove}`)).code).toBe(0);
    const removed = await json<Execution>("apply --yes");

    expect(refused).toMatchObject({
      code: 3,
      error: { code: "GUARD_REFUSED", message: expect.stringContaining("2026-06-30") },
    });
    expect(outcomes(removed)).toEqual(["delete store-1 converged"]);
    await expectSettled();
  });
});
