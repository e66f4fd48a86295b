import { tellsOf } from "../../api/fleet/reads/runs.ts";
import type { Change } from "../../changes/types.ts";
import type { StoredEvent } from "../../store/types.ts";
import type { Visit } from "../visit.ts";

const AT_ONCE = 500;

/** What the runs that carry a change have told of its objects behind `after`, in the order in which it was told; `last` is the number to go on from. */
export async function progressOf(
  visit: Visit,
  change: Change,
  after: number,
): Promise<{ events: StoredEvent[]; last: number }> {
  const { controller, service } = visit.parts;
  const view = await visit.view();
  const runs = await service.changes.runs(change);
  const all = (await Promise.all(runs.map(({ id }) => controller.store.runEvents(id, AT_ONCE, after)))).flat();
  const isTold = (event: StoredEvent) =>
    (event.object === undefined || change.objects.includes(event.object)) && tellsOf(view, visit.who, event);
  return {
    events: all.filter(isTold).sort((a, b) => a.seq - b.seq),
    last: Math.max(after, ...all.map(({ seq }) => seq)),
  };
}
