import { isDoneAhead } from "../changes/ahead-rules.ts";
import { missingHashes } from "../changes/approve.ts";
import { isAhead } from "../changes/steps.ts";
import type { Ahead, Change, ChangePreview } from "../changes/types.ts";
import { passes } from "../reconcile/preview.ts";
import type { Cost, Effect } from "../reconcile/types.ts";
import { changeWords, money } from "../words/fields.ts";
import { label } from "../words/objects.ts";
import { liftWords } from "./commands.ts";
import { code } from "./markdown.ts";

/** What is told of a pull request. */
export interface Told {
  /** Absent where no change could be made of it. */
  change?: Change;
  /** Why there is none. */
  problem?: string;
  /** Address of the change's page. */
  page?: string;
  /** Whether comments are heeded. */
  commands: boolean;
  /** It is to be executed before its merge. */
  before: boolean;
}

/** Rows that stand there unfolded. */
const OPEN_ROWS = 20;
const LONGEST_LINES = 4_000;

/**
 * The one comment on a pull request, in Markdown, at most `limit` characters. What is left out is said, with where it is.
 * @param marker hidden text that the comment is found by again
 */
export function commentText(told: Told, marker: string, limit: number): string {
  const { change, problem } = told;
  const parts = [marker, `### Fleetwright: ${headline(told)}`];
  if (change === undefined) return [...parts, lines(problem ?? "")].join("\n\n");
  const preview = change.state === "draft" || change.state === "stale" ? undefined : change.preview;
  if (change.reason !== undefined) parts.push(lines(change.reason));
  const before = [...parts];
  const after: string[] = [];
  if (preview !== undefined) {
    const sums = sumWords(preview.cost);
    if (sums !== undefined) after.push(`**Cost:** ${sums}`);
    const refused = preview.verdicts.filter((verdict) => !passes(verdict));
    if (refused.length > 0)
      after.push(
        ["**Guards refuse it:**", ...refused.map(({ guard, message }) => `- ${guard}: ${inline(message)}`)].join("\n"),
      );
    if (preview.held !== undefined)
      after.push(
        [
          "**Held back:**",
          ...preview.held
            .slice(0, OPEN_ROWS)
            .map(
              ({ effect, holds }) =>
                `- ${effect.op} ${code(label(effect.object))}: ${holds.map(({ reason }) => inline(reason)).join("; ")}`,
            ),
        ].join("\n"),
      );
    if (change.results.length > 0)
      after.push(
        change.results
          .slice(0, OPEN_ROWS)
          .map(
            ({ state, op, name, message }) => `- ${state}: ${op} ${code(name)}${message ? `: ${inline(message)}` : ""}`,
          )
          .join("\n"),
      );
  }
  if (change.ahead?.begun && isAhead(change) && change.state !== "closed")
    after.push(`**Held for this pull request** until it is merged or closed: ${heldWords(change.ahead)}`);
  const next = nextWords(told);
  if (next !== undefined) after.push(next);
  after.push(
    `<sub>${change.id}, head ${change.pull!.head.slice(0, 12)}${preview === undefined ? "" : `, effects ${code(preview.hash)}`}${told.page ? ` · [the change](${told.page})` : ""}</sub>`,
  );
  const fixed = [...before, ...after].join("\n\n").length + 200;
  const effects = preview === undefined ? [] : effectsWords(preview.effects, limit - fixed, told.page);
  return [...before, ...effects, ...after].join("\n\n").slice(0, limit);
}

function headline({ change, problem }: Told): string {
  if (change === undefined)
    return problem === undefined ? "it touches the fleet no more" : "it cannot be merged into the fleet";
  const { state, preview, merged } = change;
  const count = preview?.effects.length ?? 0;
  const what = count === 0 ? "no machine is touched" : `${count} effect${count === 1 ? "" : "s"}`;
  switch (state) {
    case "draft":
      return "the files are valid; it waits for an operator";
    case "previewing":
      return "looking what it would do";
    case "previewed":
      return preview?.verdicts.every(passes) ? `${what}, held back` : `${what}, refused`;
    case "needs-approval":
      return count === 0
        ? isDoneAhead(change)
          ? "nothing remains to be executed: it may be merged"
          : what
        : `${what}, ${missingHashes(change).length} to be approved${merged ? ", merged already" : ""}`;
    case "approved":
      return isDoneAhead(change) ? `${what}, executed: it may be merged` : `${what}, approved`;
    case "executing":
      return `${what}, being executed`;
    case "converged":
      return `${what}, done`;
    case "failed":
      return `${what}, failed: it comes again by itself`;
    case "stale":
      return "it does not fit the fleet as it is";
    case "closed":
      return change.ahead?.begun ? "closed after it was executed" : "closed";
  }
}

function nextWords({ change, commands, before, page }: Told): string | undefined {
  if (change === undefined) return undefined;
  const { state, preview, pull, merged } = change;
  const say = (text: string) => `\`\`\`\n${text}\n\`\`\``;
  const elsewhere = page ? "On the change's page it goes on." : "`fleetwright change` goes on with it.";
  if (state === "draft")
    return `Nothing is run with credentials until an operator has read it and comments:\n${say(`fleetwright preview ${pull!.head}`)}`;
  if (state === "needs-approval" && preview!.effects.length > 0)
    return commands ? `To approve all of it, comment:\n${say(`fleetwright approve ${preview!.hash}`)}` : elsewhere;
  if (isDoneAhead(change)) return "Merging it finds nothing more to do.";
  if (state === "approved" && before)
    return commands ? `To execute it before it is merged, comment:\n${say("fleetwright execute")}` : elsewhere;
  if (state === "approved" && merged === undefined) return "Merging it executes what was approved.";
  const lifts = state === "previewed" && commands ? liftsOf(preview!) : undefined;
  if (lifts !== undefined)
    return `Whoever may approve it and means it comments:\n${say(`fleetwright approve ${preview!.hash} ${lifts}`)}`;
  if (state === "stale" && commands) return "`fleetwright preview` looks at it again.";
  return undefined;
}

/** What lifts all that guards refuse; undefined where nothing does, or there is nothing to lift. */
function liftsOf({ effects, verdicts }: ChangePreview): string | undefined {
  const refused = verdicts.filter((verdict) => !passes(verdict));
  const options = refused.flatMap(({ override }) => override ?? []);
  return effects.length > 0 && refused.length > 0 && options.length === refused.length ? liftWords(options) : undefined;
}

function heldWords({ objects }: Ahead): string {
  const names = objects.slice(0, OPEN_ROWS).map((key) => code(key.slice(key.lastIndexOf("/") + 1)));
  const more = objects.length - names.length;
  return [...names, ...(more > 0 ? [`and ${more} more`] : [])].join(", ");
}

/** A table, folded where it is long, cut where there is no room. */
function effectsWords(effects: readonly Effect[], room: number, page: string | undefined): string[] {
  if (effects.length === 0) return [];
  const head = "| | | what | cost a month |\n|---|---|---|---|";
  const rows: string[] = [];
  let left = room - head.length;
  for (const effect of effects) {
    const row = rowOf(effect);
    left -= row.length + 1;
    if (left < 0) break;
    rows.push(row);
  }
  const table = [head, ...rows].join("\n");
  const missing = effects.length - rows.length;
  const rest =
    missing === 0
      ? []
      : [`${missing} more ${missing === 1 ? "is" : "are"} not shown here${page ? `: see [the change](${page})` : ""}.`];
  if (rows.length <= OPEN_ROWS) return [table, ...rest];
  return [`<details><summary>${effects.length} effects</summary>\n\n${table}\n\n</details>`, ...rest];
}

const MOST_FIELDS = 12;

function rowOf({ op, object, changes, replaceReasons, dataLoss, cost, notes }: Effect): string {
  const shown = changes.slice(0, MOST_FIELDS).map((change) => code(changeWords(change)));
  const more = changes.length - shown.length;
  const words = [
    ...(dataLoss ? ["**everything on its disks is lost**"] : []),
    ...replaceReasons.map((reason) => `made anew: ${code(reason)}`),
    ...shown,
    ...(more > 0 ? [`and ${more} more`] : []),
    ...notes.map(cell),
  ];
  return `| ${op} | ${code(label(object))} | ${words.join("<br>")} | ${costWords(cost)} |`;
}

function costWords({ before, after }: NonNullable<Effect["cost"]> = {}): string {
  if (before === undefined && after === undefined) return "";
  const [was, is] = [before && money(before), after && money(after)];
  return was === is ? was! : `${was ?? "0"} → ${is ?? "0"}`;
}

function sumWords({ before, after }: { before: Cost[]; after: Cost[] }): string | undefined {
  const currencies = [...new Set([...before, ...after].map(({ currency }) => currency))];
  const of = (costs: Cost[], currency: string) =>
    costs.find((one) => one.currency === currency) ?? { monthlyMicro: 0, currency };
  const words = currencies.map(
    (currency) => `${money(of(before, currency) as Cost)} → ${money(of(after, currency) as Cost)}`,
  );
  return words.length === 0 ? undefined : `${words.join(", ")} a month`;
}

/** Several lines as they are, which are nothing but text. */
const lines = (text: string): string =>
  text
    .slice(0, LONGEST_LINES)
    .split("\n")
    .filter(Boolean)
    .map((line) => `> ${inline(line)}`)
    .join("\n>\n");

const inline = (text: string): string => code(text);
const cell = (text: string): string => code(text);
