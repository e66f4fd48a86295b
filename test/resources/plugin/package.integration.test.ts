import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ProviderHost, serve } from "../../../resources/plugin/host.ts";
import { type JournalServer, serveJournal } from "../../../resources/plugin/journal-server.ts";
import { fleetwrightPackage } from "../../../resources/plugin/package.ts";
import { Power } from "../../../resources/plugin/power-resource.ts";
import { proxmox } from "../../../resources/proxmox/index.ts";
import { VirtualMachine } from "../../../resources/proxmox/resource.ts";
import { PROXMOX_TOKEN } from "../../../simulators/proxmox/index.ts";
import { type Bench, MARKS, machineInputs, startBench } from "../proxmox-plugin.ts";
import { engineCommand, engineMissing, processes, stateOf, type TestStack, testStack } from "./engine.ts";

type VirtualMachineArgs = ConstructorParameters<typeof VirtualMachine>[1];

const BIN = join(import.meta.dirname, "../../../bin");

describe.skipIf(engineMissing)(
  `the package under the real engine${engineMissing ? `: ${engineMissing}` : ""}`,
  () => {
    let bench: Bench;
    let test: TestStack;
    let closing: (() => Promise<unknown>)[];

    beforeEach(async () => {
      bench = await startBench();
      closing = [() => bench.simulator.close()];
    });

    afterEach(async () => {
      for (const close of closing.reverse()) await close();
    });

    async function served(): Promise<ProviderHost> {
      const { account, journal } = bench;
      const host = await serve(await fleetwrightPackage({ account, cloud: proxmox, journal, version: "0.0.1" }));
      test = await testStack({ fleetwright: host.port });
      closing.push(host.close, test.dispose);
      return host;
    }

    /** The environment that `fleetwright run` gives to the executable. */
    async function environment(): Promise<Record<string, string>> {
      const journal: JournalServer = await serveJournal(bench.journal);
      closing.push(journal.close);
      return {
        PATH: `${BIN}:${process.env.PATH}`,
        FLEETWRIGHT_ACCOUNT: JSON.stringify(bench.account.spec),
        FLEETWRIGHT_ENDPOINTS: `${bench.account.spec.name}=${bench.account.endpoint}`,
        FLEET_PVE_TOKEN: PROXMOX_TOKEN,
        FLEETWRIGHT_JOURNAL: journal.url,
        FLEETWRIGHT_JOURNAL_TOKEN: journal.token,
      };
    }

    function declare(
      machine: Parameters<typeof machineInputs>[0] = {},
      power: { state?: "running" | "stopped"; reboot?: number } = {},
    ): void {
      test.program = async () => {
        const inputs = machineInputs(machine);
        const vm = new VirtualMachine("web-1", inputs as unknown as VirtualMachineArgs, { deleteBeforeReplace: true });
        const { state = "running", reboot = 0 } = power;
        new Power("power.web-1", { server: vm.id, state, reboot, reset: 0, ensure: String(inputs.cores) });
        return {};
      };
    }

    const servers = () => bench.control.servers();

    it("makes a machine and starts it, resizes, reboots, replaces and removes it", async () => {
      await served();
      declare();
      await test.stack.up();
      expect(await servers()).toMatchObject([{ id: "pve1/100", power: "running", mark: MARKS[0], size: "2x2048" }]);
      await test.stack.refresh();
      expect((await test.stack.preview()).changeSummary).toEqual({ same: 3 });

      declare({ cores: 4 }, { reboot: 1 });
      await bench.control.resetCalls();
      await test.stack.up();
      expect(await servers()).toMatchObject([{ id: "pve1/100", power: "running", size: "4x2048" }]);
      expect((await bench.control.calls()).filter(({ route }) => route.endsWith("/reboot"))).toMatchObject([
        { count: 1 },
      ]);
      declare({ cores: 4 }, { reboot: 0 });
      expect((await test.stack.preview()).changeSummary).toEqual({ same: 3 });

      declare({ cores: 4, mark: MARKS[1]!, template: "ubuntu-24.04" }, { reboot: 1 });
      await test.stack.up();
      expect(await servers()).toMatchObject([{ power: "running", mark: MARKS[1] }]);

      await test.stack.destroy();
      expect(await servers()).toEqual([]);
    });

    it("sees by refresh what was powered off by hand, and starts it again", async () => {
      await served();
      declare();
      await test.stack.up();
      await bench.control.change("pve1/100", { power: "stopped" });

      await test.stack.refresh();

      expect((await test.stack.preview()).changeSummary).toEqual({ same: 2, update: 1 });
      await test.stack.up();
      expect(await servers()).toMatchObject([{ power: "running" }]);
    });

    it("imports what an earlier create has made, without a change to it", async () => {
      const { inputs } = await bench.handler.check(machineInputs(), undefined);
      const { id } = await bench.handler.create(inputs, {
        urn: "urn:test",
        preview: false,
        signal: AbortSignal.timeout(10_000),
        log: () => {},
      });
      await served();
      await bench.control.resetCalls();
      test.program = async () => {
        new VirtualMachine("web-1", inputs as unknown as VirtualMachineArgs, { import: id });
        return {};
      };

      await test.stack.up();

      // The cluster does not tell where a machine came from; the next run writes down what the program says.
      const { template, linkedClone, waitForAgent, ...told } = inputs;
      const [imported] = await stateOf(test.stack, "fleetwright:proxmox:VirtualMachine");
      expect(imported).toMatchObject({ id, inputs: told });
      expect((await bench.control.calls()).filter(({ method }) => method !== "GET")).toEqual([]);
      test.program = async () => {
        new VirtualMachine("web-1", inputs as unknown as VirtualMachineArgs);
        return {};
      };
      expect((await test.stack.preview()).changeSummary).toEqual({ same: 2 });
    });

    it("serves as an executable, with the journal of a controller", async () => {
      test = await testStack({}, await environment());
      closing.push(test.dispose);
      declare();

      await test.stack.up();

      expect(await servers()).toMatchObject([{ power: "running", mark: MARKS[0] }]);
      expect(bench.journal.entries.get(MARKS[0]!)).toMatchObject({ id: "pve1/100" });
    });

    it.skipIf(process.platform !== "linux")(
      "ends with a killed engine, and the next run finds the one machine",
      async () => {
        const run = await environment();
        test = await testStack({}, run);
        closing.push(test.dispose);
        declare();
        await bench.control.fault({
          match: { method: "POST", path: "/clone$" },
          action: { kind: "delay", ms: 10_000 },
        });
        const up = test.stack.up().catch(() => {});
        await expect.poll(async () => (await bench.control.faults())[0]?.acted, { timeout: 60_000 }).toBe(1);
        const engine = (await processes()).filter(({ cwd, exe }) => cwd === test.folder && exe.endsWith("/pulumi"));
        expect(engine).not.toEqual([]);

        for (const { pid } of engine) process.kill(pid, "SIGKILL");

        const token = `FLEETWRIGHT_JOURNAL_TOKEN=${run.FLEETWRIGHT_JOURNAL_TOKEN}`;
        await expect
          .poll(async () => (await processes()).filter(({ environ }) => environ.includes(token)), { timeout: 15_000 })
          .toEqual([]);
        await up;
        await test.stack.cancel();
        expect(await stateOf(test.stack, "fleetwright:proxmox:VirtualMachine")).toEqual([]);
        await test.stack.up();
        expect(await servers()).toMatchObject([{ power: "running", mark: MARKS[0] }]);
      },
    );

    it("says what the executable's environment lacks", async () => {
      test = await testStack({}, { PATH: `${BIN}:${process.env.PATH}` });
      closing.push(test.dispose);
      declare();

      await expect(test.stack.preview()).rejects.toThrow(/USAGE: FLEETWRIGHT_ACCOUNT is not set: run `fleetwright run/);
    });

    it("has a schema that the engine takes", async () => {
      const environmentOfRun = await environment();

      const { stdout } = await promisify(execFile)(
        engineCommand,
        ["package", "get-schema", join(BIN, "pulumi-resource-fleetwright")],
        {
          env: { ...process.env, ...environmentOfRun, PULUMI_SKIP_UPDATE_CHECK: "true" },
        },
      );

      const schema = JSON.parse(stdout);
      expect(Object.keys(schema.resources)).toEqual(["fleetwright:index:Power", "fleetwright:proxmox:VirtualMachine"]);
      expect(schema.resources["fleetwright:index:Power"].requiredInputs).toEqual(["server", "state"]);
    });
  },
  120_000,
);
