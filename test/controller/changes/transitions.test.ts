import { describe, expect, it } from "vitest";
import { checkStep } from "../../../controller/changes/transitions.ts";
import { CHANGE_STATES, type ChangeState } from "../../../controller/changes/types.ts";

const may = (from: ChangeState, to: ChangeState): boolean => {
  try {
    checkStep({ id: "c-1", state: from }, to);
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: "CHANGE_STATE" });
    return false;
  }
};

describe("the steps of a change", () => {
  it("lead to execution from an approval alone, and never away from an end", () => {
    const leadingTo = (to: ChangeState) => CHANGE_STATES.filter((from) => may(from, to));

    expect(leadingTo("executing")).toEqual(["approved", "failed"]);
    expect(leadingTo("approved").sort()).toEqual(["needs-approval", "previewed", "previewing"]);
    for (const end of ["converged", "closed"] as const) expect(CHANGE_STATES.filter((to) => may(end, to))).toEqual([]);
  });

  it("lead from every state but the ends to an end", () => {
    const reached = new Set<ChangeState>(["converged", "closed"]);
    for (let size = 0; size !== reached.size; ) {
      size = reached.size;
      for (const from of CHANGE_STATES) if ([...reached].some((to) => may(from, to))) reached.add(from);
    }

    expect([...reached].sort()).toEqual([...CHANGE_STATES].sort());
  });
});
