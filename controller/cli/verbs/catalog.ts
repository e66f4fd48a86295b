import type { CatalogImage, CatalogRegion, CatalogSize, MarketplaceItem } from "../../../resources/catalog.ts";
import { FleetError } from "../../../resources/errors.ts";
import { readMarketplace, readSale } from "../../catalog/cache.ts";
import { accountsAt } from "../../catalog/shops.ts";
import { ageWords, staleWords } from "../../catalog/words.ts";
import { cloudOf } from "../../reconcile/context.ts";
import { counted } from "../../words/text.ts";
import type { Io } from "../io.ts";
import { EXIT, type GlobalOptions } from "../options.ts";
import { remoteCatalog, type Sold } from "../remote/catalog.ts";
import { remoteOf } from "../remote/settings.ts";
import { imageTable, marketplaceTable, regionTable, sizeTable } from "../render/catalog.ts";
import { type Session, withSession } from "../session.ts";

export interface CatalogFlags extends GlobalOptions {
  account: string;
  refresh?: boolean;
}

/** `fleetwright catalog PART`: what an account's cloud sells, from the cache or read anew. */
export async function catalogVerb(flags: CatalogFlags, io: Io, part: string): Promise<number> {
  const remote = await remoteOf(flags);
  if (remote !== undefined) {
    if (flags.refresh) throw new FleetError("USAGE", "--refresh is for the controller's own machine");
    return print(await remoteCatalog(remote, flags.account, part), flags, io, part);
  }
  return await withSession(flags, io, async (session) => {
    const { controller, view } = session;
    const [spec] = await accountsAt(controller, [flags.account]);
    const { name: provider, title } = cloudOf(controller, spec!.provider);
    const reading = await view.during("reading the catalogue", readPart(session, spec!, part, flags));
    return print({ ...reading, provider, title }, flags, io, part);
  });
}

function print({ provider, title, ageMs, stale, items }: Sold, { account, json }: CatalogFlags, io: Io, part: string) {
  if (json) {
    const head = { account, provider, part, ageSeconds: Math.round(ageMs / 1000) };
    io.out(JSON.stringify({ ...head, ...(stale === undefined ? {} : { stale }), items }));
    return EXIT.ok;
  }
  if (stale !== undefined) io.err(io.color.yellow(staleWords(ageMs, stale)));
  const lines = linesOf(part, items);
  if (items.length === 0) io.out(`${title} has no ${part}.`);
  else io.out([io.color.dim(lines[0]!), ...lines.slice(1)].join("\n"));
  io.err(
    io.color.dim(`${counted(items.length, "entry", "entries")}, read ${ageWords(ageMs)} ago (--refresh reads anew)`),
  );
  return EXIT.ok;
}

/** Items of a part, as whoever reads them has them. */
function linesOf(part: string, items: readonly unknown[]): string[] {
  if (part === "marketplace") return marketplaceTable(items as MarketplaceItem[]);
  if (part === "sizes") return sizeTable(items as CatalogSize[]);
  return part === "images" ? imageTable(items as CatalogImage[]) : regionTable(items as CatalogRegion[]);
}

async function readPart(
  { controller, signal }: Session,
  spec: Parameters<typeof readSale>[1],
  part: string,
  { refresh }: CatalogFlags,
): Promise<Pick<Sold, "items" | "ageMs" | "stale">> {
  const options = { signal, ...(refresh ? { maxAgeMs: 0 } : {}) };
  if (part === "marketplace") {
    const { content: items, ...reading } = await readMarketplace(controller, spec, options);
    return { ...reading, items };
  }
  const { content, ...reading } = await readSale(controller, spec, options);
  return { ...reading, items: content[part as "sizes" | "images" | "regions"] };
}
