import { html } from "hono/html";
import type { ServerConsole } from "../../../resources/insight.ts";
import { openConsole } from "../../api/fleet/insight.ts";
import { cloudOf } from "../../reconcile/context.ts";
import { tokenField } from "../layout.ts";
import { type Markup, nothing } from "../parts/markup.ts";
import { empty } from "../parts/words.ts";
import { serverOf } from "../reads/server.ts";
import { may, type Page, type Visit } from "../visit.ts";

/** Offered to operators, where the cloud has one. */
export function consoleForm(visit: Visit, { name, spec }: Awaited<ReturnType<typeof serverOf>>): Markup {
  const { console } = cloudOf(visit.parts.controller, spec.provider);
  if (console === undefined || !may(visit, "operator")) return nothing;
  return html`<form class="actions" method="post" action="/ui/servers/${name}/console">${tokenField(visit.token)}
<button>Console</button></form>`;
}

/** `POST /ui/servers/NAME/console`: its address or its text, in this answer alone. */
export async function consolePage(visit: Visit): Promise<Page> {
  const { parts, who, source, signal, c } = visit;
  const server = await serverOf(visit, c.req.param("name") ?? "");
  const looking = { controller: parts.controller, view: await visit.view(), records: await parts.memory.records() };
  await parts.gate.audit({ who, action: "server.console", object: `server ${server.name}`, source });
  const shown = await openConsole(looking, server, signal);
  return {
    title: `Console of ${server.name}`,
    place: "fleet",
    body: html`<div class="head"><h1>Console of <a href="/ui/servers/${server.name}">${server.name}</a></h1></div>
<section class="card">${content(shown)}</section>`,
  };
}

function content(shown: ServerConsole): Markup {
  if ("url" in shown)
    return html`<p><a class="button" href="${shown.url}" target="_blank" rel="noopener noreferrer">Open its screen</a></p>
<p>It lets in whoever has its address, for a short time.</p>`;
  if (shown.text.trim() === "") return empty("It has written nothing yet.");
  return html`<p>What it has written${shown.at === undefined ? nothing : html`, as of <time datetime="${shown.at}">${shown.at}</time>`}:</p>
<pre tabindex="0">${shown.text}</pre>`;
}
