import type { Call } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import type { Journal } from "../journal.ts";
import type { HandlerContext } from "../plugin/handler.ts";

/** What the handlers are made of. */
export interface Parts {
  call(signal: AbortSignal): Call;
  journal: Journal;
  /** Time as tests want it. */
  timing?: {
    /** Epoch in milliseconds. */
    now?(): number;
    sleep?(ms: number, signal: AbortSignal): Promise<void>;
  };
}

/** A create has the time of the account, whatever the engine allows. */
export function within({ signal }: HandlerContext, seconds: number): { signal: AbortSignal; end(): void } {
  const own = new AbortController();
  const late = new FleetError("DEADLINE", `it was not made within ${seconds} s`, {});
  const timer = setTimeout(() => own.abort(late), seconds * 1000);
  return { signal: AbortSignal.any([signal, own.signal]), end: () => clearTimeout(timer) };
}
