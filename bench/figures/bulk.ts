import { digitalocean } from "../../resources/digitalocean/index.ts";
import { linode } from "../../resources/linode/index.ts";
import { floorMs } from "../clouds/count.ts";
import { type Bulk, makeMany } from "../clouds/creates.ts";
import { type Bar, type Figure, figure, notMeasured, ratioFigure } from "../measure/figure.ts";
import { type Benchmark, inRun } from "../run.ts";

/** So that the first poll of either plugin finds the machine ready. */
const READY_SECONDS = 8;

const bar = (name: string): Bar => ({ name: `B12 create of 300 on ${name}`, unit: "s / s", target: 1.25 });
const LINODE = bar("linode: time / floor of its creates at the limit");
const DIGITALOCEAN = bar("digitalocean: time / floor of its requests (a create and the plugin's poll) at the limit");
const POSTS = bar("digitalocean: time / floor of its creates alone");
const REFUSED: Bar = { name: "B12 answers 429 to two creates of 300", unit: "answers", target: 0 };

/** The requests of the official plugins through the gateway, at clouds that enforce their limits with all time divided. */
export const b12: Benchmark = {
  id: "B12",
  title: "creates of many under the limits of Linode and DigitalOcean",
  bars: [LINODE, DIGITALOCEAN, POSTS, REFUSED],
  needsEngine: false,
  async run(options): Promise<Figure[]> {
    const [machines, scale] = options.quick ? [60, 20] : [300, 6];
    const measure = async (name: "linode" | "digitalocean") => {
      const bulk = await makeMany(name, { machines, scale, readySeconds: READY_SECONDS });
      if (bulk.made !== machines) throw new Error(`${bulk.made} of ${machines} machines were made on ${name}`);
      options.progress(
        `${name}: ${machines} in ${bulk.seconds.toFixed(1)} s, all time divided by ${scale}: ${bulk.creates} creates, ` +
          `${bulk.calls} requests, ${bulk.refused} answers 429`,
      );
      return bulk;
    };
    const seconds = (ms: number) => ms / 1000 / scale;
    const ratio = (of: Bar, { seconds: product }: Bulk, floor: number): Figure =>
      floor === 0
        ? notMeasured(of, `the requests for ${machines} machines are within the first window`)
        : ratioFigure(inRun(of, options, machines), { peer: seconds(floor), product });
    const onLinode = await measure("linode");
    const onDigitalOcean = await measure("digitalocean");
    const { create, list, other } = linode.limits;
    const { minute } = digitalocean.limits;
    const floor = Math.max(
      floorMs(onLinode.creates, create),
      floorMs(onLinode.lists, list),
      floorMs(onLinode.calls - onLinode.lists, other),
    );
    return [
      ratio(LINODE, onLinode, floor),
      ratio(DIGITALOCEAN, onDigitalOcean, floorMs(onDigitalOcean.calls, minute)),
      ratio(
        { ...POSTS, reason: "the plugin's polls come out of the same allowance" },
        onDigitalOcean,
        floorMs(machines, minute),
      ),
      figure(inRun(REFUSED, options, machines), onLinode.refused + onDigitalOcean.refused),
    ];
  },
};
