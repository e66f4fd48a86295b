import { readFile, stat } from "node:fs/promises";
import { FleetError } from "../../../resources/errors.ts";
import { isLoopback } from "../../fleet/loopback.ts";
import type { GlobalOptions } from "../options.ts";
import { Remote } from "./client.ts";
import { loginAt } from "./logins.ts";

/** Verbs that can be asked of a controller elsewhere. */
export const REMOTE_VERBS: readonly string[] = [
  "status",
  "drift",
  "inventory",
  "changes",
  "change",
  "catalog",
  "cheapest",
  "compare",
  "runs",
  "login",
  "logout",
];

/** Verbs that are about this machine, whatever controller the environment names. */
const HERE: readonly string[] = ["init", "validate", "doctor", "simulate", "demo", "serve"];

/** @throws {FleetError} USAGE for a verb that would do its work here, and was to do it elsewhere */
export function checkRemote(verb: string, server: string | undefined, isFromEnvironment: boolean): void {
  if (server === undefined || REMOTE_VERBS.includes(verb)) return;
  if (isFromEnvironment && HERE.includes(verb)) return;
  throw new FleetError(
    "USAGE",
    `\`${verb}\` cannot be asked of a remote controller: run it where the fleet's data is, or without --server (FLEETWRIGHT_SERVER). Those that can are ${REMOTE_VERBS.join(", ")}`,
  );
}

/** The controller that `--server` names; undefined: the one here. @throws {FleetError} USAGE */
export async function remoteOf(flags: GlobalOptions): Promise<Remote | undefined> {
  if (flags.server === undefined) return undefined;
  const url = serverOf(flags);
  const token = (await givenToken(flags)) ?? (await loginAt(url.origin))?.token;
  if (token === undefined)
    throw new FleetError(
      "USAGE",
      `say who asks: sign in by \`fleetwright login --server ${url.origin}\`; or FLEETWRIGHT_TOKEN, --token-file or --token, with an API key`,
    );
  return new Remote(url, token);
}

/** @throws {FleetError} USAGE */
export function serverOf({ server }: Pick<GlobalOptions, "server">): URL {
  const url = server !== undefined && URL.canParse(server) ? new URL(server) : undefined;
  const isSafe = url?.protocol === "https:" || (url?.protocol === "http:" && isLoopback(url.hostname));
  if (url !== undefined && isSafe) return url;
  throw new FleetError("USAGE", "--server is an https address (http on this machine only): the token goes there");
}

/** The one that the call itself brings. @throws {FleetError} USAGE */
export async function givenToken({
  token,
  tokenFile,
}: Pick<GlobalOptions, "token" | "tokenFile">): Promise<string | undefined> {
  const text = (token ?? (tokenFile === undefined ? undefined : await readToken(tokenFile)))?.trim();
  if (!text) return undefined;
  if (/[^\x21-\x7e]/.test(text)) throw new FleetError("USAGE", "a token is one word: is it that of the API key?");
  return text;
}

async function readToken(file: string): Promise<string> {
  try {
    const { mode } = await stat(file);
    if ((mode & 0o077) !== 0) throw new Error(`others may read it: chmod 600 ${file}`);
    return await readFile(file, "utf8");
  } catch (cause) {
    throw new FleetError("USAGE", `--token-file: ${(cause as Error).message}`, { file }, { cause });
  }
}
