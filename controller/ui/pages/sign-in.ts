import { html } from "hono/html";
import { tokenField } from "../layout.ts";
import { type Markup, nothing } from "../parts/markup.ts";

interface Asked {
  token: string;
  /** The page that was asked for, to go on to. */
  to: string;
  /** Where one can sign in instead, as people know it. */
  issuer?: string;
  error?: string;
}

export function signInPage({ token, to, issuer, error }: Asked): Markup {
  return html`<section class="card narrow">
<h1>Sign in</h1>
${error === undefined ? nothing : html`<p class="notice bad" role="alert">${error}</p>`}
<form method="post" action="/ui/sign-in">
${tokenField(token)}
<input type="hidden" name="to" value="${to}">
<label for="email">Mail address</label>
<input id="email" name="email" type="email" autocomplete="username" required maxlength="254" autofocus>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required maxlength="512">
<button class="main">Sign in</button>
</form>
${
  issuer === undefined
    ? nothing
    : html`<p class="or"><a class="button" href="/ui/sign-in/issuer?to=${encodeURIComponent(to)}">Sign in with ${issuer}</a></p>`
}
</section>`;
}

/** A place of ours and nothing else: what comes with a link may lead anywhere. */
export function placeToGo(to: string | undefined | null): string {
  return to?.startsWith("/ui/") && !/[^\x21-\x7e]|\\/.test(to) && !to.startsWith("/ui/sign-") && to.length <= 500
    ? to
    : "/ui/fleet";
}
