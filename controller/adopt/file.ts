import type { ActualServer } from "../../resources/actual.ts";
import type { Cloud } from "../../resources/cloud.ts";
import { HOSTNAME } from "../../resources/hostname.ts";
import type { AccountSpec, PlanSpec } from "../../resources/spec.ts";
import { objectFile } from "../fleet/object-file.ts";

const NAME_LENGTH = 63;

/** A name for a machine's server: its label as far as names go, with a number behind it where that is taken. */
export function nameFor(actual: Pick<ActualServer, "name" | "id">, taken: ReadonlySet<string>): string {
  const plain = (text: string) =>
    text
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^-+|-+$/g, "")
      .slice(0, NAME_LENGTH - 4)
      .replace(/-+$/, "");
  const base = plain(actual.name) || plain(actual.id) || "server";
  if (!taken.has(base)) return base;
  let number = 2;
  while (taken.has(`${base}-${number}`)) number++;
  return `${base}-${number}`;
}

/**
 * The YAML that asks for a machine as it is, and takes it over by its id. Sizes become the plan that has them, where there is one. What a file
 * cannot say is left out, and is then seen as a difference.
 * @param own fields that no cloud knows
 */
export function fileFor(
  actual: ActualServer,
  name: string,
  path: string,
  cloud: Pick<Cloud, "capabilities" | "labelsOf" | "name">,
  account: AccountSpec,
  plans: readonly PlanSpec[],
  own: Readonly<Record<string, unknown>> = {},
): string {
  const { capabilities } = cloud;
  const labels = cloud.labelsOf(actual) ?? {};
  const fields: Record<string, unknown> = {
    name,
    ...own,
    account: account.name,
    ...bought(actual, cloud, plans),
    region: actual.region,
    image: actual.image ?? "unknown",
    ...(own.hostname === undefined && actual.name !== name && HOSTNAME.test(actual.name) && { hostname: actual.name }),
    ...(Object.keys(labels).length > 0 && { labels }),
    ...(actual.power !== "running" && actual.power !== "changing" && { power: actual.power }),
    ...(capabilities.backups && actual.backups && { backups: true }),
    ...(capabilities.monitoring && actual.monitoring && { monitoring: true }),
    ...(capabilities.ipv6 && actual.ipv6Enabled && { ipv6: true }),
    ...(actual.options !== undefined && Object.keys(actual.options).length > 0 && { provider: actual.options }),
    adopt: actual.id,
  };
  return objectFile("Server", path, fields);
}

function bought(
  { size, vcpus, memoryMiB, diskGiB }: ActualServer,
  { capabilities, name }: Pick<Cloud, "capabilities" | "name">,
  plans: readonly PlanSpec[],
): Record<string, unknown> {
  if (capabilities.sizes) {
    const plan = plans.find(({ sizes }) => size !== undefined && sizes[name] === size);
    return plan ? { plan: plan.name } : { size: size ?? "" };
  }
  const plan = plans.find(
    (each) => each.vcpus === vcpus && each.memoryMiB === memoryMiB && (diskGiB ?? each.diskGiB) === each.diskGiB,
  );
  if (plan && diskGiB !== undefined) return { plan: plan.name };
  const resources = { vcpus, memoryMiB, diskGiB };
  return { resources: Object.fromEntries(Object.entries(resources).filter(([, value]) => value !== undefined)) };
}
