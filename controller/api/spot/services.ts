import type { ActualNetwork, ActualPort, HostInstance, NetworkReader } from "../../../resources/actual.ts";
import type { Call, Launching } from "../../../resources/cloud.ts";
import { callOn, cloudOf } from "../../reconcile/context.ts";
import type { MatchedAccount } from "../../reconcile/match.ts";
import { Refusal } from "../dialect/refusal.ts";
import type { SpotApi } from "./api.ts";

/** An account whose cloud has networks. */
export interface NetworkPlace {
  account: MatchedAccount;
  networks: NetworkReader;
  call: Call;
}

/** An account that machines are launched on. */
export interface LaunchPlace {
  account: MatchedAccount;
  launching: Launching;
  call: Call;
}

export const networkPlaces = ({ controller, desired }: SpotApi, signal: AbortSignal): NetworkPlace[] =>
  [...desired.accounts.values()].flatMap((account) => {
    const { networks } = cloudOf(controller, account.spec.provider);
    return networks === undefined ? [] : [{ account, networks, call: callOn(controller, account.spec, signal) }];
  });

/** @throws {Refusal} missing-credentials when the fleet has none */
export function launchPlaces({ controller, desired }: SpotApi, signal: AbortSignal): LaunchPlace[] {
  const places = [...desired.accounts.values()].flatMap((account) => {
    const { launching } = cloudOf(controller, account.spec.provider);
    return launching === undefined ? [] : [{ account, launching, call: callOn(controller, account.spec, signal) }];
  });
  if (places.length > 0) return places;
  throw new Refusal("missing-credentials", "the fleet has no account that machines are launched on");
}

/** The network of this name or id, wherever it is. @throws {Refusal} not-found, invalid where several have the name */
export async function findNetwork(
  api: SpotApi,
  network: string,
  field: string,
  signal: AbortSignal,
): Promise<{ place: NetworkPlace; network: ActualNetwork }> {
  const found = await Promise.all(
    networkPlaces(api, signal).map(async (place) =>
      (await place.networks.find(network, place.call)).map((one) => ({ place, network: one })),
    ),
  );
  return theOne(found.flat(), `network ${network}`, field, ({ network: { id } }) => id);
}

/** @throws {Refusal} not-found */
export async function findPort(
  api: SpotApi,
  id: string,
  signal: AbortSignal,
): Promise<{ place: NetworkPlace; port: ActualPort }> {
  for (const place of networkPlaces(api, signal)) {
    const port = await place.networks.port(id, place.call);
    if (port !== undefined) return { place, port };
  }
  throw new Refusal("not-found", `there is no port ${id}`, { field: "port_id" });
}

/** @throws {Refusal} not-found, invalid where several have the name */
export async function findServer(api: SpotApi, name: string, signal: AbortSignal): Promise<HostInstance> {
  const found = await Promise.all(
    networkPlaces(api, signal).map(({ networks, call }) => networks.serversNamed(name, call)),
  );
  return theOne(found.flat(), `server ${name}`, "server_name", ({ id }) => id);
}

function theOne<One>(found: readonly One[], what: string, field: string, idOf: (one: One) => string): One {
  const [first, second] = found;
  if (first === undefined) throw new Refusal("not-found", `there is no ${what}`, { field });
  if (second === undefined) return first;
  throw new Refusal("invalid", `several are called so: ${found.map(idOf).join(", ")}`, { field });
}
