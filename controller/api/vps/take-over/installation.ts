import { FleetError } from "../../../../resources/errors.ts";
import { PROVIDER_TYPES } from "../provider-types.ts";
import type { OldRows, Row } from "./old-database.ts";

export interface OldProvider {
  id: string;
  name: string;
  type: string;
  active: boolean;
  configuration: Readonly<Record<string, unknown>>;
}

export interface OldPlan {
  id: string;
  name: string;
  provider: OldProvider;
  size: string;
  /** Whole units a month. */
  basePrice: number;
  markup: number;
  /** As far as the table tells it by names that have one meaning. */
  specifications: { vcpus?: number; memoryMiB?: number; diskGiB?: number; transferGiB?: number };
  /** The day from which it was not sold any more. */
  endedOn?: string;
}

export interface OldInstance {
  id: string;
  provider: OldProvider;
  /** The provider's id of the machine. */
  machine: string;
  label: string;
  owner?: string;
  /** Id of an `OldPlan`, or the provider's size. */
  plan?: string;
  /** What the table tells of the machine, to be compared with what there is. */
  told: { size?: string; region?: string; image?: string };
}

/** Somebody's instance that is not taken over, and why. */
export interface LeftOut {
  id: string;
  label: string;
  reason: string;
}

export interface Installation {
  providers: OldProvider[];
  /** The Linode provider that had to be made, as existing instances are Linode's. */
  made?: OldProvider;
  plans: OldPlan[];
  instances: OldInstance[];
  leftOut: LeftOut[];
  notes: string[];
}

export interface Choice {
  /** Ids or names of providers; what belongs to others is not looked at. Default: all. */
  only?: readonly string[];
  /** Id of the Linode provider, where there is none. */
  linode: string;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const KNOWN = Object.keys(PROVIDER_TYPES).join(", ");

/**
 * What the rows of an installation mean. Of those that mean nothing each is told, and then none is taken.
 * @throws {FleetError} USAGE with every problem, one a line; NOT_FOUND for a provider of the choice that there is none of
 */
export function installationOf(rows: OldRows, { only, linode }: Choice): Installation {
  const problems: string[] = [];
  const known = providersIn(rows, problems);
  refuseUnknown(known, only);
  const isWanted = ({ id, name }: Pick<OldProvider, "id" | "name">) =>
    only === undefined || only.includes(id) || only.includes(name);
  const providers = known.filter(isWanted);
  for (const { id, name, type } of providers)
    if (!Object.hasOwn(PROVIDER_TYPES, type))
      problems.push(
        `service_providers ${id} (${name}): there is no type ${JSON.stringify(type)} here (${KNOWN}); --only takes over the others`,
      );

  const made: OldProvider = { id: linode, name: "Linode", type: "linode", active: true, configuration: {} };
  const from = { known: [...known, ...(isWanted(made) ? [made] : [])], made, isWanted, isChoice: only !== undefined };
  const found = instancesIn(rows, from, problems);
  const plans = plansIn(rows, providers, problems);
  const stray = rows.plans.filter(({ provider_id: id }) => id === null || id === undefined).length;
  if (stray > 0) found.notes.push(`${stray} plans have no provider any more, and are left out`);
  if (problems.length > 0)
    throw new FleetError(
      "USAGE",
      ["the database cannot be taken over as it is, and nothing was:", ...problems.map((one) => `  ${one}`)].join("\n"),
    );
  const isMade = found.instances.some(({ provider }) => provider === made);
  return { providers: isMade ? [...providers, made] : providers, ...(isMade && { made }), plans, ...found };
}

function refuseUnknown(known: readonly OldProvider[], only: readonly string[] = []): void {
  const strange = only.find((one) => !known.some(({ id, name }) => id === one || name === one) && one !== "Linode");
  if (strange === undefined) return;
  const names = known.map(({ id, name }) => `${name} (${id})`).join(", ") || "none";
  throw new FleetError("NOT_FOUND", `the database has no provider ${strange}: it has ${names}`);
}

function providersIn({ providers }: OldRows, problems: string[]): OldProvider[] {
  return providers.flatMap((row): OldProvider[] => {
    const id = uuidOf(row, "service_providers", problems);
    const name = textOf(row.name);
    const type = textOf(row.type);
    if (id === undefined) return [];
    if (name === undefined || type === undefined) {
      problems.push(`service_providers ${id}: ${name === undefined ? "name" : "type"} is missing`);
      return [];
    }
    return [{ id, name, type, active: row.active !== false, configuration: objectOf(row.configuration) }];
  });
}

function plansIn({ plans }: OldRows, providers: readonly OldProvider[], problems: string[]): OldPlan[] {
  return plans.flatMap((row): OldPlan[] => {
    const id = uuidOf(row, "vps_plans", problems);
    const provider = providers.find((one) => one.id === row.provider_id);
    if (id === undefined || provider === undefined) return [];
    const size = textOf(row.provider_plan_id);
    const [basePrice, markup] = [row.base_price ?? 0, row.markup_price ?? 0].map(Number);
    if (size === undefined || !(basePrice! >= 0) || !(markup! >= 0)) {
      problems.push(`vps_plans ${id}: ${size === undefined ? "provider_plan_id is missing" : "a price is none"}`);
      return [];
    }
    const plan = {
      id,
      name: textOf(row.name) ?? `${provider.type} ${size}`,
      provider,
      size,
      basePrice: basePrice!,
      markup: markup!,
      specifications: specificationsOf(objectOf(row.specifications)),
    };
    return [row.active === false ? { ...plan, endedOn: (textOf(row.updated_at) ?? "2000-01-01").slice(0, 10) } : plan];
  });
}

/** Whose an instance may be. */
interface Owners {
  known: readonly OldProvider[];
  made: OldProvider;
  isWanted(provider: OldProvider): boolean;
  /** Whether some providers were chosen: what is wrong with others is no matter. */
  isChoice: boolean;
}

function instancesIn(
  { instances, people, members }: OldRows,
  from: Owners,
  problems: string[],
): Pick<Installation, "instances" | "leftOut" | "notes"> {
  const found: OldInstance[] = [];
  const leftOut: LeftOut[] = [];
  const shared = new Set<string>();
  for (const row of instances) {
    const id = uuidOf(row, "vps_instances", problems);
    if (id === undefined) continue;
    const label = textOf(row.label) ?? id;
    const provider = providerOf(row, id, from, problems);
    if (provider === undefined) {
      const type = textOf(row.provider_type);
      if (type !== undefined && !problems.some((one) => one.includes(id)))
        leftOut.push({ id, label, reason: `its provider, of ${type}, was deleted` });
      continue;
    }
    if (!from.isWanted(provider)) continue;
    const machine = textOf(row.provider_instance_id);
    if (machine === undefined) {
      leftOut.push({ id, label, reason: "it has no provider_instance_id: no machine was made for it" });
      continue;
    }
    const twin = found.find((one) => one.provider === provider && one.machine === machine);
    if (twin !== undefined) {
      leftOut.push({ id, label, reason: `${twin.label} (${twin.id}) is the same machine, ${machine}` });
      continue;
    }
    const configuration = objectOf(row.configuration);
    const owner = ownerOf(row, people);
    const organization = textOf(row.organization_id);
    if (owner !== undefined && organization !== undefined && members.has(organization)) shared.add(owner);
    const plan = textOf(row.plan_id);
    const told = {
      size: textOf(row.type) ?? textOf(configuration.type),
      region: textOf(row.region) ?? textOf(configuration.region),
      image: textOf(row.image) ?? textOf(configuration.image),
    };
    found.push({
      ...{ id, provider, machine, label },
      ...(owner !== undefined && { owner }),
      ...(plan !== undefined && { plan }),
      told: Object.fromEntries(Object.entries(told).filter(([, value]) => value !== undefined)),
    });
  }
  const ownerless = found.filter(({ owner }) => owner === undefined).length;
  return {
    instances: found,
    leftOut,
    notes: [
      ...(ownerless > 0 ? [`${ownerless} instances have no owner in the database: only admins see them`] : []),
      ...[...shared].map(
        (owner) => `the organization of ${owner} has several members: those who have --owner ${owner} see its servers`,
      ),
    ],
  };
}

/** Undefined where it has none any more, or where that is a problem. */
function providerOf(
  row: Row,
  id: string,
  { known, made, isChoice }: Owners,
  problems: string[],
): OldProvider | undefined {
  const type = textOf(row.provider_type);
  const wanted = textOf(row.provider_id);
  if (wanted !== undefined) {
    const named = known.find((one) => one.id === wanted);
    if (named === undefined) problems.push(`vps_instances ${id}: no row of service_providers is ${wanted}`);
    else if (type !== undefined && type !== named.type)
      problems.push(
        `vps_instances ${id}: provider_type is ${type}, and its provider ${named.name} is of ${named.type}`,
      );
    else return named;
    return undefined;
  }
  if (type !== undefined && !Object.hasOwn(PROVIDER_TYPES, type)) {
    if (isChoice) return undefined;
    problems.push(`vps_instances ${id}: there is no provider_type ${JSON.stringify(type)} here (${KNOWN})`);
    return undefined;
  }
  // Before there were others all instances were Linode's.
  const of = type ?? "linode";
  const candidates = known.filter((one) => one.type === of && one !== made);
  if (candidates.length > 1) {
    problems.push(
      `vps_instances ${id}: it has no provider_id, and the database has ${candidates.length} providers of ${of}: set it`,
    );
    return undefined;
  }
  return candidates[0] ?? (of === "linode" ? known.find((one) => one === made) : undefined);
}

/** Whom the table itself names, or the person that it belongs to. */
function ownerOf(row: Row, people: ReadonlyMap<string, string>): string | undefined {
  const named = textOf(row.owner) ?? textOf(row.owner_email);
  if (named !== undefined) return named;
  for (const column of ["user_id", "owner_id", "organization_id"]) {
    const person = people.get(textOf(row[column]) ?? "");
    if (person !== undefined) return person;
  }
  return undefined;
}

function specificationsOf(all: Readonly<Record<string, unknown>>): OldPlan["specifications"] {
  const first = (...values: unknown[]) => values.map(Number).find((value) => Number.isInteger(value) && value > 0);
  const gib = Number(all.memory_gb) * 1024;
  const specifications = {
    vcpus: first(all.vcpus, all.cpu_cores),
    memoryMiB: first(all.memory, gib),
    diskGiB: first(all.disk, all.storage_gb),
    transferGiB: first(all.transfer, all.bandwidth_gb),
  };
  return Object.fromEntries(Object.entries(specifications).filter(([, value]) => value !== undefined));
}

function uuidOf(row: Row, table: string, problems: string[]): string | undefined {
  const id = textOf(row.id)?.toLowerCase();
  if (id !== undefined && UUID.test(id)) return id;
  const about = textOf(row.label) ?? textOf(row.name) ?? textOf(row.provider_instance_id) ?? "one row";
  problems.push(`${table} (${about}): ${id === undefined ? "it has no id" : `its id ${id} is no UUID`}`);
  return undefined;
}

function textOf(value: unknown): string | undefined {
  const text = typeof value === "number" ? String(value) : typeof value === "string" ? value.trim() : "";
  return text === "" ? undefined : text;
}

const objectOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
