import { type Reading, readMarketplace, readSale } from "../../catalog/cache.ts";
import { accountsAt } from "../../catalog/shops.ts";
import { ageWords, staleWords } from "../../catalog/words.ts";
import { cloudOf } from "../../reconcile/context.ts";
import type { Io } from "../io.ts";
import { EXIT, type GlobalOptions } from "../options.ts";
import { imageTable, marketplaceTable, regionTable, sizeTable } from "../render/catalog.ts";
import { counted } from "../render/text.ts";
import { type Session, withSession } from "../session.ts";

export interface CatalogFlags extends GlobalOptions {
  account: string;
  refresh?: boolean;
}

interface Shown {
  items: readonly unknown[];
  lines: string[];
  reading: Reading<unknown>;
}

/** `fleetwright catalog PART`: what an account's cloud sells, from the cache or read anew. */
export async function catalogVerb(flags: CatalogFlags, io: Io, part: string): Promise<number> {
  return await withSession(flags, io, async (session) => {
    const { controller, view } = session;
    const [spec] = await accountsAt(controller, [flags.account]);
    const cloud = cloudOf(controller, spec!.provider);
    const { items, lines, reading } = await view.during("reading the catalogue", shown(session, spec!, part, flags));
    const { ageMs, stale } = reading;
    if (flags.json) {
      const head = { account: spec!.name, provider: cloud.name, part, ageSeconds: Math.round(ageMs / 1000) };
      io.out(JSON.stringify({ ...head, ...(stale === undefined ? {} : { stale }), items }));
      return EXIT.ok;
    }
    if (stale !== undefined) io.err(io.color.yellow(staleWords(ageMs, stale)));
    if (items.length === 0) io.out(`${cloud.title} has no ${part}.`);
    else io.out([io.color.dim(lines[0]!), ...lines.slice(1)].join("\n"));
    io.err(
      io.color.dim(`${counted(items.length, "entry", "entries")}, read ${ageWords(ageMs)} ago (--refresh reads anew)`),
    );
    return EXIT.ok;
  });
}

async function shown(
  { controller, signal }: Session,
  spec: Parameters<typeof readSale>[1],
  part: string,
  { refresh }: CatalogFlags,
): Promise<Shown> {
  const options = { signal, ...(refresh ? { maxAgeMs: 0 } : {}) };
  if (part === "marketplace") {
    const reading = await readMarketplace(controller, spec, options);
    return { reading, items: reading.content, lines: marketplaceTable(reading.content) };
  }
  const reading = await readSale(controller, spec, options);
  const { sizes, images, regions } = reading.content;
  if (part === "sizes") return { reading, items: sizes, lines: sizeTable(sizes) };
  if (part === "images") return { reading, items: images, lines: imageTable(images) };
  return { reading, items: regions, lines: regionTable(regions) };
}
