import { load } from "js-yaml";

export interface RenderOptions {
  /** Inside `{}` or `[]`, where everything stays on one line. */
  flow: boolean;
  /** Columns that lines of a block begin with. */
  indent: number;
  /** Quotes of the value that it replaces. */
  quotes?: "single" | "double";
}

const FLOW_WIDTH = 100;

/** A value as YAML, without a line break at its end. A text that begins with a line break is a block and goes below its key. */
export function renderValue(value: unknown, options: RenderOptions): string {
  if (Array.isArray(value)) return renderList(value, options);
  if (typeof value === "object" && value !== null) return renderMapping(value, options);
  return renderScalar(value, options);
}

export function renderKey(key: string, flow: boolean): string {
  return renderScalar(key, { flow, indent: 0 }).startsWith("|")
    ? quoteDouble(key)
    : renderScalar(key, { flow, indent: 0 });
}

function renderMapping(value: object, options: RenderOptions): string {
  const entries = Object.entries(value).filter(([, field]) => field !== undefined);
  if (entries.length === 0) return "{}";
  if (options.flow)
    return `{${entries.map(([key, field]) => `${renderKey(key, true)}: ${renderValue(field, options)}`).join(", ")}}`;
  return entries
    .map(([key, field]) => `\n${" ".repeat(options.indent)}${renderPair(key, field, options.indent)}`)
    .join("");
}

/** `key: value` of a block, whose first line begins at `indent` already. */
export function renderPair(key: string, value: unknown, indent: number): string {
  const text = renderValue(value, { flow: false, indent: indent + 2 });
  return `${renderKey(key, false)}:${text.startsWith("\n") ? "" : " "}${text}`;
}

function renderList(items: unknown[], options: RenderOptions): string {
  const line = `[${items.map((item) => renderValue(item, { flow: true, indent: 0 })).join(", ")}]`;
  const isPlain = items.every((item) => typeof item !== "object" || item === null);
  if (options.flow || items.length === 0 || (isPlain && line.length <= FLOW_WIDTH)) return line;
  return items.map((item) => `\n${" ".repeat(options.indent)}${renderItem(item, options.indent)}`).join("");
}

/** `- item` of a block, whose first line begins at `indent` already. */
export function renderItem(item: unknown, indent: number): string {
  return `- ${renderValue(item, { flow: false, indent: indent + 2 }).replace(/^\n +/, "")}`;
}

function renderScalar(value: unknown, { flow, indent, quotes }: RenderOptions): string {
  if (typeof value !== "string") return Object.is(value, -0) ? "-0" : String(value);
  if (quotes === "double") return quoteDouble(value);
  if (quotes === "single" && isPrintable(value)) return `'${value.replaceAll("'", "''")}'`;
  if (!flow && isLiteral(value)) return renderLiteral(value, indent);
  return isPlain(value, flow) ? value : quoteDouble(value);
}

function isPrintable(text: string): boolean {
  return /^[\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]*$/.test(text);
}

// Words that are no text to YAML 1.1, which other tools may read these files with.
const OTHER_WORDS = /^(y|yes|n|no|on|off|true|false|null|~)$/i;

function isPlain(text: string, flow: boolean): boolean {
  if (text === "" || !isPrintable(text) || OTHER_WORDS.test(text)) return false;
  try {
    return flow
      ? (load(`[{a: ${text}, b: 1}]`) as { a: unknown }[])[0]?.a === text
      : (load(`a: ${text}`) as { a: unknown }).a === text;
  } catch {
    return false;
  }
}

function isLiteral(text: string): boolean {
  const lines = text.split("\n");
  if (lines.length < 2 || /^\s/.test(text) || /\n\n$/.test(text) || text.trim() === "") return false;
  return lines.every((line) => isPrintable(line.replaceAll("\t", " ")));
}

function renderLiteral(text: string, indent: number): string {
  const body = text.endsWith("\n") ? text.slice(0, -1) : text;
  const lines = body.split("\n").map((line) => (line === "" ? "" : `${" ".repeat(indent)}${line}`));
  return `${text.endsWith("\n") ? "|" : "|-"}\n${lines.join("\n")}`;
}

function quoteDouble(text: string): string {
  const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return JSON.stringify(text).replace(/[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]/g, escaped);
}
