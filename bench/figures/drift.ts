import { hourlyShare, pagesOf } from "../clouds/count.ts";
import { listed, PEERS, type PeerName } from "../clouds/peers.ts";
import { type Sweeps, sweepClouds } from "../clouds/sweep.ts";
import { type Bar, type Figure, figure, notMeasured, ratioFigure } from "../measure/figure.ts";
import { type Benchmark, type BenchOptions, inRun } from "../run.ts";

const SERVERS = 1_000;
const QUICK_SERVERS = 60;
const NO_AWS = "moto takes minutes for a thousand machines";

const CALLS: Bar = {
  name: "B2 drift of 1000 servers on each of 8 clouds / pages of their lists",
  unit: "calls / pages",
  target: 1.1,
};
const LATER: Bar = { ...CALLS, name: "B2 a later pass over the same 8 clouds / pages of their lists" };
const CHANGED: Bar = { name: "B2 direct readings of a server that was changed by hand", unit: "readings", target: 1 };
const GONE: Bar = { name: "B2 direct readings of a server that is gone", unit: "readings", target: 1 };
const AWS_CALLS: Bar = { name: "B2 drift of 1000 servers on aws / pages of their lists", unit: "calls", target: 1.1 };

const REFUSED: Bar = { name: "B3 answers 429 to four sweeps of 1000 servers a cloud", unit: "answers", target: 0 };
const share = (name: string): Bar => ({
  name: `B3 one sweep of 1000 servers, share of an hour's requests: ${name}`,
  unit: "of the quota",
  target: 0.05,
});

/** What a look for drift costs in requests: all clouds in one pass of `findFleetDrift`. */
export const b2: Benchmark = {
  id: "B2",
  title: "requests of drift detection on eight simulated clouds",
  bars: [CALLS, LATER, CHANGED, GONE, AWS_CALLS],
  needsEngine: false,
  async run(options) {
    const { servers, suspects, sweeps } = await sweepOnce(options);
    const floor = (name: PeerName, count: number) =>
      pagesOf(listed(name, count), PAGE_SIZES.get(name) ?? Number.MAX_SAFE_INTEGER);
    const PAGE_SIZES = new Map(sweeps.map(({ name, cloud }) => [name, cloud.capabilities.pageSize]));
    for (const { name, first, clean, renamed, removed } of sweeps)
      options.progress(
        `${name}: ${first.calls} calls, then ${clean.calls}, for ${floor(name, servers)} pages; ${(renamed.calls - clean.calls) / suspects} more for each changed, ` +
          `${(removed.calls - renamed.calls) / suspects} for each gone`,
      );
    const peer = sum(sweeps.map(({ name }) => floor(name, servers)));
    const most = (reads: (sweep: Sweeps) => number) => Math.max(...sweeps.map(reads)) / suspects;
    return [
      ratioFigure(inRun(CALLS, options, servers), { peer, product: sum(sweeps.map(({ first }) => first.calls)) }),
      ratioFigure(inRun(LATER, options, servers), { peer, product: sum(sweeps.map(({ clean }) => clean.calls)) }),
      figure(
        CHANGED,
        most(({ renamed }) => renamed.reads),
      ),
      figure(
        GONE,
        most(({ renamed, removed }) => removed.reads - renamed.reads),
      ),
      notMeasured(AWS_CALLS, NO_AWS),
    ];
  },
};

/** The same passes under the limits that the simulators enforce, in real time. */
export const b3: Benchmark = {
  id: "B3",
  title: "limits and quota of drift detection on eight simulated clouds",
  bars: [REFUSED, ...PEERS.map(share), share("aws")],
  needsEngine: false,
  async run(options) {
    const { servers, sweeps } = await sweepOnce(options);
    const refused = sum(
      sweeps.flatMap(({ first, clean, renamed, removed }) =>
        [first, clean, renamed, removed].map((each) => each.refused),
      ),
    );
    const shares = sweeps.map(({ name, cloud, first }): Figure => {
      const bar = inRun(share(name), options, servers);
      const limits = SWEPT.get(name) ?? Object.keys(cloud.limits);
      if (limits.length === 0) return notMeasured(bar, `${cloud.title} limits nothing`);
      return figure(
        bar,
        hourlyShare(
          first.calls,
          limits.map((scope) => cloud.limits[scope]!),
        ),
      );
    });
    return [figure(REFUSED, refused), ...shares, notMeasured(share("aws"), NO_AWS)];
  },
};

/** Scopes that a list of servers counts towards, where that is not all of them. */
const SWEPT = new Map<PeerName, string[]>([
  ["linode", ["list"]],
  ["digitalocean", ["hour", "minute"]],
]);

interface Measured {
  servers: number;
  suspects: number;
  sweeps: Sweeps[];
}

/** Both benchmarks look at the same passes. */
let measured: Promise<Measured> | undefined;

function sweepOnce({ quick, progress }: BenchOptions): Promise<Measured> {
  measured ??= sweep(quick ? { servers: QUICK_SERVERS, suspects: 3 } : { servers: SERVERS, suspects: 10 }, progress);
  return measured;
}

async function sweep(size: { servers: number; suspects: number }, progress: (line: string) => void): Promise<Measured> {
  const sweeps = await sweepClouds(PEERS, { ...size, progress });
  for (const { name, clean, renamed, removed } of sweeps) {
    const wrong = [clean, renamed, removed].findIndex(({ found }, at) => found.drifted.length !== at * size.suspects);
    if (wrong >= 0) throw new Error(`pass ${wrong + 1} over ${name} did not find what was changed by hand`);
  }
  return { ...size, sweeps };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
