import { FleetError } from "../../resources/errors.ts";
import { KINDS, type Kind } from "../../schemas/index.ts";
import { objectFile } from "../fleet/object-file.ts";
import type { FieldPath } from "../fleet/problem.ts";
import { serverPath } from "../fleet/server-path.ts";
import type { Desired } from "../reconcile/desired.ts";
import type { FileEdit } from "../repo/edits.ts";

/** What somebody wants of one object, in the words of an API. `orSame`: one that has come meanwhile with the very same text will do. */
export type Wish =
  | { kind: Kind; name: string; create: Fields; orSame?: true }
  /** RFC 7396: null takes a field out, objects are merged, anything else takes the place of what is there. */
  | { kind: Kind; name: string; patch: Fields; ifBlob?: string }
  | { kind: Kind; name: string; delete: true; ifBlob?: string };

type Fields = Readonly<Record<string, unknown>>;

/** As the schemas have it; a name becomes part of a path before they are asked. */
const NAME = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const DEPTH = 20;

/**
 * The edits of files that bring wishes about.
 * @throws {FleetError} COMMIT_CONFLICT for a new object whose name is taken; FLEET_INVALID for a name that is none; USAGE for a patch of what tells
 *   objects apart.
 */
export function editsOf(wishes: readonly Wish[], desired: Pick<Desired, "objects" | "accounts" | "plans">): FileEdit[] {
  const coming = new Map<string, number>();
  return wishes.flatMap((wish): FileEdit[] => {
    if ("create" in wish) return [created(wish, desired, coming)];
    const { kind, name, ifBlob } = wish;
    const at = { kind, name, ...(ifBlob !== undefined && { ifBlob }) };
    return "delete" in wish ? [{ ...at, text: null }] : patched(at, wish.patch);
  });
}

function created(
  { kind, name, create, orSame }: { kind: Kind; name: string; create: Fields; orSame?: true },
  desired: Pick<Desired, "objects" | "accounts" | "plans">,
  coming: Map<string, number>,
): FileEdit {
  if (!NAME.test(name))
    throw new FleetError(
      "FLEET_INVALID",
      `"${name.slice(0, 80)}" is no name: lower-case letters, digits and inner hyphens, at most 63`,
      { kind },
    );
  if (isTaken(kind, name, desired))
    throw new FleetError("COMMIT_CONFLICT", `there is a ${kind} ${name} already: choose another name, or patch it`, {
      kind,
      name,
    });
  const path = pathOf(kind, name, create, desired, coming);
  const { kind: _, name: __, ...fields } = create;
  return { path, text: objectFile(kind, path, { name, ...fields }), ifBlob: null, ...(orSame && { orSame }) };
}

/** Those that are not compiled to objects of their own are told apart by their paths, and by the compile of the change. */
function isTaken(
  kind: Kind,
  name: string,
  { objects, accounts, plans }: Pick<Desired, "objects" | "accounts" | "plans">,
): boolean {
  if (kind === "Account") return accounts.has(name);
  if (kind === "Plan") return plans.some((plan) => plan.name === name);
  return kind === "Server" && objects.some(({ spec }) => spec.kind === "Server" && spec.name === name);
}

function pathOf(
  kind: Kind,
  name: string,
  { account }: Fields,
  { objects }: Pick<Desired, "objects">,
  coming: Map<string, number>,
): string {
  const { place } = KINDS[kind];
  if (kind !== "Server" || typeof account !== "string" || !NAME.test(account))
    return place.endsWith("/") ? `${place}${name}.yaml` : place;
  const count =
    coming.get(account) ?? objects.filter(({ spec }) => spec.kind === "Server" && spec.account === account).length;
  coming.set(account, count + 1);
  return serverPath(account, name, count + 1);
}

function patched(at: { kind: Kind; name: string; ifBlob?: string }, patch: Fields): FileEdit[] {
  for (const field of ["kind", "name"])
    if (Object.hasOwn(patch, field))
      throw new FleetError(
        "USAGE",
        `${field} tells objects apart and cannot be patched: see \`formerly\` for a new name`,
        { field },
      );
  return leavesOf(patch, []).map(({ path, value }) =>
    value === null ? { ...at, remove: path } : { ...at, set: path, value },
  );
}

function leavesOf(value: Fields, path: FieldPath): { path: FieldPath; value: unknown }[] {
  if (path.length > DEPTH) throw new FleetError("USAGE", `a patch is at most ${DEPTH} levels deep`, {});
  return Object.entries(value).flatMap(([key, field]) => {
    const at = [...path, key];
    const isMapping = typeof field === "object" && field !== null && !Array.isArray(field);
    return isMapping && Object.keys(field).length > 0 ? leavesOf(field as Fields, at) : [{ path: at, value: field }];
  });
}
