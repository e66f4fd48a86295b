import type { ChangePreview } from "../../changes/types.ts";
import type { Overrides } from "../../reconcile/guards.ts";
import { passes } from "../../reconcile/preview.ts";

/** What whoever approves may say is meant: a field of the form, and its words. */
export interface Lift {
  field: string;
  words: string;
}

/** What is refused or held now and may be lifted. Pure. */
export function liftsOf({ verdicts, held = [] }: Pick<ChangePreview, "verdicts" | "held">): Lift[] {
  const refused = verdicts.filter((verdict) => !passes(verdict));
  const named = (guard: string) =>
    refused.filter((verdict) => verdict.guard === guard).flatMap(({ objects }) => objects);
  const [replaced, ended] = [named("replace"), named("ended")];
  const dear = accountsOf(refused);
  const isLiftable = held.some(({ holds }) => holds.every(({ by }) => by === "window" || by === "freeze"));
  return [
    ...(replaced.length > 0
      ? [{ field: "lift-replace", words: `Replace ${replaced.join(", ")}, and lose what is on the disks` }]
      : []),
    ...(refused.some(({ guard }) => guard === "mass-removal")
      ? [{ field: "lift-removals", words: "So many removals at once are meant" }]
      : []),
    ...(ended.length > 0
      ? [{ field: "lift-ended", words: `${ended.join(", ")} on something that has ended is meant` }]
      : []),
    ...(dear.length > 0
      ? [{ field: "lift-spending", words: `${dear.join(", ")} may come above what it may cost a month` }]
      : []),
    ...(isLiftable ? [{ field: "lift-window", words: "Go ahead outside the maintenance window" }] : []),
  ];
}

/** What was lifted in the form, of what was shown; undefined where nothing was. Pure. */
export function overridesOf(
  preview: Pick<ChangePreview, "verdicts" | "held" | "effects">,
  form: URLSearchParams,
): Overrides | undefined {
  const lifted = new Set(
    liftsOf(preview)
      .filter(({ field }) => form.has(field))
      .map(({ field }) => field),
  );
  if (lifted.size === 0) return undefined;
  const objects = (guard: string) =>
    preview.verdicts.filter((verdict) => verdict.guard === guard).flatMap((one) => one.objects);
  return {
    allowReplace: lifted.has("lift-replace") ? objects("replace") : [],
    ...(lifted.has("lift-removals") && { allowRemovals: removalsOf(preview) }),
    ...(lifted.has("lift-ended") && { allowEnded: objects("ended") }),
    ...(lifted.has("lift-spending") && { allowSpending: accountsOf(preview.verdicts) }),
    ...(lifted.has("lift-window") && { outsideWindow: true }),
  };
}

/** Accounts that would cost more than they may, as the guard names them. */
const accountsOf = (verdicts: ChangePreview["verdicts"]): string[] =>
  verdicts.flatMap(({ guard, override = "" }) => (guard === "spending" ? [override.split(" ").at(-1)!] : []));

/** As many as the guard has counted. */
const removalsOf = ({ verdicts }: Pick<ChangePreview, "verdicts">): number =>
  Math.max(
    ...verdicts.map(({ guard, override }) => (guard === "mass-removal" ? Number(override?.split(" ").at(-1)) : 0)),
  );
