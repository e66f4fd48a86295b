import pino from "pino";
import { redactor } from "../../resources/secrets.ts";
import type { Wire, WireEvent } from "../../resources/wire.ts";

/** Takes what is logged; a pino logger is one, and so is `console`. */
export interface Logger {
  debug(fields: Record<string, unknown>, message: string): void;
}

/** Under this name it is found in a log. */
export const LOGGER = "capsule_package";
const LONGEST = 20_000;
const MASK = "[redacted]";
/** Fields whose values no log has, whatever they hold: also in what a cloud answers. */
const SECRET =
  /pass(word|wd|phrase)?|secret|token|api_?key|private_?key|access_?key|authorization|user_?data|stackscript_data|metadata|^script$/i;

/** On standard error where the environment asks for it; undefined elsewhere. */
export function loggerOf(level: string | undefined): Logger | undefined {
  if (level !== "debug") return undefined;
  return pino({ name: LOGGER, level, base: { name: LOGGER } }, pino.destination({ dest: 2, sync: true }));
}

/** Writes requests, answers, errors and waiting to a log, with what is secret masked. `hide` takes values that no line may hold. */
export function wireLog(logger: Logger): { tell: NonNullable<Wire["tell"]>; hide(values: readonly string[]): void } {
  const secrets = new Set<string>();
  let redact = redactor([]);
  const masked = (value: unknown): string => redact(textOf(value));
  return {
    hide: (values) => {
      for (const value of values) secrets.add(value);
      redact = redactor(secrets);
    },
    tell: (event) => {
      const { message, ...fields } = lineOf(event, masked);
      logger.debug({ ...fields, method: event.method, url: redact(event.url) }, message);
    },
  };
}

function lineOf(event: WireEvent, masked: (value: unknown) => string): { message: string } & Record<string, unknown> {
  switch (event.kind) {
    case "request": {
      const { attempt, payload } = event;
      return { message: "request", attempt, ...(payload !== undefined && { payload: masked(payload) }) };
    }
    case "response": {
      const { status, data } = event;
      return { message: "response", status, ...(data !== undefined && { data: masked(data) }) };
    }
    case "error": {
      const { error } = event;
      return { message: "error", stack: masked(error instanceof Error ? (error.stack ?? error.message) : error) };
    }
    case "retry": {
      const { attempt, waitMs, limited } = event;
      const message = limited ? "rate limited: waiting before the next attempt" : "retry";
      return { message, attempt, wait_ms: Math.round(waitMs) };
    }
  }
}

/** JSON, a form or plain text, with the values of secret fields masked. */
function textOf(value: unknown): string {
  const parsed = typeof value === "string" ? parse(value) : value;
  const text = typeof parsed === "string" ? parsed.replace(FORM_SECRET, `$1=${MASK}`) : JSON.stringify(parsed, mask);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

const FORM_SECRET = /((?:user_?data|password|secret|token|api_?key)[\w.]*)=[^&\s]+/gi;

const mask = (name: string, value: unknown): unknown =>
  SECRET.test(name) && value !== null && value !== "" && typeof value !== "boolean" ? MASK : value;

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
