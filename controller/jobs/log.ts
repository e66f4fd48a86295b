import { AsyncLocalStorage } from "node:async_hooks";
import pino, { type Logger } from "pino";
import { redactor } from "../../resources/secrets.ts";

export type LogFormat = "json" | "pretty";

/** Ids that every line of one piece of work carries. */
export type LogIds = Readonly<Record<string, string>>;

export interface ServiceLog {
  logger: Logger;
  /** Every line that is written while `work` runs, at whatever depth, carries the ids. */
  during<T>(ids: LogIds, work: () => Promise<T>): Promise<T>;
  /** No line holds these from now on. */
  hide(secrets: Iterable<string>): void;
}

/** Lines of JSON as they come from pino, or the same for a person. Values that are to be hidden are blotted out of the finished line. */
export function createLog(write: (line: string) => void, format: LogFormat, level = "info"): ServiceLog {
  const ids = new AsyncLocalStorage<LogIds>();
  const secrets = new Set<string>();
  let redact = redactor([]);
  const logger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      mixin: () => ({ ...ids.getStore() }),
    },
    { write: (line: string) => write(redact(format === "json" ? line.trimEnd() : pretty(line))) },
  );
  return {
    logger,
    during: async (more, work) => await ids.run({ ...ids.getStore(), ...more }, work),
    hide: (values) => {
      const before = secrets.size;
      for (const value of values) secrets.add(value);
      if (secrets.size !== before) redact = redactor(secrets);
    },
  };
}

/** `12:03:04 warn  message lane=linode-main commit=3f2a91bc07`: commits shortened, what the message says itself left out, longer texts below. */
export function pretty(line: string): string {
  const { level, time, msg, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const clock = String(time).slice(11, 19);
  const told = new Set(String(msg).split(/[\s,:]+/));
  const words = Object.entries(fields).flatMap(([name, value]) => {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    if (text.includes("\n") || told.has(text)) return [];
    return [`${name}=${name === "commit" ? text.slice(0, 10) : text}`];
  });
  const below = Object.values(fields).flatMap((value) =>
    typeof value === "string" && value.includes("\n") ? value.split("\n").map((part) => `         ${part}`) : [],
  );
  return [[clock, String(level).padEnd(5), msg, ...words].join(" "), ...below].join("\n");
}
