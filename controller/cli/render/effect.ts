import type { Cost, Effect } from "../../reconcile/types.ts";
import { changeWords, money, serverDetails, serverRow, sharedRow } from "../../words/fields.ts";
import { label } from "../../words/objects.ts";
import type { Io } from "../io.ts";
import { aligned, wrapped } from "./text.ts";

const SIGN: Record<Effect["op"], string> = {
  create: "+",
  update: "~",
  replace: "±",
  delete: "-",
  adopt: "«",
  forget: "»",
};

const INDENT = "      ";

/** Effects of one account, aligned with each other. */
export function renderEffects(effects: Effect[], io: Io): string[] {
  const rows = aligned(effects.map((effect) => [label(effect.object), ...row(effect), cost(effect)]));
  return effects.flatMap((effect, index) => {
    return [`  ${paint(effect, io)(`${SIGN[effect.op]} ${rows[index]}`)}`, ...below(effect, io)];
  });
}

function row({ op, object, changes, replaceReasons }: Effect): string[] {
  if (op === "create" || op === "adopt")
    return object.kind === "Server" ? serverRow(changes) : [sharedRow(object.kind, changes)];
  if (op === "update") return changes.length === 1 ? [changeWords(changes[0]!)] : [];
  if (op === "replace") return [`made anew: ${replaceReasons.join(", ")}`];
  const was = (path: string) => changes.find((change) => change.path === path)?.before;
  return [
    op === "forget" ? "let go" : "deleted",
    ...[was("size"), was("region")].filter((value) => value !== undefined).map(String),
  ];
}

/** What does not fit into the row. */
function below(effect: Effect, { color, width }: Io): string[] {
  const { op, object, changes, commands = [], instances, notes, dataLoss } = effect;
  const lines: string[] = [];
  if (dataLoss) lines.push(color.red("everything on its disks is lost"));
  if ((op === "create" || op === "adopt") && object.kind === "Server") {
    const details = wrapped(serverDetails(object.name, changes), " · ", width - INDENT.length);
    lines.push(...details.map((line) => color.dim(line)));
  }
  if ((op === "update" && changes.length > 1) || op === "replace") {
    lines.push(...changes.map(changeWords));
  }
  lines.push(...commands.map((command) => `$ ${command}`));
  lines.push(...instanceLines(instances).map((line) => color.dim(line)));
  lines.push(...notes.map((note) => color.dim(note)));
  return lines.map((line) => `${INDENT}${line}`);
}

function instanceLines(instances: Effect["instances"]): string[] {
  if (instances === undefined || instances.total === 0) return [];
  const left = instances.total - instances.first.length;
  return [
    ...instances.first.map(({ name, status, flavor, tenant }) =>
      [name, status, flavor, tenant && `of ${tenant}`].filter(Boolean).join("  "),
    ),
    ...(left > 0 ? [`and ${left} more`] : []),
  ];
}

/** What it costs at the provider, and what its customer pays where that is something else. */
function cost({ cost, price }: Effect): string {
  const [provider, customer] = [change(cost), change(price)];
  if (customer === "" || customer === provider) return provider === "" ? "" : `${provider} a month`;
  return provider === "" ? `sold for ${customer} a month` : `${provider} a month, sold for ${customer}`;
}

function change({ before, after }: NonNullable<Effect["cost"]> = {}): string {
  if (before === undefined && after === undefined) return "";
  if (before !== undefined && after !== undefined && isSameMoney(before, after)) return "";
  if (before === undefined) return money(after!);
  return `${money(before)} → ${after === undefined ? "0" : money(after)}`;
}

const isSameMoney = (a: Cost, b: Cost): boolean => a.monthlyMicro === b.monthlyMicro && a.currency === b.currency;

function paint({ op }: Effect, { color }: Io): (text: string) => string {
  return {
    create: color.green,
    update: color.yellow,
    replace: color.magenta,
    delete: color.red,
    adopt: color.cyan,
    forget: color.cyan,
  }[op];
}
