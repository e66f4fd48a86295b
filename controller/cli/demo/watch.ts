import { FleetError } from "../../../resources/errors.ts";
import { prepare } from "../../reconcile/preview.ts";
import { clipped, counted } from "../../words/text.ts";
import { look, type Stage } from "./story.ts";

const EVERY_MS = 3_000;

/** Goes on looking at the clouds until the signal aborts. On a terminal one line is kept up to date; elsewhere a line is told when it changes. */
export async function watch(stage: Stage): Promise<void> {
  const { controller, io, signal } = stage;
  let shown: string | undefined;
  while (!signal.aborted) {
    const text = await describe(stage);
    const line = `${clock(controller.now())}  ${text}`;
    if (io.live) {
      if (shown !== undefined) io.draw("\x1b[1A\x1b[2K");
      io.err(io.color.dim(clipped(line, io.width - 1)));
    } else if (text !== shown) {
      io.err(line);
    }
    shown = text;
    await controller.sleep(EVERY_MS, signal).catch(() => undefined);
  }
}

/** The state of things in one line, uncoloured so that it can be cut to the terminal's width. */
async function describe(stage: Stage): Promise<string> {
  const { controller, signal } = stage;
  try {
    const { desired, accounts } = await look(stage);
    const drifted = accounts.flatMap((account) => account.drifted);
    const unread = accounts.filter(({ error }) => error !== undefined).map(({ account }) => account);
    const servers = accounts.reduce((sum, account) => sum + account.servers, 0);
    const parts = [`HEAD ${desired.commit.slice(0, 10)}`, counted(servers, "server")];
    const { preview } = await prepare(controller, { engine: false, signal });
    if (preview.effects.length > 0) parts.push(`${counted(preview.effects.length, "change")} to apply`);
    if (drifted.length > 0) parts.push(`drift on ${drifted.map(({ name }) => name).join(", ")}`);
    if (unread.length > 0) parts.push(`${unread.join(", ")} could not be read`);
    if (parts.length === 2) parts.push("all as desired");
    const busy = await leaseHolders(stage, desired.accounts.keys());
    if (busy.length > 0) parts.push(`at work on ${busy.join(", ")}`);
    return parts.join(", ");
  } catch (error) {
    if (signal.aborted || !(error instanceof FleetError)) return "";
    return error.message.split("\n")[0] ?? error.code;
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
