import { expect, describe as group, it } from "vitest";
import { makeMany } from "../../bench/clouds/creates.ts";
import { sweepClouds } from "../../bench/clouds/sweep.ts";
import { clones } from "../../bench/figures/clones.ts";

const progress = () => undefined;

group("the benchmarks on simulated clouds", () => {
  it("count the requests, the direct readings and the findings of each pass by itself", async () => {
    const options = { servers: 20, suspects: 2, simulator: { rateScale: 0 }, progress };
    const [linode, vultr] = await sweepClouds(["linode", "vultr"], options);

    expect(linode).toMatchObject({
      name: "linode",
      clean: { calls: 1, reads: 0, refused: 0, found: { servers: 20, drifted: [], foreign: 0 } },
      renamed: { calls: 3, reads: 2 },
      // The two that were renamed, and two looks at each of those that are gone.
      removed: { calls: 7, reads: 6 },
    });
    expect(linode!.removed.found.drifted.map(({ kind }) => kind).sort()).toEqual([
      "changed",
      "changed",
      "gone",
      "gone",
    ]);
    expect(vultr!.clean.calls).toBe(2);
  }, 60_000);

  it("count the creates of a plugin and find its machines", async () => {
    const bulk = await makeMany("digitalocean", { machines: 5, scale: 60, readySeconds: 8 });

    expect(bulk).toMatchObject({ creates: 5, calls: 10, lists: 0, refused: 0, made: 5 });
  }, 30_000);

  it("see the lock errors of clones that do not wait for each other, and none of ours", async () => {
    const [errors, wrong] = await clones.run({ quick: true, rounds: 1, seed: 1, progress });

    expect(errors).toMatchObject({ peer: 9, value: 0 });
    expect(wrong).toMatchObject({ value: 0 });
  }, 60_000);
});
