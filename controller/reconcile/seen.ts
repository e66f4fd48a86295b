import type { ActualServer } from "../../resources/actual.ts";
import type { Catalog } from "../../resources/catalog.ts";
import { priceIn } from "../catalog/offers.ts";
import type { PassRecord, SeenServer } from "../store/types.ts";
import type { Owned } from "./classes.ts";
import type { Reading } from "./read-account.ts";

/** What a pass has seen of an account, and what of that is to be written down. */
export interface Seen extends Pick<PassRecord, "seen" | "gone"> {
  /** All that is there now. */
  present: SeenServer[];
}

/** Pure: what is there beside what was known. First seen is kept while it is the same machine; a price that is not known now stays as it was. */
export function whatIsSeen(
  { before, pass, servers }: Pick<Reading, "before" | "pass" | "servers">,
  owned: ReadonlyMap<string, Owned>,
  catalog: Catalog | undefined,
): Seen {
  const rows = new Map(before.servers.map((row) => [row.id, row]));
  const result: Seen = { present: [], seen: [], gone: [] };
  for (const actual of servers.values()) {
    const known = rows.get(actual.id);
    const row = rowOf(actual, owned.get(actual.id)!.class, known, pass.readAt, catalog);
    result.present.push(row);
    if (known === undefined || isOther(known, row)) result.seen.push(row);
  }
  for (const { id, lastSeen, goneSince } of before.servers)
    if (goneSince === undefined && !servers.has(id)) result.gone.push({ id, lastSeen });
  return result;
}

function rowOf(
  { rules: _, ...actual }: ActualServer,
  owner: SeenServer["class"],
  known: SeenServer | undefined,
  readAt: string,
  catalog: Catalog | undefined,
): SeenServer {
  const { id, name, mark, region, size, power } = actual;
  const sold = catalog?.sizes.find((each) => each.name === size);
  const was = known?.size === size && known?.region === region ? known?.monthly : undefined;
  const monthly = (sold && priceIn(sold, region)) ?? was;
  return {
    id,
    name,
    class: owner,
    ...(mark !== undefined && { mark }),
    region,
    ...(size !== undefined && { size }),
    state: power,
    firstSeen: known !== undefined && isSame(known, actual) ? known.firstSeen : readAt,
    lastSeen: readAt,
    ...(monthly !== undefined && { monthly }),
    // Rules come only with a look: kept, they would be taken for what the list says now.
    actual,
  };
}

/** Some clouds give an id again: then it is another machine, which the cloud tells by when it was made, and else by its going in between. */
function isSame({ actual: before, goneSince }: SeenServer, now: ActualServer): boolean {
  if (before.createdAt !== undefined && now.createdAt !== undefined) return before.createdAt === now.createdAt;
  return goneSince === undefined || (before.mark === now.mark && before.name === now.name);
}

/** Whether the row has to be written anew: of most machines nothing has changed. */
function isOther({ lastSeen: _, ...known }: SeenServer, { lastSeen: __, ...row }: SeenServer): boolean {
  return known.actual === row.actual ? false : JSON.stringify(known) !== JSON.stringify(row);
}
