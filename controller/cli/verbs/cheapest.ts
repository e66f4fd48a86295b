import type { CatalogSize } from "../../../resources/catalog.ts";
import { FleetError } from "../../../resources/errors.ts";
import { byHour, compareOn } from "../../catalog/compare.ts";
import type { Needs, Offer } from "../../catalog/offers.ts";
import { accountsAt } from "../../catalog/shops.ts";
import { needWords } from "../../catalog/words.ts";
import type { Io } from "../io.ts";
import { EXIT, type GlobalOptions } from "../options.ts";
import { leftOut, offerLine, perHour, renderOffers } from "../render/offers.ts";
import { withSession } from "../session.ts";

export interface NeedFlags extends GlobalOptions {
  account?: string[];
  minCpu?: number;
  /** MiB. */
  minMemory?: number;
  /** GiB. */
  minDisk?: number;
  region?: string[];
  /** True for any. */
  gpu?: string | true;
  kind?: CatalogSize["kind"];
  currency?: string;
  limit?: number;
  refresh?: boolean;
}

/** `fleetwright cheapest`: the cheapest size that does, and the next ones. Exit 1 when nothing on sale does. */
export async function cheapestVerb(flags: NeedFlags, io: Io): Promise<number> {
  return await withOffers(flags, io, (offers) => offers, flags.limit ?? 8);
}

/** `fleetwright compare`: everything up to a price an hour, across clouds, as a table. */
export async function compareVerb(flags: NeedFlags & { maxPrice: number }, io: Io): Promise<number> {
  const affordable = (offers: Offer[]) => offers.filter(({ cost }) => cost.hourlyMicro <= flags.maxPrice).sort(byHour);
  return await withOffers(flags, io, affordable, flags.limit);
}

async function withOffers(
  flags: NeedFlags & { maxPrice?: number },
  io: Io,
  choose: (offers: Offer[]) => Offer[],
  limit: number | undefined,
): Promise<number> {
  return await withSession(flags, io, async ({ controller, signal, view }) => {
    const accounts = await accountsAt(controller, flags.account);
    const needs = needsOf(flags);
    const comparing = compareOn(controller, accounts, needs, {
      signal,
      ...(flags.currency !== undefined && { currency: flags.currency }),
      ...(flags.refresh && { maxAgeMs: 0 }),
    });
    const compared = await view.during("reading what the clouds sell", comparing);
    const { currency, offers, others, unpriced, notes } = compared;
    const chosen = choose(offers);
    const shown = limit === undefined ? chosen : chosen.slice(0, limit);
    if (flags.json) {
      const left = { unpriced, currencies: others };
      io.out(
        JSON.stringify({
          needs,
          currency,
          offers: shown.map(offerLine),
          more: chosen.length - shown.length,
          left,
          notes,
        }),
      );
    } else {
      for (const note of [...notes, ...leftOut(unpriced, others)]) io.err(io.color.yellow(note));
      if (shown.length > 0) io.out(renderOffers(shown, io).join("\n"));
      if (shown.length < chosen.length) io.out(io.color.dim(`and ${chosen.length - shown.length} more (--limit)`));
    }
    if (chosen.length > 0 || flags.json) return chosen.length > 0 ? EXIT.ok : EXIT.error;
    throw new FleetError(
      "NOT_FOUND",
      `nothing on sale has ${needWords(needs)}${flags.maxPrice === undefined ? "" : ` for at most ${perHour(flags.maxPrice)} an hour`}`,
      {},
    );
  });
}

function needsOf({ minCpu, minMemory, minDisk, region, gpu, kind }: NeedFlags): Needs {
  return {
    ...(minCpu === undefined ? {} : { vcpus: minCpu }),
    ...(minMemory === undefined ? {} : { memoryMiB: minMemory }),
    ...(minDisk === undefined ? {} : { diskGiB: minDisk }),
    ...(gpu === undefined ? {} : { gpus: 1 }),
    ...(typeof gpu === "string" ? { gpuType: gpu } : {}),
    ...(kind === undefined ? {} : { kind }),
    ...(region === undefined ? {} : { regions: region }),
  };
}
