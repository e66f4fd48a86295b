import { concernsChange } from "../../changes/files.ts";
import type { Change } from "../../changes/types.ts";
import type { ChangeFilter } from "../../store/types.ts";
import { notThere } from "../gate.ts";
import type { Visit } from "../visit.ts";

/** Rows that are read for one page, most of which may be of others. */
const MOST_READ = 500;

/** The newest first, of those that somebody may see; `next` is the last one read where there may be more. */
export async function changesOf(
  visit: Visit,
  filter: ChangeFilter,
  limit: number,
): Promise<{ changes: Change[]; next?: Change }> {
  const { controller, service } = visit.parts;
  const changes: Change[] = [];
  let before = filter.before;
  for (let read = 0; read < MOST_READ; read += limit) {
    const some = await service.changes.list({ ...filter, ...(before && { before }) }, limit);
    for (const change of some) {
      if (await concernsChange(visit.who, controller.repo, change)) changes.push(change);
      before = change;
      if (changes.length === limit) return { changes, next: change };
    }
    if (some.length < limit) return { changes };
  }
  return { changes, next: before as Change };
}

/** @throws {FleetError} NOT_FOUND also for one that this person may not see */
export async function changeOf(visit: Visit, id: string): Promise<Change> {
  const { controller, service } = visit.parts;
  const change = await service.changes.get(id);
  if (!(await concernsChange(visit.who, controller.repo, change))) throw notThere(`change ${id}`);
  return change;
}
