import { setTimeout as delay } from "node:timers/promises";
import type { ActualServer } from "../actual.ts";
import type { Call, Cloud } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import type { Journal } from "../journal.ts";
import { diffInputs } from "../plugin/diff.ts";
import { type HandlerContext, PartialCreation, type PropertyMap, type ResourceHandler } from "../plugin/handler.ts";
import { errorMessage } from "../plugin/status.ts";
import { type Firewall, readFirewall, writeFirewall } from "./firewall.ts";
import { pve } from "./http.ts";
import { checkMachine, IDENTITY, machineOf, onlyGrows, unknownOutputs } from "./plugin-fields.ts";
import { carries, makeOnce } from "./plugin-make.ts";
import { actualInputs, bootDisk, changedOptions, type Machine } from "./plugin-options.ts";
import { VIRTUAL_MACHINE } from "./resource.ts";
import { runTask } from "./tasks.ts";
import { idOf, parseId, readConfig, type VmConfig, type VmPlace, vmPath } from "./vms.ts";

export interface VirtualMachineOptions {
  cloud: Pick<Cloud, "findByMark" | "observe">;
  call(signal: AbortSignal): Call;
  journal: Journal;
  /** Epoch in milliseconds. */
  now?(): number;
  sleep?(ms: number, signal: AbortSignal): Promise<void>;
}

/** What only has a meaning while the machine is made. */
const CREATE_ONLY = ["linkedClone", "storage", "pool", "waitForAgent"];
/** What is left as it is when a program does not name it. */
const LEFT_ALONE = ["diskGiB", "cpuType", "balloonMiB", "user", "ipconfig"];
const AGENT_WAIT_MS = 30_000;
const AGENT_PAUSE_MS = 2_000;

/** `fleetwright:proxmox:VirtualMachine`: a clone of a template, or a new machine. Its power is left to the Power beside it. */
export function virtualMachineHandler(options: VirtualMachineOptions): ResourceHandler {
  const { cloud, journal } = options;
  const now = options.now ?? Date.now;
  const sleep = options.sleep ?? (async (ms, signal) => void (await delay(ms, undefined, { signal })));

  /** Writes what differs from what is declared. `hadRules` says that the machine's rules were declared before. */
  async function configure(place: VmPlace, machine: Machine, call: Call, hadRules = false): Promise<void> {
    const config = await readConfig(call, place);
    // Before the card goes through it.
    if (machine.firewallRules !== undefined || hadRules) await writeFirewall(call, place, firewallOf(machine));
    const form = changedOptions(machine, config);
    if (form) await pve(call, { method: "PUT", path: `${vmPath(place)}/config`, form });
    const disk = bootDisk(config);
    if (machine.diskGiB === undefined || machine.diskGiB === disk?.sizeGiB) return;
    if (!disk) throw new FleetError("CLOUD_REFUSED", `diskGiB: machine ${idOf(place)} has no disk`, {});
    if (machine.diskGiB < disk.sizeGiB) throw onlyGrows(disk.sizeGiB);
    const grown = { disk: disk.option, size: `${machine.diskGiB}G` };
    await runTask(call, place.node, { method: "PUT", path: `${vmPath(place)}/resize`, form: grown });
  }

  async function outputsOf(place: VmPlace, inputs: PropertyMap, call: Call): Promise<PropertyMap> {
    const actual = await observeWithAddresses(place, inputs.waitForAgent === true, call);
    const disk = bootDisk(await readConfig(call, place));
    return {
      ...inputs,
      vmid: place.vmid,
      ipv4: actual?.ipv4 ?? [],
      ipv6: actual?.ipv6 ?? [],
      status: actual?.status ?? "unknown",
      diskActualGiB: disk?.sizeGiB ?? 0,
    };
  }

  /** Addresses of a machine that runs come with time; they are a courtesy, so their absence is no failure. */
  async function observeWithAddresses(place: VmPlace, wait: boolean, call: Call): Promise<ActualServer | undefined> {
    for (let waitedMs = 0; ; waitedMs += AGENT_PAUSE_MS) {
      const actual = await cloud.observe(idOf(place), call);
      const complete = actual?.power !== "running" || actual.ipv4.length + actual.ipv6.length > 0;
      if (!wait || complete || waitedMs >= AGENT_WAIT_MS) return actual;
      await sleep(AGENT_PAUSE_MS, call.signal);
    }
  }

  /** Where the machine is now, and its configuration; undefined when the cluster says that it is gone. */
  async function findOurs(
    id: string,
    mark: unknown,
    call: Call,
  ): Promise<{ actual: ActualServer; place: VmPlace; config: VmConfig } | undefined> {
    const actual = await cloud.observe(id, call);
    if (!actual) return undefined;
    const place = parseId(actual.id);
    const config = await readConfig(call, place);
    if (typeof mark === "string" && !carries(config, mark)) {
      const message = `machine ${actual.id} does not carry our mark ${mark}: it may be another's, and is left alone`;
      throw new FleetError("CLOUD_REFUSED", message, { id: actual.id, mark });
    }
    return { actual, place, config };
  }

  return {
    type: VIRTUAL_MACHINE,

    check: async (inputs, old) => checkMachine(inputs, old),

    async diff(_id, old, news) {
      const { changes } = diffInputs(old.inputs, news, { replaceOn: IDENTITY });
      // A machine that was taken over by its id does not tell what it was cloned from.
      const unsaid = old.inputs.template === undefined ? ["template"] : [];
      for (const name of [...CREATE_ONLY, ...unsaid]) delete changes[name];
      for (const name of LEFT_ALONE) if (changes[name]?.kind === "delete") delete changes[name];
      const replaced = Object.values(changes).some((change) => change.replace);
      const actual = old.outputs.diskActualGiB;
      if (!replaced && typeof news.diskGiB === "number" && typeof actual === "number" && news.diskGiB < actual) {
        throw onlyGrows(actual);
      }
      return { changes, deleteBeforeReplace: true };
    },

    async create(inputs, context) {
      if (context.preview) return { id: "", outputs: { ...inputs, ...unknownOutputs() } };
      const machine = machineOf(inputs);
      const { signal, end } = within(context, options.call(context.signal).account.spec.deadlines.createSeconds);
      try {
        const call = options.call(signal);
        const place = await makeOnce({ machine, call, cloud, journal, now, sleep, log: context.log });
        try {
          await configure(place, machine, call);
          return { id: idOf(place), outputs: await outputsOf(place, inputs, call) };
        } catch (error) {
          const outputs = { ...inputs, vmid: place.vmid, ipv4: [], ipv6: [], status: "unknown", diskActualGiB: 0 };
          throw new PartialCreation(idOf(place), outputs, [errorMessage(error)], { cause: error });
        }
      } finally {
        end();
      }
    },

    async read(id, known, context) {
      const call = options.call(context.signal);
      const found = await findOurs(id, known.inputs.mark, call);
      if (!found) return undefined;
      const { actual, place, config } = found;
      const inputs = actualInputs(config, place.node);
      if (actual.mark !== undefined) inputs.mark = actual.mark;
      if (known.inputs.firewallRules !== undefined) {
        const { firewallRules, firewallIn, firewallOut } = await readFirewall(call, place, config);
        Object.assign(inputs, { firewallRules, firewallIn, firewallOut });
      }
      // The cluster does not tell where a machine came from.
      for (const name of ["mark", "template", ...CREATE_ONLY]) {
        const value = known.inputs[name];
        if (value !== undefined) inputs[name] = value;
      }
      return { id: idOf(place), inputs, outputs: await outputsOf(place, inputs, call) };
    },

    async update(id, old, news, context) {
      if (context.preview) {
        const { diskGiB } = news;
        return { ...old.outputs, ...news, ...(diskGiB === undefined ? {} : { diskActualGiB: diskGiB }) };
      }
      const call = options.call(context.signal);
      const found = await findOurs(id, old.inputs.mark, call);
      if (!found) throw new FleetError("NOT_FOUND", `there is no machine ${id}`, { id });
      // What an update leaves undone when it fails, the same update does next time: state keeps the old inputs until it is all done.
      await configure(found.place, machineOf(news), call, old.inputs.firewallRules !== undefined);
      return outputsOf(found.place, news, call);
    },

    async delete(id, old, context) {
      const call = options.call(context.signal);
      const found = await findOurs(id, old.inputs.mark, call);
      if (!found) return;
      await destroy(found.place, found.actual.power, call);
      if (await cloud.observe(idOf(found.place), call)) {
        throw new FleetError("VERIFY_FAILED", `machine ${idOf(found.place)} is still there after its removal`, { id });
      }
    },
  };

  async function destroy(place: VmPlace, power: ActualServer["power"], call: Call): Promise<void> {
    try {
      const path = `${vmPath(place)}/status/stop`;
      if (power !== "stopped") {
        await runTask(call, place.node, {
          method: "POST",
          path,
          form: { "overrule-shutdown": true },
          idempotent: true,
        });
      }
      const query = { purge: 1, "destroy-unreferenced-disks": 1 };
      await runTask(call, place.node, { method: "DELETE", path: vmPath(place), query });
    } catch (error) {
      // An attempt whose answer was lost has done it, if the cluster says so.
      if (error instanceof FleetError && error.code === "NOT_FOUND") return;
      throw error;
    }
  }
}

function firewallOf({ firewallRules, firewallIn = "DROP", firewallOut = "ACCEPT" }: Machine): Firewall | undefined {
  return firewallRules && { firewallRules, firewallIn, firewallOut };
}

/** A create has the time of the account, whatever the engine allows. */
function within({ signal }: HandlerContext, seconds: number): { signal: AbortSignal; end(): void } {
  const own = new AbortController();
  const late = new FleetError("DEADLINE", `the machine was not made within ${seconds} s`, {});
  const timer = setTimeout(() => own.abort(late), seconds * 1000);
  return { signal: AbortSignal.any([signal, own.signal]), end: () => clearTimeout(timer) };
}
