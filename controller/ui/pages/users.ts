import { html } from "hono/html";
import type { User } from "../../people/types.ts";
import { renderStanding } from "../../words/people.ts";
import { counted } from "../../words/text.ts";
import { tokenField } from "../layout.ts";
import type { Markup } from "../parts/markup.ts";
import { paged, pager } from "../parts/pager.ts";
import { errorNotice, orAgain, type PersonFields, personFields, personOf } from "../parts/people-forms.ts";
import { table } from "../parts/table.ts";
import { ago, badge, empty } from "../parts/words.ts";
import type { Page, Visit } from "../visit.ts";

const ON_A_PAGE = 50;

const COLUMNS = [
  { words: "User" },
  { words: "May" },
  { words: "State" },
  { words: "Signs in by" },
  { words: "Last sign-in" },
] as const;

/** `/ui/users`: the people who work with the fleet. */
export async function usersPage({ parts, c }: Visit): Promise<Page> {
  const query = new URL(c.req.url).searchParams;
  const text = (query.get("text") ?? "").trim().toLowerCase().slice(0, 200);
  const all = await parts.people.users.list();
  const found = all.filter(({ name, email }) => `${name} ${email}`.toLowerCase().includes(text));
  const page = paged(found, query.get("page") ?? undefined, ON_A_PAGE);
  const now = parts.controller.now();
  return {
    title: "Users",
    place: "users",
    body: html`<div class="head"><h1>Users</h1><a class="button main" href="/ui/new-user">Add somebody</a></div>
<form class="search" role="search" method="get" action="/ui/users">
<label class="grow"><span>Search</span><input type="search" name="text" value="${text}" placeholder="name or mail address" maxlength="200"></label><button>Show</button></form>
<p class="count">${counted(found.length, "user")}${found.length < all.length ? ` of ${all.length}` : ""}</p>
${
  page.items.length === 0
    ? empty("Nobody is called like that.")
    : table(
        "Users",
        COLUMNS,
        page.items.map((user) => cells(user, now)),
      )
}
${pager(page, "/ui/users", query)}`,
  };
}

function cells(user: User, now: number): (Markup | string)[] {
  const { id, name, email, enabled, signedInAt } = user;
  return [
    html`<a href="/ui/users/${id}">${name}</a> <small>${email}</small>`,
    renderStanding(user),
    enabled ? badge("good", "enabled") : badge("idle", "disabled"),
    waysOf(user),
    signedInAt === undefined ? "never" : ago(signedInAt, now),
  ];
}

/** `password, issuer` */
export const waysOf = ({ hasPassword, subject }: User): string =>
  [hasPassword && "password", subject !== undefined && "issuer"].filter(Boolean).join(", ") || "—";

/** `/ui/new-user` */
export const newUserPage = ({ token }: Visit): Page => formPage(token, { name: "", email: "", role: "viewer" });

/** `POST /ui/new-user` */
export async function addUser({ parts, who, source, form, token, c }: Visit): Promise<Page | Response> {
  const person = personOf(form);
  const password = form.get("password") ?? "";
  return await orAgain(
    async () => {
      const user = await parts.people.users.create({ ...person, ...(password !== "" && { password }) }, who, source);
      return c.redirect(`/ui/users/${user.id}`, 303);
    },
    (error) => formPage(token, person, error),
  );
}

const formPage = (token: string, person: PersonFields, error?: string): Page => ({
  title: "Add somebody",
  place: "users",
  body: html`<div class="head"><h1>Add somebody</h1></div>
<form class="card" method="post" action="/ui/new-user">${tokenField(token)}
${errorNotice(error)}
${personFields(person)}
<div class="field"><label for="password">Password (left empty: signs in at the issuer only)</label>
<input id="password" name="password" type="password" autocomplete="new-password" maxlength="512"></div>
<button class="main">Add</button></form>`,
});
