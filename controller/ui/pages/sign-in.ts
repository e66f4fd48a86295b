import { html } from "hono/html";
import { tokenField } from "../layout.ts";
import { type Markup, nothing } from "../parts/markup.ts";

/** @param to the page that was asked for, to go on to */
export function signInPage({ token, to, error }: { token: string; to: string; error?: string }): Markup {
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
</section>`;
}

/** A place of ours and nothing else: what comes with a link may lead anywhere. */
export function placeToGo(to: string | undefined | null): string {
  return to?.startsWith("/ui/") && !/[\\\s\0]/.test(to) && !to.startsWith("/ui/sign-") && to.length <= 500
    ? to
    : "/ui/fleet";
}
