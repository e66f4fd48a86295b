import type { ActualAggregate } from "../../../resources/actual.ts";
import type { SpotApi } from "./api.ts";
import { type Zone, zonesOf } from "./world.ts";

/** A host and the two aggregates that it goes between, by their names at the cloud. */
export interface Move {
  host: string;
  source: string;
  target: string;
}

/** What an account's cloud has of a move. */
export interface Place {
  zone: Zone;
  /** Of every class, and of none. */
  aggregates: readonly ActualAggregate[];
  source?: ActualAggregate;
  target?: ActualAggregate;
  /** The cloud has the host. */
  isHost: boolean;
}

/** In the account that has most of it. Undefined where no account has aggregates. @throws {FleetError} of the cloud */
export async function placeOf(api: SpotApi, move: Move, signal: AbortSignal): Promise<Place | undefined> {
  const places = await Promise.all(zonesOf(api, signal).map((zone) => placeIn(zone, move)));
  return places.sort((a, b) => fitness(b, move) - fitness(a, move))[0];
}

async function placeIn(zone: Zone, { host, source, target }: Move): Promise<Place> {
  const [aggregates, names] = await Promise.all([zone.hosts.list(zone.call), zone.hosts.names(zone.call)]);
  const named = (name: string) => aggregates.find((one) => one.name === name);
  const [from, to] = [named(source), named(target)];
  return { zone, aggregates, isHost: names.includes(host), ...(from && { source: from }), ...(to && { target: to }) };
}

const fitness = ({ source, target, isHost }: Place, { host }: Move): number =>
  (source?.hosts.includes(host) ? 8 : 0) + (isHost ? 4 : 0) + (source ? 2 : 0) + (target ? 1 : 0);

export const validationOf = (place: Place | undefined, { host }: Move) => ({
  source_exists: place?.source !== undefined,
  target_exists: place?.target !== undefined,
  host_in_source: place?.source?.hosts.includes(host) ?? false,
});
