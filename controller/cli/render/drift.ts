import type { AccountDrift, ObjectDrift } from "../../reconcile/drift.ts";
import type { FieldDrift } from "../../reconcile/find-drift.ts";
import { isRulePath } from "../../reconcile/rules.ts";
import type { Io } from "../io.ts";
import { label } from "./effect.ts";
import { counted, listed } from "./text.ts";

/** Drift as people read it: account by account, object by object, field by field, and rules one by one. */
export function renderDrift(accounts: AccountDrift[], io: Io): string {
  return accounts.flatMap((account) => renderAccount(account, io)).join("\n");
}

function renderAccount(
  { account, servers, firewalls, drifted, orphans, foreign, error }: AccountDrift,
  io: Io,
): string[] {
  const { color } = io;
  if (error !== undefined) return [`${color.bold(account)}  ${color.red(`could not be read: ${error}`)}`];
  const state =
    drifted.length === 0 ? color.green("as desired") : color.yellow(`${drifted.length} of them not as desired`);
  const others = foreign > 0 ? color.dim(`, ${counted(foreign, "machine")} not ours`) : "";
  return [
    `${color.bold(account)}  ${listed([counted(servers, "server"), ...(firewalls > 0 ? [counted(firewalls, "firewall")] : [])])}, ${state}${others}`,
    ...drifted.flatMap((object) => renderObject(object, io)),
    ...orphans.map(
      ({ object, id, name, mark }) =>
        `  ${color.cyan("?")} ${label({ kind: object, name })} ${color.dim(`${id} ${mark}`)}  has an owner mark that no record names`,
    ),
  ];
}

function renderObject({ object, name, id, kind, fields, suspended }: ObjectDrift, { color }: Io): string[] {
  const held = suspended === undefined ? "" : color.yellow(` (${suspended.what} is suspended: ${suspended.reason})`);
  const head = `  ${color.yellow("!")} ${label({ kind: object, name })} ${color.dim(id)}${held}`;
  if (kind === "gone") return [`${head}  ${color.red("is gone from the cloud")}`];
  const lines = fields.map(fieldWords);
  return lines.length === 1 ? [`${head}  ${lines[0]}`] : [head, ...lines.map((line) => `      ${line}`)];
}

/** `rules: + accept tcp 22 from anywhere` for a rule that somebody has added. */
function fieldWords({ path, desired, actual }: FieldDrift): string {
  if (isRulePath(path)) return `rules: ${desired === undefined ? `+ ${actual}` : `- ${desired}`}`;
  return `${path} is ${show(actual)}, wanted ${show(desired)}`;
}

const show = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));
