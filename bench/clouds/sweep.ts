import type { OpenController } from "../../controller/open.ts";
import type { Desired } from "../../controller/reconcile/desired.ts";
import { type AccountDrift, findFleetDrift } from "../../controller/reconcile/drift.ts";
import type { Cloud } from "../../resources/cloud.ts";
import type { SimulatorOptions } from "../../simulators/simulator.ts";
import { type Site, withSite } from "../site.ts";
import { answersWith, callsIn } from "./count.ts";
import { fill } from "./fill.ts";
import { openFleet } from "./fleet.ts";
import { openPeer, type Peer, type PeerName } from "./peers.ts";

/** One pass over all accounts, as one cloud saw it. */
export interface Pass {
  calls: number;
  /** Answers 429. */
  refused: number;
  /** Direct readings of one server, however many requests one takes there. */
  reads: number;
  found: AccountDrift;
}

/** The same fleet swept four times: twice as it should be, then with `suspects` servers renamed by hand, then with as many others removed. */
export interface Sweeps {
  name: PeerName;
  cloud: Cloud;
  /** With the logins. */
  first: Pass;
  clean: Pass;
  renamed: Pass;
  removed: Pass;
}

export interface SweepOptions {
  /** On each cloud. */
  servers: number;
  suspects: number;
  simulator?: SimulatorOptions;
  progress(line: string): void;
}

/** Fills the simulated clouds and lets `findFleetDrift` look at them, with records in a real database and the accounts' real budgets. */
export async function sweepClouds(names: readonly PeerName[], options: SweepOptions): Promise<Sweeps[]> {
  const { servers, suspects, progress } = options;
  const peers = await Promise.all(names.map((name) => openPeer(name, options.simulator)));
  const reads = new Map<string, number>();
  try {
    return await withSite(async (site) => {
      const controller = await open(site, peers, reads);
      try {
        const ids = new Map<PeerName, string[]>();
        for (const peer of peers) {
          const records = await fill(peer, servers);
          await controller.store.putAccount({ identity: peer.name, name: peer.name, cells: 1 });
          await controller.store.putObjects(records);
          ids.set(
            peer.name,
            records.map(({ cloudId }) => cloudId!),
          );
          progress(`${servers} servers on ${peer.cloud.title}`);
        }
        const each = async (act: (peer: Peer, id: string) => Promise<unknown>, from: number) => {
          for (const peer of peers)
            for (const id of ids.get(peer.name)!.slice(from, from + suspects)) await act(peer, id);
        };
        const first = await pass(controller, peers, reads);
        const clean = await pass(controller, peers, reads);
        await each(
          ({ control }, id) => control.change(id, { name: `by-hand-${id.replace(/\W/g, "-").slice(-12)}` }),
          0,
        );
        const renamed = await pass(controller, peers, reads);
        await each(({ control }, id) => control.remove(id), suspects);
        const removed = await pass(controller, peers, reads);
        return peers.map(({ name, cloud }, at) => ({
          name,
          cloud,
          first: first[at]!,
          clean: clean[at]!,
          renamed: renamed[at]!,
          removed: removed[at]!,
        }));
      } finally {
        await controller.close();
      }
    });
  } finally {
    await Promise.all(peers.map(({ simulator }) => simulator.close()));
  }
}

async function open(site: Site, peers: Peer[], reads: Map<string, number>): Promise<OpenController> {
  const clouds = Object.fromEntries(peers.map(({ name, cloud }) => [name, counted(name, cloud, reads)]));
  return await openFleet(site, clouds, Object.assign({}, ...peers.map(({ environment }) => environment)));
}

function counted(name: string, cloud: Cloud, reads: Map<string, number>): Cloud {
  return {
    ...cloud,
    observe(id, call) {
      reads.set(name, (reads.get(name) ?? 0) + 1);
      return cloud.observe(id, call);
    },
  };
}

async function pass(controller: OpenController, peers: Peer[], reads: Map<string, number>): Promise<Pass[]> {
  reads.clear();
  await Promise.all(peers.map(({ control }) => control.resetCalls()));
  const drift = await findFleetDrift(controller, desiredOf(peers), new AbortController().signal);
  return await Promise.all(
    peers.map(async ({ name, control }) => {
      const found = drift.find(({ account }) => account === name)!;
      if (found.error !== undefined) throw new Error(`${name} could not be compared: ${found.error}`);
      const counts = await control.calls();
      return { calls: callsIn(counts), refused: answersWith(429, counts), reads: reads.get(name) ?? 0, found };
    }),
  );
}

/** Of a commit only its accounts matter here. */
function desiredOf(peers: Peer[]): Desired {
  const accounts = new Map(
    peers.map(({ name, spec }) => [name, { identity: name, spec, cells: 1, recorded: true }] as const),
  );
  return {
    commit: "",
    fleet: {
      id: "bench",
      approval: "required",
      envPrefixes: [],
      expiry: { warnDays: [] },
      guards: { maxRemovals: { minimum: 0, share: 0 } },
      policies: {},
    },
    accounts,
    byIdentity: accounts,
    objects: [],
    plans: [],
    catalogs: {},
    notes: [],
  };
}
