import type { AggregateHostSpec, AggregateSpec, RunPodSettings } from "../../resources/spec.ts";
import type { AggregateFields } from "../../schemas/types.ts";
import type { Context, Result } from "./context.ts";
import { fieldFault } from "./file.ts";
import { unknown } from "./server.ts";
import type { FieldFault } from "./validate.ts";

/** What one file of aggregates holds; each with its place in the file. */
export interface AggregateParts {
  aggregates: { spec: AggregateSpec; path: FieldFault["path"] }[];
  hosts: { spec: AggregateHostSpec; path: FieldFault["path"] }[];
}

/** The aggregates of one file, its variants among them, and their hosts. */
export function compileAggregate(fields: AggregateFields, context: Context): Result<AggregateParts> {
  const account = context.find("Account", fields.account);
  if (account === undefined) return broken(unknown(["account"], "Account", fields.account, context));
  const cloud = context.find("cloud", account.provider);
  if (cloud?.hosts === undefined)
    return broken([fieldFault(["account"], `${cloud?.title ?? account.provider} has no aggregates of hosts`)]);

  const {
    name,
    gpuType,
    class: ofFile,
    tenant,
    availabilityZone,
    metadata,
    adopt,
    runpod,
    hosts,
    takenFrom,
    variants,
  } = fields;
  const own = { name, class: ofFile, tenant, availabilityZone, metadata: {}, adopt, runpod, hosts, takenFrom };
  const parts: AggregateParts = { aggregates: [], hosts: [] };
  const faults: FieldFault[] = [];
  for (const [index, part] of [own, ...variants].entries()) {
    const path: FieldFault["path"] = index === 0 ? [] : ["variants", index - 1];
    const common = {
      account: account.name,
      provider: account.provider,
      ...(gpuType !== undefined && { gpuType }),
      class: part.class ?? ofFile,
    };
    const whose = part.tenant ?? tenant;
    const zone = part.availabilityZone ?? availabilityZone;
    const launches = common.class === "runpod" ? (part.runpod ?? runpod) : undefined;
    if (part.runpod !== undefined) faults.push(...runpodFaults(part.runpod, [...path, "runpod"], context));
    const spec: AggregateSpec = {
      kind: "Aggregate",
      name: part.name,
      ...common,
      ...(whose !== undefined && { tenant: whose }),
      ...(zone !== undefined && { availabilityZone: zone }),
      metadata: { ...metadata, ...part.metadata },
      ...(part.adopt !== undefined && { adopt: String(part.adopt) }),
      ...(launches !== undefined && { runpod: launches }),
    };
    parts.aggregates.push({ spec, path: [...path, "name"] });
    for (const host of Object.keys(part.takenFrom))
      if (!part.hosts.includes(host))
        faults.push(fieldFault([...path, "takenFrom", host], `names ${host}, which is not in \`hosts\``));
    for (const [at, host] of part.hosts.entries()) {
      const from = part.takenFrom[host];
      const hostSpec: AggregateHostSpec = {
        kind: "AggregateHost",
        name: host,
        ...common,
        aggregate: part.name,
        ...(from !== undefined && { takenFrom: from }),
      };
      parts.hosts.push({ spec: hostSpec, path: [...path, "hosts", at] });
    }
  }
  if (faults.length > 0) return broken(faults);
  return { spec: parts, hash: "", createHash: "", faults, notes: [] };
}

/** Settings of launches that lead to nothing. */
function runpodFaults(
  { account, key, firewall }: RunPodSettings,
  path: FieldFault["path"],
  context: Context,
): FieldFault[] {
  const names = { Account: ["account", account], SshKey: ["key", key], Firewall: ["firewall", firewall] } as const;
  return (["Account", "SshKey", "Firewall"] as const).flatMap((table) => {
    const [field, name] = names[table];
    return context.find(table, name) === undefined ? unknown([...path, field], table, name, context) : [];
  });
}

function broken(faults: FieldFault[]): Result<AggregateParts> {
  return { hash: "", createHash: "", faults, notes: [] };
}
