import { causeKey, type DriftCause, GONE } from "../../reconcile/causes.ts";
import type { AccountDrift, ObjectDrift } from "../../reconcile/drift.ts";
import type { FieldDrift } from "../../reconcile/find-drift.ts";
import type { RememberedDrift } from "../../store/types.ts";
import { label } from "../../words/objects.ts";
import { clipped, counted, listed } from "../../words/text.ts";
import { span } from "../../words/time.ts";
import type { Io } from "../io.ts";

/** Names of a cause that are told one by one. */
const TOLD = 3;

/** Drift as people read it: account by account; what one cause has done to several objects is one row, the rest is told object by object. */
export function renderDrift(accounts: AccountDrift[], io: Io, now: number = Date.now()): string {
  return accounts.flatMap((account) => renderAccount(account, io, now)).join("\n");
}

function renderAccount(found: AccountDrift, io: Io, now: number): string[] {
  const { account, servers, firewalls, ports, awaited, orphans, foreign, causes, ended, error } = found;
  const { color } = io;
  const drifted = [...found.drifted, ...awaited];
  if (error !== undefined) return [`${color.bold(account)}  ${color.red(`could not be read: ${error}`)}`];
  const state =
    drifted.length === 0 ? color.green("as desired") : color.yellow(`${drifted.length} of them not as desired`);
  const others = foreign > 0 ? color.dim(`, ${counted(foreign, "machine")} not ours`) : "";
  const compared = [
    counted(servers, "server"),
    ...(firewalls > 0 ? [counted(firewalls, "firewall")] : []),
    ...(ports > 0 ? [counted(ports, "port")] : []),
  ];
  const byKey = new Map(causes.map((cause) => [causeKey(cause.object, cause), cause]));
  return [
    `${color.bold(account)}  ${listed(compared)}, ${state}${others}`,
    ...causes.filter(isShared).map((cause) => renderCause(cause, io, now)),
    ...drifted.flatMap((object) => renderObject(object, byKey, io, now)),
    ...orphans.map(
      ({ object, id, name, mark }) =>
        `  ${color.cyan("?")} ${label({ kind: object, name })} ${color.dim(`${id} ${mark}`)}  has an owner mark that no record names`,
    ),
    ...(ended.length > 0 ? [`  ${color.green("✓")} ${clipped(`no more: ${endedWords(ended)}`, io.width - 4)}`] : []),
  ];
}

const isShared = ({ names }: DriftCause): boolean => names.length > 1;

/** `40 servers  power is stopped, wanted running  web-1, web-2, web-3 and 37 more`. */
function renderCause(cause: DriftCause, { color }: Io, now: number): string {
  const { object, path, names } = cause;
  const many = counted(names.length, object.toLowerCase());
  const words = path === GONE ? color.red("are gone from the cloud") : causeWords(cause);
  const more = names.length - TOLD;
  const told = more > 0 ? `${names.slice(0, TOLD).join(", ")} and ${more} more` : listed(names);
  return `  ${color.yellow("!")} ${many}  ${words}  ${told}${history(cause, color, now)}`;
}

function renderObject(
  { object, name, id, kind, fields, suspended }: ObjectDrift,
  causes: ReadonlyMap<string, DriftCause>,
  { color }: Io,
  now: number,
): string[] {
  const held = suspended === undefined ? "" : color.yellow(` (${suspended.what} is suspended: ${suspended.reason})`);
  const head = `  ${color.yellow("!")} ${label({ kind: object, name })} ${color.dim(id)}${held}`;
  const lines = (kind === "gone" ? [{ path: GONE }] : fields).flatMap((field) => {
    const cause = causes.get(causeKey(object, field));
    if (cause !== undefined && isShared(cause)) return [];
    const words = kind === "gone" ? color.red("is gone from the cloud") : fieldWords(field);
    return [`${words}${cause === undefined ? "" : history(cause, color, now)}`];
  });
  if (lines.length === 0) return suspended === undefined ? [] : [head];
  return lines.length === 1 ? [`${head}  ${lines[0]}`] : [head, ...lines.map((line) => `      ${line}`)];
}

/** `  since 2 h 05 min, wanted by Ada in 0123456789`. */
function history({ since, wanted }: DriftCause, color: Io["color"], now: number): string {
  const who = wanted === undefined ? "" : `, wanted by ${wanted.name} in ${wanted.commit.slice(0, 10)}`;
  return color.dim(`  since ${span(now - Date.parse(since))}${who}`);
}

/** `power of web-1 and web-2, size of web-3`. */
function endedWords(ended: RememberedDrift[]): string {
  const byField = Map.groupBy(ended, ({ field }) => field);
  return [...byField]
    .map(([field, all]) => {
      const names = all.map(({ kind, name }) => label({ kind, name }));
      return field === GONE ? `${listed(names)} gone` : `${field} of ${listed(names)}`;
    })
    .join(", ");
}

/** Of lists a cause has only what is one too many and what is missing: `labels: + env:test, - env:prod`. */
function causeWords(cause: DriftCause): string {
  const { path, desired, actual } = cause;
  if (!Array.isArray(desired) || !Array.isArray(actual)) return fieldWords(cause);
  return `${path}: ${[...actual.map((one) => `+ ${one}`), ...desired.map((one) => `- ${one}`)].join(", ")}`;
}

/** `rules: + accept tcp 22 from anywhere` for a rule that somebody has added. */
function fieldWords({ path, desired, actual }: FieldDrift): string {
  if (path.startsWith("rules[")) return `rules: ${desired === undefined ? `+ ${actual}` : `- ${desired}`}`;
  return `${path} is ${show(actual)}, wanted ${show(desired)}`;
}

const show = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));
