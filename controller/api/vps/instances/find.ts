import type { ServerSpec } from "../../../../resources/spec.ts";
import type { Change } from "../../../changes/types.ts";
import { parseFleetFile } from "../../../fleet/file.ts";
import type { Principal } from "../../../people/principal.ts";
import { Refusal } from "../../dialect/refusal.ts";
import type { Recorded, Records } from "../../fleet/records.ts";
import type { FleetObject, FleetView } from "../../fleet/view.ts";
import type { VpsApi } from "../api.ts";
import { instanceId, nameOf } from "./ids.ts";
import { isOwn } from "./owner.ts";

/** A server as this dialect knows it: of the files, or one that is leaving and that only a record has. */
export interface Found {
  id: string;
  spec: ServerSpec;
  /** Absent where its file has gone. */
  object?: FleetObject;
  record?: Recorded;
}

/** Servers of the files that somebody may see, by name. */
export async function ownInstances(api: VpsApi, principal: Principal): Promise<Found[]> {
  const view = await api.view();
  const records = await api.memory.records();
  return [...view.objects("Server")]
    .flatMap((object) => foundOf(view, records, object))
    .filter(({ spec }) => isOwn(principal, spec))
    .sort((a, b) => (a.spec.name < b.spec.name ? -1 : 1));
}

/** One answer for what is another's and for what is not there. @throws {Refusal} not-found */
export async function ownInstance(api: VpsApi, principal: Principal, id: string): Promise<Found> {
  const view = await api.view();
  const records = await api.memory.records();
  const found = byId(view, records, id) ?? (await leaving(api, records, id));
  if (found !== undefined && isOwn(principal, found.spec)) return found;
  throw new Refusal("not-found", "there is no such instance");
}

/** The name of an instance tells where to look first; one that was renamed or was not made here is found by its id. */
function byId(view: FleetView, records: Records, id: string): Found | undefined {
  const likely = view.object("Server", nameOf(id));
  const objects = likely === undefined ? view.objects("Server") : [likely, ...view.objects("Server")];
  for (const object of objects) {
    const [found] = foundOf(view, records, object);
    if (found?.id === id) return found;
  }
  return undefined;
}

function foundOf({ desired }: FleetView, records: Records, object: FleetObject): Found[] {
  const { spec } = object;
  if (spec === undefined) return [];
  const account = desired.accounts.get(spec.account)?.identity ?? spec.account;
  const record = records.server(account, spec.name);
  const id = instanceId(desired.fleet.id, spec, record?.identity);
  return [{ id, spec, object, ...(record && { record }) }];
}

/** Whose file is gone, and whose machine is still to go. */
async function leaving(api: VpsApi, records: Records, id: string): Promise<Found | undefined> {
  const record = records.servers(nameOf(id))[0];
  if (record === undefined) return undefined;
  const applied = await api.controller.store.object(record.account, "Server", record.name);
  return applied?.document.kind === "Server" && applied.document.uuid === id
    ? { id, spec: applied.document, record }
    : undefined;
}

/** The create of an instance that came to nothing after it was answered; for whoever had asked for it. */
export async function failedCreate(
  { service }: VpsApi,
  principal: Principal,
  id: string,
): Promise<{ change: Change; fields: Readonly<Record<string, unknown>> } | undefined> {
  const name = nameOf(id);
  const changes = await service.changes.list({ states: ["closed"], object: `Server//${name}` }, 20);
  const change = changes.find(({ call, openedBy }) => call?.op === "create" && openedBy === principal.id);
  for (const edit of change?.edits ?? []) {
    const { kind, fields } = "text" in edit && edit.text ? parseFleetFile(edit.text) : {};
    if (kind === "Server" && (fields as { uuid?: string } | undefined)?.uuid === id)
      return { change: change!, fields: fields as unknown as Record<string, unknown> };
  }
  return undefined;
}
