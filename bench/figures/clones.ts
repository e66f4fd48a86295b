import { ownerMark } from "../../resources/mark.ts";
import type { HandlerContext, PropertyMap } from "../../resources/plugin/handler.ts";
import { virtualMachineHandler } from "../../resources/proxmox/plugin.ts";
import { memoryJournal } from "../clouds/journal.ts";
import { accountOf, openPeer, type Peer } from "../clouds/peers.ts";
import { type Bar, type Figure, figure } from "../measure/figure.ts";
import { type Benchmark, inRun } from "../run.ts";

const CLONE_MS = 200;

const ERRORS: Bar = { name: "clones 50 at once of one template: lock errors", unit: "tasks", target: 0 };
const WRONG: Bar = {
  name: "clones 50 at once: machines missing, doubled or without their mark",
  unit: "machines",
  target: 0,
};
const TIME: Bar = { name: "clones 50 at once: time / 50 clones one after the other", unit: "s / s", target: 1.5 };

/** The resource handler of our own provider on the simulated cluster, which locks a template for each full clone as old versions do. */
export const clones: Benchmark = {
  id: "clones",
  title: "clones of one Proxmox VE template at the same time",
  bars: [ERRORS, WRONG, TIME],
  needsEngine: false,
  async run(options) {
    const machines = options.quick ? 10 : 50;
    const unguarded = await withCluster((peer) => rawClones(peer, machines));
    options.progress(`asked for ${machines} clones at once without waiting for the lock: ${unguarded} fail by it`);
    return await withCluster(async (peer): Promise<Figure[]> => {
      const marks = Array.from({ length: machines }, (_, at) => ownerMark("bench", "Server", `clone-${at}`, 0));
      const began = performance.now();
      await makeAll(peer, marks);
      const seconds = (performance.now() - began) / 1000;
      const errors = await lockErrors(peer);
      const floor = (machines * CLONE_MS) / 1000;
      options.progress(`${machines} machines in ${seconds.toFixed(1)} s; one after the other: ${floor} s`);
      const made = (await peer.control.servers()).map(({ mark }) => mark ?? "none");
      const wrong = marks.filter((mark) => made.filter((each) => each === mark).length !== 1).length;
      const strangers = made.filter((mark) => !marks.includes(mark)).length;
      const time = { ...inRun(TIME, options, machines), ...(options.quick ? {} : { reason: WALL }) };
      return [
        { ...figure(inRun(ERRORS, options, machines), errors), peer: unguarded, product: errors },
        figure(inRun(WRONG, options, machines), wrong + strangers),
        { ...figure(time, seconds / floor), peer: floor, product: Number(seconds.toPrecision(4)) },
      ];
    });
  },
};

const WALL = "wall time says more about the neighbours";

async function withCluster<T>(use: (peer: Peer) => Promise<T>): Promise<T> {
  // Half of it is the clone; nothing is booted here.
  const peer = await openPeer("proxmox", { provisionMs: 2 * CLONE_MS, actionMs: 20 });
  try {
    return await use(peer);
  } finally {
    await peer.simulator.close();
  }
}

async function makeAll(peer: Peer, marks: string[]): Promise<void> {
  const account = accountOf(peer);
  const handler = virtualMachineHandler({
    cloud: peer.cloud,
    call: (signal) => ({ account, signal, priority: "background" }),
    journal: memoryJournal(),
  });
  const context: HandlerContext = {
    urn: "urn:bench",
    preview: false,
    signal: new AbortController().signal,
    log: () => {},
  };
  await Promise.all(marks.map((mark, at) => handler.create(inputsOf(mark, at), context)));
}

function inputsOf(mark: string, at: number): PropertyMap {
  return {
    mark,
    name: `clone-${at}`,
    node: "pve1",
    template: "debian-12",
    linkedClone: false,
    cores: 2,
    memoryMiB: 2048,
    diskGiB: 10,
    bridge: "vmbr0",
    tags: [mark],
    sshKeys: [],
    ipconfig: "ip=dhcp",
    waitForAgent: false,
  };
}

/** What becomes of clones that do not wait for each other: shows that the lock is there. */
async function rawClones(peer: Peer, machines: number): Promise<number> {
  const path = "/api2/json/nodes/pve1/qemu/9000/clone";
  const clone = (newid: number) =>
    fetch(peer.simulator.url + path, {
      method: "POST",
      headers: { ...authorization(peer), "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({ newid: String(newid), full: "1" }),
    });
  await Promise.all(Array.from({ length: machines }, (_, at) => clone(500 + at)));
  // By then each has got the lock or given up.
  await new Promise((resolve) => setTimeout(resolve, 4 * CLONE_MS));
  return await lockErrors(peer);
}

/** Tasks that ended because a lock was held for too long, as the cluster itself tells. */
async function lockErrors(peer: Peer): Promise<number> {
  const path = "/api2/json/nodes/pve1/tasks?errors=1&limit=1000";
  const answer = await fetch(peer.simulator.url + path, { headers: authorization(peer) });
  const { data } = (await answer.json()) as { data: { status?: string }[] };
  return data.filter(({ status = "" }) => /lock/.test(status)).length;
}

function authorization(peer: Peer): Record<string, string> {
  return { authorization: `PVEAPIToken=${accountOf(peer).credentials.token}` };
}
