import type { Account, Call } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import { request } from "../http.ts";
import { apiPath, transport, wordsOf } from "./wire.ts";

/** What authenticates requests, and the values among it that no message may hold. */
export interface Session {
  headers: Record<string, string>;
  secrets: string[];
}

/** Tickets last two hours. */
const RENEW_AFTER_MS = 100 * 60_000;

/** Logins of accounts that use a password, for as long as the account's object lives. */
const logins = new WeakMap<Account, { session: Promise<Session>; madeAt: number }>();

/**
 * Headers that authenticate a request: the API token, or the ticket of a login with the CSRF token that writes need.
 * @throws {FleetError} CREDENTIAL_MISSING, CLOUD_AUTH, and whatever the login's request throws
 */
export async function authenticate(call: Call): Promise<Session> {
  const { token } = call.account.credentials;
  if (token) return { headers: { authorization: `PVEAPIToken=${token}` }, secrets: [] };
  const current = logins.get(call.account);
  if (current && Date.now() - current.madeAt < RENEW_AFTER_MS) {
    const shared = await current.session.catch(() => undefined);
    // The login of another caller may have failed for that caller's reasons, such as its deadline.
    if (shared) return shared;
  }
  const login = { session: logIn(call), madeAt: Date.now() };
  logins.set(call.account, login);
  login.session.catch(() => forget(call.account, login));
  return login.session;
}

/** Forgets a login that the server no longer accepts; false when this was none, but a token. */
export async function forgetLogin(account: Account, refused: Session): Promise<boolean> {
  if (account.credentials.token) return false;
  const current = logins.get(account);
  // Another caller may have logged in again already.
  if (current && (await current.session.catch(() => undefined)) === refused) forget(account, current);
  return true;
}

function forget(account: Account, login: { session: Promise<Session> }): void {
  if (logins.get(account) === login) logins.delete(account);
}

async function logIn(call: Call): Promise<Session> {
  const { username, password } = call.account.credentials;
  if (!username || !password) {
    const message = `account ${call.account.spec.name}: Proxmox VE needs the credential token, or username and password`;
    throw new FleetError("CREDENTIAL_MISSING", message, { account: call.account.spec.name });
  }
  const { body } = await request<{ data?: { ticket?: unknown; CSRFPreventionToken?: unknown } }>(call, {
    cloud: "Proxmox VE",
    method: "POST",
    path: apiPath(call.account, "/access/ticket"),
    form: { username, password },
    scopes: ["api"],
    idempotent: true,
    errorOf: (_status, answer) => wordsOf(answer),
    ...transport(call.account),
  });
  const { ticket, CSRFPreventionToken: csrf } = body?.data ?? {};
  if (typeof ticket !== "string" || typeof csrf !== "string") {
    throw new FleetError("CLOUD_ANSWER_INVALID", "Proxmox VE answered a login without a ticket", {
      account: call.account.spec.name,
    });
  }
  return {
    headers: { cookie: `PVEAuthCookie=${encodeURIComponent(ticket)}`, csrfpreventiontoken: csrf },
    secrets: [ticket, csrf],
  };
}
