import { html } from "hono/html";
import { FleetError } from "../../../resources/errors.ts";
import type { User, UserEdit } from "../../people/types.ts";
import { tokenField } from "../layout.ts";
import { nothing } from "../parts/markup.ts";
import {
  button,
  doneNotice,
  errorNotice,
  keyMade,
  keysSection,
  keyWishOf,
  orAgain,
  type PersonFields,
  personFields,
  personOf,
} from "../parts/people-forms.ts";
import { badge, facts } from "../parts/words.ts";
import type { Page, Visit } from "../visit.ts";
import { waysOf } from "./users.ts";

/** What an admin does with somebody by one button. */
export const USER_ACTIONS = ["password", "disable", "enable", "sign-out", "forget-issuer"] as const;
export type UserAction = (typeof USER_ACTIONS)[number];

const DONE: Readonly<Record<string, string>> = {
  saved: "It is saved.",
  password: "The password is another now; all that was signed in with the old one is signed out.",
  disable: "The user is disabled and signed out.",
  enable: "The user is enabled again.",
  "sign-out": "All sign-ins of the user are ended. API keys go on.",
  "forget-issuer": "The issuer's next token with this mail address names the person anew.",
  revoked: "The key is revoked.",
};

interface Again {
  person?: PersonFields;
  /** What was wrong, and with which form. */
  error?: string;
  at?: "person" | "actions" | "keys";
}

/** `/ui/users/ID` */
export const userPage = async (visit: Visit): Promise<Page> => await pageOf(visit, await userOf(visit));

/** @throws {FleetError} NOT_FOUND */
async function userOf({ parts, c }: Visit): Promise<User> {
  const id = c.req.param("id") ?? "";
  if (id.includes("@")) throw new FleetError("NOT_FOUND", "there is no such user");
  return await parts.people.users.get(id);
}

async function pageOf({ parts, token, c }: Visit, user: User, { person, error, at }: Again = {}): Promise<Page> {
  const { id, name, email, enabled, subject, createdAt } = user;
  const base = `/ui/users/${id}`;
  const wrong = (form: Again["at"]) => (at === form ? error : undefined);
  const keys = await parts.people.keys.list(id);
  return {
    title: name,
    place: "users",
    body: html`<div class="head"><h1>${name}</h1>${enabled ? badge("good", "enabled") : badge("idle", "disabled")}</div>
${doneNotice(DONE[c.req.query("done") ?? ""])}
${facts([
  ["Mail address", email],
  ["Signs in by", waysOf(user)],
  ["At the issuer", subject],
  ["Here since", createdAt.slice(0, 10)],
  ["What they did", html`<a href="/ui/audit?email=${encodeURIComponent(email)}">audit log</a>`],
])}
<form class="card" method="post" action="${base}">${tokenField(token)}<h2>Who and what</h2>
${errorNotice(wrong("person"))}${personFields(person ?? user)}<button class="main">Save</button></form>
<section class="card" aria-labelledby="ins"><h2 id="ins">Signing in</h2>
${errorNotice(wrong("actions"))}
<form method="post" action="${base}/password">${tokenField(token)}
<div class="field"><label for="password">Another password</label>
<input id="password" name="password" type="password" autocomplete="new-password" required maxlength="512"></div><button>Set it</button></form>
<div class="actions">${button(token, `${base}/sign-out`, "Sign out everywhere")}
${subject === undefined ? nothing : button(token, `${base}/forget-issuer`, "Forget who it is at the issuer")}
${enabled ? button(token, `${base}/disable`, "Disable", "danger") : button(token, `${base}/enable`, "Enable")}</div></section>
${keysSection(token, base, { keys, user, now: parts.controller.now(), error: wrong("keys") })}`,
  };
}

/** `POST /ui/users/ID` */
export async function changeUser(visit: Visit): Promise<Page | Response> {
  const { parts, who, source, form, c } = visit;
  const user = await userOf(visit);
  const person = personOf(form);
  const edit = { ...person, accounts: person.accounts ?? null, owners: person.owners ?? null };
  return await orAgain(
    async () => {
      await parts.people.users.change(user.id, edit, who, source);
      return c.redirect(`/ui/users/${user.id}?done=saved`, 303);
    },
    (error) => pageOf(visit, user, { person, error, at: "person" }),
  );
}

const EDITS: Readonly<Record<Exclude<UserAction, "sign-out">, (form: URLSearchParams) => UserEdit>> = {
  password: (form) => ({ password: form.get("password") ?? "" }),
  disable: () => ({ enabled: false }),
  enable: () => ({ enabled: true }),
  "forget-issuer": () => ({ subject: null }),
};

/** `POST /ui/users/ID/ACTION` */
export const doWithUser =
  (action: UserAction) =>
  async (visit: Visit): Promise<Page | Response> => {
    const { parts, who, source, form, c } = visit;
    const user = await userOf(visit);
    const { users } = parts.people;
    return await orAgain(
      async () => {
        if (action === "sign-out") await users.signOut(user.id, who, source);
        else await users.change(user.id, EDITS[action](form), who, source);
        return c.redirect(`/ui/users/${user.id}?done=${action}`, 303);
      },
      (error) => pageOf(visit, user, { error, at: "actions" }),
    );
  };

/** `POST /ui/users/ID/keys` */
export async function addKeyOf(visit: Visit): Promise<Page | Response> {
  const { parts, who, source, form } = visit;
  const user = await userOf(visit);
  return await orAgain(
    async () => {
      const wish = keyWishOf(form, user.id, parts.controller.now());
      return keyMade({ ...(await parts.people.keys.create(wish, who, source)), back: `/ui/users/${user.id}` });
    },
    (error) => pageOf(visit, user, { error, at: "keys" }),
  );
}

/** `POST /ui/users/ID/keys/KEY/revoke` */
export async function revokeKeyOf(visit: Visit): Promise<Response> {
  const { parts, who, source, c } = visit;
  const { id } = await userOf(visit);
  await parts.people.keys.revoke(c.req.param("key") ?? "", who, source);
  return c.redirect(`/ui/users/${id}?done=revoked`, 303);
}
