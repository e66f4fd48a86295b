import { startGateway } from "../../controller/gateway/index.ts";
import { inParallel } from "../../controller/reconcile/pool.ts";
import { ownerMark } from "../../resources/mark.ts";
import type { HandlerContext, PropertyMap, ProviderPackage, ResourceHandler } from "../../resources/plugin/handler.ts";
import { digitaloceanStandin } from "../../simulators/standins/digitalocean.ts";
import { linodeStandin } from "../../simulators/standins/linode.ts";
import { WAIT_SCALE } from "../../simulators/standins/waits.ts";
import { answersWith, callsIn } from "./count.ts";
import { memoryJournal } from "./journal.ts";
import { accountOf, openPeer, type PeerName, serverOn } from "./peers.ts";

/** Resources that the engine makes at the same time. */
const AT_ONCE = 50;

/** A cloud whose machines an official plugin makes. */
const PLUGINS = {
  linode: {
    standin: linodeStandin,
    type: "linode:index/instance:Instance",
    inputs: (fields: Fields): PropertyMap => ({ ...fields.common, label: fields.name, type: fields.size }),
  },
  digitalocean: {
    standin: digitaloceanStandin,
    type: "digitalocean:index/droplet:Droplet",
    inputs: (fields: Fields): PropertyMap => ({ ...fields.common, name: fields.name, size: fields.size }),
  },
} satisfies Partial<Record<PeerName, unknown>>;

interface Fields {
  name: string;
  size: string;
  common: PropertyMap;
}

export interface Bulk {
  seconds: number;
  /** POST requests that make a machine, and all requests. */
  creates: number;
  calls: number;
  /** Requests of lists, which Linode limits by themselves. */
  lists: number;
  /** Answers 429. */
  refused: number;
  /** Machines with a mark of ours. */
  made: number;
}

/**
 * Makes machines at a cloud that enforces its limits, all time divided by `scale`: what the official plugin sends (its stand-in, as many at a time
 * as the engine makes) through the gateway with its journal and the account's budget. A machine is ready after `readySeconds` before scaling.
 */
export async function makeMany(
  name: keyof typeof PLUGINS,
  options: { machines: number; scale: number; readySeconds: number },
): Promise<Bulk> {
  const { machines, scale, readySeconds } = options;
  const peer = await openPeer(name, { rateScale: scale, provisionMs: (readySeconds * 1000) / scale });
  const account = accountOf(peer);
  const gateway = await startGateway({
    account,
    cloud: peer.cloud,
    journal: memoryJournal(),
    priority: "background",
    settleMs: 10_000,
  });
  try {
    const { standin, type, inputs } = PLUGINS[name];
    const plugin: ProviderPackage = standin({ ...gateway.environment, [WAIT_SCALE]: String(1 / scale) });
    await plugin.configure?.({});
    const handler = plugin.handlers.find((each) => each.type === type)!;
    await peer.control.resetCalls();
    const began = performance.now();
    const numbers = Array.from({ length: machines }, (_, index) => index);
    await inParallel(numbers, AT_ONCE, async (index) => {
      const { region, createOnly, name: server } = serverOn(name, index);
      const common = { region, image: createOnly.image, tags: ["role:web", ownerMark("bench", "Server", server, 0)] };
      // All of the first one's size.
      await make(handler, inputs({ name: server, size: serverOn(name, 0).size, common }));
    });
    const seconds = (performance.now() - began) / 1000;
    const counts = await peer.control.calls();
    const posts = counts.filter(({ method, route }) => method === "POST" && /\/(instances|droplets)$/.test(route));
    const lists = counts.filter(
      ({ method, route }) => method === "GET" && /\/(disks|configs|instances|events)$/.test(route),
    );
    return {
      seconds,
      creates: callsIn(posts),
      calls: callsIn(counts),
      lists: callsIn(lists),
      refused: answersWith(429, counts),
      made: (await peer.control.servers()).filter(({ mark }) => mark !== undefined).length,
    };
  } finally {
    await gateway.close();
    await peer.simulator.close();
  }
}

async function make(handler: ResourceHandler, inputs: PropertyMap): Promise<void> {
  const context: HandlerContext = {
    urn: "urn:bench",
    preview: false,
    signal: new AbortController().signal,
    log: () => {},
  };
  const { inputs: checked, failures } = await handler.check(inputs, undefined);
  if (failures.length > 0) throw new Error(JSON.stringify(failures));
  await handler.create(checked, context);
}
