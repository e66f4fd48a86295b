import type { Principal, Role } from "../../../people/principal.ts";
import { ROLES } from "../../../people/principal.ts";
import { isWithin } from "../../../people/standing.ts";
import type { User } from "../../../people/types.ts";
import type { FleetApi } from "../api.ts";
import { PAGE_PARAMETERS, type PageQuery, pageFrom, pageOf } from "../page.ts";
import { missing } from "../problems.ts";
import { type Call, type Route, route } from "../route.ts";
import { flag, instant, listOf, NAME, nameIn, oneOf, record, text } from "../shapes.ts";
import { compareKeys } from "../view.ts";

const ID = nameIn("id", "The user's id.");
const names = { ...listOf(NAME), maxItems: 1000 };
const PASSWORD = { type: "string", minLength: 1, maxLength: 1000, writeOnly: true };
const EMAIL = { type: "string", minLength: 3, maxLength: 254 };

const USER = record({
  id: text,
  name: text,
  email: text,
  role: oneOf(...ROLES),
  "accounts?": { ...listOf(text), description: "Only about these; absent: about all." },
  "owners?": { ...listOf(text), description: "Only about these owners' servers; absent: about all." },
  enabled: flag,
  hasPassword: flag,
  issued: { ...flag, description: "Has signed in by the configured issuer." },
  createdAt: instant,
  "signedInAt?": instant,
});

interface NewUser {
  name: string;
  email: string;
  role: Role;
  accounts?: string[];
  owners?: string[];
  password?: string;
}

interface Edit {
  name?: string;
  email?: string;
  role?: Role;
  accounts?: string[] | null;
  owners?: string[] | null;
  enabled?: boolean;
}

const ONE = { 200: { description: "The user, as it is now, or with `dryRun` would be.", schema: USER } };
const orNone = (schema: object) => ({ oneOf: [schema, { type: "null" }] });

/** People. An admin sees and changes those who may do nothing that the admin may not. */
export const userRoutes: readonly Route[] = [
  route<PageQuery>({
    id: "listUsers",
    method: "get",
    path: "/fleet/v1/users",
    tag: "users",
    role: "admin",
    summary: "List users",
    parameters: PAGE_PARAMETERS,
    answers: { 200: { description: "A page of users, by mail address.", schema: pageOf(USER) } },
    run: async ({ people }, { principal, parameters }) => {
      const users = (await people.users.list()).filter((user) => isWithin(user, principal));
      const key = ({ email, id }: User) => [email, id] as const;
      const sorted = users.sort((a, b) => compareKeys(key(a), key(b)));
      const page = pageFrom(sorted, parameters, "users", key, compareKeys);
      return { body: { ...page, items: page.items.map(shown) } };
    },
  }),
  route<{ id: string }>({
    id: "getUser",
    method: "get",
    path: "/fleet/v1/users/{id}",
    tag: "users",
    role: "admin",
    summary: "Get one user",
    parameters: [ID],
    answers: { 200: { description: "The user.", schema: USER } },
    run: async (api, call) => ({ body: shown(await userFor(api, call.principal, call.parameters.id)) }),
  }),
  route<unknown, NewUser>({
    id: "createUser",
    method: "post",
    path: "/fleet/v1/users",
    tag: "users",
    role: "admin",
    once: true,
    summary: "Add a user",
    description: "Without a password they sign in by the configured issuer. Nobody gives what they do not have.",
    body: record({
      name: NAME,
      email: EMAIL,
      role: oneOf(...ROLES),
      "accounts?": names,
      "owners?": names,
      "password?": PASSWORD,
    }),
    answers: {
      200: { description: "With `dryRun`: who it would be.", schema: USER_LIKE() },
      201: { description: "The user.", schema: USER, headers: { Location: "Where the user is." } },
    },
    run: async ({ people }, { principal, body, mutation, source }) => {
      if (mutation!.dryRun) {
        const { password: _, ...wish } = body;
        await people.users.check(body, principal);
        return { body: wish };
      }
      const user = await people.users.create(body, principal, source);
      return { status: 201, body: shown(user), headers: { location: `/fleet/v1/users/${user.id}` } };
    },
  }),
  route<{ id: string }, Edit>({
    id: "patchUser",
    method: "patch",
    path: "/fleet/v1/users/{id}",
    tag: "users",
    role: "admin",
    once: true,
    summary: "Change a user",
    description: "`null` makes one about all. `enabled: false` ends all that the user is signed in with.",
    parameters: [ID],
    body: {
      ...record({
        "name?": NAME,
        "email?": EMAIL,
        "role?": oneOf(...ROLES),
        "accounts?": orNone(names),
        "owners?": orNone(names),
        "enabled?": flag,
      }),
      minProperties: 1,
    },
    answers: ONE,
    run: async (api, call) => {
      const { principal, body, source, mutation } = call;
      const user = await userFor(api, principal, call.parameters.id);
      if (mutation!.dryRun) return { body: shown(asEdited(user, body)) };
      return { body: shown(await api.people.users.change(user.id, body, principal, source)) };
    },
  }),
  route<{ id: string }, { password: string }>({
    id: "resetPassword",
    method: "put",
    path: "/fleet/v1/users/{id}/password",
    tag: "users",
    role: "admin",
    once: true,
    summary: "Give a user another password",
    description: "Ends all that the user is signed in with.",
    parameters: [ID],
    body: record({ password: PASSWORD }),
    answers: ONE,
    run: async (api, { principal, parameters, body, source, mutation }) => {
      const user = await userFor(api, principal, parameters.id);
      if (mutation!.dryRun) return { body: shown(user) };
      const { password } = body;
      return { body: shown(await api.people.users.change(user.id, { password }, principal, source)) };
    },
  }),
  route<{ id: string }>({
    id: "deleteUser",
    method: "delete",
    path: "/fleet/v1/users/{id}",
    tag: "users",
    role: "admin",
    once: true,
    summary: "Let a user go",
    description:
      "Disables the user, ends all sign-ins and revokes all API keys. The name stays: commits and the audit log have it.",
    parameters: [ID],
    answers: ONE,
    run: async (api, { principal, parameters, source, mutation }) => {
      const user = await userFor(api, principal, parameters.id);
      if (mutation!.dryRun) return { body: shown({ ...user, enabled: false }) };
      const gone = await api.people.users.disable(user.id, principal, source);
      for (const { id, revokedAt } of await api.people.keys.list(user.id))
        if (revokedAt === undefined) await api.people.keys.revoke(id, principal, source);
      return { body: shown(gone) };
    },
  }),
];

/** As a new one is told that is not made. */
function USER_LIKE() {
  return record({ name: text, email: text, role: oneOf(...ROLES), "accounts?": listOf(text), "owners?": listOf(text) });
}

const shown = ({ id, name, email, role, accounts, owners, enabled, hasPassword, subject, ...rest }: User) => ({
  id,
  name,
  email,
  role,
  ...(accounts && { accounts }),
  ...(owners && { owners }),
  enabled,
  hasPassword,
  issued: subject !== undefined,
  createdAt: rest.createdAt,
  ...(rest.signedInAt !== undefined && { signedInAt: rest.signedInAt }),
});

/** Somebody of whom an admin may know. @throws {ApiError} NOT_FOUND */
export async function userFor({ people }: Pick<FleetApi, "people">, principal: Principal, id: string): Promise<User> {
  const user = await people.users.get(id);
  return isWithin(user, principal) ? user : missing("such user");
}

function asEdited({ accounts, owners, ...user }: User, edit: Call<unknown, Edit>["body"]): User {
  const { accounts: inAccounts = accounts, owners: ofOwners = owners, ...rest } = edit;
  return { ...user, ...rest, ...(inAccounts && { accounts: inAccounts }), ...(ofOwners && { owners: ofOwners }) };
}
