import { FleetError } from "../../resources/errors.ts";
import { canonicalJson } from "../fleet/canonical.ts";
import type { FleetRepo } from "../repo/repo.ts";
import type { LastWanted, PassRecord, RememberedDrift } from "../store/types.ts";
import { GONE, keysOf } from "./causes.ts";
import type { Desired } from "./desired.ts";
import type { ObjectDrift } from "./drift.ts";

type Found = Omit<RememberedDrift, "id">;

/** Drift that a pass has found, as it is remembered: one entry for each field. */
export function entriesOf(
  { object: kind, name, id: cloudId, ...drift }: ObjectDrift,
  identity: string,
  at: string,
): Found[] {
  const common = { kind, identity, name, cloudId, since: at };
  if (drift.kind === "gone") return [{ ...common, field: GONE, key: GONE }];
  const keys = keysOf(drift.fields);
  return drift.fields.map(({ path, desired, actual }, index) => ({
    ...common,
    field: path,
    key: keys[index]!,
    ...(desired !== undefined && { before: desired }),
    ...(actual !== undefined && { after: actual }),
  }));
}

/** What has started, changed and ended since the pass before: pure. Since when and who is kept while a difference lasts. */
export function compareDrift(
  open: readonly RememberedDrift[],
  found: readonly Found[],
): NonNullable<PassRecord["drift"]> {
  const keyOf = ({ kind, identity, key }: Found) => `${kind} ${identity} ${key}`;
  const before = new Map(open.map((one) => [keyOf(one), one]));
  const started: Found[] = [];
  const changed: RememberedDrift[] = [];
  for (const one of found) {
    const known = before.get(keyOf(one));
    before.delete(keyOf(one));
    if (known === undefined) {
      started.push(one);
      continue;
    }
    const { wanted } = known;
    const now = { ...one, id: known.id, since: known.since, ...(wanted !== undefined && { wanted }) };
    if (canonicalJson(now) !== canonicalJson(known)) changed.push(now);
  }
  return { started, changed, ended: [...before.values()].map(({ id }) => id) };
}

/** Adds who last changed the file of each object, found by one walk through git. Drift is told as well where git cannot tell. */
export async function withWanted<Drift extends Found>(
  repo: Pick<FleetRepo, "lastAuthors">,
  { commit, objects }: Pick<Desired, "commit" | "objects">,
  account: string,
  drift: readonly Drift[],
): Promise<Drift[]> {
  if (drift.length === 0) return [];
  const names = new Set(drift.map(({ kind, name }) => `${kind} ${name}`));
  const paths = new Map(
    objects.flatMap(({ spec, path }) => {
      const key = `${spec.kind} ${spec.name}`;
      const isMeant = spec.kind === "Server" || spec.account === account;
      return isMeant && names.has(key) ? [[key, path] as const] : [];
    }),
  );
  const authors = await repo.lastAuthors([...new Set(paths.values())], commit).catch((error: unknown) => {
    if (!(error instanceof FleetError)) throw error;
    return new Map<string, LastWanted>();
  });
  return drift.map((one): Drift => {
    const path = paths.get(`${one.kind} ${one.name}`);
    const wanted: LastWanted | undefined = path === undefined ? undefined : authors.get(path);
    return wanted === undefined ? one : { ...one, wanted };
  });
}
