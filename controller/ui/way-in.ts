import { randomBytes } from "node:crypto";
import type { Context } from "hono";
import { html } from "hono/html";
import { FLEET_ERRORS, FleetError } from "../../resources/errors.ts";
import { cookieOf, giveCookie, takeCookie } from "./cookies.ts";
import { tokenOf } from "./forgery.ts";
import { formOf, sourceOf } from "./form.ts";
import { type IssuerGate, notThere } from "./gate.ts";
import { layout } from "./layout.ts";
import { placeToGo, signInPage } from "./pages/sign-in.ts";
import type { PageParts } from "./visit.ts";

/** As long as somebody may take at the issuer. */
const AT_ISSUER_SECONDS = 15 * 60;

/** @param to the page that was asked for, to go on to */
export function offerSignIn(
  { gate }: PageParts,
  c: Context,
  { to, error }: { to: string; error?: FleetError },
): Response | Promise<Response> {
  const cookie = cookieOf(c, "form") ?? randomBytes(32).toString("base64url");
  giveCookie(c, "form", cookie);
  const body = signInPage({
    token: tokenOf(cookie),
    to,
    ...(gate.issuer && { issuer: gate.issuer.name }),
    ...(error && { error: error.message }),
  });
  return c.html(layout({ title: "Sign in", body }), error === undefined ? 200 : FLEET_ERRORS[error.code].http);
}

/** `POST /ui/sign-in`: by mail address and password. */
export async function signIn(parts: PageParts, c: Context): Promise<Response> {
  const form = await formOf(c, cookieOf(c, "form"));
  const to = placeToGo(form.get("to"));
  try {
    const { cookie, maxAgeSeconds } = await parts.gate.signIn(
      form.get("email") ?? "",
      form.get("password") ?? "",
      sourceOf(c),
    );
    takeCookie(c, "form");
    giveCookie(c, "session", cookie, maxAgeSeconds);
    return c.redirect(to, 303);
  } catch (error) {
    return await offerAgain(parts, c, to, error);
  }
}

/** `GET /ui/sign-in/issuer`: leads there, with a secret that only this browser brings back. */
export async function goToIssuer(parts: PageParts, c: Context): Promise<Response> {
  const issuer = issuerOf(parts);
  const to = placeToGo(c.req.query("to"));
  const secret = `${randomBytes(32).toString("base64url")}.${Buffer.from(to).toString("base64url")}`;
  try {
    const url = await issuer.begin(secret);
    giveCookie(c, "issuer", secret, AT_ISSUER_SECONDS);
    return c.redirect(url.href, 303);
  } catch (error) {
    return await offerAgain(parts, c, to, error);
  }
}

/** Where the issuer leads back to. A secret is good for one answer, whatever comes of it. */
export async function comeFromIssuer(parts: PageParts, c: Context): Promise<Response> {
  const issuer = issuerOf(parts);
  const secret = cookieOf(c, "issuer");
  takeCookie(c, "issuer");
  const to = placeToGo(Buffer.from(secret?.split(".")[1] ?? "", "base64url").toString());
  try {
    if (secret === undefined)
      throw new FleetError(
        "UNAUTHENTICATED",
        "this sign-in was not begun in this browser, or took too long: begin anew",
      );
    const answer = new URL(c.req.url).searchParams;
    const { cookie, maxAgeSeconds } = await issuer.finish(secret, answer, sourceOf(c));
    takeCookie(c, "form");
    giveCookie(c, "session", cookie, maxAgeSeconds);
  } catch (error) {
    return await offerAgain(parts, c, to, error);
  }
  // A redirect would still be the other site's: browsers would not send the session along.
  c.header("refresh", `0; url=${to}`);
  const body = html`<section class="card narrow"><h1>Signed in</h1><p><a href="${to}">Go on</a></p></section>`;
  return c.html(layout({ title: "Signed in", body }));
}

/** @throws {FleetError} NOT_FOUND */
function issuerOf({ gate }: PageParts): IssuerGate {
  if (gate.issuer === undefined) throw notThere("issuer to sign in at");
  return gate.issuer;
}

/** @throws what is no answer to a sign-in */
async function offerAgain(parts: PageParts, c: Context, to: string, error: unknown): Promise<Response> {
  if (!(error instanceof FleetError) || !ANSWERS.includes(error.code)) throw error;
  return await offerSignIn(parts, c, { to, error });
}

const ANSWERS: readonly string[] = ["UNAUTHENTICATED", "TOO_MANY", "ISSUER_UNAVAILABLE"];
