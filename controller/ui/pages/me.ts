import { html } from "hono/html";
import { readSecret } from "../../people/secrets.ts";
import type { WebSession } from "../../people/types.ts";
import { renderStanding } from "../../words/people.ts";
import { cookieOf, takeCookie } from "../cookies.ts";
import { tokenField } from "../layout.ts";
import { type Markup, nothing } from "../parts/markup.ts";
import { button, doneNotice, errorNotice, keyMade, keysSection, keyWishOf, orAgain } from "../parts/people-forms.ts";
import { table } from "../parts/table.ts";
import { ago, badge, facts } from "../parts/words.ts";
import type { Page, Visit } from "../visit.ts";
import { waysOf } from "./users.ts";

const BASE = "/ui/me";

const DONE: Readonly<Record<string, string>> = { revoked: "The key is revoked.", ended: "That sign-in is ended." };

/** `/ui/me`: one's own password, keys and sign-ins. */
export const mePage = async (visit: Visit): Promise<Page> => await pageOf(visit);

async function pageOf(
  { parts, who, token, c }: Visit,
  { error, at }: { error?: string; at?: "password" | "keys" } = {},
): Promise<Page> {
  const { users, keys, sessions } = parts.people;
  const user = await users.get(who.id);
  const now = parts.controller.now();
  const here = readSecret("session", cookieOf(c, "session") ?? "")?.id;
  const wrong = (form: typeof at) => (at === form ? error : undefined);
  return {
    title: "You",
    body: html`<div class="head"><h1>${user.name}</h1></div>
${doneNotice(DONE[c.req.query("done") ?? ""])}
${facts([
  ["Mail address", user.email],
  ["You may", renderStanding(user)],
  ["You sign in by", waysOf(user)],
])}
${user.hasPassword ? passwordForm(token, wrong("password")) : nothing}
${keysSection(token, BASE, { keys: await keys.list(user.id), user, now, error: wrong("keys") })}
<section class="card" aria-labelledby="sessions"><h2 id="sessions">Where you are signed in</h2>
${table(
  "Sign-ins of the page",
  SESSION_COLUMNS,
  (await sessions.list(user.id)).map((session) => sessionCells(token, session, here, now)),
)}
<p>This ends all of these and all access tokens. API keys go on.</p>
${button(token, `${BASE}/sign-out`, "Sign out everywhere", "danger")}</section>`,
  };
}

const passwordForm = (token: string, error: string | undefined): Markup =>
  html`<form class="card" method="post" action="${BASE}/password">${tokenField(token)}<h2>Password</h2>
${errorNotice(error)}
<div class="field"><label for="present">The present one</label><input id="present" name="present" type="password" autocomplete="current-password" required maxlength="512"></div>
<div class="field"><label for="wanted">The new one, at least 12 characters</label><input id="wanted" name="wanted" type="password" autocomplete="new-password" required maxlength="512"></div>
<div class="field"><label for="again">The new one again</label><input id="again" name="again" type="password" autocomplete="new-password" required maxlength="512"></div>
<p>It signs you out everywhere, also here.</p><button>Change it</button></form>`;

const SESSION_COLUMNS = [{ words: "From" }, { words: "Begun" }, { words: "Last used" }, { words: "Action" }] as const;

const sessionCells = (
  token: string,
  { id, source, createdAt, seenAt }: WebSession,
  here: string | undefined,
  now: number,
): (Markup | string)[] => [
  source,
  ago(createdAt, now),
  ago(seenAt, now),
  id === here
    ? badge("good", "this one")
    : html`<form method="post" action="${BASE}/sessions/${id}/end">${tokenField(token)}<button>End <span class="unseen">that of ${source}</span></button></form>`,
];

/** `POST /ui/me/password` */
export async function changeOwnPassword(visit: Visit): Promise<Page | Response> {
  const { parts, who, source, form, c } = visit;
  const wanted = form.get("wanted") ?? "";
  if (wanted !== form.get("again"))
    return { ...(await pageOf(visit, { error: "the two are not the same", at: "password" })), status: 422 };
  return await orAgain(
    async () => {
      await parts.people.users.changeOwnPassword(who, { present: form.get("present") ?? "", wanted }, source);
      takeCookie(c, "session");
      return c.redirect("/ui/sign-in", 303);
    },
    (error) => pageOf(visit, { error, at: "password" }),
  );
}

/** `POST /ui/me/keys` */
export async function addOwnKey(visit: Visit): Promise<Page | Response> {
  const { parts, who, source, form } = visit;
  return await orAgain(
    async () => {
      const wish = keyWishOf(form, who.id, parts.controller.now());
      return keyMade({ ...(await parts.people.keys.create(wish, who, source)), back: BASE });
    },
    (error) => pageOf(visit, { error, at: "keys" }),
  );
}

/** `POST /ui/me/keys/KEY/revoke` */
export async function revokeOwnKey({ parts, who, source, c }: Visit): Promise<Response> {
  await parts.people.keys.revoke(c.req.param("key") ?? "", who, source);
  return c.redirect(`${BASE}?done=revoked`, 303);
}

/** `POST /ui/me/sessions/SESSION/end` */
export async function endOwnSession({ parts, who, source, c }: Visit): Promise<Response> {
  await parts.people.sessions.endById(c.req.param("session") ?? "", who, source);
  return c.redirect(`${BASE}?done=ended`, 303);
}

/** `POST /ui/me/sign-out`: everywhere, also here. */
export async function signOutEverywhere({ parts, who, source, c }: Visit): Promise<Response> {
  await parts.people.users.signOut(who.id, who, source);
  takeCookie(c, "session");
  return c.redirect("/ui/sign-in", 303);
}
