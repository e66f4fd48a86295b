import { decodeJwt } from "jose";
import { FleetError } from "../../resources/errors.ts";
import { refused } from "./access-tokens.ts";
import type { ApiKeys } from "./api-keys.ts";
import type { IssuedPeople } from "./issued-people.ts";
import type { Issuer } from "./issuer.ts";
import type { Principal } from "./principal.ts";
import { isApiKey } from "./secrets.ts";
import type { Tokens } from "./tokens.ts";

/** Longer ones are no token of anybody's. */
const LONGEST = 16_384;
export const KEY_HEADER = "x-api-key";

/** As `Headers` has them. */
export interface RequestHeaders {
  get(name: string): string | null | undefined;
}

/** Undefined: the request brings nothing to know anybody by. @throws {FleetError} UNAUTHENTICATED when what it brings is wrong; ISSUER_UNAVAILABLE */
export type Authenticate = (headers: RequestHeaders, source: string) => Promise<Principal | undefined>;

export function authenticator({
  tokens,
  keys,
  issued,
}: {
  tokens: Tokens;
  keys: ApiKeys;
  issued?: { issuer: Issuer; people: IssuedPeople };
}): Authenticate {
  return async (headers, source) => {
    const authorization = headers.get("authorization")?.trim();
    const key = headers.get(KEY_HEADER)?.trim();
    if (!authorization && !key) return undefined;
    if (authorization && key)
      throw new FleetError("UNAUTHENTICATED", `give either Authorization or ${KEY_HEADER}: they may name two people`);
    if (key) return await keys.principal(key, source);
    const token = /^bearer +(\S+)$/i.exec(authorization!)?.[1];
    if (token === undefined || token.length > LONGEST)
      throw new FleetError("UNAUTHENTICATED", "Authorization is wanted as: Bearer TOKEN, or Bearer fw_…");
    if (isApiKey(token)) return await keys.principal(token, source);
    // Who it says made it decides only whose rules it is checked by.
    if (issued !== undefined && claimedIssuer(token) === issued.issuer.settings.issuer)
      return await issued.people.principal(issued.issuer, token, source);
    return await tokens.principal(token);
  };
}

function claimedIssuer(token: string): string | undefined {
  try {
    return decodeJwt(token).iss;
  } catch (error) {
    throw refused("is not valid", error);
  }
}
