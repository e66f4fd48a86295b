import type { Status } from "../../jobs/status.ts";
import { openWords } from "../../reconcile/reshard-open.ts";
import { counted } from "../../words/text.ts";
import type { Io } from "../io.ts";
import { renderBeingMade } from "./being-made.ts";
import { aligned } from "./text.ts";

/** What is recorded, what waits and what runs. */
export function renderStatus(status: Status, io: Io): string {
  const { commit, stacks, servers, beingMade = [], openApprovals = 0, openIntents = 0, runs } = status;
  const { color } = io;
  const lines = [
    `HEAD ${color.bold(commit.slice(0, 10))}, ${counted(servers.length, "server")} in ${counted(stacks.length, "stack")}`,
    "",
  ];
  const rows = aligned(servers.map(({ name, account, id, power }) => [name, account, id ?? "", power]));
  for (const [index, { suspect }] of servers.entries())
    lines.push(`  ${rows[index]}${suspect ? color.yellow("  to be looked at") : ""}`);
  lines.push(...renderBeingMade(beingMade, io));
  for (const { stack, holder } of stacks)
    if (holder !== undefined) lines.push(color.yellow(`${stack}: ${holder} is at work on it`));
  if (openApprovals > 0)
    lines.push(
      `${counted(openApprovals, "approved effect")} not done yet: \`fleetwright apply\` goes on with what is approved`,
    );
  if (openIntents > 0)
    lines.push(
      `${counted(openIntents, "create")} without an answer on record: the next run looks for them by their marks`,
    );
  lines.push(...reshardLines(status, io), ...serviceLines(status, io));
  const [last] = runs;
  if (last !== undefined)
    lines.push(
      "",
      color.dim(`last run: ${last.kind} of ${last.stack}, ${last.outcome ?? "under way"}, begun ${last.startedAt}`),
    );
  return lines.join("\n");
}

function reshardLines({ reshards = [], openReshards: open = [] }: Status, { color }: Io): string[] {
  return [
    ...open.map(({ account, ...reshard }) => color.yellow(`${account}: ${openWords(account, reshard)}`)),
    ...reshards.map(({ account, stack, servers, proposed, command }) =>
      color.yellow(
        `${account}: ${stack} has ${servers} servers, and ${counted(proposed, "stack")} would have fewer: ${command}`,
      ),
    ),
  ];
}

function serviceLines({ waiting = [], deadLetters: letters = [] }: Status, { color }: Io): string[] {
  return [
    ...waiting.flatMap(({ lane, reason, waiting: effects = [] }) => [
      color.yellow(`${lane} waits for a person: ${effects.join(", ")}`),
      ...indented(reason),
    ]),
    ...letters.flatMap(({ queue, lane, at, reason }) => [
      color.red(
        `${lane}: given up (${queue}, ${at}) until a commit, an approval or a drift pass that reads its account`,
      ),
      ...indented(reason),
    ]),
  ];
}

const indented = (text = ""): string[] => (text === "" ? [] : text.split("\n").map((line) => `  ${line}`));
