import { FleetError } from "../../../resources/errors.ts";
import { look, type Stage } from "./story.ts";

const EVERY_MS = 3_000;

/** Goes on looking at the clouds until the signal aborts. On a terminal one line is kept up to date; elsewhere a line is told when it changes. */
export async function watch(stage: Stage): Promise<void> {
  const { controller, io, signal } = stage;
  let shown = "";
  let isFirst = true;
  while (!signal.aborted) {
    const text = await describe(stage);
    if (io.live) {
      if (!isFirst) process.stderr.write("\x1b[1A\x1b[2K");
      io.err(`${io.color.dim(clock(controller.now()))}  ${text}`);
    } else if (text !== shown) {
      io.err(`${clock(controller.now())}  ${text}`);
    }
    shown = text;
    isFirst = false;
    await controller.sleep(EVERY_MS, signal).catch(() => undefined);
  }
}

async function describe(stage: Stage): Promise<string> {
  const { color } = stage.io;
  try {
    const { desired, accounts } = await look(stage);
    const commit = desired.commit.slice(0, 10);
    const servers = accounts.reduce((sum, account) => sum + account.servers, 0);
    const drifted = accounts.flatMap((account) => account.drifted);
    const unread = accounts.filter(({ error }) => error !== undefined).map(({ account }) => account);
    const parts = [`HEAD ${commit}`, `${servers} servers`];
    if (drifted.length > 0) parts.push(color.yellow(`drift on ${drifted.map(({ name }) => name).join(", ")}`));
    if (unread.length > 0) parts.push(color.red(`${unread.join(", ")} could not be read`));
    if (drifted.length + unread.length === 0) parts.push(color.green("all as desired"));
    const busy = await leaseHolders(stage, desired.accounts.keys());
    if (busy.length > 0) parts.push(`at work on ${busy.join(", ")}`);
    return parts.join(", ");
  } catch (error) {
    if (stage.signal.aborted || !(error instanceof FleetError)) return "";
    return color.red(error.message.split("\n")[0] ?? error.code);
  }
}

/** Stacks that a command in another terminal works on. */
async function leaseHolders({ controller }: Stage, accounts: Iterable<string>): Promise<string[]> {
  const records = await controller.store.objects();
  const stacks = new Set([...records.map(({ stack }) => stack), ...[...accounts].map((name) => `${name}.base`)]);
  const held = await Promise.all(
    [...stacks].map(async (stack) => {
      const lease = await controller.store.lease(stack);
      return lease !== undefined && Date.parse(lease.expiresAt) > controller.now() ? [stack] : [];
    }),
  );
  return held.flat();
}

const clock = (ms: number): string => new Date(ms).toTimeString().slice(0, 8);
