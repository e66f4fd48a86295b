import type { AccountSpec } from "../../resources/spec.ts";
import type { AccountFields } from "../../schemas/types.ts";
import { KEYS_VARIABLE } from "../credentials/keys.ts";
import { canonicalJson, sha256 } from "./canonical.ts";
import type { CloudRules, Context, Result } from "./context.ts";
import { driftFaults } from "./drift.ts";
import { fieldFault } from "./file.ts";
import { holdFaults, holdsOf } from "./holds.ts";
import { isLoopback } from "./loopback.ts";
import { findNearest } from "./problem.ts";
import { type FieldFault, validateBlock } from "./validate.ts";

/** An account with its cloud's rules applied. */
export function compileAccount(fields: AccountFields, context: Context): Result<AccountSpec> {
  const { kind, name, provider } = fields;
  const cloud = context.find("cloud", provider);
  if (cloud === undefined) {
    const fault = fieldFault(["provider"], `"${provider}" is no cloud`, {
      word: provider,
      allowed: context.names("cloud"),
    });
    return { hash: "", createHash: "", faults: [fault], notes: [] };
  }
  const notes: FieldFault[] = [];
  const faults = [
    ...formerlyFaults(fields),
    ...endpointFaults(fields, cloud, notes),
    ...credentialFaults(fields, cloud),
    ...prefixFaults(fields, context),
    ...regionFaults(fields, context),
    ...holdFaults(fields),
    ...driftFaults(fields.drift, ["drift"]),
    ...validateBlock(cloud.schemas.account, fields.options, ["options"]),
  ];
  if (faults.length > 0) return { hash: "", createHash: "", faults, notes };
  const { formerly, title, endpoint, credentials, cells, budgets, regions, deadlines, options, ended } = fields;
  const { uuid, defaultRegion, active, retired, settings } = fields;
  const spec: AccountSpec = {
    kind,
    name,
    formerly,
    ...(title !== undefined && { title }),
    ...(uuid !== undefined && { uuid }),
    provider,
    ...(endpoint !== undefined && { endpoint: endpoint.replace(/\/+$/, "") }),
    // The schema has let exactly one of the three through.
    credentials: credentials as AccountSpec["credentials"],
    cells,
    budgets,
    ...(fields.spending && { spending: fields.spending }),
    regions,
    ...(defaultRegion !== undefined && { defaultRegion }),
    ...(!active && { active }),
    ...(retired && { retired }),
    ...(Object.keys(settings).length > 0 && { settings }),
    ...(ended && { ended }),
    ...(Object.keys(fields.endedRegions).length > 0 && { endedRegions: fields.endedRegions }),
    ...holdsOf(fields),
    deadlines,
    ...(fields.drift && { drift: fields.drift }),
    options,
  };
  const hash = sha256(canonicalJson(spec));
  return { spec, hash, createHash: hash, faults, notes };
}

function formerlyFaults({ name, formerly }: { name: string; formerly: string[] }): FieldFault[] {
  const index = formerly.indexOf(name);
  return index === -1 ? [] : [fieldFault(["formerly", index], "is the name that it has now")];
}

function endpointFaults({ endpoint }: AccountFields, cloud: CloudRules, notes: FieldFault[]): FieldFault[] {
  if (endpoint === undefined) {
    return cloud.endpoint === undefined
      ? [fieldFault(["endpoint"], `is missing: ${cloud.title} has no public address`)]
      : [];
  }
  if (!URL.canParse(endpoint)) return [fieldFault(["endpoint"], "is no address")];
  const { protocol, hostname } = new URL(endpoint);
  if (protocol === "http:" && !isLoopback(hostname))
    notes.push(fieldFault(["endpoint"], "sends credentials unencrypted; use https"));
  return [];
}

function credentialFaults({ credentials }: AccountFields, cloud: CloudRules): FieldFault[] {
  const allowed = Object.keys(cloud.credentials);
  const missing = allowed
    .filter((field) => cloud.credentials[field]?.required && !Object.hasOwn(credentials, field))
    .map((field) => fieldFault(["credentials", field], `is missing: ${cloud.credentials[field]?.description}`));
  const unknown = Object.keys(credentials)
    .filter((field) => !Object.hasOwn(cloud.credentials, field))
    .map((field): FieldFault => {
      const nearest = findNearest(field, allowed);
      const message = `is no credential of ${cloud.title}`;
      return { path: ["credentials", field], at: "key", message, allowed, ...(nearest !== undefined && { nearest }) };
    });
  return [...missing, ...unknown];
}

function prefixFaults({ credentials }: AccountFields, context: Context): FieldFault[] {
  return Object.entries(credentials).flatMap(([field, { env }]) =>
    env === undefined ? [] : envFaults(["credentials", field, "env"], env, context),
  );
}

/** A variable that a file may not name. The name itself is not told: it may be a secret that was put in the wrong place. */
export function envFaults(path: FieldFault["path"], env: string, context: Context): FieldFault[] {
  if (env === KEYS_VARIABLE) return [fieldFault(path, "holds the controller's own keys, which go nowhere")];
  const prefixes = context.find("Fleet", "")?.envPrefixes;
  if (prefixes === undefined || prefixes.some((prefix) => env.startsWith(prefix))) return [];
  return [{ path, at: "value", message: "must begin with one of the fleet's `envPrefixes`", allowed: prefixes }];
}

function regionFaults({ name, regions, defaultRegion }: AccountFields, context: Context): FieldFault[] {
  const sold = context.find("catalog", name)?.regions.map((region) => region.name);
  if (sold === undefined) return [];
  const named: { path: FieldFault["path"]; region: string }[] = [
    ...regions.map((region, index) => ({ path: ["regions", index], region })),
    ...(defaultRegion === undefined ? [] : [{ path: ["defaultRegion"], region: defaultRegion }]),
  ];
  return named.flatMap(({ path, region }) =>
    sold.includes(region)
      ? []
      : [fieldFault(path, `"${region}" is no region of this cloud`, { word: region, allowed: sold })],
  );
}
