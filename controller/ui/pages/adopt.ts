import { createHash, randomBytes } from "node:crypto";
import { html } from "hono/html";
import { FleetError } from "../../../resources/errors.ts";
import type { Proposal } from "../../adopt/propose.ts";
import { type Adoption, adoptMachines } from "../../changes/adopt.ts";
import { canonicalJson } from "../../fleet/canonical.ts";
import { concerns } from "../../people/principal.ts";
import { counted } from "../../words/text.ts";
import { notThere } from "../gate.ts";
import { tokenField } from "../layout.ts";
import { fieldDiffs } from "../parts/fields.ts";
import { fileDiff } from "../parts/file-diff.ts";
import { type Markup, nothing } from "../parts/markup.ts";
import { badge, facts } from "../parts/words.ts";
import { may, type Page, type Visit } from "../visit.ts";
import { refusedLine } from "./drift-actions.ts";
import { openChange } from "./open.ts";

/** Machines that one change may take over: each is read from the cloud while somebody waits. */
const AT_ONCE = 50;

/** A machine has no owner before it is adopted, so it is for those who are about no owners only. */
export const mayAdopt = (visit: Visit, account: string): boolean =>
  may(visit, "requester") && concerns(visit.who, { account });

/** `/ui/adopt?account=NAME&id=ID…`: the files that would take these machines over. */
export async function adoptPage(visit: Visit): Promise<Page> {
  const asked = askedOf(visit, new URL(visit.c.req.url).searchParams);
  return page(visit, asked, await proposed(visit, asked));
}

/** `POST /ui/adopt` opens the change, if it is still the one that was shown. */
export async function askAdoption(visit: Visit): Promise<Page | Response> {
  const asked = askedOf(visit, visit.form);
  const adoption = await proposed(visit, asked);
  const { opening } = adoption;
  if (opening === undefined || visit.form.get("shown") !== digestOf(adoption)) {
    const notice = html`<p class="notice bad" role="alert">The machines have changed since they were shown: look at their files again.</p>`;
    return { ...page(visit, asked, adoption, notice), status: 409 };
  }
  const key = createHash("sha256")
    .update(canonicalJson([visit.form.get("once"), opening]))
    .digest("hex");
  return await openChange(visit, { ...opening, key });
}

interface Asked {
  account: string;
  ids: string[];
}

/** @throws {FleetError} USAGE without a machine, or for too many; NOT_FOUND also for an account that this person may not adopt on */
function askedOf(visit: Visit, given: URLSearchParams): Asked {
  const account = given.get("account") ?? "";
  if (!mayAdopt(visit, account)) throw notThere(`account ${account.slice(0, 100)}`);
  const ids = [...new Set(given.getAll("id"))];
  if (ids.length === 0) throw new FleetError("USAGE", "choose at least one machine: go back and tick it", { account });
  if (ids.length <= AT_ONCE) return { account, ids };
  throw new FleetError("USAGE", `at most ${AT_ONCE} machines are adopted at once: choose fewer`, { account });
}

async function proposed(visit: Visit, asked: Asked): Promise<Adoption> {
  const { desired } = await visit.view();
  return await adoptMachines(visit.parts.controller, desired, asked, visit.signal);
}

const digestOf = ({ opening }: Adoption): string =>
  createHash("sha256")
    .update(canonicalJson(opening ?? null))
    .digest("base64url");

const page = (visit: Visit, { account, ids }: Asked, adoption: Adoption, notice: Markup = nothing): Page => {
  const { proposals, refused, opening } = adoption;
  return {
    title: "Adopt machines",
    place: "inventory",
    body: html`<div class="head"><h1>Adopt ${counted(ids.length, "machine")} of ${account}</h1></div>${notice}
<p>Each gets a file that says what it is now. The change adds the files and then writes this fleet's mark on the machines; they go on running.</p>
${proposals.map(proposalCard)}
${refused.length === 0 ? nothing : html`<section class="card"><h2>Cannot be adopted</h2><ul class="plain">${refused.map(refusedLine)}</ul></section>`}
<form class="card actions" method="post" action="/ui/adopt">${tokenField(visit.token)}<input type="hidden" name="account" value="${account}"><input type="hidden" name="shown" value="${digestOf(adoption)}"><input type="hidden" name="once" value="${randomBytes(16).toString("hex")}">
${ids.map((id) => html`<input type="hidden" name="id" value="${id}">`)}
${opening === undefined ? nothing : html`<button class="main">Open the change</button>`} <a class="button" href="/ui/inventory">Go back</a></form>`,
  };
};

const proposalCard = ({ item, name, path, text, plan, differs }: Proposal): Markup =>
  html`<section class="card"><h2>${name}</h2>${facts([
    ["At the cloud", html`${item.name || "without a name"} <small>${item.id}</small>`],
    ["Whose", badge(item.kind === "orphan" ? "warn" : "idle", item.kind)],
    ["Plan", plan],
  ])}
${differs.length === 0 ? html`<p>${badge("good", "nothing of it changes")}</p>` : html`<h3>Taking it over would change</h3>${fieldDiffs(differs.map(({ path: field, desired, actual }) => ({ path: field, before: actual, after: desired })))}`}
<h3>Its file</h3>${fileDiff({ path, after: text })}</section>`;
