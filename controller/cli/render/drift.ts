import type { AccountDrift, ServerDrift } from "../../reconcile/drift.ts";
import type { Io } from "../io.ts";
import { counted } from "./text.ts";

/** Drift as people read it: account by account, server by server, field by field. */
export function renderDrift(accounts: AccountDrift[], io: Io): string {
  return accounts.flatMap((account) => renderAccount(account, io)).join("\n");
}

function renderAccount({ account, servers, drifted, orphans, foreign, error }: AccountDrift, io: Io): string[] {
  const { color } = io;
  if (error !== undefined) return [`${color.bold(account)}  ${color.red(`could not be read: ${error}`)}`];
  const state =
    drifted.length === 0 ? color.green("as desired") : color.yellow(`${drifted.length} of them not as desired`);
  const others = foreign > 0 ? color.dim(`, ${counted(foreign, "machine")} not ours`) : "";
  return [
    `${color.bold(account)}  ${counted(servers, "server")}, ${state}${others}`,
    ...drifted.flatMap((server) => renderServer(server, io)),
    ...orphans.map(
      ({ id, name, mark }) =>
        `  ${color.cyan("?")} ${name} ${color.dim(`${id} ${mark}`)}  has an owner mark that no record names`,
    ),
  ];
}

function renderServer({ name, id, kind, fields }: ServerDrift, { color }: Io): string[] {
  const head = `  ${color.yellow("!")} ${name} ${color.dim(id)}`;
  if (kind === "gone") return [`${head}  ${color.red("is gone from the cloud")}`];
  const lines = fields.map(({ path, desired, actual }) => `${path} is ${show(actual)}, wanted ${show(desired)}`);
  return lines.length === 1 ? [`${head}  ${lines[0]}`] : [head, ...lines.map((line) => `      ${line}`)];
}

const show = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));
