import { html } from "hono/html";
import { refusalOf } from "../../api/dialect/refusal.ts";
import type { VpsApi } from "../../api/vps/api.ts";
import { clearCache } from "../../api/vps/cache.ts";
import { checkProvider, limitsOf, type ProviderLimit } from "../../api/vps/provider-check.ts";
import { configurationOf } from "../../api/vps/provider-file.ts";
import { deleteProvider, updateProvider } from "../../api/vps/provider-writes.ts";
import { type Provider, providerById } from "../../api/vps/providers.ts";
import { tokenField } from "../layout.ts";
import { type Markup, nothing } from "../parts/markup.ts";
import { button, doneNotice, errorNotice, orAgain } from "../parts/people-forms.ts";
import { table } from "../parts/table.ts";
import { badge } from "../parts/words.ts";
import { asFleetError } from "../refused.ts";
import type { Page, Visit } from "../visit.ts";
import { cloudTitle } from "./fleet.ts";
import { keyField, regionField, vpsOf } from "./providers.ts";

/** What can be done with one beside changing it. */
export const PROVIDER_ACTIONS = ["validate", "clear-cache", "retire"] as const;
type ProviderAction = (typeof PROVIDER_ACTIONS)[number];

interface Said {
  error?: string;
  done?: string;
}

/** `/ui/providers/ID` */
export const providerPage = async (visit: Visit): Promise<Page> => await shown(visit, vpsOf(visit));

/** `POST /ui/providers/ID`: a key that is left empty stays. */
export async function changeProvider(visit: Visit): Promise<Page | Response> {
  const api = vpsOf(visit);
  const { form, who: by, signal, c } = visit;
  return await orAgain(
    async () => {
      const { id, spec } = await found(visit);
      const of = (field: string) => form.get(field)?.trim() ?? "";
      const { default_region: _, ...kept } = configurationOf(spec);
      const configuration = { ...kept, ...(of("region") !== "" && { default_region: of("region") }) };
      const wish = { name: of("name"), active: form.get("active") === "true", configuration };
      const key = of("key");
      await updateProvider(api, id, { ...wish, ...(key !== "" && { api_key: key }) }, { by, signal }).catch(
        asFleetError,
      );
      return c.redirect(`/ui/providers/${id}`, 303);
    },
    async (error) => await shown(visit, api, { error }),
  );
}

/** `POST /ui/providers/ID/ACTION` */
export const doWithProvider =
  (action: ProviderAction) =>
  async (visit: Visit): Promise<Page | Response> => {
    const api = vpsOf(visit);
    return await orAgain(
      async () => await ACTIONS[action](visit, api, await found(visit)),
      async (error) => await shown(visit, api, { error }),
    );
  };

const ACTIONS: Readonly<
  Record<ProviderAction, (visit: Visit, api: VpsApi, provider: Provider) => Promise<Page | Response>>
> = {
  validate: async (visit, api, provider) => {
    const { identity, may, lacks } = await checkProvider(api, provider, visit.signal).catch((error) =>
      asFleetError(refusalOf(error)),
    );
    const whose = identity === "" ? "" : ` of ${identity}`;
    const rights = [
      may.length > 0 && `It may: ${may.join(", ")}.`,
      lacks.length > 0 && `It lacks: ${lacks.join(", ")}.`,
    ];
    return await shown(visit, api, {
      done: [`The cloud takes the key${whose}.`, ...rights.filter((one) => one !== false)].join(" "),
    });
  },
  "clear-cache": async (visit, api, provider) => {
    await clearCache(api.controller, provider);
    return await shown(visit, api, { done: "What it sells is read anew." });
  },
  retire: async ({ who: by, signal, c }, api, { id }) => {
    await deleteProvider(api, id, { by, signal }).catch(asFleetError);
    return c.redirect("/ui/providers", 303);
  },
};

/** @throws {FleetError} NOT_FOUND */
async function found(visit: Visit): Promise<Provider> {
  try {
    return providerById(await visit.view(), visit.c.req.param("id") ?? "");
  } catch (error) {
    return asFleetError(error);
  }
}

async function shown(visit: Visit, api: VpsApi, { error, done }: Said = {}): Promise<Page> {
  const provider = await found(visit);
  const { id, name, title, type, active, spec } = provider;
  const { token } = visit;
  const at = `/ui/providers/${id}`;
  return {
    title,
    place: "accounts",
    body: html`<div class="head"><h1>${title}</h1>${active ? badge("good", "active") : badge("idle", "disabled")}</div>
<p>${cloudTitle(type)}, in the files as ${name}. <a href="/ui/providers">All providers</a></p>
${errorNotice(error)}${doneNotice(done)}
<form class="card" method="post" action="${at}">${tokenField(token)}
<div class="field"><label for="name">Name</label><input id="name" name="name" value="${title}" required maxlength="200" autocomplete="off"></div>
<div class="field"><label class="check"><input type="checkbox" name="active" value="true"${active ? html` checked` : nothing}> active: new servers may be made on it</label></div>
${keyField("Another API key (left empty: the one that it has)", false)}
${regionField(spec.defaultRegion ?? "")}
<button class="main">Save</button></form>
<section class="card"><h2>Limits</h2>${limits(api, provider)}
<div class="actions">${button(token, `${at}/validate`, "Validate the key")}${button(token, `${at}/clear-cache`, "Read what it sells anew")}</div></section>
<section class="card"><h2>Retire</h2><p>Its key is removed, and nothing can be made or changed on it any more. Servers on it stay as they are.</p>
${button(token, `${at}/retire`, "Retire the provider", "danger")}</section>`,
  };
}

function limits(api: VpsApi, provider: Provider): Markup {
  let rows: ProviderLimit[];
  try {
    rows = limitsOf(api, provider);
  } catch {
    return html`<p>Its key is not set.</p>`;
  }
  if (rows.length === 0) return html`<p>Nothing was asked of it so far.</p>`;
  return table(
    "Requests that may be sent now",
    [{ words: "Limit" }, { words: "Left", isNumber: true }, { words: "At most", isNumber: true }],
    rows.map(({ scope, left, limit }) => [scope, String(Math.floor(left)), String(Math.floor(limit))]),
  );
}
