import { whoOf } from "../people/audit.ts";
import type { People } from "../people/people.ts";
import type { Gate } from "./gate.ts";

/** The people of the controller at the gate of its page. */
export const peopleGate = ({
  signIn,
  login,
  sessions,
  audit,
}: Pick<People, "signIn" | "login" | "sessions" | "audit">): Gate => ({
  signIn: async (email, password, source) => await sessions.start(await signIn({ email, password, source }), source),
  ...(login && {
    issuer: {
      name: login.name,
      begin: (secret) => login.begin(secret),
      finish: async (secret, answer, source) =>
        await sessions.start(await login.finish(secret, answer, source), source),
    },
  }),
  who: (cookie) => sessions.principal(cookie),
  signOut: (cookie, source) => sessions.end(cookie, source),
  audit: async ({ who, ...entry }) => void (await audit.audit({ who: whoOf(who), ...entry })),
});
