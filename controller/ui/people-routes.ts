import { auditExportPage, auditPage } from "./pages/audit.ts";
import { addOwnKey, changeOwnPassword, endOwnSession, mePage, revokeOwnKey, signOutEverywhere } from "./pages/me.ts";
import { addKeyOf, changeUser, doWithUser, revokeKeyOf, USER_ACTIONS, userPage } from "./pages/user.ts";
import { addUser, newUserPage, usersPage } from "./pages/users.ts";
import type { Route } from "./routes.ts";

/** People, by admins; the audit log; and everybody's own sign-ins and keys. */
export const PEOPLE_ROUTES: readonly Route[] = [
  { method: "GET", path: "/users", role: "admin", answer: usersPage },
  { method: "GET", path: "/new-user", role: "admin", answer: newUserPage },
  { method: "POST", path: "/new-user", role: "admin", answer: addUser },
  { method: "GET", path: "/users/:id", role: "admin", answer: userPage },
  { method: "POST", path: "/users/:id", role: "admin", answer: changeUser },
  ...USER_ACTIONS.map(
    (action): Route => ({ method: "POST", path: `/users/:id/${action}`, role: "admin", answer: doWithUser(action) }),
  ),
  { method: "POST", path: "/users/:id/keys", role: "admin", answer: addKeyOf },
  { method: "POST", path: "/users/:id/keys/:key/revoke", role: "admin", answer: revokeKeyOf },
  { method: "GET", path: "/audit", role: "admin", answer: auditPage },
  { method: "GET", path: "/audit/export", role: "admin", answer: auditExportPage },
  { method: "GET", path: "/me", role: "viewer", answer: mePage },
  { method: "POST", path: "/me/password", role: "viewer", answer: changeOwnPassword },
  { method: "POST", path: "/me/keys", role: "viewer", answer: addOwnKey },
  { method: "POST", path: "/me/keys/:key/revoke", role: "viewer", answer: revokeOwnKey },
  { method: "POST", path: "/me/sessions/:session/end", role: "viewer", answer: endOwnSession },
  { method: "POST", path: "/me/sign-out", role: "viewer", answer: signOutEverywhere },
];
