import type { Proposals } from "../../adopt/propose.ts";
import { sum } from "../../reconcile/cost.ts";
import type { ListedInventory, ListedItem } from "../../reconcile/inventory.ts";
import { money } from "../../words/fields.ts";
import { counted } from "../../words/text.ts";
import type { Io } from "../io.ts";
import { aligned } from "./text.ts";

/** Machines by account: orphans first, then foreign ones; managed ones are counted, and listed with `all`, which tells too what has gone. */
export function renderInventory(accounts: ListedInventory[], all: boolean, io: Io): string {
  return accounts.flatMap((account) => renderAccount(account, all, io)).join("\n");
}

function renderAccount({ account, items, gone, error }: ListedInventory, all: boolean, io: Io): string[] {
  const { color } = io;
  if (error !== undefined) return [`${color.bold(account)}  ${color.red(`could not be listed: ${error}`)}`];
  const of = (kind: ListedItem["kind"]) => items.filter((item) => item.kind === kind);
  const [managed, orphans, foreign] = [of("managed"), of("orphan"), of("foreign")];
  const others = [...orphans, ...foreign];
  const counts = [
    counted(managed.length, "server"),
    ...(orphans.length > 0 ? [color.cyan(`${counted(orphans.length, "orphan")} (${monthly(orphans)})`)] : []),
    ...(foreign.length > 0 ? [`${foreign.length} not ours (${monthly(foreign)})`] : []),
    ...(all && gone.length > 0 ? [`${gone.length} gone`] : []),
  ];
  const shown = all ? [...others, ...managed, ...gone] : others;
  return [`${color.bold(account)}  ${counts.join(", ")}`, ...rows(shown).map((row) => `  ${row}`)];
}

/** What the machines cost a month, as far as the catalogue tells. */
function monthly(items: ListedItem[]): string {
  const totals = sum(items.map((item) => item.monthly));
  return totals.length === 0 ? "no prices" : `${totals.map(money).join(" + ")} a month`;
}

const day = (instant: string): string => instant.slice(0, 10);

const SIGN = { managed: "✓", orphan: "?", foreign: "·" };

function rows(items: ListedItem[]): string[] {
  return aligned(
    items.map(({ kind, name, id, size, region, power, ageDays, firstSeen, goneSince, monthly, mark, server }) => [
      `${goneSince === undefined ? SIGN[kind] : "✗"} ${name}`,
      id,
      size ?? "",
      region,
      power,
      `${ageDays} d`,
      goneSince === undefined ? `seen since ${day(firstSeen)}` : `gone since ${day(goneSince)}`,
      monthly === undefined ? "" : `${money(monthly)} a month`,
      kind === "managed"
        ? `is ${server}`
        : kind === "orphan"
          ? `orphan, ${mark}`
          : mark
            ? `another's mark ${mark}`
            : "",
    ]),
  );
}

/** What would be taken over, and what that would change. */
export function renderProposals({ proposals, refused }: Proposals, { color }: Io): string {
  const table = aligned(
    proposals.map(({ item, name, plan, path }) => [
      `« ${name}`,
      item.id,
      plan === undefined ? (item.size ?? "") : `plan ${plan}`,
      item.region,
      item.monthly === undefined ? "" : `${money(item.monthly)} a month`,
      path,
    ]),
  );
  const lines = proposals.flatMap(({ differs }, index) => [
    `  ${color.cyan(table[index]!)}`,
    ...differs.map(
      ({ path, desired, actual }) =>
        `      ${color.yellow(`its file cannot say ${path} ${JSON.stringify(actual)}: it would become ${JSON.stringify(desired)}`)}`,
    ),
  ]);
  const reasons = refused.map(({ item, reason }) => `  ${color.red(`✗ ${item.name} ${item.id}`)}  ${reason}`);
  return [...lines, ...reasons].join("\n");
}
