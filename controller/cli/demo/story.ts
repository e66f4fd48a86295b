import { setField } from "../../fleet/edit.ts";
import type { OpenController } from "../../open.ts";
import { type Desired, readDesired } from "../../reconcile/desired.ts";
import { type AccountDrift, findFleetDrift } from "../../reconcile/drift.ts";
import { type Execution, execute } from "../../reconcile/execute.ts";
import { type Prepared, prepare } from "../../reconcile/preview.ts";
import { objectKey } from "../../reconcile/types.ts";
import { Git } from "../../repo/git.ts";
import { seconds } from "../../words/time.ts";
import type { Io } from "../io.ts";
import { renderDrift } from "../render/drift.ts";
import { renderExecution } from "../render/execution.ts";
import { renderPreview } from "../render/preview.ts";
import type { ProgressView } from "../render/progress.ts";
import { type Breakage, breakThings } from "./breakages.ts";
import type { DemoClouds } from "./clouds.ts";
import { DEMO_PERSON } from "./fleet.ts";
import { isSameSet } from "./result.ts";

/** What every step of the demo works with. */
export interface Stage {
  controller: OpenController;
  clouds: DemoClouds;
  io: Io;
  view: ProgressView;
  signal: AbortSignal;
}

const LOOKING = "asking the engine what would be done";
const APPROVED_BY = `${DEMO_PERSON.name} <${DEMO_PERSON.email}>`;

/** The file that is changed, and how. */
const CHANGE = { file: "servers/linode/web/web-2.yaml", field: "plan", value: "medium" };

/** Previews all that is to be done and executes exactly that. Answers whether the executed effects were the shown ones. */
export async function converge(stage: Stage): Promise<boolean> {
  const { controller, signal, io } = stage;
  io.out(heading(io, 2, "Converge: everything is new"));
  const prepared = await stage.view.during(LOOKING, prepare(controller, { signal }));
  io.out(renderPreview(prepared.preview, io));
  return await carryOut(stage, prepared, {}, prepared);
}

/** Changes one file by a commit, previews that, and executes it under its approval hash. */
export async function change(stage: Stage): Promise<boolean> {
  const { controller, signal, io } = stage;
  io.out(heading(io, 3, "Change: one line of one file, by a commit"));
  const { repo } = controller;
  const before = await repo.readBlob(await repo.head(), CHANGE.file);
  const files = { [CHANGE.file]: setField(before ?? "", [CHANGE.field], CHANGE.value) };
  const commit = await repo.commit({ files, message: "Give web-2 the medium plan", author: DEMO_PERSON });
  const diff = await new Git(repo.dir).run("show", "--no-color", "--format=", "--unified=0", commit);
  io.out(renderDiff(diff, io));
  const prepared = await stage.view.during(LOOKING, prepare(controller, { signal }));
  io.out(renderPreview(prepared.preview, io));
  return await carryOut(stage, prepared, {});
}

export interface DriftStory {
  drift: { injected: number; found: number; reverted: number };
  effectHashMatched: boolean;
}

/** Breaks three servers behind the fleet's back, shows what drift finds, and reverts it. */
export async function breakAndMend(stage: Stage): Promise<DriftStory> {
  const { controller, signal, io } = stage;
  io.out(heading(io, 4, "Drift: three servers broken behind its back"));
  const breakages = await breakThings(stage.clouds, await controller.store.objects({ kind: "Server" }));
  for (const { server, cloud, what } of breakages) io.out(`  ${io.color.red("✗")} ${server} on ${cloud}: ${what}`);
  io.out("");

  const { accounts } = await stage.view.during("listing the clouds", look(stage));
  io.out(renderDrift(accounts, io));
  const drifted = accounts.flatMap((account) => account.drifted);
  const found = breakages.filter((breakage) => drifted.some((drift) => isFound(breakage, drift))).length;

  io.out("");
  const revert = new Set(drifted.map(({ object, name, account }) => objectKey({ kind: object, name, account })));
  const prepared = await stage.view.during(LOOKING, prepare(controller, { revert, signal }));
  io.out(renderPreview(prepared.preview, io));
  const effectHashMatched = await carryOut(stage, prepared, { revert });

  const after = await stage.view.during("listing the clouds again", look(stage));
  const still = new Set(after.accounts.flatMap(({ drifted }) => drifted.map(({ name }) => name)));
  const unread = after.accounts.some(({ error }) => error !== undefined);
  const reverted = unread ? 0 : breakages.filter(({ server }) => !still.has(server)).length;
  return { drift: { injected: breakages.length, found, reverted }, effectHashMatched };
}

/** What differs on the clouds from what was applied, and what HEAD asks for. */
export async function look({
  controller,
  signal,
}: Pick<Stage, "controller" | "signal">): Promise<{ desired: Desired; accounts: AccountDrift[] }> {
  const desired = await readDesired(controller, await controller.repo.head(), signal);
  return { desired, accounts: await findFleetDrift(controller, desired, signal) };
}

function isFound(breakage: Breakage, { name, kind, fields }: AccountDrift["drifted"][number]): boolean {
  if (name !== breakage.server) return false;
  return breakage.field === undefined ? kind === "gone" : fields.some(({ path }) => path.startsWith(breakage.field!));
}

/**
 * Executes under the shown hash. Unless the preview itself is handed over, the effects are computed anew, as in another process, and anything
 * else than what was shown is refused.
 */
async function carryOut(
  stage: Stage,
  { preview }: Prepared,
  options: { revert?: ReadonlySet<string> },
  prepared?: Prepared,
): Promise<boolean> {
  const { controller, signal, io } = stage;
  io.out(io.color.dim(`Approved by ${APPROVED_BY}\n`));
  const began = performance.now();
  const run = execute(controller, {
    preview: options,
    ...(prepared === undefined ? {} : { prepared }),
    approved: { hashes: [preview.hash], by: APPROVED_BY },
    signal,
  });
  const execution = await stage.view.during("executing exactly that", run);
  const matched = isSameSet(
    preview.effects.map(({ hash }) => hash),
    execution.outcomes.map(({ effectHash }) => effectHash),
  );
  io.out(verdict(execution, matched, performance.now() - began, io));
  return matched;
}

function verdict(execution: Execution, matched: boolean, ms: number, io: Io): string {
  const same = matched ? "exactly the effects that were shown" : io.color.red("not the effects that were shown");
  return `${renderExecution(execution, io)}, in ${seconds(ms)}: ${same}`;
}

export function heading({ color }: Io, step: number, text: string): string {
  return `\n${color.bold(color.cyan(`${step}  ${text}`))}\n`;
}

function renderDiff(diff: string, { color }: Io): string {
  const lines = diff.split("\n").flatMap((line) => {
    if (line.startsWith("+++ b/")) return [`  ${color.bold(line.slice(6))}`];
    if (/^[+-](?![+-])/.test(line)) return [`  ${line.startsWith("+") ? color.green(line) : color.red(line)}`];
    return [];
  });
  return `${lines.join("\n")}\n`;
}
