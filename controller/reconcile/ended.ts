import type { ServerSpec } from "../../resources/spec.ts";
import { dayOf, type Ended, endedAccount, endedPlan, endedRegion, endedSize } from "../catalog/ended.ts";
import type { Approval } from "../store/types.ts";
import { type Controller, cloudOf } from "./context.ts";
import type { Desired } from "./desired.ts";
import type { Overrides } from "./guards.ts";
import { boughtBy } from "./quotes.ts";
import type { Verdict, Work } from "./types.ts";

/** What new machines, and new sizes, would be bought of that has ended, by effect hash. What is there goes on. */
export function endedBy(
  controller: Pick<Controller, "clouds" | "now">,
  works: Work[],
  desired: Desired,
): Map<string, Ended> {
  const day = dayOf(controller.now());
  const found = new Map<string, Ended>();
  for (const work of works) {
    const spec = boughtBy(work);
    if (spec === undefined) continue;
    const { place, product } = endsOf(controller, spec, desired, day);
    // Another size for a machine that is there needs no new place.
    const [ended] = work.effect.op === "update" ? product : [...place, ...product];
    if (ended !== undefined) found.set(work.effect.hash, ended);
  }
  return found;
}

/** What has ended of all that a server is bought from: where it stands, and what it is. */
export function endsOf(
  controller: Pick<Controller, "clouds">,
  spec: ServerSpec,
  desired: Pick<Desired, "accounts" | "catalogs" | "plans">,
  day: string,
): { account: Ended[]; place: Ended[]; product: Ended[] } {
  const account = desired.accounts.get(spec.account)?.spec;
  if (account === undefined) return { account: [], place: [], product: [] };
  const catalog = desired.catalogs[spec.account];
  const size = catalog?.sizes.find(({ name }) => name === spec.size);
  const region = catalog?.regions.find(({ name }) => name === spec.region) ?? { name: spec.region };
  const plan = desired.plans.find(({ name }) => name === spec.plan);
  const all = endedAccount(cloudOf(controller, account.provider), account, day);
  return {
    account: all,
    place: [...all, ...endedRegion(account, region, day)],
    product: [...endedPlan(plan, day), ...endedSize(size, day)],
  };
}

/** Nothing new where something has ended, unless it is meant. */
export function endedVerdicts(
  works: Work[],
  ended: ReadonlyMap<string, Ended>,
  overrides: Overrides,
  open: ReadonlyMap<string, Pick<Approval, "allowEnded">>,
): Verdict[] {
  return works.flatMap(({ effect }): Verdict[] => {
    const end = ended.get(effect.hash);
    if (end === undefined) return [];
    const { name } = effect.object;
    const note = end.note === "" ? "" : ` (${end.note})`;
    const would = effect.op === "update" ? "get" : "be new on";
    return [
      {
        guard: "ended",
        passed: mayUseEnded(name, overrides) || open.get(effect.hash)?.allowEnded === true,
        message: `${name} would ${would} ${end.what}, which has ended on ${end.on}${note}: choose another; for servers that are there, \`fleetwright rehome\` proposes where to`,
        override: `--allow-ended ${name}`,
        objects: [name],
      },
    ];
  });
}

export function mayUseEnded(name: string, { allowEnded = [] }: Overrides): boolean {
  return allowEnded.includes(name) || allowEnded.includes("*");
}
