import { span } from "../../words/time.ts";
import type { Pass } from "../remote/state.ts";

/** In one line, how old is what the last passes have seen. */
export function asOf(passes: readonly Pass[], now: number): string {
  const read = passes.flatMap(({ readAt }) => readAt ?? []).sort();
  const [oldest, newest] = [read[0], read.at(-1)];
  if (oldest === undefined) return "as of no pass: none has read an account yet";
  const age = (instant: string) => span(now - Date.parse(instant));
  const since = oldest === newest ? age(oldest) : `${age(newest!)} to ${age(oldest)}`;
  return `as of the controller's last passes, ${since} ago`;
}
