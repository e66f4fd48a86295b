import { wereAhead } from "../changes/steps.ts";
import type { Change } from "../changes/types.ts";
import type { Controller } from "./context.ts";
import { type Hold, objectKey, type Work } from "./types.ts";

/** By `objectKey`: what a pull request was executed for before its merge. */
export type HeldAhead = ReadonlyMap<string, Hold>;

/**
 * What nobody but open pull requests may change, because they were executed before their merge: a commit that does not have them would take it back.
 * @param own id of the change that this is for, which is not held from what it has changed itself
 */
export async function heldAhead(
  { store, repo }: Pick<Controller, "store" | "repo">,
  commit: string,
  own?: string,
): Promise<HeldAhead> {
  const ahead: Change[] = [];
  for (const change of await wereAhead({ store })) {
    const { id, merged } = change;
    if (id !== own && !(merged !== undefined && (await repo.isAncestor(merged, commit)))) ahead.push(change);
  }
  return new Map(
    ahead.flatMap(({ id, objects, pull }) => {
      const reason = `pull request ${pull!.number} was executed before its merge: it waits until that is merged or closed, ${pull!.url}`;
      return objects.map((key): [string, Hold] => [key, { by: "pull-request", what: `change ${id}`, reason }]);
    }),
  );
}

/** A rename is of both names. */
export function aheadHold({ effect, desired, applied }: Work, held: HeldAhead | undefined): Hold | undefined {
  if (held === undefined || held.size === 0) return undefined;
  const keys = [effect.object, ...[desired ?? []].flat(), ...[applied ?? []].flat()].map(objectKey);
  return keys.map((key) => held.get(key)).find((hold) => hold !== undefined);
}
