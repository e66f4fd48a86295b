import { readFile } from "node:fs/promises";
import { FleetError } from "../../resources/errors.ts";
import { checkUrl, ISSUER } from "./issuer.ts";

const CLIENT_ID = "FLEETWRIGHT_OIDC_CLIENT_ID";
const CLIENT_SECRET = "FLEETWRIGHT_OIDC_CLIENT_SECRET";
const CLIENT_SECRET_FILE = "FLEETWRIGHT_OIDC_CLIENT_SECRET_FILE";
const PAGE_URL = "FLEETWRIGHT_PAGE_URL";
const NAME = "FLEETWRIGHT_OIDC_NAME";

/** Where the issuer leads back to, below the page's address: what is registered there. */
export const RETURN_PATH = "/ui/sign-in/return";

type Environment = Readonly<Record<string, string | undefined>>;

export interface LoginSettings {
  issuer: string;
  clientId: string;
  /** As people know the issuer. */
  name: string;
  returnUrl: string;
  /** Undefined for a public client. Never kept longer than it is needed. @throws {FleetError} ISSUER_UNAVAILABLE */
  secret(): Promise<string | undefined>;
}

/** Undefined where people sign in by password only. @throws {FleetError} USAGE */
export function loginSettings(environment: Environment): LoginSettings | undefined {
  const { [ISSUER]: issuer, [CLIENT_ID]: clientId, [PAGE_URL]: page } = environment;
  const { [CLIENT_SECRET]: text, [CLIENT_SECRET_FILE]: file } = environment;
  if (!clientId) return undefined;
  if (!issuer) throw new FleetError("USAGE", `${CLIENT_ID} is set and ${ISSUER} is not`);
  if (!page) throw new FleetError("USAGE", `${CLIENT_ID} is set and ${PAGE_URL}, the page's own address, is not`);
  if (text && file) throw new FleetError("USAGE", `set either ${CLIENT_SECRET} or ${CLIENT_SECRET_FILE}`);
  checkUrl(ISSUER, issuer);
  checkUrl(PAGE_URL, page);
  if (new URL(page).pathname !== "/") throw new FleetError("USAGE", `${PAGE_URL} is an address without a path`);
  return {
    issuer,
    clientId,
    name: environment[NAME]?.trim() || new URL(issuer).host,
    returnUrl: new URL(RETURN_PATH, page).href,
    secret: async () => (file ? await secretOf(file) : text || undefined),
  };
}

async function secretOf(file: string): Promise<string> {
  try {
    const text = (await readFile(file, "utf8")).trim();
    if (text !== "") return text;
    throw new Error("it is empty");
  } catch (cause) {
    const why = `${CLIENT_SECRET_FILE} cannot be read: ${(cause as Error).message}`;
    throw new FleetError("ISSUER_UNAVAILABLE", why, { file }, { cause });
  }
}
