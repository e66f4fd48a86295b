import type { CallOp } from "../../changes/call.ts";
import type { Principal } from "../../people/principal.ts";
import { act, type Composed } from "../dialect/act.ts";
import { Refusal } from "../dialect/refusal.ts";
import type { SpotApi } from "./api.ts";

/** So long a call waits for its end; the change goes on behind it. */
const WAIT_MS = 120_000;

export interface ActingCall {
  op: CallOp;
  by: Principal;
  asked: unknown;
  signal: AbortSignal;
}

/**
 * Brings about what a call wants and waits for its end; the change's id, where there was anything to do.
 * @throws {Refusal} internal with the change when it takes longer
 */
export async function actOn(
  { controller, service }: SpotApi,
  { signal, ...call }: ActingCall,
  composed: Composed,
): Promise<{ change?: string }> {
  const request = { ...call, dialect: "spot", compose: () => composed, until: "done", waitMs: WAIT_MS } as const;
  const acted = await act({ controller, service }, request, signal);
  const change = acted.change && { change: acted.change.id };
  await acted.answered();
  if (acted.state === "done") return { ...change };
  throw new Refusal("internal", "it takes longer than two minutes, and goes on: ask again", { ...change });
}
