import { FleetError } from "../errors.ts";

/** The part of a gRPC server call that tells when its caller has gone. */
interface Cancellable {
  readonly cancelled: boolean;
  on(event: "cancelled", listener: () => void): unknown;
}

/** The signals of all calls under way: each aborts at its own time-out, when its caller goes, and when everything is cancelled. */
export class Aborts {
  readonly #open = new Set<AbortController>();
  #cancelled: FleetError | undefined;

  /** @param timeoutSeconds 0 for none. `close` when the call is done. */
  open(call: Cancellable, timeoutSeconds: number): { signal: AbortSignal; close(): void } {
    const controller = new AbortController();
    if (this.#cancelled) controller.abort(this.#cancelled);
    this.#open.add(controller);
    const timer =
      timeoutSeconds > 0
        ? setTimeout(
            () => controller.abort(new FleetError("DEADLINE", `not done within ${timeoutSeconds} s`)),
            timeoutSeconds * 1000,
          )
        : undefined;
    call.on("cancelled", () => controller.abort(new FleetError("DEADLINE", "the engine gave up this call")));
    return {
      signal: controller.signal,
      close: () => {
        clearTimeout(timer);
        this.#open.delete(controller);
      },
    };
  }

  /** Ends what is under way; with `final` also every call that comes later. */
  cancel(options: { final: boolean }): void {
    const reason = new FleetError("DEADLINE", "the run was cancelled");
    if (options.final) this.#cancelled ??= reason;
    for (const controller of this.#open) controller.abort(reason);
  }
}
