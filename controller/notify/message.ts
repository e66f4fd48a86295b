import { causesOf, type DriftCause } from "../reconcile/causes.ts";
import type { SpendingAlert } from "../reconcile/spending-alerts.ts";
import { units } from "../reconcile/spending-judge.ts";
import type { RememberedDrift, StoredEvent } from "../store/types.ts";
import { causeLines, causeSummary, plain } from "./words.ts";

/** One thing to tell somebody. Holds no secret: values of clouds and errors are redacted before they come here. */
export interface Message {
  /** `drift.started`, `drift.ended`, `expiry.warning`, `failure.lane`, `spending.alert`. */
  type: string;
  /** ISO instant at which it happened. */
  at: string;
  /** One line. */
  summary: string;
  /** More, for a person. */
  lines: string[];
  /** The same for a program. */
  data: Record<string, unknown>;
}

/** What an event is about, where the event itself only has numbers. */
export interface EventContext {
  /** Drift by its id. */
  drift: ReadonlyMap<number, RememberedDrift>;
  /** The account's name now. */
  accountName(identity: string): string;
}

/** Names of one message; the count says how many there are. */
const NAMED = 100;

/** What an event tells: one message for each cause that drift has, one for any other event. Pure. */
export function messagesOf(event: StoredEvent, context: EventContext): Message[] {
  if (event.kind === "drift") return driftMessages(event, context);
  const data = (event.data ?? {}) as Record<string, unknown>;
  return [{ type: event.kind, at: event.at, ...wordsOf(event, data, context), data }];
}

function driftMessages({ at, object = "", data }: StoredEvent, { drift, accountName }: EventContext): Message[] {
  const { started, ended } = data as { started: number[]; ended: number[] };
  const causes = (ids: number[]) =>
    causesOf(
      accountName(object),
      ids.flatMap((id) => drift.get(id) ?? []),
    );
  const message = (type: "drift.started" | "drift.ended") => (cause: DriftCause) => ({
    type,
    at,
    summary: causeSummary(cause, type === "drift.ended"),
    lines: causeLines(cause),
    data: { ...cause, names: cause.names.slice(0, NAMED), count: cause.names.length },
  });
  return [...causes(started).map(message("drift.started")), ...causes(ended).map(message("drift.ended"))];
}

const SERVER_WORDS: Readonly<Record<string, string>> = {
  "server.converged": "is done",
  "server.provisioning": "is ordered, and being made ready",
  "server.failed": "failed",
};

/** Words of the events that Fleetwright records; those of another kind are told by their name. */
function wordsOf(
  { kind, object }: StoredEvent,
  data: Record<string, unknown>,
  { accountName }: Pick<EventContext, "accountName">,
): Pick<Message, "summary" | "lines"> {
  const text = (name: string) => plain(data[name]);
  const where = `${text("name")} on ${text("account")}`;
  if (kind.startsWith("change."))
    return {
      summary: `${text("change")} (${text("title")}): ${text("state").replace("-", " ")}`,
      lines: [`by ${text("by")}`, ...(data.reason === undefined ? [] : [text("reason")])],
    };
  if (kind.startsWith("server."))
    return {
      summary: `${where}: ${text("op")} ${SERVER_WORDS[kind] ?? kind}`,
      lines: data.reason === undefined ? [] : [text("reason")],
    };
  if (kind.startsWith("run."))
    return {
      summary: `${text("kind")} of ${text("stack")} ${text("outcome")}`,
      lines: [`run ${text("run")}, commit ${text("commit")}`],
    };
  switch (kind) {
    case "inventory.appeared":
      return {
        summary: `${text("count")} ${data.class === "orphan" ? "orphaned" : "foreign"} machines appeared on ${accountName(text("account"))}`,
        lines: [text("names"), "`fleetwright inventory` lists them"],
      };
    case "expiry.warning":
      return {
        summary: `${where} expires on ${text("expires")}: less than ${text("days")} days left`,
        lines: data.owner === undefined ? [] : [`owner: ${text("owner")}`],
      };
    case "expiry.stopped":
      return { summary: `${where} has expired on ${text("expires")} and is stopped`, lines: [] };
    case "spending.alert":
      return spendingMessage(data as unknown as SpendingAlert);
    case "drift.fought":
      return {
        summary: `${where} is changed again and again: it was reverted ${text("times")} times within an hour and is left as it is`,
        lines: [
          `fields: ${text("paths")}`,
          "Find out who changes it, or write it into the file: `fleetwright drift --accept`",
        ],
      };
    case "drift.unreverted":
      return { summary: `${where} could not be reverted`, lines: [text("reason")] };
    case "failure.lane":
      return { summary: `${text("lane")} has failed and is tried again`, lines: [text("reason")] };
    case "failure.mended":
      return { summary: `${text("lane")} has come through`, lines: [] };
    case "failure.dead":
      return {
        summary: `${text("queue")} of ${text("lane")} has failed for the last time`,
        lines: [text("reason"), "`fleetwright status` shows what waits"],
      };
    default:
      return { summary: [kind, ...(object === undefined ? [] : [plain(object)])].join(": "), lines: [] };
  }
}

/** The account as it was called then: that is what its limit was about. */
function spendingMessage(alert: SpendingAlert): Pick<Message, "summary" | "lines"> {
  const { account, share, by, currency, limitMicro, committedMicro, spentMicro, projectedMicro, month } = alert;
  const { uncounted, cap } = alert;
  const threshold = `${Math.round(share * 1000) / 10} % of the ${units(limitMicro)} ${currency}`;
  const how =
    by === "committed"
      ? "its machines cost"
      : `${month} has cost ${units(spentMicro ?? 0)} so far, and its machines cost`;
  return {
    summary: `${plain(account)} has come to ${threshold} that it may cost a month`,
    lines: [
      `${how} ${units(committedMicro)} ${currency} a month`,
      spentMicro === undefined || projectedMicro === undefined
        ? `what ${month} has cost so far is not known: the account was not read`
        : `spent in ${month}: ${units(spentMicro)} ${currency}; by its end as things are: ${units(projectedMicro)}`,
      ...(uncounted === 0 ? [] : [`${uncounted} machines without a price in ${currency} are in no sum`]),
      cap ? "what would bring it above the limit is refused" : "nothing is refused: `cap` is not set",
    ],
  };
}
