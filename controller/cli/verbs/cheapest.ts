import type { CatalogSize } from "../../../resources/catalog.ts";
import { FleetError } from "../../../resources/errors.ts";
import { byHour, compareOn } from "../../catalog/compare.ts";
import type { Needs, Offer } from "../../catalog/offers.ts";
import { accountsAt } from "../../catalog/shops.ts";
import { needWords } from "../../catalog/words.ts";
import { perHour } from "../../words/sizes.ts";
import type { Io } from "../io.ts";
import { EXIT, type GlobalOptions } from "../options.ts";
import { remoteOffers } from "../remote/catalog.ts";
import { remoteOf } from "../remote/settings.ts";
import { leftOut, offerLine, renderOffers } from "../render/offers.ts";
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
  const remote = await remoteOf(flags);
  if (remote !== undefined) {
    if (flags.refresh) throw new FleetError("USAGE", "--refresh is for the controller's own machine");
    return print(await remoteOffers(remote, flags, limit), flags, io);
  }
  return await withSession(flags, io, async ({ controller, signal, view }) => {
    const accounts = await accountsAt(controller, flags.account);
    const comparing = compareOn(controller, accounts, needsOf(flags), {
      signal,
      ...(flags.currency !== undefined && { currency: flags.currency }),
      ...(flags.refresh && { maxAgeMs: 0 }),
    });
    const compared = await view.during("reading what the clouds sell", comparing);
    const { currency, offers, others, unpriced, notes } = compared;
    const chosen = choose(offers);
    const shown = limit === undefined ? chosen : chosen.slice(0, limit);
    const left = { unpriced, currencies: others };
    return print(
      { ...(currency !== undefined && { currency }), offers: shown, more: chosen.length - shown.length, left, notes },
      flags,
      io,
    );
  });
}

interface Found {
  currency?: string;
  offers: readonly Offer[];
  /** Cut off by the limit. */
  more: number;
  /** What could not be compared; a remote controller says it in its notes. */
  left?: { unpriced: { account: string; size: string }[]; currencies: string[] };
  notes: readonly string[];
}

/** @throws {FleetError} NOT_FOUND when nothing on sale does */
function print(
  { currency, offers, more, left, notes }: Found,
  flags: NeedFlags & { maxPrice?: number },
  io: Io,
): number {
  const needs = needsOf(flags);
  const isThere = offers.length + more > 0;
  if (flags.json) {
    io.out(JSON.stringify({ needs, currency, offers: offers.map(offerLine), more, ...(left && { left }), notes }));
    return isThere ? EXIT.ok : EXIT.error;
  }
  for (const note of [...notes, ...(left ? leftOut(left.unpriced, left.currencies) : [])])
    io.err(io.color.yellow(note));
  if (offers.length > 0) io.out(renderOffers(offers, io).join("\n"));
  if (more > 0) io.out(io.color.dim(`and ${more} more (--limit)`));
  if (isThere) return EXIT.ok;
  throw new FleetError(
    "NOT_FOUND",
    `nothing on sale has ${needWords(needs)}${flags.maxPrice === undefined ? "" : ` for at most ${perHour(flags.maxPrice)} an hour`}`,
    {},
  );
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
