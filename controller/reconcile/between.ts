import type { AppliedObject } from "../store/types.ts";
import { type Controller, cloudOf } from "./context.ts";
import { moneyOf, sumMoney } from "./cost.ts";
import { type Desired, readDesired } from "./desired.ts";
import { ruledBy, workOf } from "./effects.ts";
import { matchObjects } from "./match.ts";
import type { PreviewOptions } from "./preview.ts";
import type { Effect, Preview } from "./types.ts";

/**
 * What one commit changes against another, whatever has been applied: the view of a pull request. Neither the clouds nor the engine are asked,
 * so nothing can be approved by it: its hash is empty.
 */
export async function previewBetween(controller: Controller, base: string, options: PreviewOptions): Promise<Preview> {
  const before = await readDesired(controller, await controller.repo.head(base), options.signal);
  const after = await readDesired(controller, await controller.repo.head(options.commit), options.signal);
  const matches = matchObjects(
    after.objects,
    before.objects.map((object) => asApplied(object, before)),
    after.accounts,
  );
  const effects = matches.flatMap((match): Effect[] => {
    if (options.stacks !== undefined && !options.stacks.includes(match.stack)) return [];
    const provider = (match.desired?.spec ?? match.applied!.document).provider;
    const work = workOf(match, { fleetId: after.fleet.id, ...ruledBy(cloudOf(controller, provider)) });
    if (work === undefined) return [];
    const objects = { before: match.applied?.document, after: match.desired?.spec };
    return [{ ...work.effect, ...moneyOf(objects, { before, after }) }];
  });
  return {
    commit: after.commit,
    base: before.commit,
    hash: "",
    effects,
    verdicts: [],
    notes: [...after.notes, `compared with ${before.commit.slice(0, 10)}, not with what was applied`],
    ...sumMoney(effects),
    engineRuns: 0,
  };
}

/** The base commit stands in for the record: as if exactly it had been applied. */
function asApplied({ spec, hash }: Desired["objects"][number], before: Desired): AppliedObject {
  const account = before.accounts.get(spec.account)!;
  return {
    account: account.identity,
    kind: spec.kind,
    name: spec.name,
    identity: spec.name,
    stack: `${account.identity}.0`,
    generation: 0,
    mark: "",
    hash,
    document: spec,
    commit: before.commit,
    refresh: false,
  };
}
