import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { html } from "hono/html";
import { FLEET_ERRORS, FleetError } from "../../resources/errors.ts";
import { HEARTBEAT_MS, POLL_MS } from "../api/fleet/api.ts";
import type { StreamGround } from "../api/fleet/stream.ts";
import { RETURN_PATH } from "../people/login-settings.ts";
import { isAboutAll, mayAs } from "../people/principal.ts";
import { sendAsset } from "./assets.ts";
import { cookieOf } from "./cookies.ts";
import { tokenOf } from "./forgery.ts";
import { formOf, sourceOf } from "./form.ts";
import { guarded } from "./headers.ts";
import { layout } from "./layout.ts";
import { placeToGo } from "./pages/sign-in.ts";
import { ROUTES, type Route } from "./routes.ts";
import type { PageParts, Visit } from "./visit.ts";
import { comeFromIssuer, goToIssuer, offerSignIn, signIn } from "./way-in.ts";

/** Larger than any form of ours can be: that of a server with all the user data that there may be, each byte written as three. */
const FORM_MAX_BYTES = 256 * 1024;

/** The web page: everything below `/ui`, and `/` that leads there. */
export function pageApp(parts: PageParts): Hono {
  const app = new Hono();
  const shared = { parts, view: viewer(parts), streams: streamsOf(parts) };
  app.use("*", guarded);
  app.use("*", bodyLimit({ maxSize: FORM_MAX_BYTES, onError: () => refusal("the form is too large") }));

  app.get("/", (c) => c.redirect("/ui/fleet", 303));
  app.get("/ui", (c) => c.redirect("/ui/fleet", 303));
  app.get("/ui/assets/:hash/:name", (c) => sendAsset(c) ?? c.notFound());
  app.get("/ui/sign-in", (c) => offerSignIn(parts, c, { to: placeToGo(c.req.query("to")) }));
  app.post("/ui/sign-in", (c) => signIn(parts, c));
  app.get("/ui/sign-in/issuer", (c) => goToIssuer(parts, c));
  app.get(RETURN_PATH, (c) => comeFromIssuer(parts, c));
  for (const route of ROUTES) app.on(route.method, `/ui${route.path}`, (c) => visit(shared, route, c));

  app.notFound((c) => c.html(layout(errorPage(`There is no ${c.req.path.slice(0, 200)}`)), 404));
  app.onError(async (error, c) => {
    if (!(error instanceof FleetError)) {
      // Whoever has gone on to another page gives up what was asked for this one.
      if (!c.req.raw.signal.aborted)
        parts.logger.error({ error: error.message, path: c.req.path }, "a page has failed");
      return c.html(layout(errorPage("An error of Fleetwright: its log tells more.")), 500);
    }
    const visitor = await visitorOf(parts, c).catch(() => undefined);
    return c.html(layout(errorPage(error.message, placeBefore(c.req.path)), visitor), FLEET_ERRORS[error.code].http);
  });
  return app;
}

const streamsOf = ({ controller, stopping = new AbortController().signal }: PageParts): StreamGround => ({
  controller,
  stopping,
  pollMs: POLL_MS,
  heartbeatMs: HEARTBEAT_MS,
  streams: 0,
});

async function visit(shared: Pick<Visit, "parts" | "view" | "streams">, route: Route, c: Context): Promise<Response> {
  const visitor = await visitorOf(shared.parts, c);
  if (visitor === undefined) return toSignIn(c);
  const { who, token, cookie } = visitor;
  const form = route.method === "POST" ? await formOf(c, cookie) : new URLSearchParams();
  if (!mayAs(who, route.role))
    throw new FleetError("FORBIDDEN", `this takes the role ${route.role}, and yours is ${who.role}`);
  const source = sourceOf(c);
  const answer = await route.answer({ ...shared, c, who, token, source, form, signal: c.req.raw.signal });
  if (answer instanceof Response) return answer;
  return c.html(layout(answer, visitor), answer.status ?? 200);
}

async function visitorOf({ gate, spot }: PageParts, c: Context) {
  const cookie = cookieOf(c, "session");
  const who = cookie === undefined ? undefined : await gate.who(cookie);
  const hasSpot = who !== undefined && spot?.isOn() === true && isAboutAll(who);
  return who && { who, cookie: cookie!, token: tokenOf(cookie!), hasSpot };
}

/** Where one is led on to after it: reading only, a form is not sent twice. */
function toSignIn(c: Context): Response {
  const { pathname, search } = new URL(c.req.url);
  const to = c.req.method === "GET" ? `?to=${encodeURIComponent(pathname + search)}` : "";
  // What only part of a page asks for is answered by a whole one.
  if (c.req.header("hx-request") !== undefined) return c.body(null, 401, { "hx-redirect": "/ui/sign-in" });
  return c.redirect(`/ui/sign-in${to}`, 303);
}

/** The last valid commit, as all who read the fleet are answered from it. */
function viewer({ memory }: PageParts): Visit["view"] {
  return async () => {
    const view = await memory.view();
    if (view !== undefined) return view;
    throw new FleetError("STORE_FAILED", "no commit has been compiled yet: load the page again in a moment", {});
  };
}

/** Where a form that was refused came from: `/ui/changes/ID/approve` of `/ui/changes/ID`. */
const placeBefore = (path: string): string =>
  path === "/ui/spot/move"
    ? "/ui/spot"
    : path === "/ui/adopt"
      ? "/ui/inventory"
      : (/^\/ui\/(?:drift|(?:changes|servers|users|providers)\/[^/]+)(?=\/)/.exec(path)?.[0] ?? "/ui/fleet");

const errorPage = (message: string, back = "/ui/fleet") => ({
  title: "Not done",
  body: html`<section class="card narrow"><h1>Not done</h1><p class="notice bad lines" role="alert">${message}</p>
<p><a href="${back}">Go back</a></p></section>`,
});

function refusal(message: string): never {
  throw new FleetError("USAGE", message, {});
}
