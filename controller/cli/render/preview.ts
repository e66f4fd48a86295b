import type { Cost, Effect, EffectOp, Preview, Verdict } from "../../reconcile/types.ts";
import { money } from "../../words/fields.ts";
import { perHour } from "../../words/sizes.ts";
import { counted, listed } from "../../words/text.ts";
import type { Io } from "../io.ts";
import { renderBeingMade } from "./being-made.ts";
import { renderEffects } from "./effect.ts";
import { renderHeld } from "./held.ts";

/** A preview as people read it: account by account, a line or two an object, then the sum, the guards, and the hash that approves it. */
export function renderPreview(preview: Preview, io: Io): string {
  const { color } = io;
  const notes = preview.notes.map((note) => color.dim(note));
  const { effects, base } = preview;
  const underWay = renderBeingMade(preview.beingMade ?? [], io);
  const held = renderHeld(preview.held ?? [], io);
  const commit = preview.commit.slice(0, 10);
  if (effects.length === 0 && held.length > 0) {
    const all = `${color.yellow("Nothing may be done now:")} all that the fleet at ${commit} would change is held.`;
    return [all, ...held, ...notes, ...underWay].join("\n");
  }
  if (effects.length === 0) {
    const like = base === undefined ? "what was last applied" : `what ${base.slice(0, 10)} says`;
    return [`${color.green("Nothing to do:")} the fleet at ${commit} is ${like}.`, ...notes, ...underWay].join("\n");
  }
  const against = base === undefined ? "" : ` against ${base.slice(0, 10)}`;
  const lines = [`Preview of ${color.bold(commit)}${against}`];
  for (const [account, members] of Map.groupBy(effects, ({ object }) => object.account))
    lines.push("", color.bold(account), ...renderEffects(serversFirst(members), io));
  lines.push("", summary(effects) + costOf(preview), ...customersOf(preview));
  lines.push(...preview.verdicts.map((verdict) => renderVerdict(verdict, io)), ...held, ...notes, ...underWay);
  if (preview.hash !== "") lines.push(`Approval hash ${color.bold(preview.hash)}`);
  return lines.join("\n");
}

function serversFirst(effects: Effect[]): Effect[] {
  const isServer = ({ object }: Effect) => object.kind === "Server";
  return [...effects.filter(isServer), ...effects.filter((effect) => !isServer(effect))];
}

/** `12 servers and 9 shared objects to create, 1 server to update`. */
export function summary(effects: Pick<Effect, "op" | "object">[]): string {
  const parts = [...Map.groupBy(effects, ({ op }) => op)].map(([op, members]) => {
    return `${countedObjects(members.map(({ object }) => object))} to ${VERB[op]}`;
  });
  return parts.join(", ");
}

const VERB: Record<EffectOp, string> = {
  create: "create",
  update: "update",
  replace: "replace",
  delete: "delete",
  adopt: "adopt",
  forget: "let go",
};

/** `12 servers and 9 shared objects`. */
export function countedObjects(objects: Pick<Effect["object"], "kind">[]): string {
  const servers = objects.filter(({ kind }) => kind === "Server").length;
  const shared = objects.length - servers;
  const parts = [
    ...(servers > 0 ? [counted(servers, "server")] : []),
    ...(shared > 0 ? [counted(shared, "shared object")] : []),
  ];
  return listed(parts);
}

function costOf({ cost, effects }: Preview): string {
  if (cost.before.length === 0 && cost.after.length === 0) return "";
  const [before, after] = [side(cost.before), side(cost.after)];
  const costs = effects.length === 1 ? "it costs" : "they cost";
  if (before === after) return `; ${costs} ${after} a month, as before`;
  return `; ${costs} ${before} → ${after} a month at the provider (${side(cost.before, hourly)} → ${side(cost.after, hourly)} an hour)`;
}

/** Left out where customers pay what the provider asks, or nothing. */
function customersOf({ cost, price }: Preview): string[] {
  const [before, after] = [side(price.before), side(price.after)];
  const isCost = before === side(cost.before) && after === side(cost.after);
  const isNothing = [...price.before, ...price.after].every(({ monthlyMicro }) => monthlyMicro === 0);
  if (isCost || isNothing) return [];
  if (before === after) return [`Customers pay ${after} a month for them, as before`];
  return [
    `Customers pay ${before} → ${after} a month for them (${side(price.before, hourly)} → ${side(price.after, hourly)} an hour)`,
  ];
}

const side = (costs: Cost[], words = money): string => (costs.length === 0 ? "0" : costs.map(words).join(" + "));

const hourly = ({ hourlyMicro, currency }: Cost): string => `${perHour(hourlyMicro)} ${currency}`;

function renderVerdict({ passed, message, override }: Verdict, { color }: Io): string {
  if (passed) return color.yellow(`allowed: ${message}`);
  return color.red(`refused: ${message}${override === undefined ? "" : ` (${override} if it is meant)`}`);
}
