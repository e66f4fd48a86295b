import { type Expired, expire } from "../../reconcile/expire.ts";
import { counted } from "../../words/text.ts";
import type { Io } from "../io.ts";
import { EXIT, type GlobalOptions } from "../options.ts";
import { noteUncommitted, whoIsAsking, withSession } from "../session.ts";

export interface ExpireFlags extends GlobalOptions {
  dryRun?: boolean;
}

/** `fleetwright expire`: stops by a commit what has expired, and records warnings. Exit 0 done or nothing to do, 1 a file could not be edited. */
export async function expireVerb(flags: ExpireFlags, io: Io): Promise<number> {
  return await withSession(flags, io, async (session) => {
    const { controller, signal } = session;
    await noteUncommitted(session, undefined, io);
    const { dryRun = false } = flags;
    const expired = await expire(controller, { author: await whoIsAsking(controller), dryRun, signal });
    if (flags.json) io.out(JSON.stringify(expired));
    else render(expired, dryRun, io);
    return expired.refused.length > 0 ? EXIT.error : EXIT.ok;
  });
}

function render({ commit, stopped, warned, refused }: Expired, dryRun: boolean, io: Io): void {
  const { color } = io;
  for (const { name, account, expires } of stopped)
    io.out(`${color.bold(name)} on ${account} has expired on ${expires}: ${dryRun ? "to be stopped" : "stopped"}`);
  for (const { name, account, expires, days } of warned)
    io.out(color.yellow(`${name} on ${account} expires on ${expires}: less than ${counted(days, "day")} left`));
  for (const { name, reason } of refused) io.err(color.red(`${name}: ${reason}`));
  if (commit !== undefined)
    io.out(`Written in ${color.bold(commit.slice(0, 10))}; \`fleetwright apply\` stops the machines`);
  else if (stopped.length + warned.length + refused.length === 0) io.out("Nothing has expired, and no warning is due.");
}
