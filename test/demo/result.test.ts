import { describe, expect, it } from "vitest";
import { type DemoResult, isAllWell, isSameSet } from "../../controller/cli/demo/result.ts";

const WELL: DemoResult = {
  servers: 12,
  converged: 12,
  clouds: { linode: 5, digitalocean: 4, proxmox: 3 },
  effectHashMatched: true,
  drift: { injected: 3, found: 3, reverted: 3 },
  requested: true,
  seconds: 20,
};

describe("the demo's verdict", () => {
  it("is good when everything is", () => {
    expect(isAllWell(WELL)).toBe(true);
  });

  it.each<{ what: string; change: Partial<DemoResult> }>([
    { what: "a server did not converge", change: { converged: 11 } },
    { what: "a machine is missing", change: { clouds: { linode: 4, digitalocean: 4, proxmox: 3 } } },
    { what: "a machine was bought twice", change: { clouds: { linode: 6, digitalocean: 4, proxmox: 3 } } },
    { what: "something else ran than was shown", change: { effectHashMatched: false } },
    { what: "drift was not found", change: { drift: { injected: 3, found: 2, reverted: 3 } } },
    { what: "drift was not reverted", change: { drift: { injected: 3, found: 3, reverted: 2 } } },
    { what: "a request came to no end", change: { requested: false } },
    { what: "nothing was broken", change: { drift: { injected: 0, found: 0, reverted: 0 } } },
    { what: "there was no fleet", change: { servers: 0, converged: 0, clouds: {} } },
  ])("is bad when $what", ({ change }) => {
    expect(isAllWell({ ...WELL, ...change })).toBe(false);
  });

  it("compares hashes as sets, and counts one that ran twice as another", () => {
    expect(isSameSet(["a", "b"], ["b", "a"])).toBe(true);
    expect(isSameSet(["a", "b"], ["a"])).toBe(false);
    expect(isSameSet(["a"], ["a", "b"])).toBe(false);
    expect(isSameSet(["a", "b"], ["a", "a"])).toBe(false);
    expect(isSameSet(["a", "b"], ["a", "b", "b"])).toBe(false);
  });
});
