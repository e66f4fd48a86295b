import type { ActualServer } from "../../resources/actual.ts";
import type { Call, Changes, Cloud } from "../../resources/cloud.ts";
import { fingerprintOf } from "../catalog/cache.ts";
import type { InventoryPass, SeenServer } from "../store/types.ts";
import { type Controller, callOn, cloudOf } from "./context.ts";
import { lookAtServer } from "./look.ts";
import type { MatchedAccount } from "./match.ts";
import { inParallel } from "./pool.ts";

/**
 * How often every page is read although the cloud has a feed of changes: a feed may leave out what touches only labels, and what an operator has
 * archived.
 */
export const LIST_EVERY_MS = 6 * 60 * 60 * 1000;

/** An account and the way to it. */
export interface Place {
  controller: Controller;
  account: MatchedAccount;
  cloud: Cloud;
  call: Call;
}

export function placeOf(
  controller: Controller,
  account: MatchedAccount,
  signal: AbortSignal,
  priority: Call["priority"] = "background",
): Place {
  const cloud = cloudOf(controller, account.spec.provider);
  return { controller, account, cloud, call: callOn(controller, account.spec, signal, priority) };
}

/** The machines of one account as one pass reads them: listed once, and each suspect looked at once. */
export interface Reading {
  /** What the passes before have left. */
  before: { pass?: InventoryPass; servers: SeenServer[] };
  pass: InventoryPass;
  /** `changes`: from the feed, and what is stored for all else. */
  how: "list" | "changes";
  /** By id. What a look has found takes the place of what was listed. */
  servers: Map<string, ActualServer>;
  /** A direct look, twice before it answers "gone"; the same machine is looked at once in a pass. */
  look(id: string): Promise<ActualServer | undefined>;
}

/**
 * Reads what an account has. A machine that was known and is now missing is looked at before it is believed to be gone; one that the list repeats is
 * there once.
 * @throws {FleetError} what the cloud says: then nothing is known of any machine.
 */
export async function readAccount(place: Place): Promise<Reading> {
  const { controller, account, cloud, call } = place;
  const before = await controller.store.inventory(account.identity);
  const readAt = new Date(controller.now()).toISOString();
  const fingerprint = fingerprintOf(account.spec);
  const known = before.servers.filter(({ goneSince }) => goneSince === undefined);

  const changes = await readChanges(place, before.pass, fingerprint);
  const servers = new Map<string, ActualServer>();
  if (changes === undefined) for await (const server of cloud.list(call)) servers.set(server.id, server);
  else {
    for (const { id, actual } of known) servers.set(id, actual);
    for (const server of changes.changed) servers.set(server.id, server);
  }

  const looks = new Map<string, Promise<ActualServer | undefined>>();
  const look = (id: string) => {
    const begun = looks.get(id) ?? lookAtServer(cloud, id, call, controller.sleep);
    looks.set(id, begun);
    return begun.then((actual) => {
      if (actual === undefined) servers.delete(id);
      else servers.set(id, actual);
      return actual;
    });
  };
  const missing =
    changes?.deleted.filter((id) => servers.has(id)) ?? known.flatMap(({ id }) => (servers.has(id) ? [] : id));
  await inParallel(missing, 8, look);
  return {
    before,
    pass: {
      number: (before.pass?.number ?? 0) + 1,
      fingerprint,
      listedAt: changes === undefined ? readAt : before.pass!.listedAt,
      readAt,
    },
    how: changes === undefined ? "list" : "changes",
    servers,
    look,
  };
}

/** Undefined when the whole list is to be read. */
async function readChanges(
  { controller, cloud, call }: Place,
  pass: InventoryPass | undefined,
  fingerprint: string,
): Promise<Changes | undefined> {
  if (cloud.changes === undefined || pass === undefined || pass.fingerprint !== fingerprint) return undefined;
  const now = controller.now();
  // A clock that was put back makes the window unsure.
  const isSure = Date.parse(pass.readAt) <= now && now - Date.parse(pass.listedAt) < LIST_EVERY_MS;
  return isSure ? await cloud.changes(pass.readAt, call) : undefined;
}
