import type { Account, Call, Cloud } from "../../resources/cloud.ts";
import type { Creation, GatewayProfile } from "../../resources/gateway-profile.ts";
import { refusalCode } from "../../resources/http.ts";
import type { CreateRefusal, Journal, JournalEntry } from "../../resources/journal.ts";
import { type Answer, json, parseJson, problem, retryAfterMs, text } from "./answer.ts";
import { Serial } from "./serial.ts";
import type { GatewayLog, GatewayStats } from "./types.ts";
import { NoAnswer } from "./upstream.ts";

export interface CreatesOptions {
  account: Account;
  cloud: Cloud;
  journal: Journal;
  priority: "person" | "background";
  settleMs: number;
  lookEveryMs: number;
  /** How long answers 429 to one create are waited out here before one is passed on. */
  patienceMs: number;
  stats: GatewayStats;
  log: GatewayLog;
  now: () => number;
  sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** Requests of one create that are answered 429, and the first pause between them where the cloud names none: it doubles. */
const MOST_LIMITED = 5;
const FIRST_LIMITED_MS = 1_000;

/** Sends the create to the cloud, within the budget. @throws {NoAnswer} */
export type Send = () => Promise<Answer>;

/** What a look showed: the answer of the create that made the thing, that it is not to be seen, or that the look failed. */
type Look = { kind: "found"; answer: Answer; id: string } | { kind: "absent" } | { kind: "failed"; why: string };

/**
 * Creates, each done once. An intent is stored before a request leaves, and a request whose key has an intent already is not sent before the
 * cloud has been looked at long enough to know that the earlier one made nothing.
 */
export class Creates {
  readonly #options: CreatesOptions;
  readonly #serial = new Serial();

  constructor(options: CreatesOptions) {
    this.#options = options;
  }

  /**
   * The answer for the plugin. `waiting` aborts when the caller is gone or the gateway closes: nothing is sent after that, while the answer of a
   * request that has left is still awaited and written down.
   */
  handle(creation: Creation, send: Send, waiting: AbortSignal): Promise<Answer> {
    return this.#serial.run(creation.key, () => this.#once(creation, send, waiting));
  }

  async #once(creation: Creation, send: Send, waiting: AbortSignal): Promise<Answer> {
    const { account, journal, stats } = this.#options;
    waiting.throwIfAborted();
    stats.creates++;
    const { kind, key } = creation;
    const earlier = await journal.begin({ account: account.spec.name, kind, key });
    if (earlier) {
      const settled = await this.#settleEarlier(creation, earlier, waiting);
      if (settled) return settled;
    }
    // Whoever asked is gone: nobody would take the answer, and a new attempt would not be theirs.
    waiting.throwIfAborted();
    return this.#send(creation, send, earlier !== undefined, waiting);
  }

  /** What an earlier attempt came to; undefined when it is known to have made nothing that still exists. */
  async #settleEarlier(creation: Creation, earlier: JournalEntry, waiting: AbortSignal): Promise<Answer | undefined> {
    const since = Math.max(Date.parse(earlier.attemptedAt) || 0, 0);
    const look = await this.#lookUntil(creation, since + this.#options.settleMs, 2, waiting);
    if (look.kind === "found") return this.#recovered(creation, look);
    if (look.kind === "failed")
      // Not 503: Linode's plugin would repeat that for as long as its create may take.
      return this.#withhold(creation, 502, `the cloud could not be asked whether it was done before: ${look.why}`);
    if (earlier.id === undefined || creation.kind !== "Server") return undefined;
    if (await this.#provenGone(earlier.id, waiting)) return undefined;
    return this.#withhold(
      creation,
      409,
      `it was answered before with id ${earlier.id}, which still exists or cannot be ruled out, but no longer carries the mark`,
    );
  }

  async #send(creation: Creation, send: Send, repeated: boolean, waiting: AbortSignal): Promise<Answer> {
    const { account, journal, stats, now, sleep, patienceMs } = this.#options;
    const name = account.spec.name;
    const giveUpAt = now() + patienceMs;
    for (let limited = 1; ; limited++) {
      const sentAt = now();
      let answer: Answer;
      try {
        answer = await send();
      } catch (error) {
        if (!(error instanceof NoAnswer)) throw error;
        if (error.sent) return this.#unanswered(creation, sentAt, 504, "the cloud gave no answer", waiting);
        const why = `the cloud cannot be reached: ${error.message}`;
        if (!repeated) {
          await journal.refused(name, creation.key);
          await this.#tell(creation, { code: "CLOUD_UNAVAILABLE", message: why });
        }
        return problem(502, "bad_gateway", why, this.#profile);
      }
      if (answer.status === 429) {
        stats.rateLimited++;
        const waitMs = retryAfterMs(answer.headers, now()) ?? FIRST_LIMITED_MS * 2 ** (limited - 1);
        if (limited >= MOST_LIMITED || now() + waitMs > giveUpAt || waiting.aborted) {
          await this.#explain(creation, answer);
          // A plugin that was told 429 would wait for as long as its create may take, and send it again.
          const why = "the cloud limits requests, also after some were tried again";
          return problem(409, "rate_limited", why, this.#profile);
        }
        await sleep(waitMs, waiting);
        continue;
      }
      if (answer.status >= 200 && answer.status < 300) return this.#accepted(creation, answer, sentAt, waiting);
      const refused = answer.status < 500 || this.#profile.madeNothing?.(answer.status, answer.body.toString("utf8"));
      if (!refused || answer.status === 408)
        return this.#unanswered(creation, sentAt, answer.status, "the cloud failed", waiting, answer);
      // A refusal after an earlier attempt may be about that attempt's own thing: the name is taken.
      const look: Look = repeated ? await this.#look(creation, waiting) : { kind: "absent" };
      if (look.kind === "found") return this.#recovered(creation, look);
      // While that is open, the intent must stay, and nobody is told that it came to nothing.
      if (look.kind === "absent") {
        await journal.refused(name, creation.key);
        await this.#explain(creation, answer);
      }
      return answer;
    }
  }

  async #explain(creation: Creation, { status, body }: Answer): Promise<void> {
    const said = saidIn(body);
    const message = said.trim() === "" ? `the cloud refused it (${status})` : said;
    await this.#tell(creation, { code: refusalCode(status, said), message });
  }

  async #tell({ key }: Creation, why: CreateRefusal): Promise<void> {
    const { account, journal } = this.#options;
    await journal.explain?.(account.spec.name, key, why);
  }

  async #accepted(creation: Creation, answer: Answer, sentAt: number, waiting: AbortSignal): Promise<Answer> {
    const id = idIn(creation, answer);
    if (id === undefined) return this.#unanswered(creation, sentAt, 502, "the cloud's answer has no id", waiting);
    await this.#options.journal.answered(this.#options.account.spec.name, creation.key, id);
    return answer;
  }

  /** The request left and nobody said what became of it: look for as long as its effect may take to show. */
  async #unanswered(
    creation: Creation,
    sentAt: number,
    status: number,
    what: string,
    waiting: AbortSignal,
    answer?: Answer,
  ): Promise<Answer> {
    this.#options.stats.unanswered++;
    this.#options.log("warn", `${what} to a create; looking for its effect`, {
      kind: creation.kind,
      key: creation.key,
      status,
    });
    const look = await this.#lookUntil(creation, sentAt + this.#options.settleMs, 2, waiting);
    if (look.kind === "found") return this.#recovered(creation, look);
    const why = `${what} to the create of ${creation.kind} ${creation.key}, and it is not to be seen`;
    // Where nobody could look it may still be there, and nobody is told that it came to nothing.
    if (look.kind === "absent") await this.#tell(creation, { code: "CLOUD_UNAVAILABLE", message: why });
    return answer ?? problem(status, "no_answer", `${why} yet`, this.#profile);
  }

  async #recovered(creation: Creation, found: { answer: Answer; id: string }): Promise<Answer> {
    const { account, journal, log, stats } = this.#options;
    await journal.answered(account.spec.name, creation.key, found.id);
    stats.recovered++;
    log("info", "a create was answered with what an earlier attempt had made", {
      kind: creation.kind,
      key: creation.key,
      id: found.id,
    });
    return found.answer;
  }

  #withhold(creation: Creation, status: number, why: string): Answer {
    this.#options.stats.withheld++;
    this.#options.log("warn", `a create was not sent: ${why}`, { kind: creation.kind, key: creation.key });
    return problem(
      status,
      "create_withheld",
      `Fleetwright did not repeat the create of ${creation.kind} ${creation.key}: ${why}`,
      this.#profile,
    );
  }

  /** Looks until `until`, and at least `least` times with good answers, `lookEveryMs` apart; a found thing ends it at once. */
  async #lookUntil(creation: Creation, until: number, least: number, waiting: AbortSignal): Promise<Look> {
    const { lookEveryMs, now, sleep } = this.#options;
    // Looks that fail are repeated, but not for ever: then the caller must not send.
    const patience = Math.max(until, now()) + 10 * lookEveryMs;
    let absent = 0;
    for (;;) {
      const lookedAt = now();
      const look = await this.#look(creation, waiting);
      if (look.kind === "found") return look;
      if (look.kind === "absent" && ++absent >= least && lookedAt >= until) return look;
      if (look.kind === "failed" && now() >= patience) return look;
      const rest = until - now();
      await sleep(rest > 0 ? Math.min(lookEveryMs, rest) : lookEveryMs, waiting);
    }
  }

  async #look(creation: Creation, waiting: AbortSignal): Promise<Look> {
    try {
      const found = await creation.find(this.#call(waiting));
      return found ? { kind: "found", answer: asAnswer(found), id: found.id } : { kind: "absent" };
    } catch (error) {
      waiting.throwIfAborted();
      return { kind: "failed", why: error instanceof Error ? error.message : String(error) };
    }
  }

  /** Two direct reads, apart in time, in which the cloud itself says that there is no such machine. */
  async #provenGone(id: string, waiting: AbortSignal): Promise<boolean> {
    const { cloud, lookEveryMs, sleep } = this.#options;
    try {
      if (await cloud.observe(id, this.#call(waiting))) return false;
      await sleep(lookEveryMs, waiting);
      return (await cloud.observe(id, this.#call(waiting))) === undefined;
    } catch {
      waiting.throwIfAborted();
      return false;
    }
  }

  get #profile(): Pick<GatewayProfile, "problem" | "madeNothing"> {
    return this.#options.cloud.gateway ?? {};
  }

  #call(signal: AbortSignal): Call {
    return { account: this.#options.account, priority: this.#options.priority, signal };
  }
}

function asAnswer({ status, body, contentType }: { status: number; body: unknown; contentType?: string }): Answer {
  return contentType === undefined ? json(status, body) : text(status, String(body), contentType);
}

/** The texts that an error has, whatever its form: each cloud has its own. */
function saidIn(body: Buffer): string {
  const words = (value: unknown): string[] => {
    if (typeof value === "string") return [value];
    return typeof value === "object" && value !== null ? Object.values(value).flatMap(words) : [];
  };
  const text = body.toString("utf8");
  const told = words(parseJson(body) ?? text.replace(/<[^>]*>/g, " "));
  return told.join(": ");
}

function idIn(creation: Creation, answer: Answer): string | undefined {
  try {
    const id = creation.idOf(parseJson(answer.body) ?? answer.body.toString("utf8"));
    return id && id !== "undefined" ? id : undefined;
  } catch {
    return undefined;
  }
}
