import { html } from "hono/html";
import { FleetError } from "../../../resources/errors.ts";
import { ROLES, type Role } from "../../people/principal.ts";
import type { ApiKey, Standing, User } from "../../people/types.ts";
import { renderStanding } from "../../words/people.ts";
import { tokenField } from "../layout.ts";
import type { Page } from "../visit.ts";
import { type Markup, nothing } from "./markup.ts";
import { table } from "./table.ts";
import { ago, badge, empty } from "./words.ts";

const DAY_MS = 24 * 3600_000;
const LONGEST_DAYS = 3650;

/** What somebody has sent that can be mended in the form: shown with it once more. */
const MENDABLE: readonly string[] = ["USAGE", "CONFLICT", "FORBIDDEN", "UNAUTHENTICATED", "TOO_MANY"];

/** @throws what no other text in the form would mend */
export async function orAgain(
  work: () => Promise<Page | Response>,
  again: (error: string) => Promise<Page> | Page,
): Promise<Page | Response> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof FleetError) || !MENDABLE.includes(error.code)) throw error;
    return { ...(await again(error.message)), status: error.code === "CONFLICT" ? 409 : 422 };
  }
}

export const errorNotice = (error: string | undefined): Markup =>
  error === undefined ? nothing : html`<p class="notice bad lines" role="alert">${error}</p>`;

export const doneNotice = (words: string | undefined): Markup =>
  words === undefined ? nothing : html`<p class="notice good" role="status">${words}</p>`;

/** A button that is a form by itself. */
export const button = (token: string, action: string, words: string, kind = ""): Markup =>
  html`<form method="post" action="${action}">${tokenField(token)}<button class="${kind}">${words}</button></form>`;

export interface PersonFields extends Standing {
  name: string;
  email: string;
}

/** Name, mail address, role and what it is about. */
export const personFields = ({ name, email, role, accounts, owners }: PersonFields): Markup => html`
<div class="field"><label for="name">Name</label><input id="name" name="name" value="${name}" required maxlength="200" autocomplete="off"></div>
<div class="field"><label for="email">Mail address</label><input id="email" name="email" type="email" value="${email}" required maxlength="254" autocomplete="off"></div>
<div class="field"><label for="role">Role</label><select id="role" name="role">${ROLES.map(
  (one) => html`<option${one === role ? html` selected` : nothing}>${one}</option>`,
)}</select></div>
${scopeField("accounts", "Accounts", accounts)}
${scopeField("owners", "Owners", owners)}`;

function scopeField(field: "accounts" | "owners", words: string, names: readonly string[] | undefined): Markup {
  return html`<fieldset class="field"><legend>${words}</legend>
<label class="check"><input type="checkbox" name="all-${field}" value="true"${names === undefined ? html` checked` : nothing}> all of them</label>
<label for="${field}">or only these, with commas between</label>
<input id="${field}" name="${field}" value="${names?.join(", ") ?? ""}" maxlength="4000" autocomplete="off"></fieldset>`;
}

/** As `personFields` sends it. What is wrong with it, the core says. */
export function personOf(form: URLSearchParams): PersonFields {
  const accounts = scopeOf(form, "accounts");
  const owners = scopeOf(form, "owners");
  return {
    name: form.get("name") ?? "",
    email: form.get("email") ?? "",
    role: (form.get("role") ?? "viewer") as Role,
    ...(accounts && { accounts }),
    ...(owners && { owners }),
  };
}

function scopeOf(form: URLSearchParams, field: "accounts" | "owners"): string[] | undefined {
  if (form.get(`all-${field}`) === "true") return undefined;
  return (form.get(field) ?? "")
    .split(",")
    .map((name) => name.trim())
    .filter(Boolean);
}

/** API keys with a button to end each, and the form of another. @param base the address that both are below */
export function keysSection(
  token: string,
  base: string,
  { keys, user, now, error }: { keys: readonly ApiKey[]; user: User; now: number; error?: string | undefined },
): Markup {
  return html`<section class="card" aria-labelledby="keys"><h2 id="keys">API keys</h2>
${errorNotice(error)}
${
  keys.length === 0
    ? empty("There is none.")
    : table(
        "API keys",
        KEY_COLUMNS,
        keys.map((key) => keyCells(token, base, key, now)),
      )
}
<details${error === undefined ? nothing : html` open`}><summary>Make a key</summary>
<form method="post" action="${base}/keys">${tokenField(token)}
<div class="field"><label for="key-name">What it is for</label><input id="key-name" name="name" required maxlength="100" autocomplete="off"></div>
<div class="field"><label for="key-role">Role</label><select id="key-role" name="role"><option value="">as the user: ${user.role}</option>${ROLES.slice(
    0,
    ROLES.indexOf(user.role),
  ).map((one) => html`<option>${one}</option>`)}</select></div>
<div class="field"><label for="key-days">Ends after so many days (left empty: when it is revoked)</label><input id="key-days" name="days" type="number" min="1" max="${LONGEST_DAYS}"></div>
<button>Make it</button></form></details></section>`;
}

const KEY_COLUMNS = [
  { words: "Key" },
  { words: "May" },
  { words: "Made" },
  { words: "Ends" },
  { words: "Last used" },
  { words: "Action" },
] as const;

function keyCells(token: string, base: string, key: ApiKey, now: number): (Markup | string)[] {
  const { id, name, createdAt, expiresAt, lastUsedAt, lastUsedFrom, revokedAt } = key;
  const isOver = revokedAt !== undefined || (expiresAt !== undefined && Date.parse(expiresAt) <= now);
  return [
    html`${name} <small><code>${id}</code></small>`,
    renderStanding(key),
    ago(createdAt, now),
    isOver ? badge("idle", revokedAt === undefined ? "has run out" : "revoked") : (expiresAt?.slice(0, 10) ?? "—"),
    lastUsedAt === undefined ? "never" : html`${ago(lastUsedAt, now)} <small>${lastUsedFrom ?? ""}</small>`,
    isOver
      ? ""
      : html`<form method="post" action="${base}/keys/${id}/revoke">${tokenField(token)}<button class="danger">Revoke <span class="unseen">${name}</span></button></form>`,
  ];
}

/** @throws {FleetError} USAGE */
export function keyWishOf(form: URLSearchParams, user: string, now: number) {
  const days = form.get("days") ?? "";
  if (days !== "" && !(/^\d{1,4}$/.test(days) && Number(days) >= 1 && Number(days) <= LONGEST_DAYS))
    throw new FleetError("USAGE", `days are a number from 1 to ${LONGEST_DAYS}`);
  const role = form.get("role");
  return {
    user,
    name: form.get("name") ?? "",
    ...(role && { role: role as Role }),
    ...(days !== "" && { expiresAt: new Date(now + Number(days) * DAY_MS).toISOString() }),
  };
}

/** A key's text, this once. */
export const keyMade = ({ key, text, back }: { key: ApiKey; text: string; back: string }): Page => ({
  title: "API key",
  body: html`<section class="card narrow"><h1>API key ${key.name}</h1>
<p class="notice good" role="status">This is its text. It is shown now and never again.</p>
<p><label for="text">Key</label><input id="text" readonly value="${text}" autocomplete="off" spellcheck="false"></p>
<p><a href="${back}">Go on</a></p></section>`,
});
