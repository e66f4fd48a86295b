import type { AccountDrift } from "../../reconcile/drift.ts";
import type { Io } from "../io.ts";

/** Drift as people read it: account by account, server by server, field by field. */
export function renderDrift(accounts: AccountDrift[], { color }: Io): string {
  const lines: string[] = [];
  for (const { account, servers, drifted, orphans, foreign, error } of accounts) {
    if (error !== undefined) {
      lines.push(`${color.bold(account)}  ${color.red(`could not be read: ${error}`)}`);
      continue;
    }
    const state = drifted.length === 0 ? color.green("as desired") : color.yellow(`${drifted.length} differ`);
    const others = foreign > 0 ? color.dim(`, ${foreign} not ours`) : "";
    lines.push(`${color.bold(account)}  ${servers} ${servers === 1 ? "server" : "servers"}, ${state}${others}`);
    for (const { name, id, kind, fields } of drifted) {
      lines.push(
        `  ${color.yellow("!")} ${name} ${color.dim(id)}${kind === "gone" ? color.red("  gone from the cloud") : ""}`,
      );
      for (const { path, desired, actual } of fields)
        lines.push(`      ${path}: ${JSON.stringify(actual)}, wanted ${JSON.stringify(desired)}`);
    }
    for (const { id, name, mark } of orphans)
      lines.push(
        `  ${color.cyan("?")} ${name} ${color.dim(`${id} ${mark}`)}  carries an owner mark and no file names it`,
      );
  }
  return lines.join("\n");
}
