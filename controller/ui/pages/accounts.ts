import { html } from "hono/html";
import { accountShown } from "../../api/fleet/reads/accounts.ts";
import { accountsFor } from "../../api/fleet/reads/state.ts";
import { type Markup, nothing } from "../parts/markup.ts";
import { table } from "../parts/table.ts";
import { ago, badge, empty } from "../parts/words.ts";
import { may, type Page, type Visit } from "../visit.ts";
import { cloudTitle } from "./fleet.ts";

/** `/ui/accounts`: nothing of their credentials, not even where they come from. */
export async function accountsPage(visit: Visit): Promise<Page> {
  const view = await visit.view();
  const passes = await visit.parts.controller.store.passes();
  const accounts = accountsFor(view, visit.who).map((account) => ({
    ...accountShown(view, account),
    readAt: passes.get(account.identity),
  }));
  const now = visit.parts.controller.now();
  return {
    title: "Accounts",
    place: "accounts",
    body: html`<div class="head"><h1>Accounts</h1>${visit.parts.vps?.isOn() === true && may(visit, "admin") ? html`<a class="button" href="/ui/providers">Providers</a>` : nothing}</div>
${
  accounts.length === 0
    ? empty("There is no account that is yours to see.")
    : table(
        "Accounts",
        COLUMNS,
        accounts.map((account) => cells(account, now)),
      )
}`,
  };
}

const COLUMNS = [
  { words: "Account" },
  { words: "Cloud" },
  { words: "Servers", isNumber: true },
  { words: "Regions" },
  { words: "Changes" },
  { words: "Last read" },
] as const;

type Account = ReturnType<typeof accountShown> & { readAt: string | undefined };

const cells = (
  { name, title, provider, endpoint, servers, regions, readAt, ...holds }: Account,
  now: number,
): (Markup | string)[] => [
  html`<a href="/ui/fleet?account=${encodeURIComponent(name)}">${name}</a>${title === undefined ? nothing : html` <small>${title}</small>`}`,
  html`${cloudTitle(provider)}${endpoint === undefined ? nothing : html` <small>${endpoint}</small>`}`,
  String(servers),
  regions.length === 0 ? "all" : regions.join(", "),
  state(holds),
  readAt === undefined ? "not yet" : ago(readAt, now),
];

function state({
  suspended,
  frozenUntil,
  endedOn,
  inFiles,
}: Pick<Account, "suspended" | "frozenUntil" | "endedOn" | "inFiles">): Markup {
  if (!inFiles) return badge("warn", "its file is gone");
  if (suspended !== undefined) return html`${badge("idle", "suspended")} <small>${suspended}</small>`;
  if (frozenUntil !== undefined) return badge("idle", `frozen until ${frozenUntil}`);
  if (endedOn !== undefined) return badge("idle", `no new servers from ${endedOn}`);
  return badge("good", "may go on");
}
