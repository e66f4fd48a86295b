import type { TakenAccount } from "../../api/vps/take-over/accounts.ts";
import type { TakeOver } from "../../api/vps/take-over/take-over.ts";
import { counted } from "../../words/text.ts";
import type { Io } from "../io.ts";
import { aligned } from "./text.ts";

interface About {
  /** Whether instances of the old database have a column for their provider. */
  hasProviders: boolean;
  /** Whether the fleet serves the multi-cloud VPS API. */
  hasPolicy: boolean;
}

/** What would be taken over, what not and why, and what is left for a person to do. */
export function renderTakeOver(taken: TakeOver, { hasProviders, hasPolicy }: About, io: Io): string {
  const { color } = io;
  const { accounts, plans, servers, already, leftOut, notes } = taken;
  const lines = [
    ...(hasProviders ? [] : [color.dim("the database is from before migration 016: its instances are Linode's")]),
    ...section("accounts", accountRows(accounts), io),
    ...accounts.flatMap(({ dropped, account }) =>
      dropped.length === 0
        ? []
        : [color.yellow(`  ${account.spec.name}: ${dropped.join(", ")} is named like a secret, and stays out of git`)],
    ),
    ...section("plans", planRows(plans), io),
    ...section("servers", serverRows(servers), io),
    ...servers.flatMap(({ proposal, outdated }) => [
      ...outdated.map(({ field, table, cloud }) =>
        color.dim(`  ${proposal.name}: the table says ${field} ${table}, and the machine has ${cloud}, which is taken`),
      ),
      ...proposal.differs.map(({ path, desired, actual }) =>
        color.yellow(
          `  ${proposal.name}: its file cannot say ${path} ${JSON.stringify(actual)}: it would become ${JSON.stringify(desired)}`,
        ),
      ),
    ]),
    ...(already > 0 ? [color.dim(`${counted(already, "server")} of it are the fleet's already`)] : []),
    ...(leftOut.length > 0 ? [color.bold("left out")] : []),
    ...aligned(leftOut.map(({ label, id, reason }) => [`✗ ${label}`, id, reason])).map((row) => color.red(`  ${row}`)),
    ...notes.map((note) => color.dim(note)),
    ...(taken.edits.length === 0 ? ["nothing is left to be written"] : []),
  ];
  const steps = stepsLeft(taken, hasPolicy);
  if (steps.length > 0) lines.push(color.bold("left for you"), ...steps.map((step) => `  ${step}`));
  return lines.join("\n");
}

const section = (title: string, rows: string[][], { color }: Io): string[] =>
  rows.length === 0 ? [] : [color.bold(title), ...aligned(rows).map((row) => `  ${row}`)];

function accountRows(accounts: readonly TakenAccount[]): string[][] {
  return accounts.map(({ account: { spec }, provider, file, lent, values }) => [
    `${file ? "+" : "="} ${spec.name}`,
    provider.id,
    spec.provider,
    spec.active === false ? "disabled" : "",
    values ? "its key is sealed with the commit" : lent ? "its key is here" : "without a key",
  ]);
}

const planRows = (plans: TakeOver["plans"]): string[][] =>
  plans
    .filter(({ file }) => file !== undefined)
    .map(({ spec, plan }) => [
      `+ ${spec.name}`,
      plan.id,
      plan.size,
      `${plan.basePrice.toFixed(2)} + ${plan.markup.toFixed(2)} a month`,
      plan.endedOn === undefined ? "" : `not sold since ${plan.endedOn}`,
    ]);

const serverRows = (servers: TakeOver["servers"]): string[][] =>
  servers.map(({ instance, proposal: { name, item, plan } }) => [
    `« ${name}`,
    instance.label,
    item.id,
    plan === undefined ? (item.size ?? "") : `plan ${plan}`,
    item.region,
    instance.owner ?? "",
  ]);

/** Commands and edits, in the order that they are to be done in. */
export function stepsLeft({ accounts, servers, waiting }: TakeOver, hasPolicy: boolean): string[] {
  const keyless = accounts.filter(({ lent, account }) => lent === undefined && !account.spec.retired);
  const orphaned = servers.some(({ proposal: { text } }) => /^deletionPolicy: orphan$/m.test(text));
  return [
    ...keyless.flatMap(({ account: { spec } }) => {
      const address = spec.endpoint === undefined ? "" : ` --endpoint ${spec.endpoint}`;
      return Object.keys(spec.credentials).map(
        (field) => `fleetwright credentials set ${spec.name} ${field}${address}`,
      );
    }),
    ...(waiting.servers.size > 0 || waiting.plans.length > 0
      ? [
          `the same command again, as there are ${[
            ...[...waiting.servers].map(
              ([account, count]) => `${counted(count, "server")} of ${account} without its key`,
            ),
            ...waiting.plans.map(
              ({ name, size }) => `the plan ${name}, of which only its provider says what ${size} holds`,
            ),
          ].join(", ")}`,
        ]
      : []),
    ...(keyless.length > 0
      ? [`or, in one go: ${keyless.map(({ variable }) => `${variable}=…`).join(" ")} before the command`]
      : []),
    ...(hasPolicy
      ? []
      : ["fleet.yaml: `policies: { dialects: { vps: {} } }`, which has `fleetwright serve` answer /api/vps"]),
    ...(orphaned
      ? [
          "once all is well, the same command with --deletion-policy delete: until then the API deletes none of these instances",
        ]
      : []),
  ];
}
