import { type BeingMade, type Watched, watchBeingMade } from "./being-made.ts";
import type { Controller } from "./context.ts";
import type { Desired } from "./desired.ts";

const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 30_000;

/**
 * Looks at all machines that are being made until none is any more, ever less often; it holds no lease, so whoever wants a stack has it. Those that
 * the cloud has given up on, or that are overdue, are not waited for.
 */
export async function awaitMade(
  controller: Controller,
  desired: Pick<Desired, "byIdentity">,
  signal: AbortSignal,
  tell: (waiting: BeingMade[]) => void = () => {},
): Promise<Watched> {
  const all: Watched = { beingMade: [], ready: [], gone: [] };
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 1.5)) {
    const seen = await watchBeingMade(controller, desired, signal);
    all.ready.push(...seen.ready);
    all.gone.push(...seen.gone);
    all.beingMade = seen.beingMade;
    const waiting = seen.beingMade.filter(({ overdue, failed }) => !overdue && !failed);
    tell(waiting);
    if (waiting.length === 0) return all;
    await controller.sleep(pauseMs, signal);
  }
}
