import type { Controller } from "../../../controller/reconcile/context.ts";
import type { Desired } from "../../../controller/reconcile/desired.ts";
import { holderName } from "../../../controller/reconcile/leases.ts";
import { whileRoom } from "../../../controller/reconcile/spending-room.ts";
import type { Effect } from "../../../controller/reconcile/types.ts";
import type { Store } from "../../../controller/store/types.ts";
import type { SpendingLimit } from "../../../resources/spec.ts";
import { createMemoryCloud } from "../../memory/cloud.ts";
import { catalog, size } from "../catalog/sale.ts";
import { memoryController } from "./controller.ts";
import { desiredOf } from "./passes.ts";
import { accountSpec, serverSpec } from "./specs.ts";

/** What each server of these tests costs a month. */
export const EACH = 5;
const COST = { monthlyMicro: EACH * 1e6, hourlyMicro: 7_500, currency: "USD" };

/** A fleet with one account that may cost so much, and these servers in its files. */
export function spendingFleet(names: readonly string[], spending: SpendingLimit): Desired {
  return desiredOf(
    accountSpec("main", { spending }),
    names.map((name) => serverSpec(name, { account: "main", size: "s", region: "east" })),
    { catalog: catalog([size("s")]) },
  );
}

/** A controller of this process, by the clock of the machine. */
export function controllerOn(store: Store): Controller {
  return {
    ...memoryController(createMemoryCloud(), store),
    holder: holderName(process.pid),
    now: Date.now,
    steady: () => performance.now(),
    sleep: async (ms) => await new Promise((done) => setTimeout(done, ms / 20)),
  };
}

/** Tries to have one new server approved; false where the cap refuses it. */
export async function approveOne(controller: Controller, desired: Desired, name: string): Promise<boolean> {
  const effect = {
    hash: `hash of ${name}`,
    op: "create",
    object: { kind: "Server", name, account: "main" },
    changes: [],
    cost: { after: COST },
  } as unknown as Effect;
  const { signal } = new AbortController();
  const request = { desired, effects: [effect], overrides: { allowReplace: [] } };
  return await whileRoom(controller, request, signal, async (verdicts) => {
    if (verdicts.some(({ passed }) => !passed)) return false;
    await controller.store.approve([
      {
        effectHash: effect.hash,
        object: `Server//${name}`,
        approvedBy: "Otto <otto@example.org>",
        approvedAt: new Date().toISOString(),
        commit: "c0",
        allowReplace: false,
        quote: { size: "s", region: "east", cost: COST },
      },
    ]);
    return true;
  });
}
