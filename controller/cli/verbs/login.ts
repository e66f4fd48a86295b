import { hostname } from "node:os";
import { FleetError } from "../../../resources/errors.ts";
import type { Principal } from "../../people/principal.ts";
import { renderStanding } from "../../words/people.ts";
import type { Io } from "../io.ts";
import { EXIT, type GlobalOptions } from "../options.ts";
import { readPassword } from "../password.ts";
import { Remote } from "../remote/client.ts";
import { type Login, loginAt, loginsFile, putLogin } from "../remote/logins.ts";
import { givenToken, serverOf } from "../remote/settings.ts";

const DAY_MS = 24 * 3600_000;

export interface LoginFlags extends GlobalOptions {
  email?: string;
  passwordFile?: string;
  days: number;
}

/**
 * `fleetwright login --server URL`: signs in, and keeps an API key of this person, so that later calls need the address alone. The password is kept
 * nowhere.
 */
export async function loginVerb(flags: LoginFlags, io: Io): Promise<number> {
  const url = serverOf(flags);
  const token = await givenToken(flags);
  const made = token === undefined ? await signIn(url, flags, io) : { token };
  const { email, role, accounts, owners } = await new Remote(url, made.token).get<Principal>("/whoami");
  await putLogin(url.origin, { email, ...made });
  const { expiresAt } = made;
  const told = { server: url.origin, email, role, ...(expiresAt !== undefined && { expiresAt }) };
  const standing = renderStanding({ role, ...(accounts && { accounts }), ...(owners && { owners }) });
  const until = expiresAt === undefined ? "" : `, until ${expiresAt.slice(0, 10)}`;
  io.out(
    flags.json
      ? JSON.stringify(told)
      : `${io.color.green("Signed in")} at ${url.origin} as ${email} (${standing})${until}. The key is in ${loginsFile()}`,
  );
  return EXIT.ok;
}

/** `fleetwright logout --server URL`: forgets the key, and revokes it where `login` has made it. */
export async function logoutVerb(flags: GlobalOptions, io: Io): Promise<number> {
  const url = serverOf(flags);
  const login = await loginAt(url.origin);
  if (login === undefined) throw new FleetError("NOT_FOUND", `nobody is signed in at ${url.origin} here`);
  await putLogin(url.origin, undefined);
  const kept = await revoke(url, login);
  if (kept !== undefined)
    io.err(io.color.yellow(`the key ${login.key} is forgotten here, and may still be good there: ${kept}`));
  io.out(
    flags.json
      ? JSON.stringify({
          server: url.origin,
          email: login.email,
          revoked: login.key !== undefined && kept === undefined,
        })
      : `Signed out at ${url.origin}`,
  );
  return EXIT.ok;
}

/** @returns why it could not be revoked */
async function revoke(url: URL, { token, key }: Login): Promise<string | undefined> {
  if (key === undefined) return undefined;
  try {
    await new Remote(url, token).delete(`/api-keys/${encodeURIComponent(key)}`);
    return undefined;
  } catch (error) {
    if (!(error instanceof FleetError)) throw error;
    // Revoked or expired already.
    return error.code === "UNAUTHENTICATED" || error.code === "NOT_FOUND" ? undefined : error.message;
  }
}

async function signIn(url: URL, flags: LoginFlags, io: Io): Promise<Omit<Login, "email">> {
  const email = flags.email ?? (await io.ask("Mail address: "));
  if (email === undefined) throw new FleetError("USAGE", "say who signs in: --email");
  const password = await readPassword(flags.passwordFile, io, { isNew: false });
  const tokens = await new Remote(url, undefined).post<{ accessToken: string; refreshToken: string }>("/tokens", {
    email,
    password,
  });
  const session = new Remote(url, tokens.accessToken);
  try {
    const expiresAt = new Date(Date.now() + flags.days * DAY_MS).toISOString();
    const name = `fleetwright login at ${hostname()}`.slice(0, 100);
    const { id: key, secret: token } = await session.post<{ id: string; secret: string }>("/api-keys", {
      name,
      expiresAt,
    });
    return { token, key, expiresAt };
  } finally {
    await session.post("/tokens/revoke", { refreshToken: tokens.refreshToken });
  }
}
