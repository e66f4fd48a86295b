import { priceWords } from "../../catalog/words.ts";
import { type Placed, type Placement, place } from "../../reconcile/place.ts";
import type { Io } from "../io.ts";
import { EXIT, type GlobalOptions } from "../options.ts";
import { leftOut, offerLine } from "../render/offers.ts";
import { noteUncommitted, whoIsAsking, withSession } from "../session.ts";

export interface PlaceFlags extends GlobalOptions {
  again?: boolean;
  move?: boolean;
  dryRun?: boolean;
}

/** `fleetwright place`: decides placements and writes them into the files. Exit 0 all placed or nothing to place, 1 some could not be. */
export async function placeVerb(flags: PlaceFlags, io: Io, ...names: string[]): Promise<number> {
  return await withSession(flags, io, async (session) => {
    const { controller, signal, view } = session;
    await noteUncommitted(session, undefined, io);
    const { again = false, move = false, dryRun = false } = flags;
    const author = await whoIsAsking(controller);
    const work = place(controller, { names, again: again || move, move, dryRun, author, signal });
    const placed = await view.during("looking for the cheapest", work);
    if (flags.json) io.out(JSON.stringify(asData(placed)));
    else render(placed, dryRun, io);
    return placed.refused.length > 0 ? EXIT.error : EXIT.ok;
  });
}

function asData({ commit, placed, refused, notes }: Placed) {
  const lines = placed.map(({ name, path, choice, before }) => {
    const { account, region, size, image, offer, runnersUp, unpriced, currencies } = choice;
    const chosen = { account, region, size, image, ...offer.cost };
    const left = { unpriced, currencies };
    return { name, path, ...(before && { before }), chosen, runnersUp: runnersUp.map(offerLine), left };
  });
  return { ...(commit === undefined ? {} : { commit }), placed: lines, refused, notes };
}

function render({ commit, placed, refused, notes }: Placed, dryRun: boolean, io: Io): void {
  const { color } = io;
  for (const note of notes) io.err(color.yellow(note));
  for (const placement of placed) io.out(placementLines(placement, io).join("\n"));
  for (const { name, reason } of refused) io.err(color.red(`${name}: ${reason}`));
  if (commit !== undefined) io.out(`Written in ${color.bold(commit.slice(0, 10))}`);
  else if (placed.length === 0 && refused.length === 0) io.out("Nothing to place.");
  else if (placed.length > 0) io.out(dryRun ? "Nothing was written (--dry-run)." : "The files say so already.");
}

function placementLines({ name, choice, before }: Placement, { color }: Io): string[] {
  const { account, region, size, image, offer, runnersUp, unpriced, currencies } = choice;
  const was =
    before === undefined || before.size === size ? "" : color.dim(`  (was ${before.size} on ${before.account})`);
  return [
    `${color.bold(name)}  ${size} in ${region} on ${account}, ${image}: ${color.green(priceWords(offer.cost))}${was}`,
    ...runnersUp.map(({ account, size, cost }) =>
      color.dim(`    before ${size.name} on ${account}: ${priceWords(cost)}`),
    ),
    ...leftOut(unpriced, currencies).map((line) => color.yellow(`    ${line}`)),
  ];
}
