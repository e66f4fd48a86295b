import type { Change } from "../changes/types.ts";
import type { Principal } from "../people/principal.ts";
import { toPrincipal } from "../people/standing.ts";
import type { Controller } from "../reconcile/context.ts";
import type { Person } from "../repo/commit.ts";
import type { Login } from "./types.ts";

/** Who somebody at the forge is here, where an admin has said so; undefined also for whoever is disabled. */
export async function personOf(
  { store }: Pick<Controller, "store">,
  forge: string,
  { id }: Login,
): Promise<Principal | undefined> {
  const link = await store.forgeLogin(forge, id);
  const user = link && (await store.people.user({ id: link.user }));
  if (user === undefined || !user.enabled) return undefined;
  const { password: _, ...known } = user;
  return toPrincipal(known, "pull-request");
}

/**
 * Whom a pull request's change is of. Policies go by the role of whoever is about everything; others, and people whom nobody knows, are viewers to
 * them: their changes wait for a person.
 */
export function authorOf(
  { id, name }: Login,
  principal: Principal | undefined,
  url: string,
): Pick<Change, "role" | "openedBy"> & { author: Person } {
  if (principal === undefined) {
    const plain = name.replace(/[^A-Za-z0-9._-]/g, "-");
    return {
      author: { name: plain || "unknown", email: `${id}+${plain}@noreply.${new URL(url).hostname}` },
      role: "viewer",
    };
  }
  const author = { name: principal.name, email: principal.email };
  if (principal.accounts !== undefined || principal.owners !== undefined) return { author, role: "viewer" };
  return { author, role: principal.role, openedBy: principal.id };
}
