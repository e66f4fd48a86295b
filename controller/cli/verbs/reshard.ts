import { type Resharded, reshard } from "../../reconcile/reshard.ts";
import { counted } from "../../words/text.ts";
import type { Io } from "../io.ts";
import { EXIT, type GlobalOptions } from "../options.ts";
import { noteUncommitted, whoIsAsking, withSession } from "../session.ts";

export interface ReshardFlags extends GlobalOptions {
  cells?: number;
  dryRun?: boolean;
}

/** `fleetwright reshard`: moves states between an account's stacks, and no machine. Exit 0 done or nothing to do, 1 not complete: again goes on. */
export async function reshardVerb(flags: ReshardFlags, io: Io, account: string): Promise<number> {
  return await withSession(flags, io, async (session) => {
    const { controller, signal, view } = session;
    await noteUncommitted(session, undefined, io);
    const { cells, dryRun = false } = flags;
    const author = await whoIsAsking(controller);
    const work = reshard(controller, { account, ...(cells === undefined ? {} : { cells }), dryRun, author, signal });
    const done = await view.during("moving states", work);
    if (flags.json) io.out(JSON.stringify(done));
    else render(done, dryRun, io);
    return EXIT.ok;
  });
}

function render(done: Resharded, dryRun: boolean, { out, err, color }: Io): void {
  const { account, before, cells, commit, moves, stacks, removed, notes } = done;
  for (const note of notes) err(color.yellow(note));
  for (const [way, members] of Map.groupBy(moves, ({ from, to }) => `${from} to ${to}`))
    out(`  ${counted(members.length, "server")}  ${way}`);
  for (const stack of removed) out(`  ${stack} is empty and removed`);
  if (commit !== undefined) out(`Written in ${color.bold(commit.slice(0, 10))}`);
  const most = Math.max(...stacks.map(({ servers }) => servers));
  const share = `${color.bold(account)}: ${counted(cells, "stack")} of at most ${counted(most, "server")}`;
  if (dryRun)
    out(`${share} (now ${counted(before, "stack")}). Nothing was moved (--dry-run); no machine would be touched.`);
  else if (moves.length === 0 && before === cells) out(`${share}: nothing had to be moved.`);
  else out(color.green(`✓ ${share}, before ${counted(before, "stack")}; no machine was touched`));
}
