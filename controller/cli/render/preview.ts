import type { Change, Cost, Effect, Preview } from "../../reconcile/types.ts";
import type { Io } from "../io.ts";

const SIGN: Record<Effect["op"], string> = {
  create: "+",
  update: "~",
  replace: "±",
  delete: "-",
  adopt: "«",
  forget: "»",
};

/** A preview as people read it: one block per object, guards, cost, and the hash that approves it. */
export function renderPreview(preview: Preview, io: Io): string {
  const { color } = io;
  if (preview.effects.length === 0) {
    return [
      `${color.green("Nothing to do:")} the fleet at ${preview.commit.slice(0, 10)} is what was last applied.`,
      ...preview.notes.map((note) => color.dim(note)),
    ].join("\n");
  }
  const lines = [`Preview of ${color.bold(preview.commit.slice(0, 10))}`, ""];
  for (const effect of preview.effects) lines.push(...renderEffect(effect, io));
  lines.push("", summary(preview.effects));
  const cost = costLine(preview);
  if (cost !== undefined) lines.push(cost);
  for (const { passed, message, override } of preview.verdicts) {
    lines.push(
      passed
        ? color.yellow(`allowed: ${message}`)
        : color.red(`refused: ${message}${override === undefined ? "" : ` (${override} if it is meant)`}`),
    );
  }
  lines.push(...preview.notes.map((note) => color.dim(note)), "", `Approval hash ${color.bold(preview.hash)}`);
  return lines.join("\n");
}

function renderEffect(effect: Effect, { color }: Io): string[] {
  const paint = {
    create: color.green,
    update: color.yellow,
    replace: color.magenta,
    delete: color.red,
    adopt: color.cyan,
    forget: color.cyan,
  }[effect.op];
  const loss = effect.dataLoss ? color.red(" — everything on its disks is lost") : "";
  const because = effect.replaceReasons.length > 0 ? ` because of ${effect.replaceReasons.join(", ")}` : "";
  const { kind, name } = effect.object;
  const what = kind === "Server" ? name : `${kind} ${name}`;
  const money = effectCost(effect);
  const lines = [
    paint(`${SIGN[effect.op]} ${what}`) +
      color.dim(`  ${effect.op}${because} on ${effect.stack}`) +
      loss +
      (money === undefined ? "" : color.dim(`  ${money}`)),
  ];
  if (effect.op !== "delete" && effect.op !== "forget")
    lines.push(...effect.changes.map((change) => `    ${renderChange(change, effect.op)}`));
  lines.push(...effect.notes.map((note) => color.dim(`    ${note}`)));
  return lines;
}

function renderChange(change: Change, op: Effect["op"]): string {
  if (change.secret) return `${change.path}: (hidden)`;
  const drift = change.drift ? "  (changed by hand)" : "";
  if (op === "create" || change.before === undefined) return `${change.path}: ${show(change.after)}${drift}`;
  return `${change.path}: ${show(change.before)} → ${change.after === undefined ? "(removed)" : show(change.after)}${drift}`;
}

function show(value: unknown): string {
  if (value === undefined) return "(none)";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > 100 ? `${text.slice(0, 97)}…` : text;
}

function summary(effects: Effect[]): string {
  const counts = new Map<string, number>();
  for (const { op } of effects) counts.set(op, (counts.get(op) ?? 0) + 1);
  return [...counts].map(([op, count]) => `${count} to ${op}`).join(", ");
}

function effectCost({ cost }: Effect): string | undefined {
  if (cost === undefined) return undefined;
  const { before, after } = cost;
  if (before !== undefined && after !== undefined && before.monthlyMicro === after.monthlyMicro) return undefined;
  return `${before === undefined ? "" : `${money(before)} → `}${after === undefined ? "0" : money(after)} a month`;
}

function costLine({ cost }: Preview): string | undefined {
  if (cost.before.length === 0 && cost.after.length === 0) return undefined;
  const side = (costs: Cost[]) => (costs.length === 0 ? "0" : costs.map(money).join(" + "));
  return `Provider cost of these: ${side(cost.before)} → ${side(cost.after)} a month`;
}

/** `12.00 USD`, rounded to cents. */
export function money({ monthlyMicro, currency }: Cost): string {
  return `${(monthlyMicro / 1_000_000).toFixed(2)} ${currency}`;
}
