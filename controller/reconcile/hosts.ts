import type { ActualAggregate, HostAggregates, HostInstance } from "../../resources/actual.ts";
import type { Call } from "../../resources/cloud.ts";
import { FleetError } from "../../resources/errors.ts";
import type { AggregateHostSpec, StackObject } from "../../resources/spec.ts";
import { type Controller, callOn, cloudOf } from "./context.ts";
import type { Desired } from "./desired.ts";
import { inParallel } from "./pool.ts";
import type { Effect, Work } from "./types.ts";

/** Of a host's instances so many are told; an effect has at most 2 KB. */
const SHOWN = 5;

/**
 * Says of each host that goes to another aggregate, comes or leaves: the commands that do it, the instances on it, and what becomes of them. A
 * cloud that cannot be asked leaves the commands; that it could not be asked is said too.
 */
export async function describeMoves(
  controller: Controller,
  works: Work[],
  desired: Desired,
  signal: AbortSignal,
): Promise<void> {
  const moves = works.filter((work) => asHost(work.desired ?? work.applied?.document) !== undefined);
  const zones = new Map<string, Promise<ActualAggregate[]>>();
  await inParallel(moves, 8, async (work) => {
    const [from, to] = [asHost(work.applied?.document), asHost(work.desired)];
    const host = (to ?? from)!;
    work.effect.commands = commandsOf(host.name, from?.aggregate ?? to?.takenFrom, to?.aggregate);
    const account = desired.byIdentity.get(work.applied?.account ?? "") ?? desired.accounts.get(host.account);
    if (account === undefined) return;
    const { hosts } = cloudOf(controller, account.spec.provider);
    if (hosts === undefined) return;
    const call = callOn(controller, account.spec, signal);
    try {
      const listed = zones.get(account.identity) ?? hosts.list(call);
      zones.set(account.identity, listed);
      await describe(work.effect, host, from, to, await listed, hosts, call);
    } catch (error) {
      if (signal.aborted || !(error instanceof FleetError)) throw error;
      work.effect.notes.push(`the instances on it could not be read: ${error.message}`);
    }
  });
}

/** As the OpenStack client takes them. */
export function commandsOf(host: string, from: string | undefined, to: string | undefined): string[] {
  return [
    ...(from !== undefined && from !== to ? [`openstack aggregate remove host ${quoted(from)} ${quoted(host)}`] : []),
    ...(to !== undefined && from !== to ? [`openstack aggregate add host ${quoted(to)} ${quoted(host)}`] : []),
  ];
}

async function describe(
  effect: Effect,
  { name }: AggregateHostSpec,
  from: AggregateHostSpec | undefined,
  to: AggregateHostSpec | undefined,
  aggregates: ActualAggregate[],
  hosts: HostAggregates,
  call: Call,
): Promise<void> {
  const instances = await hosts.instances(name, call);
  effect.instances = { total: instances.length, first: instances.slice(0, SHOWN) };
  const zoneOf = (aggregate: string | undefined) =>
    aggregates.find((each) => each.name === aggregate)?.availabilityZone;
  effect.notes.push(...fates(instances, from, to, zoneOf(from?.aggregate), zoneOf(to?.aggregate)));
}

/** What a move does to instances: nothing by itself, but where new ones go changes, and some later steps of theirs no longer fit. */
function fates(
  instances: HostInstance[],
  from: AggregateHostSpec | undefined,
  to: AggregateHostSpec | undefined,
  zoneBefore: string | undefined,
  zoneAfter: string | undefined,
): string[] {
  if (instances.length === 0) return ["no instances on it: nothing else moves"];
  const count = instances.length === 1 ? "the instance" : `the ${instances.length} instances`;
  const stay = `${count} on it stay${instances.length === 1 ? "s" : ""} and run${instances.length === 1 ? "s" : ""} on; only new ones go by the new class`;
  const notes = [stay];
  if (zoneAfter !== undefined && zoneBefore !== zoneAfter)
    notes.push(
      `the cloud may refuse it: a host with instances would go from zone ${zoneBefore ?? "(none)"} to ${zoneAfter}; move or delete them first`,
    );
  if (from !== undefined && to !== undefined && from.class !== to.class)
    notes.push(
      `instances that were made as ${from.class} are then on a ${to.class} host: a resize, rebuild or migration of theirs is scheduled by their flavor, and leaves it`,
    );
  return notes;
}

function asHost(document: StackObject | undefined): AggregateHostSpec | undefined {
  return document?.kind === "AggregateHost" ? document : undefined;
}

/** A word as a shell takes it. */
export const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
