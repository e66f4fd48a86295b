import type { DayCost, SeenServer } from "../store/types.ts";
import type { Owned } from "./classes.ts";

/**
 * What the machines of an account cost a month, by whose they are; never empty, so that an account without machines is told from one that was not
 * read. Pure.
 */
export function dayCosts(
  present: readonly Pick<SeenServer, "id" | "class" | "monthly">[],
  owned: ReadonlyMap<string, Pick<Owned, "record">>,
): Omit<DayCost, "day" | "account">[] {
  const sums = new Map<string, Omit<DayCost, "day" | "account">>();
  for (const { id, class: whose, monthly } of present) {
    const document = owned.get(id)?.record?.document;
    const owner = document?.kind === "Server" ? document.owner : undefined;
    const currency = monthly?.currency;
    const key = JSON.stringify([owner, whose, currency]);
    const sum = sums.get(key) ?? {
      ...(owner !== undefined && { owner }),
      class: whose,
      ...(currency !== undefined && { currency }),
      servers: 0,
      monthlyMicro: 0,
    };
    sums.set(key, {
      ...sum,
      servers: sum.servers + 1,
      monthlyMicro: sum.monthlyMicro + (monthly?.monthlyMicro ?? 0),
    });
  }
  return sums.size === 0 ? [{ class: "managed", servers: 0, monthlyMicro: 0 }] : [...sums.values()];
}
