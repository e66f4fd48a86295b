import { html } from "hono/html";
import { type Markup, nothing } from "./markup.ts";

/** The part of JSON Schema that fleet files are described with. */
export interface FieldSchema {
  type?: string | readonly string[];
  enum?: readonly string[];
  description?: string;
  default?: unknown;
  pattern?: string;
  minimum?: number;
  maximum?: number;
  maxLength?: number;
  examples?: readonly unknown[];
  properties?: Readonly<Record<string, FieldSchema>>;
  items?: FieldSchema;
  oneOf?: readonly FieldSchema[];
}

export interface Choice {
  value: string;
  words: string;
}

export interface FormState {
  /** As it was sent, for a form that is shown again. */
  values: URLSearchParams;
  /** By field: `resources.vcpus`. */
  errors: ReadonlyMap<string, string>;
  /** Of fields whose values are names or come from a catalogue. */
  choices: Readonly<Record<string, readonly Choice[]>>;
  required: ReadonlySet<string>;
}

/** What may be longer has several lines. */
const LONGEST_LINE = 1_000;

const YES_NO: readonly Choice[] = [
  { value: "true", words: "yes" },
  { value: "false", words: "no" },
];

const asChoice = (one: string): Choice => ({ value: one, words: one });

/** Not ticked it is what it is when nothing is said; where that is not "no", "no" has to be said. */
const isBox = ({ type, default: standard }: FieldSchema): boolean => type === "boolean" && standard === false;

/** More than these are searched by typing. */
const MOST_OPTIONS = 150;

/** A field of a fleet file with its description and its errors, as its schema has it. */
export function field(name: string, schema: FieldSchema, state: FormState): Markup {
  if (schema.properties !== undefined)
    return html`${Object.entries(schema.properties).map(([inner, own]) => field(`${name}.${inner}`, own, state))}`;
  const error = state.errors.get(name);
  const about = [schema.description && `about-${name}`, error && `error-${name}`].filter(Boolean).join(" ");
  const attributes = html`id="field-${name}" name="${name}"${state.required.has(name) ? html` required` : nothing}${about === "" ? nothing : html` aria-describedby="${about}"`}${error === undefined ? nothing : html` aria-invalid="true"`}`;
  const words = html`${schema.description === undefined ? nothing : html`<small id="about-${name}">${plain(schema.description)}</small>`}
${error === undefined ? nothing : html`<p class="error" id="error-${name}">${error}</p>`}`;
  if (isBox(schema))
    return html`<div class="field"><label class="check"><input type="checkbox" value="true" ${attributes}${state.values.has(name) ? html` checked` : nothing}> ${labelOf(name)}</label>${words}</div>`;
  const among = state.choices[name] ?? schema.items?.enum?.map(asChoice);
  if (schema.type === "array" && among !== undefined)
    return html`<fieldset class="field"><legend>${labelOf(name)}</legend>${boxes(name, among, state)}${words}</fieldset>`;
  return html`<div class="field"><label for="field-${name}">${labelOf(name)}</label>${input(name, schema, state, attributes)}${words}</div>`;
}

function input(
  name: string,
  schema: FieldSchema,
  { values, choices, required }: FormState,
  attributes: Markup,
): Markup {
  const value = values.get(name) ?? "";
  const offered = choices[name] ?? (schema.type === "boolean" ? YES_NO : schema.enum?.map(asChoice));
  if (offered !== undefined && offered.length <= MOST_OPTIONS) {
    const standard = offered.find((one) => one.value === String(schema.default));
    const none = standard === undefined ? "choose…" : `${standard.words} (default)`;
    const rest = offered.filter((one) => one !== standard);
    return html`<select ${attributes}><option value="">${required.has(name) || schema.default !== undefined ? none : "—"}</option>${rest.map(
      (one) =>
        html`<option value="${one.value}"${one.value === value ? html` selected` : nothing}>${one.words}</option>`,
    )}</select>`;
  }
  if (offered !== undefined)
    return html`<input ${attributes} list="list-${name}" value="${value}" autocomplete="off"><datalist id="list-${name}">${offered.map(
      (one) => html`<option value="${one.value}">${one.words}</option>`,
    )}</datalist>`;
  if (schema.type === "integer")
    return html`<input type="number" ${attributes} min="${schema.minimum ?? 0}"${schema.maximum === undefined ? nothing : html` max="${schema.maximum}"`} value="${value}">`;
  if (schema.type === "array" || schema.type === "object" || (schema.maxLength ?? 0) > LONGEST_LINE)
    return html`<textarea ${attributes} rows="3" placeholder="${exampleOf(schema)}">${value}</textarea>`;
  return html`<input ${attributes} value="${value}" placeholder="${exampleOf(schema)}" maxlength="${schema.maxLength ?? 200}" autocomplete="off" spellcheck="false">`;
}

function boxes(name: string, offered: readonly Choice[], { values }: FormState): Markup {
  const chosen = new Set(values.getAll(name));
  if (offered.length === 0) return html`<p><small>There are none.</small></p>`;
  return html`<div class="boxes">${offered.map(
    ({ value, words }) =>
      html`<label class="check"><input type="checkbox" name="${name}" value="${value}"${chosen.has(value) ? html` checked` : nothing}> ${words}</label>`,
  )}</div>`;
}

/** `memoryMiB` of `resources` is `Memory MiB`. */
export function labelOf(name: string): string {
  const last = name.split(".").at(-1)!;
  const words = last.replace(/([a-z])([A-Z])/g, "$1 $2");
  return words[0]!.toUpperCase() + words.slice(1);
}

const plain = (description: string): string => description.replaceAll("`", "");

function exampleOf({ examples, type }: FieldSchema): string {
  const [example] = examples ?? [];
  if (example === undefined) return "";
  if (type === "object")
    return Object.entries(example as object)
      .map(([key, value]) => `${key}: ${value}`)
      .join("\n");
  return Array.isArray(example) ? example.join("\n") : String(example);
}

/** What a form says of a field, in the types of its schema; undefined where nothing was given. What makes no sense stays, so that it is refused by its name. Pure. */
export function givenOf(name: string, schema: FieldSchema, form: URLSearchParams): unknown {
  if (schema.properties !== undefined) {
    const inner = Object.entries(schema.properties).flatMap(([own, of]) => {
      const value = givenOf(`${name}.${own}`, of, form);
      return value === undefined ? [] : [[own, value]];
    });
    return inner.length === 0 ? undefined : Object.fromEntries(inner);
  }
  if (schema.type === "boolean") return { true: true, false: false }[form.get(name) ?? ""];
  if (schema.type === "array") {
    const all = form
      .getAll(name)
      .flatMap((text) => text.split("\n"))
      .map((text) => text.trim())
      .filter(Boolean);
    return all.length === 0 ? undefined : all;
  }
  // Browsers end lines in their own way.
  const raw = form.get(name)?.replaceAll("\r\n", "\n") ?? "";
  const text = raw.trim();
  if (text === "") return undefined;
  if (schema.type === "object") return wordsOf(text);
  if ((schema.maxLength ?? 0) > LONGEST_LINE) return raw.endsWith("\n") ? raw : `${raw}\n`;
  const isInteger = schema.type === "integer" || schema.oneOf?.some(({ type }) => type === "integer") === true;
  return isInteger && /^\d{1,15}$/.test(text) ? Number(text) : text;
}

/** `role: web` on a line of its own is a word with a value, `web` one without. */
function wordsOf(text: string): Record<string, string | null> {
  const lines = text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
  return Object.fromEntries(
    lines.map((line) => {
      const colon = line.search(/[:=]/);
      return colon === -1 ? [line, null] : [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
    }),
  );
}
