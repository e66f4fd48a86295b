import type { Cloud } from "../../resources/cloud.ts";
import type { AccountSpec, EndOfLife, PlanSpec } from "../../resources/spec.ts";

/** What has ended, in words, and what whoever marked it says. */
export interface Ended extends EndOfLife {
  /** `Equinix Metal`, `the region us-west of linode-main`, `the plan old`. */
  what: string;
}

/** The day in UTC, as `EndOfLife.on` is written. */
export const dayOf = (nowMs: number): string => new Date(nowMs).toISOString().slice(0, 10);

const since = (what: string, end: EndOfLife | undefined, day: string): Ended[] =>
  end !== undefined && end.on <= day ? [{ what, ...end }] : [];

/** Whether a cloud, or an account on it, takes no new servers at all. */
export function endedAccount(cloud: Pick<Cloud, "title" | "ended">, account: AccountSpec, day: string): Ended[] {
  return [...since(cloud.title, cloud.ended, day), ...since(`the account ${account.name}`, account.ended, day)];
}

/** A region may be closed by its cloud, or by the file of the account. */
export function endedRegion(
  account: AccountSpec,
  region: { name: string; ended?: EndOfLife } | undefined,
  day: string,
): Ended[] {
  if (region === undefined) return [];
  const what = `the region ${region.name} of ${account.name}`;
  return [...since(what, region.ended, day), ...since(what, account.endedRegions?.[region.name], day)];
}

export const endedSize = (size: { name: string; ended?: EndOfLife } | undefined, day: string): Ended[] =>
  since(`the size ${size?.name}`, size?.ended, day);

export const endedPlan = (plan: PlanSpec | undefined, day: string): Ended[] =>
  since(`the plan ${plan?.name}`, plan?.ended, day);
