import { type Answer, retryAfterMs } from "./answer.ts";
import { NoAnswer } from "./upstream.ts";

export interface SteadyOptions {
  /** Sends the read, within the budget. @throws {NoAnswer} */
  send(): Promise<Answer>;
  /** How long failures are waited out. */
  patienceMs: number;
  /** Time between two looks at something that is said to be gone. */
  lookEveryMs: number;
  now(): number;
  sleep(ms: number): Promise<void>;
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;

/**
 * A read that a plugin must not see fail: it would forget a machine for it. Answers 429 and 5xx and cut connections are waited out, and a 404 is
 * passed on only when a second look, apart in time, says the same.
 */
export async function steadyRead({ send, patienceMs, lookEveryMs, now, sleep }: SteadyOptions): Promise<Answer> {
  const until = now() + patienceMs;
  let gone = 0;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2)) {
    let answer: Answer | undefined;
    try {
      answer = await send();
    } catch (error) {
      if (!(error instanceof NoAnswer) || now() + pauseMs > until) throw error;
    }
    if (answer?.status === 404) {
      if (++gone >= 2) return answer;
      await sleep(lookEveryMs);
      continue;
    }
    if (answer !== undefined && answer.status !== 429 && answer.status < 500) return answer;
    const waitMs = Math.max(pauseMs, (answer && retryAfterMs(answer.headers, now())) ?? 0);
    if (answer !== undefined && now() + waitMs > until) return answer;
    await sleep(waitMs);
  }
}
