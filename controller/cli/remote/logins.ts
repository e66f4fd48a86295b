import { chmod, mkdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { FleetError } from "../../../resources/errors.ts";

/** What `login` has kept for one controller. */
export interface Login {
  token: string;
  email: string;
  /** Id of the API key, where `login` has made it and `logout` revokes it. */
  key?: string;
  /** ISO instant. */
  expiresAt?: string;
}

/** By the controller's origin: `https://fleet.example.org`. */
type Logins = Readonly<Record<string, Login>>;

export const loginsFile = (env: NodeJS.ProcessEnv = process.env): string =>
  join(env.XDG_CONFIG_HOME || join(env.HOME || homedir(), ".config"), "fleetwright", "logins.json");

/** @throws {FleetError} USAGE where others may read the file, or it is broken */
export async function loginAt(origin: string): Promise<Login | undefined> {
  return (await readLogins())[origin];
}

/** Keeps it in place of the one that was there; undefined forgets that. @throws {FleetError} USAGE */
export async function putLogin(origin: string, login: Login | undefined): Promise<void> {
  const file = loginsFile();
  const { [origin]: _, ...others } = await readLogins();
  const logins = { ...others, ...(login && { [origin]: login }) };
  const beside = `${file}.${process.pid}`;
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await writeFile(beside, `${JSON.stringify(logins, undefined, 2)}\n`, { mode: 0o600, flag: "w" });
  // One that was left there has the mode that it had.
  await chmod(beside, 0o600);
  await rename(beside, file);
}

async function readLogins(): Promise<Logins> {
  const file = loginsFile();
  try {
    const { mode } = await stat(file);
    if ((mode & 0o077) !== 0) throw new FleetError("USAGE", `others may read ${file}: chmod 600 ${file}`, { file });
    return JSON.parse(await readFile(file, "utf8")) as Logins;
  } catch (cause) {
    if (cause instanceof FleetError) throw cause;
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return {};
    const why = cause instanceof SyntaxError ? "it is no JSON" : (cause as Error).message;
    throw new FleetError("USAGE", `${file} cannot be read (${why}): remove it and sign in anew`, { file }, { cause });
  }
}
