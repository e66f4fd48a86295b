import { FleetError } from "../../resources/errors.ts";
import { CHANGE_STATES, type Change, type ChangeState } from "./types.ts";

/** Every step that a change can take. What is not here is refused, whoever asks. */
const STEPS: Readonly<Record<ChangeState, readonly ChangeState[]>> = {
  draft: ["previewing", "stale", "closed"],
  // Back to a draft: another head of a pull request waits for an operator.
  previewing: ["draft", "previewed", "needs-approval", "approved", "stale", "converged", "closed"],
  previewed: ["draft", "previewing", "needs-approval", "approved", "stale", "closed"],
  // Some of its effects may be approved before the others.
  "needs-approval": ["draft", "previewing", "needs-approval", "approved", "stale", "closed"],
  approved: ["draft", "previewing", "executing", "stale", "closed"],
  executing: ["converged", "failed", "previewing", "stale"],
  // A lane tries again by itself; somebody may have made it something else meanwhile.
  // A call that a cloud has refused is taken back.
  failed: ["executing", "converged", "previewing", "closed"],
  stale: ["draft", "previewing", "closed"],
  converged: [],
  closed: [],
};

/** @throws {FleetError} CHANGE_STATE when a change in this state cannot come to that one. */
export function checkStep(change: { id: string; state: ChangeState }, to: ChangeState): void {
  if (STEPS[change.state].includes(to)) return;
  const next = STEPS[change.state];
  const ways = next.length === 0 ? "nothing more becomes of it" : `it can become ${next.join(", ")}`;
  throw new FleetError("CHANGE_STATE", `the change ${change.id} is ${change.state} and cannot become ${to}: ${ways}`, {
    change: change.id,
    state: change.state,
  });
}

/** Something is under way that ends by itself. */
export const isBusy = ({ state, executes }: Pick<Change, "state" | "executes">): boolean =>
  state === "previewing" || state === "executing" || (state === "approved" && executes);

/** Something may still become of a change in one of these. */
export const OPEN: readonly ChangeState[] = CHANGE_STATES.filter((state) => STEPS[state].length > 0);
