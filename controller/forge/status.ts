import { isDoneAhead } from "../changes/ahead-rules.ts";
import { missingHashes } from "../changes/approve.ts";
import { passes } from "../reconcile/preview.ts";
import type { Told } from "./comment.ts";
import type { CommitStatus } from "./types.ts";

/** What the head of a pull request is marked with. A forge that wants it to be `success` merges nothing that nobody has approved. */
export function statusOf({ change, problem, before, page }: Told): CommitStatus | undefined {
  const url = page === undefined ? {} : { url: page };
  if (change === undefined)
    return problem === undefined
      ? { state: "success", description: "does not touch the fleet", ...url }
      : { state: "failure", description: "does not fit the fleet", ...url };
  const { state, preview } = change;
  const count = preview?.effects.length ?? 0;
  const effects = `${count} effect${count === 1 ? "" : "s"}`;
  const of = (state: CommitStatus["state"], description: string): CommitStatus => ({ state, description, ...url });
  switch (state) {
    case "draft":
      return of("pending", "valid; waits for an operator");
    case "previewing":
      return of("pending", "looking what it would do");
    case "previewed":
      return preview?.verdicts.every(passes)
        ? of("pending", `${effects}, held back`)
        : of("failure", "a guard refuses it");
    case "needs-approval":
      if (isDoneAhead(change)) return of("success", "nothing remains to be executed");
      return count === 0
        ? of("success", "no machine is touched")
        : of("pending", `${missingHashes(change).length} of ${effects} to be approved`);
    case "approved":
      if (isDoneAhead(change)) return of("success", `${effects}, executed`);
      return before && count > 0
        ? of("pending", `${effects}, approved; to be executed before the merge`)
        : of("success", `${effects}, approved`);
    case "executing":
      return of("pending", `${effects}, being executed`);
    case "converged":
      return of("success", `${effects}, done`);
    case "failed":
      return of("failure", `${effects}, failed`);
    case "stale":
      return of("failure", "does not fit the fleet");
    case "closed":
      return undefined;
  }
}
