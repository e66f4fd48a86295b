import { homeWords, type Move, type Rehomed, rehome } from "../../reconcile/rehome.ts";
import type { Cost } from "../../reconcile/types.ts";
import { money } from "../../words/fields.ts";
import { counted } from "../../words/text.ts";
import type { Io } from "../io.ts";
import { EXIT, type GlobalOptions } from "../options.ts";
import { noteUncommitted, whoIsAsking, withSession } from "../session.ts";

export interface RehomeFlags extends GlobalOptions {
  account?: string;
  region?: string;
  plan?: string;
  to?: string;
  image?: string;
  commit?: boolean;
}

/** `fleetwright rehome`: exit 0 nothing to move or all written, 2 a proposal that is not written, 1 servers that found no home. */
export async function rehomeVerb(flags: RehomeFlags, io: Io): Promise<number> {
  return await withSession(flags, io, async (session) => {
    const { controller, signal, view } = session;
    await noteUncommitted(session, undefined, io);
    const { account, region, plan, to, image, commit } = flags;
    const author = await whoIsAsking(controller);
    const asked = Object.entries({ account, region, plan, to, image, commit }).filter(
      ([, value]) => value !== undefined,
    );
    const work = rehome(controller, { ...Object.fromEntries(asked), author, signal });
    const done = await view.during("looking for other homes", work);
    if (flags.json) io.out(JSON.stringify(done));
    else render(done, io);
    if (done.refused.length > 0) return EXIT.error;
    return done.moves.length > 0 && done.commit === undefined ? EXIT.changes : EXIT.ok;
  });
}

function render({ commit, moves, refused, notes, cost, price }: Rehomed, io: Io): void {
  const { color } = io;
  for (const note of notes) io.err(color.dim(note));
  for (const [why, members] of Map.groupBy(moves, (move) => move.why)) {
    io.out(color.bold(why));
    for (const move of members) io.out(moveLines(move, io).join("\n"));
  }
  for (const { name, reason } of refused) io.err(color.red(`${name}: ${reason}`));
  if (moves.length === 0) {
    if (refused.length === 0) io.out("Nothing has to move.");
    return;
  }
  io.out(
    `${counted(moves.length, "server")} would move; at the provider: ${differenceWords(cost.before, cost.after)} a month`,
  );
  const [provider, customers] = [differenceWords(cost.before, cost.after), differenceWords(price.before, price.after)];
  if (customers !== provider) io.out(`Customers would pay: ${customers} a month`);
  const lost = moves.filter(({ dataLoss }) => dataLoss);
  if (lost.length > 0) {
    io.out(
      color.red(
        `${counted(lost.length, "machine")} would be made anew: everything on the disks is lost. Take copies first.`,
      ),
    );
    io.out(color.dim("apply asks for --allow-replace NAME for each, and for --allow-delete N where there are many"));
  }
  io.out(
    commit === undefined
      ? "Nothing was written: --commit does, as one commit."
      : `Written in ${color.bold(commit.slice(0, 10))}: preview shows what it would do.`,
  );
}

function moveLines({ name, from, to, cost, dataLoss, notes }: Move, { color }: Io): string[] {
  const side = (one: Cost | undefined) => (one === undefined ? [] : [one]);
  const lost = dataLoss ? color.red("  made anew") : "";
  return [
    `  ${color.bold(name)}  ${homeWords(from)} → ${homeWords(to)}, ${to.image}${lost}`,
    `      ${differenceWords(side(cost?.before), side(cost?.after))} a month`,
    ...notes.map((note) => color.dim(`      ${note}`)),
  ];
}

/** `5.00 USD → 6.00 USD (+1.00)`; without the difference where a side is unknown or in another currency. */
export function differenceWords(before: readonly Cost[], after: readonly Cost[]): string {
  const words = (costs: readonly Cost[]) => (costs.length === 0 ? "unknown" : costs.map(money).join(" + "));
  const [from, to] = [before[0], after[0]];
  const isComparable = before.length === 1 && after.length === 1 && from!.currency === to!.currency;
  if (!isComparable) return `${words(before)} → ${words(after)}`;
  const change = (to!.monthlyMicro - from!.monthlyMicro) / 1e6;
  return `${words(before)} → ${words(after)} (${change < 0 ? "−" : "+"}${Math.abs(change).toFixed(2)})`;
}
