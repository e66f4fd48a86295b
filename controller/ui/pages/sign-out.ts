import { cookieOf, takeCookie } from "../cookies.ts";
import type { Visit } from "../visit.ts";

/** `POST /ui/sign-out` ends the session, not only its cookie. */
export async function signOut({ parts, c, source }: Visit): Promise<Response> {
  const cookie = cookieOf(c, "session");
  if (cookie !== undefined) await parts.gate.signOut(cookie, source);
  takeCookie(c, "session");
  return c.redirect("/ui/sign-in", 303);
}
