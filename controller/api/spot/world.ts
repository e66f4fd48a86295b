import type { ActualAggregate, HostAggregates } from "../../../resources/actual.ts";
import type { Call } from "../../../resources/cloud.ts";
import type { AggregateSpec } from "../../../resources/spec.ts";
import { callOn, cloudOf } from "../../reconcile/context.ts";
import type { MatchedAccount } from "../../reconcile/match.ts";
import type { SpotApi } from "./api.ts";
import { byVariant, type Classed, classOf, gpuTypesOf } from "./classes.ts";

/** An account whose cloud has aggregates of hosts, and how it is asked. */
export interface Zone {
  account: MatchedAccount;
  hosts: HostAggregates;
  call: Call;
}

/** An aggregate as the cloud has it, in git or not, with the class that it is of. */
export interface SpotAggregate extends ActualAggregate, Classed {
  zone: Zone;
  /** As a file has it. */
  file?: AggregateSpec;
}

/** Every account of the fleet that has aggregates. */
export function zonesOf({ controller, desired }: SpotApi, signal: AbortSignal): Zone[] {
  return [...desired.accounts.values()].flatMap((account) => {
    const { hosts } = cloudOf(controller, account.spec.provider);
    return hosts === undefined ? [] : [{ account, hosts, call: callOn(controller, account.spec, signal) }];
  });
}

/** All aggregates of all accounts that have a class, those without a variant first. @throws {FleetError} of the cloud */
export async function readAggregates(api: SpotApi, signal: AbortSignal): Promise<SpotAggregate[]> {
  const files = new Map(
    api.desired.objects.flatMap(({ spec }) =>
      spec.kind === "Aggregate" ? [[`${spec.account}/${spec.name}`, spec] as const] : [],
    ),
  );
  const zones = zonesOf(api, signal);
  const listed = await Promise.all(
    zones.map(async (zone) => (await zone.hosts.list(zone.call)).map((one) => ({ ...one, zone }))),
  );
  const all = listed.flat().map((one) => {
    const file = files.get(`${one.zone.account.spec.name}/${one.name}`);
    return { ...one, ...(file && { file }) };
  });
  const types = gpuTypesOf(all);
  return all
    .flatMap((one) => {
      const classed = classOf(one.name, one.file, types);
      return classed === undefined ? [] : [{ ...one, ...classed }];
    })
    .sort(byVariant);
}
