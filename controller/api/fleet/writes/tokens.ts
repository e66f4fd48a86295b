import type { IssuedTokens } from "../../../people/tokens.ts";
import { type Described, openRoute, type Route } from "../route.ts";
import { record, text, whole } from "../shapes.ts";

const SECRET = { type: "string", minLength: 1, maxLength: 1000 };

const TOKENS: Readonly<Record<number, Described>> = {
  200: {
    description: "The access token goes into `Authorization: Bearer …`; the refresh token gets the next one, once.",
    schema: record({ accessToken: text, refreshToken: text, tokenType: { const: "Bearer" }, expiresInSeconds: whole }),
  },
};

const given = ({ accessToken, refreshToken, expiresInSeconds }: IssuedTokens) => ({
  body: { accessToken, refreshToken, tokenType: "Bearer", expiresInSeconds },
});

/** Signing in and out. Wrong ones are slowed down and locked out, as people.ts says. */
export const tokenRoutes: readonly Route[] = [
  openRoute<{ email: string; password: string }>({
    id: "signIn",
    method: "post",
    path: "/fleet/v1/tokens",
    tag: "tokens",
    role: "anyone",
    summary: "Sign in",
    body: record({ email: { type: "string", minLength: 3, maxLength: 254 }, password: SECRET }),
    answers: TOKENS,
    run: async ({ people }, { body, source }) =>
      given(await people.tokens.issue(await people.signIn({ ...body, source }))),
  }),
  openRoute<{ refreshToken: string }>({
    id: "refreshToken",
    method: "post",
    path: "/fleet/v1/tokens/refresh",
    tag: "tokens",
    role: "anyone",
    summary: "Get the next access token",
    description: "A refresh token that comes a second time ends the whole sign-in: somebody else may have it.",
    body: record({ refreshToken: SECRET }),
    answers: TOKENS,
    run: async ({ people }, { body, source }) => given(await people.tokens.refresh(body.refreshToken, source)),
  }),
  openRoute<{ refreshToken: string }>({
    id: "signOut",
    method: "post",
    path: "/fleet/v1/tokens/revoke",
    tag: "tokens",
    role: "anyone",
    summary: "Sign out",
    description: "Ends the sign-in that the token is of; its access tokens are worth nothing from then on.",
    body: record({ refreshToken: SECRET }),
    answers: { 204: { description: "It is ended, or was." } },
    run: async ({ people }, { body, source }) => {
      await people.tokens.revoke(body.refreshToken, source);
      return { status: 204 };
    },
  }),
];
