import type { ActualServer } from "../../resources/actual.ts";
import { createBudget } from "../../resources/budget.ts";
import type { Account, Call } from "../../resources/cloud.ts";
import type { Journal, JournalEntry } from "../../resources/journal.ts";
import type { HandlerContext, PropertyMap, ResourceHandler } from "../../resources/plugin/handler.ts";
import { proxmox } from "../../resources/proxmox/index.ts";
import { virtualMachineHandler } from "../../resources/proxmox/plugin.ts";
import { SimulatorClient } from "../../simulators/client.ts";
import { PROXMOX_TOKEN, startProxmox } from "../../simulators/proxmox/index.ts";
import type { Simulator } from "../../simulators/simulator.ts";

/** Marks of three machines. */
export const MARKS = ["a", "b", "c", "d"].map((letter) => `fw-${letter.repeat(20)}`);

/** A journal in a Map that remembers what it was told. */
export class MemoryJournal implements Journal {
  readonly entries = new Map<string, JournalEntry>();

  async begin({
    account,
    kind,
    key,
  }: {
    account: string;
    kind: string;
    key: string;
  }): Promise<JournalEntry | undefined> {
    const before = this.entries.get(key);
    const now = new Date().toISOString();
    this.entries.set(key, { account, kind, key, startedAt: before?.startedAt ?? now, attemptedAt: now });
    return before;
  }

  async answered(_account: string, key: string, id: string): Promise<void> {
    const entry = this.entries.get(key);
    if (entry) this.entries.set(key, { ...entry, id });
  }

  async refused(_account: string, key: string): Promise<void> {
    this.entries.delete(key);
  }
}

export interface Bench {
  simulator: Simulator;
  control: SimulatorClient;
  account: Account;
  call(signal: AbortSignal): Call;
  journal: MemoryJournal;
  handler: ResourceHandler;
  /** Another handler on the same account, as after a restart: nothing is shared but journal and cluster. */
  restarted(): ResourceHandler;
  machines(): Promise<ActualServer[]>;
}

export async function startBench(options: { settleSeconds?: number } = {}): Promise<Bench> {
  const simulator = await startProxmox({ provisionMs: 200, actionMs: 20 });
  const account = {
    spec: {
      kind: "Account",
      name: "lab",
      provider: "proxmox",
      endpoint: simulator.url,
      credentials: { token: { env: "FLEET_PVE_TOKEN" } },
      deadlines: { createSeconds: 60, settleSeconds: options.settleSeconds ?? 1 },
      options: {},
    },
    endpoint: simulator.url,
    credentials: { token: PROXMOX_TOKEN },
    budget: createBudget({}),
  } as unknown as Account;
  const call = (signal: AbortSignal): Call => ({ signal, account, priority: "person" });
  const journal = new MemoryJournal();
  // Tests do not wait seconds: every pause is a twentieth.
  const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms / 20));
  const handlerOf = () => virtualMachineHandler({ cloud: proxmox, call, journal, sleep });
  return {
    simulator,
    control: new SimulatorClient(simulator.url),
    account,
    call,
    journal,
    handler: handlerOf(),
    restarted: handlerOf,
    machines: async () => {
      const all: ActualServer[] = [];
      for await (const server of proxmox.list(call(AbortSignal.timeout(5_000)))) all.push(server);
      return all;
    },
  };
}

export function machineInputs(more: PropertyMap = {}): PropertyMap {
  const mark = (more.mark as string | undefined) ?? MARKS[0]!;
  return {
    mark,
    name: "web-1",
    node: "pve1",
    template: "debian-12",
    linkedClone: false,
    cores: 2,
    memoryMiB: 2048,
    diskGiB: 10,
    bridge: "vmbr0",
    tags: [mark, "env+prod"].sort(),
    sshKeys: [],
    ipconfig: "ip=dhcp",
    waitForAgent: false,
    ...more,
  };
}

export function runContext(more: Partial<HandlerContext> = {}): HandlerContext {
  return { urn: "urn:test", preview: false, signal: new AbortController().signal, log: () => {}, ...more };
}
