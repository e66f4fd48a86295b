import { setTimeout as delay } from "node:timers/promises";
import type { ActualServer } from "../../resources/actual.ts";
import type { Call, Cloud } from "../../resources/cloud.ts";
import type { JournalEntry } from "../../resources/journal.ts";

/** A listing that began early enough misses nothing that an attempt before it has made. */
interface Listing {
  beganAt: number;
  byMark: Promise<Map<string, ActualServer[]>>;
}

/**
 * Finds what earlier attempts have made by listing the account, whatever their number: a listing answers for every attempt that had settled
 * when it began, so a whole recovery takes two.
 */
export class Sightings {
  readonly #cloud: Pick<Cloud, "list">;
  readonly #now: () => number;
  #listings: Listing[] = [];

  constructor(cloud: Pick<Cloud, "list">, now: () => number = Date.now) {
    this.#cloud = cloud;
    this.#now = now;
  }

  /** The machines with this mark. "None" needs two listings, because one may lack an item. */
  async find(mark: string, earlier: JournalEntry, call: Call): Promise<ActualServer[]> {
    const settledAt = Date.parse(earlier.attemptedAt) + call.account.spec.deadlines.settleSeconds * 1000;
    for (let look = 0; look < 2; look++) {
      const found = (await (await this.#listing(look, settledAt, call)).byMark).get(mark);
      if (found !== undefined) return found;
    }
    return [];
  }

  /** The listing in this place of those that began after the instant. */
  async #listing(look: number, after: number, call: Call): Promise<Listing> {
    const wait = after - this.#now();
    if (wait > 0) await delay(wait, undefined, { signal: call.signal });
    const fitting = this.#listings.filter(({ beganAt }) => beganAt > after);
    const present = fitting[look];
    if (present !== undefined) return present;
    const listing = { beganAt: this.#now(), byMark: this.#list(call) };
    this.#listings = [...fitting, listing];
    return listing;
  }

  async #list(call: Call): Promise<Map<string, ActualServer[]>> {
    const byMark = new Map<string, ActualServer[]>();
    for await (const server of this.#cloud.list(call)) {
      if (server.mark !== undefined) byMark.set(server.mark, [...(byMark.get(server.mark) ?? []), server]);
    }
    return byMark;
  }
}
