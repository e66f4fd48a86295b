import { FleetError } from "../../../resources/errors.ts";
import type { Role } from "../../people/principal.ts";
import type { ApiKey } from "../../people/types.ts";
import { renderStanding } from "../../words/people.ts";
import type { Io } from "../io.ts";
import { EXIT, type GlobalOptions } from "../options.ts";
import { withPeople } from "../people-session.ts";
import { aligned } from "../render/text.ts";

const DAY_MS = 24 * 3600_000;
/** As far as a date can say it well. */
const MOST_DAYS = 36_500;

export interface NewKeyFlags extends GlobalOptions {
  user: string;
  role?: Role;
  account?: string[];
  owner?: string[];
  expiresDays?: number;
}

/** `fleetwright tokens add NAME --user EMAIL`: an API key. Its text is printed once. */
export async function addTokenVerb(flags: NewKeyFlags, io: Io, name: string): Promise<number> {
  return await withPeople(flags, io, async ({ users, keys }, by) => {
    const { id: user, email } = await users.get(flags.user);
    const { expiresDays: days } = flags;
    if (days !== undefined && days > MOST_DAYS) throw new FleetError("USAGE", "--expires-days: at most 36500");
    const { key, text } = await keys.create(
      {
        user,
        name,
        ...(flags.role && { role: flags.role }),
        ...(flags.account && { accounts: flags.account }),
        ...(flags.owner && { owners: flags.owner }),
        ...(days !== undefined && { expiresAt: new Date(Date.now() + days * DAY_MS).toISOString() }),
      },
      by,
    );
    if (flags.json) io.out(JSON.stringify({ key: { ...key, email }, text }));
    else {
      io.out(text);
      io.err(
        `${io.color.green("Made")} ${rowOf(key, email).filter(Boolean).join("  ")}. It is not shown again: keep it now.`,
      );
    }
    return EXIT.ok;
  });
}

/** `fleetwright tokens list` */
export async function listTokensVerb(flags: GlobalOptions & { user?: string }, io: Io): Promise<number> {
  return await withPeople(flags, io, async ({ users, keys }) => {
    const user = flags.user === undefined ? undefined : await users.get(flags.user);
    const emails = new Map((await users.list()).map(({ id, email }) => [id, email]));
    const all = (await keys.list(user?.id)).map((key) => ({ ...key, email: emails.get(key.user) ?? key.user }));
    if (flags.json) io.out(JSON.stringify({ keys: all }));
    else if (all.length === 0) io.out("There are no API keys.");
    else for (const line of aligned(all.map((key) => rowOf(key, key.email)))) io.out(line);
    return EXIT.ok;
  });
}

/** `fleetwright tokens revoke ID` */
export async function revokeTokenVerb(flags: GlobalOptions, io: Io, id: string): Promise<number> {
  return await withPeople(flags, io, async ({ keys }, by) => {
    await keys.revoke(id, by);
    io.out(flags.json ? JSON.stringify({ revoked: id }) : `${io.color.green("Revoked")} ${id}`);
    return EXIT.ok;
  });
}

/** `fleetwright tokens rotate`: another key signs access tokens from now on, or later, so that other machines can be given the file. */
export async function rotateTokensVerb(flags: GlobalOptions & { inMinutes: number }, io: Io): Promise<number> {
  return await withPeople(flags, io, async ({ rotateTokenKey, audit }, by) => {
    const made = await rotateTokenKey(flags.inMinutes * 60_000);
    await audit.audit({
      who: by,
      action: "token-key.added",
      object: `token key ${made.kid}`,
      data: { from: made.from },
    });
    io.out(
      flags.json ? JSON.stringify(made) : `${io.color.green("Made")} the key ${made.kid}: it signs from ${made.from}`,
    );
    return EXIT.ok;
  });
}

function rowOf(key: ApiKey, email: string): string[] {
  const end = key.revokedAt ? `revoked ${key.revokedAt}` : key.expiresAt ? `until ${key.expiresAt}` : "";
  return [
    key.id,
    key.name,
    email,
    renderStanding(key),
    end,
    key.lastUsedAt === undefined ? "never used" : `used ${key.lastUsedAt} from ${key.lastUsedFrom}`,
  ];
}
