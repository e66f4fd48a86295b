import * as oidc from "openid-client";
import { FleetError } from "../../resources/errors.ts";

const LONGEST = 300;

/** What the page says of a sign-in that has failed, and the word for it in the audit log, in which nothing stands that a stranger has written. */
export interface LoginRefusal {
  error: FleetError;
  why: string;
}

/** Codes of checks that an answer did not pass: of somebody else, for somebody else, or changed on the way. */
const FORGED: readonly (string | undefined)[] = [
  "OAUTH_INVALID_RESPONSE",
  "OAUTH_JWT_CLAIM_COMPARISON_FAILED",
  "OAUTH_JWT_TIMESTAMP_CHECK_FAILED",
  "OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED",
  "OAUTH_KEY_SELECTION_FAILED",
  "OAUTH_INVALID_REQUEST",
];

export function loginRefusal(error: unknown): LoginRefusal {
  if (error instanceof FleetError) return { error, why: error.code };
  if (error instanceof oidc.AuthorizationResponseError)
    return refused(error, "the issuer has refused", `the issuer did not sign you in: ${words(error)}`);
  if (error instanceof oidc.ResponseBodyError && error.error === "invalid_grant")
    return refused(error, "used or too old", "this sign-in was used before or took too long: begin anew");
  if (error instanceof oidc.ResponseBodyError) return misset(error, words(error));
  if (error instanceof oidc.WWWAuthenticateChallengeError) return misset(error, `status ${error.status}`);
  const { code, message, cause } = error as Error & { code?: string };
  if (FORGED.includes(code))
    return refused(
      error,
      "an answer that is not for this sign-in",
      "the answer of the issuer is not for this sign-in: begin anew",
    );
  return unavailable(error, cause instanceof Error ? `${message}: ${cause.message}` : message);
}

const refused = (cause: unknown, why: string, message: string): LoginRefusal => ({
  error: new FleetError("UNAUTHENTICATED", message, {}, { cause }),
  why,
});

/** It answers, and takes this controller for none of its clients. */
const misset = (cause: unknown, what: string): LoginRefusal =>
  unavailable(
    cause,
    `it refuses this controller (${what}): its client id, secret and return address are to be looked at`,
  );

const unavailable = (cause: unknown, why: string): LoginRefusal => ({
  error: new FleetError(
    "ISSUER_UNAVAILABLE",
    `the issuer cannot be asked now: ${why.slice(0, LONGEST)}. Try again, or sign in with a password`,
    {},
    { cause },
  ),
  why: "the issuer cannot be asked",
});

/** One line, of the letters that the protocol has. */
function words({ error, error_description }: { error: string; error_description?: string }): string {
  const text = error_description === undefined ? error : `${error}, ${error_description}`;
  return text.replace(/[^\x20-\x7e]/g, " ").slice(0, LONGEST);
}
