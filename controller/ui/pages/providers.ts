import { html } from "hono/html";
import type { VpsApi } from "../../api/vps/api.ts";
import { PROVIDER_TYPES } from "../../api/vps/provider-types.ts";
import { createProvider } from "../../api/vps/provider-writes.ts";
import { type Provider, providersOf } from "../../api/vps/providers.ts";
import { isAboutAll } from "../../people/principal.ts";
import { notThere } from "../gate.ts";
import { tokenField } from "../layout.ts";
import { type Markup, nothing } from "../parts/markup.ts";
import { errorNotice, orAgain } from "../parts/people-forms.ts";
import { table } from "../parts/table.ts";
import { badge, empty } from "../parts/words.ts";
import { asFleetError } from "../refused.ts";
import type { Page, Visit } from "../visit.ts";
import { cloudTitle } from "./fleet.ts";

/** @throws {FleetError} NOT_FOUND where the multi-cloud VPS API is not answered, or for who is not about all of the fleet */
export function vpsOf({ parts: { vps }, who }: Visit): VpsApi {
  if (vps?.isOn() !== true || !isAboutAll(who)) throw notThere("page for providers");
  return vps.api;
}

const COLUMNS = [
  { words: "Provider" },
  { words: "Cloud" },
  { words: "State" },
  { words: "Region by default" },
  { words: "Servers", isNumber: true },
] as const;

/** `/ui/providers`: the accounts that the multi-cloud VPS API offers. */
export async function providersPage(visit: Visit): Promise<Page> {
  vpsOf(visit);
  const { desired } = await visit.view();
  const providers = providersOf({ desired });
  const servers = new Map<string, number>();
  for (const { spec } of desired.objects)
    if (spec.kind === "Server") servers.set(spec.account, (servers.get(spec.account) ?? 0) + 1);
  const rows = providers.map((one) => cells(one, servers.get(one.name) ?? 0));
  return {
    title: "Providers",
    place: "accounts",
    body: html`<div class="head"><h1>Providers</h1><a class="button main" href="/ui/new-provider">Add a provider</a></div>
${rows.length === 0 ? empty("There is no provider yet.") : table("Providers", COLUMNS, rows)}`,
  };
}

const cells = ({ id, name, title, type, active, spec }: Provider, servers: number): (Markup | string)[] => [
  html`<a href="/ui/providers/${id}">${title}</a> <small>${name}</small>`,
  cloudTitle(type),
  active ? badge("good", "active") : badge("idle", "disabled"),
  spec.defaultRegion ?? "—",
  html`<a href="/ui/fleet?account=${encodeURIComponent(name)}">${servers}</a>`,
];

/** `/ui/new-provider` */
export function newProviderPage(visit: Visit): Page {
  vpsOf(visit);
  return formPage(visit.token, { type: "", name: "", region: "" });
}

/** `POST /ui/new-provider`: the key is tried before anything is kept. */
export async function addProvider(visit: Visit): Promise<Page | Response> {
  const api = vpsOf(visit);
  const { form, who: by, signal, token, c } = visit;
  const of = (field: string) => form.get(field)?.trim() ?? "";
  const given = { type: of("type"), name: of("name"), region: of("region") };
  return await orAgain(
    async () => {
      const configuration = given.region === "" ? {} : { default_region: given.region };
      const wish = { name: given.name, type: given.type, api_key: of("key"), configuration };
      const { provider } = await createProvider(api, wish, { by, signal }).catch(asFleetError);
      return c.redirect(`/ui/providers/${provider.id}`, 303);
    },
    (error) => formPage(token, given, error),
  );
}

/** The key is never shown again. */
const formPage = (token: string, given: { type: string; name: string; region: string }, error?: string): Page => ({
  title: "Add a provider",
  place: "accounts",
  body: html`<div class="head"><h1>Add a provider</h1></div>
<form class="card" method="post" action="/ui/new-provider">${tokenField(token)}
${errorNotice(error)}
<div class="field"><label for="type">Cloud</label><select id="type" name="type">${Object.keys(PROVIDER_TYPES).map(
    (one) => html`<option value="${one}"${one === given.type ? html` selected` : nothing}>${cloudTitle(one)}</option>`,
  )}</select></div>
<div class="field"><label for="name">Name</label><input id="name" name="name" value="${given.name}" required maxlength="200" autocomplete="off"></div>
${keyField("API key (of AWS as ID:SECRET)", true)}
${regionField(given.region)}
<button class="main">Try the key, and add</button></form>`,
});

export const keyField = (words: string, isRequired: boolean): Markup =>
  html`<div class="field"><label for="key">${words}</label><input id="key" name="key" type="password" autocomplete="off" maxlength="16384"${isRequired ? html` required` : nothing}></div>`;

export const regionField = (region: string): Markup =>
  html`<div class="field"><label for="region">Region by default (may be empty)</label><input id="region" name="region" value="${region}" maxlength="100" autocomplete="off"></div>`;
