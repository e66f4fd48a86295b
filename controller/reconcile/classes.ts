import type { ActualServer } from "../../resources/actual.ts";
import { ownerMark } from "../../resources/mark.ts";
import type { AppliedObject, SeenServer } from "../store/types.ts";
import type { Desired } from "./desired.ts";
import { inParallel } from "./pool.ts";
import type { Place, Reading } from "./read-account.ts";

/** Replaces of one server that a mark is looked for in, past the recorded one. */
const LIKELY_GENERATIONS = 8;

/** Whose a machine is; `record` is that of a managed one. */
export interface Owned {
  class: SeenServer["class"];
  record?: AppliedObject;
}

/**
 * Whose each machine of an account is, by id. One that would be an orphan is looked at directly before it is called one, unless the cloud's feed says
 * that it is as it was when it was looked at.
 */
export async function classify(
  { controller, account }: Place,
  reading: Reading,
  records: readonly AppliedObject[],
  isMark: (mark: string) => boolean,
): Promise<Map<string, Owned>> {
  const { servers, before, how, look } = reading;
  const byId = new Map(records.flatMap((record) => (record.cloudId === undefined ? [] : [[record.cloudId, record]])));
  const byMark = new Map(records.map((record) => [record.mark, record]));
  const recordOf = ({ id, mark }: ActualServer) => byId.get(id) ?? (mark === undefined ? undefined : byMark.get(mark));
  const stranger = [...servers.values()].filter((server) => recordOf(server) === undefined);
  const noted = await controller.store.noted(
    account.identity,
    stranger.flatMap(({ mark }) => mark ?? []),
  );
  const isOurs = ({ mark }: ActualServer) => mark !== undefined && (noted.has(mark) || isMark(mark));

  const looked = new Map(
    how === "list"
      ? []
      : before.servers.filter((row) => row.class === "orphan").map(({ id, actual }) => [id, actual] as const),
  );
  const suspects = stranger.filter((server) => isOurs(server) && looked.get(server.id) !== server);
  await inParallel(suspects, 8, ({ id }) => look(id));

  const owned = new Map<string, Owned>();
  for (const server of servers.values()) {
    const record = recordOf(server);
    if (record !== undefined) owned.set(server.id, { class: "managed", record });
    else owned.set(server.id, { class: isOurs(server) ? "orphan" : "foreign" });
  }
  return owned;
}

/**
 * Tells marks that machines of this fleet's servers have or have had; the journal knows those of servers that are forgotten. All marks are only worked
 * out when a machine has one that no record has.
 */
export function fleetMarks({ fleet, objects }: Desired, records: readonly AppliedObject[]): (mark: string) => boolean {
  let marks: Set<string> | undefined;
  const all = () => {
    const identities = new Map<string, number>();
    for (const { spec } of objects)
      if (spec.kind === "Server") for (const name of [spec.name, ...spec.formerly]) identities.set(name, 0);
    for (const { identity, generation } of records) identities.set(identity, generation);
    return new Set(
      [...identities].flatMap(([identity, generation]) =>
        Array.from({ length: generation + LIKELY_GENERATIONS }, (_, each) =>
          ownerMark(fleet.id, "Server", identity, each),
        ),
      ),
    );
  };
  return (mark) => {
    marks ??= all();
    return marks.has(mark);
  };
}
