import type { ActualServer } from "../../../resources/actual.ts";
import { historyOf } from "../../api/fleet/reads/history.ts";
import { serverState } from "../../api/fleet/reads/state.ts";
import type { FleetObject } from "../../api/fleet/view.ts";
import type { Change } from "../../changes/types.ts";
import { cloudOf } from "../../reconcile/context.ts";
import { objectKey } from "../../reconcile/types.ts";
import type { SeenServer } from "../../store/types.ts";
import { notThere } from "../gate.ts";
import type { Visit } from "../visit.ts";
import { changesOf } from "./changes.ts";
import { sizeOf } from "./servers.ts";

/** One field as the file has it and as the last pass has seen it. */
export interface Beside {
  field: string;
  desired?: unknown;
  actual?: unknown;
  isDrifted: boolean;
}

const VERSIONS = 10;
const CHANGES = 20;
const OVER = new Set(["converged", "closed"]);

/** @throws {FleetError} NOT_FOUND also for one that this person may not see */
export async function serverOf(
  visit: Visit,
  name: string,
): Promise<FleetObject & { spec: NonNullable<FleetObject["spec"]> }> {
  const view = await visit.view();
  const object = view.object("Server", name);
  if (object?.spec === undefined || !view.isWithin(visit.who, object)) throw notThere(`server ${name.slice(0, 100)}`);
  return { ...object, spec: object.spec };
}

/** What is recorded of it, what the last pass has seen, and what its file was. */
export async function readServer(visit: Visit, object: Awaited<ReturnType<typeof serverOf>>) {
  const { controller } = visit.parts;
  const view = await visit.view();
  const { spec } = object;
  const state = serverState(await visit.parts.memory.records(), view, object);
  const account = view.desired.accounts.get(spec.account)?.identity ?? spec.account;
  const id = state.recorded?.id;
  const seen = id === undefined ? undefined : (await controller.store.inventory(account, [id])).servers[0];
  const { items: history } = await historyOf(controller.repo, object, view.desired.commit, { limit: VERSIONS });
  const changes = (await changesOf(visit, { object: objectKey(spec) }, CHANGES)).changes;
  return {
    state,
    seen,
    fields: besides(visit, object, seen, new Set(state.drift.map(({ field }) => field))),
    history,
    open: changes.filter((change: Change) => !OVER.has(change.state)),
  };
}

/** In the order that one reads them. */
function besides(
  visit: Visit,
  { spec }: Awaited<ReturnType<typeof serverOf>>,
  seen: SeenServer | undefined,
  drifted: ReadonlySet<string>,
): Beside[] {
  const cloud = cloudOf(visit.parts.controller, spec.provider);
  const actual = seen?.goneSince === undefined ? seen?.actual : undefined;
  const is = (...paths: string[]) =>
    paths.some((path) => [...drifted].some((one) => one === path || one.startsWith(`${path}.`)));
  const row = (field: string, desired: unknown, found: unknown, isDrifted = is(field)): Beside => ({
    field,
    desired,
    isDrifted,
    ...(actual !== undefined && { actual: found }),
  });
  return [
    row("power", spec.power, actual?.power),
    row("hostname", spec.hostname, actual?.name),
    row("size", sizeOf(spec), actual && (actual.size ?? resourcesOf(actual)), is("size", "resources")),
    row("region", spec.region, actual?.region),
    row("image", spec.createOnly.image, actual?.image),
    row(
      "labels",
      spec.labels,
      actual && (cloud.labelsOf(actual) ?? actual.tags.filter((tag) => tag !== actual.mark)),
      is("labels", "tags"),
    ),
    ...(spec.firewalls.length > 0 || is("rules")
      ? [row("firewalls", spec.firewalls, undefined, is("rules", "firewalls"))]
      : []),
    row(
      "keys",
      spec.createOnly.keys.map(({ name }) => name),
      undefined,
      false,
    ),
    ...(["backups", "monitoring", "ipv6"] as const)
      .filter((field) => cloud.capabilities[field])
      .map((field) => row(field, spec[field], field === "ipv6" ? actual?.ipv6Enabled : actual?.[field])),
  ];
}

const resourcesOf = ({ vcpus, memoryMiB, diskGiB }: ActualServer): string =>
  sizeOf({
    size: "",
    resources: { ...(vcpus && { vcpus }), ...(memoryMiB && { memoryMiB }), ...(diskGiB && { diskGiB }) },
  });
