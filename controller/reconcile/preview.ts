import { load } from "js-yaml";
import { FleetError } from "../../resources/errors.ts";
import type { StackObject } from "../../resources/spec.ts";
import { lastCommitted } from "../fleet/history.ts";
import type { AppliedObject } from "../store/types.ts";
import { type Controller, cloudOf } from "./context.ts";
import { costOf, sumCosts } from "./cost.ts";
import { type Desired, readDesired } from "./desired.ts";
import { setHash, workOf } from "./effects.ts";
import { checkWithEngine } from "./engine-preview.ts";
import { guard, type Overrides, type Population, type Removal } from "./guards.ts";
import { isSettled, type Match, matchObjects } from "./match.ts";
import { observe } from "./observe.ts";
import type { Preview, Verdict, Work } from "./types.ts";

export interface PreviewOptions {
  /** Commit to compile; default HEAD. */
  commit?: string;
  /** Only these stacks. */
  stacks?: string[];
  overrides?: Overrides;
  /** False leaves the engine's own look out: the core's effects alone. Default true. */
  engine?: boolean;
  /** Only these servers, by name: they are to be brought back to what the files say, whatever was recorded. */
  revert?: ReadonlySet<string>;
  signal: AbortSignal;
}

/** A preview with all that an execution of it needs. */
export interface Prepared {
  preview: Preview;
  desired: Desired;
  works: Work[];
  /** Records that only need to be written anew: renames and edits without effect. */
  quiet: AppliedObject[];
  /** Changes whenever a run has touched any stack since. */
  stateMark: string;
}

export const NO_OVERRIDES: Overrides = { allowReplace: [] };

/** What a commit would do, as data. Starts an engine only where there is work, and changes nothing. */
export async function prepare(controller: Controller, options: PreviewOptions): Promise<Prepared> {
  const { signal } = options;
  const mark = await stateMark(controller);
  const commit = await controller.repo.head(options.commit);
  const desired = await readDesired(controller, commit, signal);
  const applied = await controller.store.objects();
  const all = matchObjects(desired.objects, applied, desired.accounts);
  const matches = all.filter(
    (match) => inScope(match, options) && (options.revert?.has(nameOf(match)) ?? !isSettled(match)),
  );

  const place = (match: Match) => {
    const account = desired.byIdentity.get(match.applied?.account ?? match.account);
    return account === undefined ? undefined : { account, cloud: cloudOf(controller, account.spec.provider) };
  };
  const seen = await observe(controller, matches, place, signal);
  const removals = new Map<string, StackObject>();
  const works: Work[] = [];
  const quiet: AppliedObject[] = [];
  for (const match of matches) {
    const cloud = place(match)?.cloud;
    if (cloud === undefined)
      throw new FleetError(
        "FLEET_INVALID",
        `the account ${match.account} of ${match.identity} is not known any more`,
        {},
      );
    const target =
      match.desired === undefined
        ? cloud
        : cloudOf(controller, desired.accounts.get(match.desired.spec.account)!.spec.provider);
    if (match.desired === undefined) await addPolicy(controller, match, commit, removals);
    const work = workOf(match, {
      fleetId: desired.fleet.id,
      capabilities: target.capabilities,
      ...pick("seen", seen.get(match.key)),
      ...pick("removal", removals.get(match.key)),
    });
    if (work !== undefined) works.push(withCost(work, match, desired));
    else if (match.desired !== undefined && match.applied !== undefined) quiet.push(recordAnew(match, commit));
  }

  const overrides = options.overrides ?? NO_OVERRIDES;
  const decide = () => verdicts(works, matches, removals, all, desired, overrides);
  const early = decide();
  const engineRuns =
    options.engine !== false && early.every(passes) ? await checkWithEngine(controller, desired, works, signal) : 0;
  const effects = works.map(({ effect }) => effect);
  const preview: Preview = {
    commit,
    hash: setHash(effects),
    effects,
    verdicts: engineRuns > 0 ? decide() : early,
    notes: desired.notes,
    cost: sumCosts(effects),
    engineRuns,
  };
  return { preview, desired, works, quiet, stateMark: mark };
}

/** The last run on any stack: another one says that what a preview was made from has moved. */
export async function stateMark(controller: Controller): Promise<string> {
  const [last] = await controller.store.runs(1);
  return last === undefined ? "" : `${last.id} ${last.outcome ?? ""}`;
}

export const passes = (verdict: Verdict): boolean => verdict.passed;

function inScope(match: Match, options: PreviewOptions): boolean {
  return options.stacks === undefined || options.stacks.includes(match.stack);
}

function nameOf(match: Match): string {
  return match.desired?.spec.name ?? match.applied!.name;
}

/** A removal obeys the last committed file, even when that commit was never executed. */
async function addPolicy(
  controller: Controller,
  match: Match,
  commit: string,
  removals: Map<string, StackObject>,
): Promise<void> {
  const { kind, name, document, commit: since } = match.applied!;
  if (kind !== "Server" && kind !== "Firewall") return;
  const last = await lastCommitted(controller.repo, kind, name, since === "" ? undefined : since, commit);
  if (last === undefined) return;
  const { protect = false, deletionPolicy = "delete" } = load(last.text) as Record<string, unknown>;
  removals.set(match.key, { ...document, protect, deletionPolicy } as StackObject);
}

function withCost(work: Work, match: Match, desired: Desired): Work {
  const before = costOf(match.applied?.document, desired.catalogs[match.applied?.document.account ?? ""]);
  const after = costOf(work.desired, desired.catalogs[work.desired?.account ?? ""]);
  if (before === undefined && after === undefined) return work;
  work.effect.cost = { ...pick("before", before), ...pick("after", after) };
  return work;
}

function recordAnew(match: Match, commit: string): AppliedObject {
  const { spec, hash } = match.desired!;
  return { ...match.applied!, name: spec.name, hash, document: spec, commit };
}

function verdicts(
  works: Work[],
  matches: Match[],
  policies: ReadonlyMap<string, StackObject>,
  all: Match[],
  desired: Desired,
  overrides: Overrides,
): Verdict[] {
  const byIdentity = new Map(matches.map((match) => [`${match.stack}/${match.identity}`, match]));
  const removals = works
    .filter(({ effect }) => effect.op === "delete" || effect.op === "replace" || effect.op === "forget")
    .map((work): Removal => {
      const match = byIdentity.get(`${work.stack}/${work.identity}`);
      const policy = policies.get(match?.key ?? "") ?? work.desired ?? work.applied?.document;
      const owner = work.applied?.document.kind === "Server" ? work.applied.document.owner : undefined;
      const protect = policy !== undefined && "protect" in policy && policy.protect === true;
      return { effect: work.effect, protect, ...pick("owner", owner) };
    });
  return guard(removals, populationOf(all), desired.fleet.guards, overrides);
}

/** Servers as they are recorded: a share is taken of what is there, not of what an accident left in the files. */
function populationOf(all: Match[]): Population {
  const population: Population = { byAccount: new Map(), byOwner: new Map() };
  const count = (map: Map<string, number>, name: string) => map.set(name, (map.get(name) ?? 0) + 1);
  for (const { applied } of all) {
    if (applied?.document.kind !== "Server") continue;
    count(population.byAccount, applied.document.account);
    if (applied.document.owner !== undefined) count(population.byOwner, applied.document.owner);
  }
  return population;
}

function pick<K extends string, V>(name: K, value: V | undefined): Partial<Record<K, V>> {
  return value === undefined ? {} : ({ [name]: value } as Record<K, V>);
}
