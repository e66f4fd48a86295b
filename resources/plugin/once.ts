import { setTimeout as delay } from "node:timers/promises";
import type { Call } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import type { Journal, JournalEntry } from "../journal.ts";

/** Something that is to be made exactly once, whatever is lost or killed on the way. */
export interface Making<T> {
  kind: string;
  /** Owner mark, or natural key, that the creating request itself carries. */
  key: string;
  call: Call;
  journal: Journal;
  /**
   * Everything on the cloud that carries the key, by its strongest look-up; also what is still being made. `earlier` is the attempt that is looked for,
   * with the id that it was answered with, which may be known before a key can be seen.
   */
  find(earlier?: JournalEntry): Promise<T[]>;
  /** Sends the creating request, once and without repeats of its own. */
  create(): Promise<T>;
  /** The id as the core knows the thing by. */
  idOf(made: T): string;
  /** A direct read: whether the cloud still has what an earlier attempt was answered with. */
  exists(id: string): Promise<boolean>;
  log(message: string): void;
  /** Epoch in milliseconds. */
  now?(): number;
  sleep?(ms: number, signal: AbortSignal): Promise<void>;
}

const PAUSE_MS = 1_000;
/** Answers after which the cloud has made nothing. */
const REFUSALS = new Set(["CLOUD_REFUSED", "CLOUD_AUTH", "CLOUD_OUT_OF_STOCK", "FLEET_INVALID", "NOT_FOUND"]);

/**
 * Makes it, or finds what an earlier attempt has made: exactly one carries the key afterwards. An intent is stored before the request leaves;
 * whoever finds one looks on the cloud first, for as long as its effect may take to show.
 *
 * @throws {FleetError} VERIFY_FAILED when several carry the key, or what was made before is there without it; else what `create` throws.
 */
export async function makeOnce<T>(making: Making<T>): Promise<T> {
  const { call, journal, kind, key } = making;
  const account = call.account.spec.name;
  const earlier = await journal.begin({ account, kind, key });
  const made = (earlier && (await findEarlier(making, earlier))) ?? (await makeNew(making, earlier !== undefined));
  // The intent without its answer only makes the next create look first.
  await journal.answered(account, key, making.idOf(made)).catch((error: unknown) => making.log(String(error)));
  return made;
}

async function findEarlier<T>(making: Making<T>, earlier: JournalEntry): Promise<T | undefined> {
  const found = await lookUntil(making, Date.parse(earlier.attemptedAt) + settleMs(making), earlier);
  if (found) {
    making.log(`takes up ${making.idOf(found)}, which an earlier attempt has made`);
    return found;
  }
  if (earlier.id === undefined || earlier.id === "") return undefined;
  // Twice, apart in time: one wrong "gone" must not buy a second one.
  for (let look = 1; look <= 2; look++) {
    if (await making.exists(earlier.id)) {
      const message = `${earlier.id} was made under the mark ${making.key} and no longer carries it: put the mark back, or remove it by hand`;
      throw new FleetError("VERIFY_FAILED", message, { id: earlier.id, key: making.key });
    }
    if (look === 1) await pause(making);
  }
  return undefined;
}

async function makeNew<T>(making: Making<T>, repeated: boolean): Promise<T> {
  const sentAt = nowOf(making);
  try {
    return await making.create();
  } catch (error) {
    if (!(error instanceof FleetError)) throw error;
    const refused = REFUSALS.has(error.code);
    // A refusal after an earlier attempt may be about that attempt's own thing: the name is taken.
    const found =
      refused && !repeated ? undefined : await lookUntil(making, refused ? sentAt : sentAt + settleMs(making));
    if (found) return found;
    const { journal, key, call } = making;
    if (refused) await journal.refused(call.account.spec.name, key);
    await journal.explain?.(call.account.spec.name, key, { code: error.code, message: error.message });
    throw error;
  }
}

/** Looks until then, and at least twice, because a list may lack an item; what is found ends it at once. */
async function lookUntil<T>(making: Making<T>, until: number, earlier?: JournalEntry): Promise<T | undefined> {
  for (let looks = 1; ; looks++) {
    const found = await making.find(earlier);
    if (found.length > 1) {
      const ids = found.map(making.idOf).join(", ");
      throw new FleetError("VERIFY_FAILED", `several carry the mark ${making.key}: ${ids}`, { ids });
    }
    if (found[0] !== undefined) return found[0];
    if (looks >= 2 && nowOf(making) >= until) return undefined;
    await pause(making);
  }
}

const settleMs = <T>({ call }: Making<T>): number => call.account.spec.deadlines.settleSeconds * 1000;
const nowOf = <T>({ now = Date.now }: Making<T>): number => now();

async function pause<T>({ call, sleep }: Making<T>): Promise<void> {
  if (sleep) return await sleep(PAUSE_MS, call.signal);
  await delay(PAUSE_MS, undefined, { signal: call.signal });
}
