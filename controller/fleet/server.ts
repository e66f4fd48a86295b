import type { FirewallText, KeySpec, ServerSpec, UserData } from "../../resources/spec.ts";
import type { ServerFields } from "../../schemas/types.ts";
import { envFaults } from "./account.ts";
import { isDate } from "./calendar.ts";
import { canonicalJson, sha256 } from "./canonical.ts";
import type { CloudRules, Context, Result, Tables } from "./context.ts";
import { fieldFault } from "./file.ts";
import { isPlaced, type PlacedFields, placementFaults } from "./placement.ts";
import { catalogFaults } from "./sold.ts";
import { type FieldFault, validateBlock } from "./validate.ts";

/** A server with its account, plan, keys and user data resolved. */
export function compileServer(fields: ServerFields, context: Context): Result<ServerSpec> {
  const faults = placementFaults(fields);
  return faults.length > 0 || !isPlaced(fields) ? broken(faults, []) : compilePlaced(fields, context);
}

function compilePlaced(fields: PlacedFields, context: Context): Result<ServerSpec> {
  const faults: FieldFault[] = [];
  const notes: FieldFault[] = [];
  const account = context.find("Account", fields.account);
  const cloud = account && context.find("cloud", account.provider);
  const plan = fields.plan === undefined ? undefined : context.find("Plan", fields.plan);
  if (account === undefined) faults.push(...unknown(["account"], "Account", fields.account, context));
  if (fields.plan !== undefined && plan === undefined) faults.push(...unknown(["plan"], "Plan", fields.plan, context));
  const keys = resolveKeys(fields, context, faults);
  const userData = resolveUserData(fields, context, faults);
  for (const [index, name] of fields.firewalls.entries()) {
    if (context.find("Firewall", name) === undefined)
      faults.push(...unknown(["firewalls", index], "Firewall", name, context));
  }
  faults.push(...ownFaults(fields));

  if (account === undefined || cloud === undefined || (fields.plan !== undefined && plan === undefined))
    return broken(faults, notes);
  const bought = order(fields, plan, account.provider, cloud, faults);
  faults.push(
    ...capabilityFaults(fields, cloud),
    ...validateBlock(cloud.schemas.server, fields.provider, ["provider"]),
  );
  if (account.regions.length > 0 && !account.regions.includes(fields.region)) {
    const choice = { word: fields.region, allowed: account.regions };
    faults.push(
      fieldFault(["region"], `"${fields.region}" is not among the regions of account ${account.name}`, choice),
    );
  } else {
    const catalog = context.find("catalog", account.name);
    if (catalog) faults.push(...catalogFaults(fields, bought?.size ?? "", cloud.title, catalog, notes));
  }
  if (faults.length > 0 || bought === undefined) return broken(faults, notes);

  const spec: ServerSpec = {
    kind: "Server",
    name: fields.name,
    formerly: fields.formerly,
    account: fields.account,
    provider: account.provider,
    hostname: fields.hostname ?? fields.name,
    size: bought.size,
    resources: bought.resources,
    region: fields.region,
    labels: fields.labels,
    firewalls: fields.firewalls,
    power: fields.power,
    restarts: fields.restarts,
    rebuild: fields.rebuild,
    ipv6: fields.ipv6,
    monitoring: fields.monitoring,
    backups: fields.backups,
    protect: fields.protect,
    deletionPolicy: fields.deletionPolicy,
    createOnly: { image: fields.image, keys },
    options: fields.provider,
  };
  if (cloud.capabilities.firewallScope === "server" && fields.firewalls.length > 0)
    spec.rules = fields.firewalls.flatMap((name) => textOf(context.find("Firewall", name)));
  if (fields.plan !== undefined) spec.plan = fields.plan;
  if (fields.title !== undefined) spec.title = fields.title;
  if (fields.uuid !== undefined) spec.uuid = fields.uuid;
  if (fields.power === "stopped" && fields.stop === "forced") spec.stop = "forced";
  if (fields.owner !== undefined) spec.owner = fields.owner;
  if (fields.expires !== undefined) spec.expires = fields.expires;
  if (fields.expired !== undefined) spec.expired = fields.expired;
  if (fields.suspend !== undefined) spec.suspend = fields.suspend;
  if (fields.drift !== undefined) spec.drift = fields.drift;
  if (fields.adopt !== undefined) spec.adopt = String(fields.adopt);
  if (userData !== undefined) spec.createOnly.userData = userData;
  if (fields.secrets !== undefined) spec.createOnly.secrets = fields.secrets;
  const refused = cloud.problems?.(spec) ?? [];
  if (refused.length > 0)
    return broken(
      refused.map(({ path, message }) => fieldFault(fieldPath(path), message)),
      notes,
    );
  return { spec, ...hashServer(spec), faults, notes };
}

/** None where the firewall's own file is wrong. */
function textOf(firewall: FirewallText | undefined): FirewallText[] {
  if (firewall === undefined) return [];
  const { kind, name, rules, inboundPolicy, outboundPolicy } = firewall;
  return [{ kind, name, rules, inboundPolicy, outboundPolicy }];
}

/** `labels.a.b` is the label `a.b`: names of labels may hold dots, names of fields do not. */
function fieldPath(path: string): FieldFault["path"] {
  const [field = "", ...rest] = path.split(".");
  if (field === "labels" && rest.length > 0) return [field, rest.join(".")];
  return [field, ...rest.map((step) => (/^\d+$/.test(step) ? Number(step) : step))];
}

type PolicyField =
  | "adopt"
  | "deletionPolicy"
  | "drift"
  | "expired"
  | "expires"
  | "formerly"
  | "owner"
  | "plan"
  | "protect"
  | "suspend"
  | "title"
  | "uuid";

/**
 * `hash` covers what a running machine can be brought in line with, `createHash` that and what only a new machine takes. Neither covers what
 * makes no work: the policy fields, the owner, and the plan's name, whose meaning is in `size` and `resources`.
 */
export function hashServer(spec: ServerSpec): { hash: string; createHash: string } {
  const live: Record<Exclude<keyof ServerSpec, PolicyField | "createOnly" | "rules" | "stop">, unknown> = {
    account: spec.account,
    backups: spec.backups,
    firewalls: spec.firewalls,
    hostname: spec.hostname,
    ipv6: spec.ipv6,
    kind: spec.kind,
    labels: spec.labels,
    monitoring: spec.monitoring,
    name: spec.name,
    options: spec.options,
    power: spec.power,
    provider: spec.provider,
    rebuild: spec.rebuild,
    region: spec.region,
    resources: spec.resources,
    restarts: spec.restarts,
    size: spec.size,
    ...(spec.rules && { rules: spec.rules }),
    ...(spec.stop && { stop: spec.stop }),
  };
  const hash = sha256(canonicalJson(live));
  return { hash, createHash: sha256(hash + canonicalJson(spec.createOnly)) };
}

function broken(faults: FieldFault[], notes: FieldFault[]): Result<ServerSpec> {
  return { hash: "", createHash: "", faults, notes };
}

/** A reference that leads to nothing. One to an object whose own file is wrong is that file's fault, which has been told. */
export function unknown(path: FieldFault["path"], table: keyof Tables, name: string, context: Context): FieldFault[] {
  if (context.isBroken(table, name)) return [];
  return [
    fieldFault(path, `there is no ${table} "${name.slice(0, 80)}"`, {
      word: name,
      allowed: [...context.names(table)].sort(),
    }),
  ];
}

function resolveKeys(
  { keys }: ServerFields,
  context: Context,
  faults: FieldFault[],
): Pick<KeySpec, "name" | "publicKey">[] {
  return keys.flatMap((name, index) => {
    const key = context.find("SshKey", name);
    if (key === undefined) faults.push(...unknown(["keys", index], "SshKey", name, context));
    return key === undefined ? [] : [key];
  });
}

function resolveUserData({ userData }: ServerFields, context: Context, faults: FieldFault[]): UserData | undefined {
  if (userData?.text !== undefined) return { text: userData.text };
  if (userData?.env !== undefined) {
    faults.push(...envFaults(["userData", "env"], userData.env, context));
    return { env: userData.env };
  }
  if (userData?.file === undefined) return undefined;
  const path = insidePath(userData.file);
  if (path === undefined) {
    faults.push(fieldFault(["userData", "file"], "must be a path inside the fleet repository, from its top, with `/`"));
    return undefined;
  }
  const text = context.readFile(path);
  if (text === undefined)
    faults.push(fieldFault(["userData", "file"], `there is no file ${path} in the fleet repository at this commit`));
  return text === undefined ? undefined : { text };
}

/** The path without `.` and doubled `/`; undefined when it is absolute or leads outside. */
export function insidePath(path: string): string | undefined {
  if (path.startsWith("/") || /[\\\0]/.test(path)) return undefined;
  const steps = path.split("/").filter((step) => step !== "" && step !== ".");
  return steps.length === 0 || steps.includes("..") || steps[0] === ".git" ? undefined : steps.join("/");
}

function ownFaults({ name, formerly, expires }: ServerFields): FieldFault[] {
  const faults: FieldFault[] = [];
  const index = formerly.indexOf(name);
  if (index !== -1) faults.push(fieldFault(["formerly", index], "is the name that it has now"));
  if (expires !== undefined && !isDate(expires)) faults.push(fieldFault(["expires"], "is no day of the calendar"));
  return faults;
}

/** What the file's plan, size or resources mean on this cloud. */
function order(
  fields: ServerFields,
  plan: { name: string; sizes: Record<string, string>; vcpus: number; memoryMiB: number; diskGiB: number } | undefined,
  provider: string,
  cloud: CloudRules,
  faults: FieldFault[],
): Pick<ServerSpec, "size" | "resources"> | undefined {
  if (!cloud.capabilities.sizes) {
    if (fields.size !== undefined)
      faults.push(fieldFault(["size"], `has no meaning: ${cloud.title} has no sizes; give \`resources\` or a plan`));
    if (plan === undefined) return { size: "", resources: fields.resources ?? {} };
    return { size: "", resources: { diskGiB: plan.diskGiB, memoryMiB: plan.memoryMiB, vcpus: plan.vcpus } };
  }
  if (fields.resources)
    faults.push(fieldFault(["resources"], `has no meaning: ${cloud.title} sells sizes; give \`size\` or a plan`));
  const size = plan ? plan.sizes[provider] : fields.size;
  if (plan && size === undefined) {
    const clouds = Object.keys(plan.sizes).join(", ") || "none";
    faults.push(fieldFault(["plan"], `plan "${plan.name}" has no size for ${cloud.title} (it has one for: ${clouds})`));
  }
  return size === undefined ? undefined : { size, resources: {} };
}

function capabilityFaults(fields: ServerFields, { title, capabilities }: CloudRules): FieldFault[] {
  const faults: FieldFault[] = [];
  for (const field of ["ipv6", "monitoring", "backups"] as const) {
    if (fields[field] && !capabilities[field]) faults.push(fieldFault([field], `${title} has no switch for it`));
  }
  for (const secret of Object.keys(fields.secrets ?? {})) {
    if (!capabilities.secrets?.some((known) => known === secret))
      faults.push(fieldFault(["secrets", secret], `${title} takes none when it makes a machine`));
  }
  if (fields.firewalls.length > 0 && !capabilities.firewalls)
    faults.push(fieldFault(["firewalls"], `${title} has no firewalls`));
  if (fields.power === "suspended" && !capabilities.power.includes("suspend")) {
    faults.push(fieldFault(["power"], `${title} cannot suspend a machine; use "stopped"`));
  }
  for (const counter of ["reboot", "reset"] as const) {
    if (fields.restarts[counter] > 0 && !capabilities.power.includes(counter)) {
      faults.push(fieldFault(["restarts", counter], `${title} cannot ${counter} a machine`));
    }
  }
  return faults;
}
