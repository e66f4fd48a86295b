import { createHmac } from "node:crypto";
import { load } from "js-yaml";
import { FleetError } from "../../resources/errors.ts";
import { plainName, type StackObject } from "../../resources/spec.ts";
import { NO_STATE } from "../engine/states.ts";
import { canonicalJson } from "../fleet/canonical.ts";
import { lastCommitted } from "../fleet/history.ts";
import { readKey, stateKeyFile } from "../keys.ts";
import type { AppliedObject } from "../store/types.ts";
import { aheadHold, type HeldAhead, heldAhead } from "./ahead.ts";
import { unapproved } from "./approvals.ts";
import { behindGone, withoutGone } from "./attached.ts";
import { type Basis, recordsMark, stateVersions } from "./basis.ts";
import { notesOf, watchBeingMade } from "./being-made.ts";
import { type Controller, cloudOf } from "./context.ts";
import { moneyOf, sumMoney } from "./cost.ts";
import { withCounters } from "./counters.ts";
import { type Desired, readDesired } from "./desired.ts";
import { type EffectContext, idleWork, ruledBy, setHash, workOf } from "./effects.ts";
import { endedBy } from "./ended.ts";
import { checkWithEngine } from "./engine-preview.ts";
import type { Overrides } from "./guards.ts";
import { type HeldWork, heldEffects, partHeld } from "./holds.ts";
import { describeMoves } from "./hosts.ts";
import { inactiveBy } from "./inactive.ts";
import { isSettled, type Match, matchObjects, readRecords, supersededRecords } from "./match.ts";
import { mendStates } from "./mend-state.ts";
import { observe, ownMarks } from "./observe.ts";
import { catchUpJournal, rebuildRecords } from "./rebuild.ts";
import { type OpenReshard, openReshards } from "./reshard-open.ts";
import { limitedBy, type SpendingTally, spendingTallies } from "./spending.ts";
import { beyondCaps, spendingNotes } from "./spending-judge.ts";
import { type Effect, objectKey, type Preview, type Verdict, type Work } from "./types.ts";
import { type Guarded, policyKey, populationOf, verdicts } from "./verdicts.ts";

export interface PreviewOptions {
  /** Commit to compile; default HEAD. */
  commit?: string;
  /** Only these stacks. */
  stacks?: string[];
  overrides?: Overrides;
  /** False leaves the engine's own look out: the core's effects alone. Default true. */
  engine?: boolean;
  /** Only these objects, by `objectKey`. */
  objects?: ReadonlySet<string>;
  /** Only these servers and firewalls, by `objectKey`: they are to be brought back to what the files say, whatever was recorded. */
  revert?: ReadonlySet<string>;
  /** Objects, by `objectKey`, that are to be brought back beside all that is not as it was applied. */
  besides?: ReadonlySet<string>;
  /**
   * Leaves out effects that nobody has approved and that the fleet's policy does not approve. Guards then count what is removed in all stacks,
   * not in `stacks` alone: whoever executes stack by stack must not remove a fleet in small parts.
   */
  approvedOnly?: true;
  /** Id of the change that this is for: what it holds is not held from itself. */
  change?: string;
  signal: AbortSignal;
}

/** A preview with all that an execution of it needs. */
export interface Prepared {
  preview: Preview;
  desired: Desired;
  works: Work[];
  /** What is held of what the commit would do. */
  held: HeldWork[];
  /** Records that only need to be written anew: renames and edits without effect. */
  quiet: AppliedObject[];
  /** Records that a move which was cut off has left behind. */
  stale: AppliedObject[];
  guarded: Guarded;
  basis: Basis;
  /** What `approvedOnly` has left out. */
  waiting: Effect[];
}

export const NO_OVERRIDES: Overrides = { allowReplace: [] };

/** What a commit would do, as data. Starts an engine only where there is work, and changes nothing. */
export async function prepare(controller: Controller, options: PreviewOptions): Promise<Prepared> {
  const { signal } = options;
  const { store } = controller;
  const at = controller.now();
  await rebuildRecords(controller, signal);
  await catchUpJournal(controller, signal);
  const commit = await controller.repo.head(options.commit);
  const desired = await readDesired(controller, commit, signal);
  // Before the records are read: what is ready now, and differs, is work.
  const watched = await watchBeingMade(controller, desired, signal);
  const records = await recordsMark(controller);
  const applied = await readRecords(store, desired);
  const all = matchObjects(desired.objects, applied, desired.accounts);
  const matches = all.filter((match) => inScope(match, options));
  const { works: wanted, quiet, policies } = await compare(controller, desired, matches, all, signal);
  const ahead = await heldAhead(controller, commit, options.change);
  const waiting = options.approvedOnly ? await withoutUnapproved(controller, wanted, desired, ahead) : [];
  await describeMoves(controller, wanted, desired, signal);

  const open = await store.openApprovals();
  const resharding = await openReshards(store);
  const overrides = options.overrides ?? NO_OVERRIDES;
  // Guards and the engine look at what may be executed: a stack that is suspended because its engine fails must not stop the others.
  const holding = { desired, policies, open, overrides, resharding, ahead, now: controller.now() };
  const spending = await spendingOf(controller, desired, wanted, options.change);
  const timely = partHeld(wanted, holding);
  // Whoever executes by itself does what fits; a person is told what does not.
  const capped = options.approvedOnly ? beyondCaps(spending, effectsOf(timely.free), open) : new Map<string, string>();
  const { free: works, held: allHeld } = capped.size === 0 ? timely : partHeld(wanted, { ...holding, capped });
  const held = allHeld.filter(({ work }) => !isIdle(work));
  const guarded: Guarded = {
    works,
    policies,
    population: populationOf(all),
    ended: endedBy(controller, works, desired),
    spending,
    inactive: await inactiveBy(controller, works, desired),
    ...(options.approvedOnly
      ? { elsewhere: await removalsElsewhere(controller, desired, matches, all, policies, ahead) }
      : {}),
  };
  const decide = () => verdicts(guarded, desired, overrides, open);
  const early = decide();
  const looks = options.engine !== false && early.every(passes);
  const stacks = stacksOf(works);
  // State that was put back makes other objects suspect than those that were compared.
  if (looks && (await mendStates(controller, stacks, signal)).length > 0) return await prepare(controller, options);
  const before = looks ? await stateVersions(controller, stacks) : {};
  let engineRuns = 0;
  let failure: unknown;
  try {
    if (looks) engineRuns = await checkWithEngine(controller, desired, works, signal);
  } catch (error) {
    failure = error;
  }
  // Servers that have gone to other stacks meanwhile look to the engine as if they were not there.
  if (looks && works.length > 0 && (await wasResharded(controller, desired, resharding)))
    return await prepare(controller, options);
  if (failure !== undefined) throw failure;
  for (const work of works.filter(isIdle))
    quiet.push(recordAnew(work.applied!, work.desired!, work.desiredHash, commit));
  works.splice(0, works.length, ...works.filter((work) => !isIdle(work)));
  const effects = effectsOf(works);
  const preview: Preview = {
    commit,
    hash: setHash(effects),
    effects,
    ...(held.length > 0 ? { held: heldEffects(held) } : {}),
    verdicts: engineRuns > 0 ? decide() : early,
    notes: [...desired.notes, ...notesOf(watched), ...spendingNotes(spending, effects)],
    ...sumMoney(effects),
    engineRuns,
    ...(watched.beingMade.length > 0 ? { beingMade: watched.beingMade } : {}),
  };
  const states = looks ? unmovedStates(before, await stateVersions(controller, stacks)) : {};
  const stale = supersededRecords(applied);
  return { preview, desired, works, held, quiet, stale, guarded, basis: { at, records, states }, waiting };
}

const effectsOf = (works: readonly Work[]): Effect[] => works.map(({ effect }) => effect);

/** What the accounts with a limit pay that these works may make dearer. */
export async function spendingOf(
  controller: Controller,
  desired: Desired,
  works: readonly Work[],
  change: string | undefined,
): Promise<SpendingTally[]> {
  const wanted = limitedBy(effectsOf(works), desired);
  return wanted.size === 0 ? [] : [...(await spendingTallies(controller, desired, { wanted, own: change })).values()];
}

/** Whether a reshard has begun or ended since. */
async function wasResharded(
  { store }: Controller,
  { byIdentity }: Desired,
  before: ReadonlyMap<string, OpenReshard>,
): Promise<boolean> {
  const now = await openReshards(store);
  if (canonicalJson([...now]) !== canonicalJson([...before])) return true;
  return (await store.accounts()).some(({ identity, cells }) => (byIdentity.get(identity)?.cells ?? cells) !== cells);
}

/** Takes out what is not approved, and answers it. What would undo an open pull request waits for that, and for nobody's approval. */
async function withoutUnapproved(
  controller: Controller,
  all: Work[],
  desired: Desired,
  ahead: HeldAhead,
): Promise<Effect[]> {
  const works = all.filter((work) => aheadHold(work, ahead) === undefined);
  const waiting = await unapproved(controller, { works, desired });
  const hashes = new Set(waiting.map(({ hash }) => hash));
  all.splice(0, all.length, ...all.filter(({ effect }) => !hashes.has(effect.hash)));
  return waiting;
}

/** What other stacks are about to remove, as the records tell: their clouds are not asked, so that none of them holds up these. */
async function removalsElsewhere(
  controller: Controller,
  desired: Desired,
  matches: Match[],
  all: Match[],
  policies: Map<string, StackObject>,
  ahead: HeldAhead,
): Promise<Work[]> {
  const inScope = new Set(matches);
  const works: Work[] = [];
  for (const match of all.filter((match) => !inScope.has(match) && match.desired === undefined)) {
    const { applied } = match;
    if (applied === undefined) continue;
    const policy = await policyOf(controller, applied, desired.commit);
    if (policy !== undefined) policies.set(policyKey(applied), policy);
    const ruled = ruledBy(cloudOf(controller, applied.document.provider));
    const work = workOf(match, { fleetId: desired.fleet.id, ...ruled, ...pick("removal", policy) });
    if (work !== undefined) works.push(work);
  }
  await withoutUnapproved(controller, works, desired, ahead);
  return works.filter((work) => aheadHold(work, ahead) === undefined);
}

/** All stacks that some works concern, those that servers leave among them. */
export function stacksOf(works: Work[]): string[] {
  return [...new Set(works.flatMap((work) => [work.stack, ...(work.applied ? [work.applied.stack] : [])]))];
}

/** A stack that had no state gets an empty one by the preview itself; any other change is somebody's who was at work meanwhile. */
function unmovedStates(before: Record<string, string>, after: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(after).map(([stack, version]) => {
      const isSame = before[stack] === version || before[stack] === NO_STATE;
      return [stack, isSame ? version : "moved during the preview"];
    }),
  );
}

/** Looks at what each match concerns and says what has to be done. */
async function compare(
  controller: Controller,
  desired: Desired,
  matches: Match[],
  all: Match[],
  signal: AbortSignal,
): Promise<Pick<Prepared, "works" | "quiet"> & { policies: Map<string, StackObject> }> {
  const { commit, fleet } = desired;
  const place = (match: Match) => {
    const account = desired.byIdentity.get(match.applied?.account ?? match.account);
    if (account === undefined)
      throw new FleetError(
        "FLEET_INVALID",
        `the account ${match.account} of ${match.identity} is not known any more`,
        {},
      );
    return { account, cloud: cloudOf(controller, account.spec.provider) };
  };
  const isOurs = ownMarks(fleet.id, all);
  const seen = await observe(controller, matches, place, isOurs, signal);
  const behind = behindGone(all, matches, seen);
  const brought = [...behind.keys()].filter((match) => !matches.includes(match));
  for (const [key, sight] of await observe(controller, brought, place, isOurs, signal)) seen.set(key, sight);
  const key = await readKey(await stateKeyFile(controller.dataDir, controller.environment));
  const fingerprint = (secret: string) => createHmac("sha256", key).update(secret).digest("hex");
  const policies = new Map<string, StackObject>();
  const works: Work[] = [];
  const quiet: AppliedObject[] = [];
  for (const match of [...matches, ...brought]) {
    const here = place(match).cloud;
    const target =
      match.desired === undefined
        ? here
        : cloudOf(controller, desired.accounts.get(match.desired.spec.account)!.spec.provider);
    const policy = match.desired === undefined ? await policyOf(controller, match.applied!, commit) : undefined;
    if (policy !== undefined) policies.set(policyKey(match.applied!), policy);
    const context: EffectContext = {
      fleetId: fleet.id,
      ...ruledBy(target),
      fingerprint,
      ...pick("seen", withoutGone(seen.get(match.key), match, behind.get(match))),
      ...pick("removal", policy),
    };
    const work = workOf(match, context) ?? (isUnknown(match) ? idleWork(match, context) : undefined);
    if (work !== undefined) works.push(withMoney(work, match, desired));
    else if (match.desired !== undefined && match.applied !== undefined)
      quiet.push(recordAnew(match.applied, match.desired.spec, match.desired.hash, commit));
  }
  return { works, quiet, policies };
}

/** A record rebuilt from state does not know what was applied: where the clouds show no difference, only the engine can tell. */
const isUnknown = ({ applied, desired }: Match): boolean => applied?.hash === "" && desired !== undefined;

/** The engine has found nothing that such a work would change. */
const isIdle = ({ effect, applied }: Work): boolean =>
  applied?.hash === "" && effect.op === "update" && effect.changes.length === 0;

export const passes = (verdict: Verdict): boolean => verdict.passed;

/** A revert concerns its objects and nothing else; otherwise all that is not as it was applied. */
function inScope(match: Match, { stacks, objects, revert, besides }: PreviewOptions): boolean {
  if (stacks !== undefined && !stacks.includes(match.stack)) return false;
  const key = objectKey((match.desired?.spec ?? match.applied)!);
  if (objects !== undefined && !objects.has(key)) return false;
  return revert === undefined ? !isSettled(match) || besides?.has(key) === true : revert.has(key);
}

/** A removal obeys the last committed file, even when that commit was never executed. */
async function policyOf(
  controller: Controller,
  { kind, name, document, commit: since }: AppliedObject,
  commit: string,
): Promise<StackObject | undefined> {
  if (kind !== "Server" && kind !== "Firewall" && kind !== "Snapshot") return undefined;
  const last = await lastCommitted(controller.repo, kind, plainName(name), since === "" ? undefined : since, commit);
  if (last === undefined) return undefined;
  const { protect = false, deletionPolicy = "delete", suspend } = load(last.text) as Record<string, unknown>;
  return { ...document, protect, deletionPolicy, suspend } as StackObject;
}

function withMoney(work: Work, match: Match, desired: Desired): Work {
  const objects = { before: match.applied?.document, after: work.desired };
  Object.assign(work.effect, moneyOf(objects, { before: desired, after: desired }));
  return work;
}

function recordAnew(applied: AppliedObject, spec: StackObject, hash: string, commit: string): AppliedObject {
  return { ...applied, name: spec.name, hash, document: withCounters(spec, applied.document), commit };
}

function pick<K extends string, V>(name: K, value: V | undefined): Partial<Record<K, V>> {
  return value === undefined ? {} : ({ [name]: value } as Record<K, V>);
}
