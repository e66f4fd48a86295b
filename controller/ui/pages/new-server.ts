import { createHash, randomBytes } from "node:crypto";
import { html } from "hono/html";
import type { ChangePreview } from "../../changes/types.ts";
import { editsOf } from "../../changes/wishes.ts";
import { canonicalJson } from "../../fleet/canonical.ts";
import { concerns } from "../../people/principal.ts";
import { passes } from "../../reconcile/preview.ts";
import type { FileEdit } from "../../repo/edits.ts";
import { notThere } from "../gate.ts";
import { tokenField } from "../layout.ts";
import { compileErrors, type FormErrors, schemaErrors } from "../parts/form-errors.ts";
import { type Markup, nothing } from "../parts/markup.ts";
import { field, givenOf, labelOf } from "../parts/schema-form.ts";
import { empty, money } from "../parts/words.ts";
import { accountsToChoose, FOLDED, GROUPS, type Offer, offerOf, SCHEMA } from "../reads/new-server.ts";
import type { Page, Visit } from "../visit.ts";
import { cloudTitle } from "./fleet.ts";
import { openChange } from "./open.ts";
import { isLooking, placementLink, placementShown } from "./placement.ts";

/** `/ui/new-server?account=NAME` */
export async function newServerPage(visit: Visit): Promise<Page> {
  const query = new URL(visit.c.req.url).searchParams;
  if (isLooking(query)) return page(await placementShown(visit, query));
  const accounts = await accountsToChoose(visit);
  const asked = visit.c.req.query("account") ?? (accounts.length === 1 ? accounts[0]!.name : "");
  if (asked === "") return page(await chooser(visit, ""));
  const offer = await offerOf(visit, asked);
  // What a link has chosen.
  return page(html`${await chooser(visit, asked)}${serverForm(visit, offer, { values: query, errors: new Map() })}`);
}

const page = (body: Markup): Page => ({
  title: "New server",
  place: "fleet",
  body: html`<div class="head"><h1>New server</h1></div>${body}`,
});

async function chooser(visit: Visit, chosen: string): Promise<Markup> {
  const accounts = await accountsToChoose(visit);
  if (accounts.length === 0) return empty("There is no account on which you may have servers.");
  return html`<form class="search" method="get" action="/ui/new-server"><label class="grow"><span>Account</span><select name="account" data-go required>
<option value="">choose…</option>${accounts.map(
    ({ name, provider, title }) =>
      html`<option value="${name}"${name === chosen ? html` selected` : nothing}>${name} — ${title ?? cloudTitle(provider)}</option>`,
  )}</select></label> <button>Choose</button></form>${placementLink}`;
}

interface Shown {
  values: URLSearchParams;
  errors: FormErrors;
  price?: Markup;
}

function serverForm(visit: Visit, offer: Offer, { values, errors, price }: Shown): Markup {
  const { account, fields, schema, choices, required } = offer;
  const state = { values, errors, choices, required };
  const known = new Set(
    fields.flatMap((name) => [name, ...Object.keys(schema[name]?.properties ?? {}).map((own) => `${name}.${own}`)]),
  );
  return html`<form class="server" method="post" action="/ui/new-server">
${tokenField(visit.token)}<input type="hidden" name="account" value="${account.name}"><input type="hidden" name="once" value="${randomBytes(16).toString("hex")}">
${
  errors.size === 0
    ? nothing
    : html`<div class="notice bad" role="alert"><p>It cannot be opened as it is:</p><ul>${[...errors].map(
        ([name, message]) =>
          html`<li>${known.has(name) ? html`<a href="#field-${name}">${labelOf(name)}</a>: ` : name === "" ? nothing : `${name}: `}${message}</li>`,
      )}</ul></div>`
}
${Object.entries(GROUPS).map(([words, own]) =>
  group(
    words,
    own.filter((name) => fields.includes(name)),
    schema,
    state,
  ),
)}
<section class="card bar" aria-label="Price"><div aria-live="polite" id="price" hx-post="/ui/new-server" hx-trigger="change from:closest form delay:400ms" hx-include="closest form" hx-vals='{"do":"price"}' hx-swap="innerHTML">${price ?? priceHint}</div>
<div class="actions"><button name="do" value="price" formnovalidate>Show the price</button> <button class="main" name="do" value="open">Open the change</button></div></section>
</form>`;
}

function group(
  words: string,
  names: readonly string[],
  schema: Offer["schema"],
  state: Parameters<typeof field>[2],
): Markup {
  if (names.length === 0) return nothing;
  const fields = names.map((name) => field(name, schema[name]!, state));
  if (!FOLDED.has(words))
    return html`<section class="card"><h2>${words}</h2><div class="grid">${fields}</div></section>`;
  const isOf = (key: string) => names.some((name) => key === name || key.startsWith(`${name}.`));
  const isOpen = [...state.errors.keys()].some(isOf) || [...state.values].some(([key, value]) => value && isOf(key));
  return html`<details class="card"${isOpen ? html` open` : nothing}><summary>${words}</summary><div class="grid">${fields}</div></details>`;
}

const priceHint = html`<p>Choose a region, a size and an image to see what it costs.</p>`;

/** `POST /ui/new-server` opens the change, or says what it would cost and what is wrong with it. */
export async function askServer(visit: Visit): Promise<Page | Response> {
  const { form, who } = visit;
  const offer = await offerOf(visit, form.get("account") ?? "");
  const isPrice = form.get("do") === "price";
  const fields = fieldsOf(offer, form, isPrice);
  const owner = typeof fields.owner === "string" ? fields.owner : undefined;
  if (!concerns(who, { account: offer.account.name, ...(owner !== undefined && { owner }) }) && !isPrice)
    throw notThere(`owner ${owner ?? "of everything"} for you: choose one of yours`);
  const title = `Add ${fields.name}`;
  const asked = await rehearsed(visit, { title, fields });
  if (isPrice) return showPrice(visit, offer, asked);
  if (asked.edits === undefined || asked.errors.size > 0)
    return {
      ...page(
        html`${await chooser(visit, offer.account.name)}${serverForm(visit, offer, { values: form, errors: asked.errors })}`,
      ),
      status: 422,
    };
  const key = createHash("sha256")
    .update(canonicalJson([form.get("once"), asked.edits]))
    .digest("hex");
  return await openChange(visit, { title, edits: asked.edits, key });
}

function fieldsOf(
  { account, fields, schema }: Offer,
  form: URLSearchParams,
  isPrice: boolean,
): Record<string, unknown> & { name: string } {
  // In the order of the schema, which is that of the files that people write.
  const given = Object.keys(SCHEMA).flatMap((name) => {
    const value = fields.includes(name) ? givenOf(name, schema[name]!, form) : undefined;
    return value === undefined ? [] : [[name, value] as const];
  });
  const name = form.get("name")?.trim() ?? "";
  // What it costs does not depend on how it is called.
  const called = name === "" && isPrice ? `price-${randomBytes(6).toString("hex")}` : name;
  return { name: called, account: account.name, ...Object.fromEntries(given) };
}

interface Rehearsed {
  errors: FormErrors;
  edits?: FileEdit[];
  preview?: ChangePreview;
}

/** What the change would do; where it can do nothing, why, field by field. */
async function rehearsed(
  visit: Visit,
  { title, fields }: { title: string; fields: Record<string, unknown> & { name: string } },
): Promise<Rehearsed> {
  const { desired } = await visit.view();
  let path = "";
  try {
    const edits = editsOf([{ kind: "Server", name: fields.name, create: fields }], desired);
    const [edit] = edits;
    if (edit === undefined || !("path" in edit) || !("text" in edit)) return { errors: new Map() };
    path = edit.path;
    const errors = schemaErrors(edit.text ?? "");
    if (errors.size > 0) return { errors };
    const preview = await visit.parts.service.changes.rehearse({ title, edits, by: visit.who }, visit.signal);
    return { errors, edits, preview };
  } catch (error) {
    const errors = compileErrors(error, path);
    // Before there is a path, it can only be the name.
    return { errors: path === "" && errors.has("") ? new Map([["name", errors.get("")!]]) : errors };
  }
}

async function showPrice(visit: Visit, offer: Offer, asked: Rehearsed): Promise<Page | Response> {
  const price = priceOf(visit.form, asked);
  // Only the part that has changed, where a script has asked for it.
  if (visit.c.req.header("hx-request") !== undefined) return visit.c.html(price);
  const errors = asked.preview === undefined && isChosen(visit.form) ? asked.errors : new Map();
  return page(
    html`${await chooser(visit, offer.account.name)}${serverForm(visit, offer, { values: visit.form, errors, price })}`,
  );
}

const isChosen = (form: URLSearchParams): boolean => {
  const has = (name: string) => (form.get(name) ?? "") !== "";
  return has("region") && has("image") && ["size", "plan", "resources.vcpus"].some(has);
};

function priceOf(form: URLSearchParams, { errors, preview }: Rehearsed): Markup {
  if (preview === undefined && !isChosen(form)) return priceHint;
  if (preview === undefined)
    return html`<ul>${[...errors].map(([name, message]) => html`<li>${name === "" ? nothing : `${labelOf(name)}: `}${message}</li>`)}</ul>`;
  const { cost, price, verdicts, notes } = preview;
  const refused = verdicts.filter((verdict) => !passes(verdict));
  const isSold = JSON.stringify(cost.after) !== JSON.stringify(price.after);
  return html`<p class="figure"><b>${money(cost.after) || "No price is known"}</b>${cost.after.length === 0 ? nothing : " a month"}</p>
${isSold ? html`<p>sold for ${money(price.after)} a month</p>` : nothing}
${refused.map(({ message }) => html`<p class="notice bad">${message}</p>`)}
${notes.map((note) => html`<p><small>${note}</small></p>`)}`;
}
