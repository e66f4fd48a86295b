import type { CallOp } from "../../changes/call.ts";
import type { Change, ChangeState, ChangeStep } from "../../changes/types.ts";
import type { Effect } from "../../reconcile/types.ts";
import type { SpotApi } from "./api.ts";
import { firewallCommands, launchCommands, portCommands } from "./written.ts";

/** Commands that a change has executed. */
export interface Executed {
  change: string;
  commands: readonly string[];
  isDone: boolean;
  /** ISO instant of its end. */
  at: string;
  /** `2.3s` */
  took: string;
  /** Who asked for it. */
  user: string;
}

/** What an effect does, as an operator would have typed it; for what tells it by itself nothing need stand here. Secrets never do. */
type Writer = (effect: Effect, api: SpotApi) => readonly string[] | Promise<readonly string[]>;

/** By what was asked for. */
const WRITERS: Partial<Record<CallOp, Writer>> = {
  port: portCommands,
  firewall: firewallCommands,
  launch: (effect, api) => [...portCommands(effect), ...launchCommands(effect, api)],
};

/** Has run, or tried to. */
const ENDED: readonly ChangeState[] = ["converged", "failed", "closed"];
/** As far back as the log goes. */
const MOST_CHANGES = 500;

/** What changes have executed, the newest first. @param object `objectKey` that they are about; default: any */
async function executed(api: SpotApi, object?: string): Promise<Executed[]> {
  const filter = { states: ENDED, ...(object !== undefined && { object }) };
  const all: Executed[] = [];
  for (const change of await api.service.changes.list(filter, MOST_CHANGES)) {
    const commands = await commandsOf(api, change);
    // Of those that were closed, only what was on the main line has run.
    if (commands.length === 0 || change.merged === undefined) continue;
    const steps = await api.service.changes.steps(change.id);
    all.push({
      change: change.id,
      commands,
      isDone: change.state === "converged",
      at: steps.at(-1)?.at ?? change.updatedAt,
      took: secondsOf(steps),
      user: change.author.name,
    });
  }
  return all;
}

async function commandsOf(api: SpotApi, change: Change): Promise<string[]> {
  const write = change.call === undefined ? undefined : WRITERS[change.call.op];
  const effects = change.preview?.effects ?? [];
  const written = await Promise.all(
    effects.map(async (effect) => effect.commands ?? (await write?.(effect, api)) ?? []),
  );
  return written.flat();
}

/** From when it was let go to its end. */
export function secondsOf(steps: readonly ChangeStep[]): string {
  const begun = steps.find(({ to }) => to === "executing")?.at;
  const ended = steps.findLast(({ to }) => ENDED.includes(to))?.at;
  const ms = begun === undefined || ended === undefined ? 0 : Date.parse(ended) - Date.parse(begun);
  return `${(Math.max(0, ms) / 1000).toFixed(1)}s`;
}

/** What moved a host last, whoever asked for it. */
export async function lastMove(api: SpotApi, host: string): Promise<Executed | undefined> {
  const all = await Promise.all(
    [...api.desired.accounts.keys()].map((account) => executed(api, `AggregateHost/${account}/${host}`)),
  );
  return all
    .flat()
    .filter(({ isDone }) => isDone)
    .sort((a, b) => (a.at < b.at ? 1 : -1))[0];
}

/** When the log was cleared last. */
const CLEARED = "spot.commands.cleared";

export interface LogRow {
  timestamp: string;
  command: string;
  status: "success" | "error";
  execution_time: string;
  user: string;
}

/** What was executed since the log was cleared, in the order of time. */
export async function readLog(api: SpotApi): Promise<LogRow[]> {
  const cleared = (await api.controller.store.setting(CLEARED)) ?? "";
  const all = (await executed(api)).filter(({ at }) => at > cleared).sort((a, b) => (a.at < b.at ? -1 : 1));
  return all.flatMap(({ commands, at, isDone, took, user }) =>
    commands.map((command) => ({
      timestamp: at.replace(/\.\d+Z$/, "Z"),
      command,
      status: isDone ? "success" : "error",
      execution_time: took,
      user,
    })),
  );
}

/** Takes what was executed so far out of sight; the history stays as it is. */
export async function clearLog({ controller }: SpotApi): Promise<void> {
  await controller.store.putSetting(CLEARED, new Date(controller.now()).toISOString());
}
