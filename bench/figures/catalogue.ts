import { callsIn } from "../clouds/count.ts";
import { openPeer, PEERS, type Peer } from "../clouds/peers.ts";
import type { Sold } from "../jobs/sale.ts";
import { type Bar, figure, ratioFigure } from "../measure/figure.ts";
import { type Measured, runJob } from "../measure/job.ts";
import { type Benchmark, inRun } from "../run.ts";
import { withSite } from "../site.ts";

/** Enough of them that the clock's ticks of 10 ms do not matter. */
const READINGS = 50;

const CALLS: Bar = { name: "catalogue of 8 accounts, warm: requests", unit: "calls", target: 0 };
const CPU: Bar = { name: "catalogue of 8 accounts, warm / cold", unit: "CPU-s / CPU-s", target: 0.1 };

/** What accounts sell, with prices and marketplaces, through the cache in the database. */
export const catalogue: Benchmark = {
  id: "catalogue",
  title: "the catalogues of eight simulated clouds, from their clouds and from the cache",
  bars: [CALLS, CPU],
  needsEngine: false,
  async run(options) {
    const readings = options.quick ? 5 : READINGS;
    const peers = await Promise.all(PEERS.map((name) => openPeer(name, { rateScale: 0 })));
    try {
      const [cpu, calls] = await withSite(async (site) => {
        const input = {
          site,
          accounts: peers.map(({ spec }) => unlimited(spec)),
          environment: Object.assign({}, ...peers.map(({ environment }) => environment)),
        };
        const cold = await runJob<Sold>("sale", { ...input, times: 0 });
        const asked = await callsOf(peers);
        const warm = await withSite((other) => runJob<Sold>("sale", { ...input, site: other, times: readings }));
        const repeated = (await callsOf(peers)) - 2 * asked;
        const product = between(warm, "cold", "warm") / readings;
        const peer = Math.min(between(cold, "opened", "cold"), between(warm, "opened", "cold"));
        options.progress(
          `${cold.result.sizes[0]} sizes: cold ${asked} calls and ${peer.toFixed(2)} CPU-s, warm ${(product * 1000).toFixed(1)} CPU-ms`,
        );
        return [{ peer, product }, repeated] as const;
      });
      return [figure(CALLS, calls), ratioFigure(inRun(CPU, options, readings), cpu)];
    } finally {
      await Promise.all(peers.map(({ simulator }) => simulator.close()));
    }
  },
};

/** The simulators have their limits off: a wait is no CPU, but it takes the measurer's time. */
function unlimited(spec: Peer["spec"]): Peer["spec"] {
  const wide = { perSecond: 1e5, burst: 1e5 };
  return { ...spec, budgets: Object.fromEntries(Object.keys(spec.budgets).map((scope) => [scope, wide])) };
}

async function callsOf(peers: Peer[]): Promise<number> {
  return callsIn((await Promise.all(peers.map(({ control }) => control.calls()))).flat());
}

function between({ marks }: Measured<unknown>, from: string, to: string): number {
  const at = (name: string) => marks.find((mark) => mark.name === name)!.cpuSeconds;
  return at(to) - at(from);
}
