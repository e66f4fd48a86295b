import { html } from "hono/html";
import { mayAs, type Principal, type Role } from "../people/principal.ts";
import { VERSION } from "../version.ts";
import { asset } from "./assets.ts";
import { TOKEN_FIELD } from "./forgery.ts";
import { type Markup, nothing } from "./parts/markup.ts";
import type { Page, Place } from "./visit.ts";

const PLACES: Readonly<Record<Place, string>> = {
  fleet: "Fleet",
  changes: "Changes",
  drift: "Drift",
  inventory: "Inventory",
  catalog: "Catalog",
  costs: "Costs",
  stacks: "Stacks",
  runs: "Runs",
  spot: "GPU hosts",
  accounts: "Accounts",
  users: "Users",
  audit: "Audit",
};

/** Who sees them, where that is not everybody. */
const ROLES: Readonly<Partial<Record<Place, Role>>> = { users: "admin", audit: "admin" };

/** Nothing that the policy of the pages would refuse, and no copy of a page in the browser's storage. */
const HTMX = JSON.stringify({
  includeIndicatorStyles: false,
  allowEval: false,
  allowScriptTags: false,
  selfRequestsOnly: true,
  historyCacheSize: 0,
  refreshOnHistoryMiss: true,
  scrollBehavior: "auto",
});

interface Visitor {
  who: Principal;
  token: string;
  /** There are GPU hosts to see. */
  hasSpot: boolean;
}

/** A whole page; without somebody who has signed in it leads nowhere. */
export function layout({ title, place, body }: Page, visitor?: Visitor): Markup {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="htmx-config" content="${HTMX}">
<title>${title} · Fleetwright</title>
<link rel="icon" href="${asset("icon.svg")}">
<link rel="stylesheet" href="${asset("style.css")}">
<script src="${asset("htmx.js")}" defer></script>
<script src="${asset("page.js")}" defer></script>
</head>
<body>
<a class="skip" href="#main">Skip to the page</a>
<header class="top">
<a class="brand" href="/ui/fleet"><img src="${asset("icon.svg")}" alt="" width="24" height="24"> Fleetwright</a>
${visitor === undefined ? nothing : navigation(visitor, place)}
</header>
<main id="main" tabindex="-1">
${body}
</main>
<footer>Fleetwright ${VERSION}</footer>
</body>
</html>`;
}

function navigation({ who, token, hasSpot }: Visitor, here: Place | undefined): Markup {
  return html`<nav aria-label="Fleet"><ul>${placesOf(who, hasSpot).map(
    ([place, words]) =>
      html`<li><a href="/ui/${place}"${place === here ? html` aria-current="page"` : nothing}>${words}</a></li>`,
  )}</ul></nav>
<form class="who" method="post" action="/ui/sign-out">${tokenField(token)}<a href="/ui/me">${who.name} <small>${who.role}</small></a>
<button class="quiet">Sign out</button></form>`;
}

const placesOf = (who: Principal, hasSpot: boolean): [Place, string][] =>
  (Object.entries(PLACES) as [Place, string][]).filter(
    ([place]) => mayAs(who, ROLES[place] ?? "viewer") && (place !== "spot" || hasSpot),
  );

export const tokenField = (token: string): Markup => html`<input type="hidden" name="${TOKEN_FIELD}" value="${token}">`;
