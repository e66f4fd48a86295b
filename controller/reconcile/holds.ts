import type { AccountSpec, ServerSpec, Suspension } from "../../resources/spec.ts";
import { plainName } from "../../resources/spec.ts";
import type { Approval } from "../store/types.ts";
import { aheadHold, type HeldAhead } from "./ahead.ts";
import type { Desired } from "./desired.ts";
import type { Overrides } from "./guards.ts";
import { type OpenReshard, reshardHold, reshardOf } from "./reshard-open.ts";
import { type HeldEffect, type Hold, isServer, type Work } from "./types.ts";
import { type Guarded, policyKey } from "./verdicts.ts";
import { opensAt } from "./windows.ts";

interface HoldContext extends Pick<Guarded, "policies"> {
  desired: Pick<Desired, "accounts" | "byIdentity">;
  overrides: Overrides;
  /** By the account's identity; absent where none is open. */
  resharding?: ReadonlyMap<string, OpenReshard>;
  /** What pull requests hold that were executed before their merge; absent where there is none. */
  ahead?: HeldAhead;
  /** Why effects do not fit below the caps of their accounts, by hash; absent where all do. */
  capped?: ReadonlyMap<string, string>;
  open: ReadonlyMap<string, Pick<Approval, "outsideWindow">>;
  /** Milliseconds since 1970. */
  now: number;
}

/** A work with the reasons for which it is not done now. */
export interface HeldWork {
  work: Work;
  holds: Hold[];
}

/**
 * Parts works by what the files say about now: servers, stacks and accounts that are suspended, maintenance windows and freezes,
 * and by what an open pull request was executed for. What needs a held object is held too, and so is the removal of what a held server still uses. Marks works whose window was lifted. Pure otherwise.
 */
export function partHeld(works: readonly Work[], context: HoldContext): { free: Work[]; held: HeldWork[] } {
  const timely = new Map<AccountSpec, Hold[]>();
  const held: HeldWork[] = [];
  const free: Work[] = [];
  for (const work of works) {
    const lifted = context.overrides.outsideWindow || context.open.get(work.effect.hash)?.outsideWindow === true;
    const times = accountsOf(work, context.desired).flatMap((spec) => timesOf(spec, context.now, timely));
    if (lifted && times.length > 0 && !work.outsideWindow) {
      work.outsideWindow = true;
      work.effect.notes.push(...times.map((hold) => `${holdText(hold)}; done all the same`));
    }
    const pulled = aheadHold(work, context.ahead);
    const holds = [
      ...(pulled ? [pulled] : []),
      ...reshardsOf(work, context),
      ...suspensionsOf(work, context),
      ...(lifted ? [] : times),
      ...cappedBy(work, context),
    ];
    if (holds.length > 0) held.push({ work, holds });
    else free.push(work);
  }
  return withDependents(free, held);
}

/** `account linode-main: outside its maintenance windows`. */
export const holdText = ({ what, reason }: Hold): string => `${what}: ${reason}`;

export const heldEffects = (held: readonly HeldWork[]): HeldEffect[] =>
  held.map(({ work, holds }) => ({ effect: work.effect, holds }));

/** What suspends a recorded object, if anything: its own file, its stack or its account. */
export function suspensionOf(
  account: AccountSpec,
  stack: string,
  server: Pick<ServerSpec, "name" | "suspend"> | undefined,
): Hold | undefined {
  const suffix = stack.slice(stack.lastIndexOf(".") + 1);
  const [first] = [
    ...suspended(`server ${server?.name}`, server?.suspend),
    ...suspended(`stack ${stack}`, account.suspendStacks?.[suffix]),
    ...suspended(`account ${account.name}`, account.suspend),
  ];
  return first;
}

const suspended = (what: string, suspend: Suspension | undefined): Hold[] =>
  suspend === undefined ? [] : [{ by: "suspend", what, reason: suspend.reason }];

/** A move concerns the stacks and accounts at both ends. */
function suspensionsOf({ desired, applied, stack }: Work, { desired: { byIdentity }, policies }: HoldContext): Hold[] {
  // The last committed file of what is removed still counts.
  const own = desired ?? (applied && (policies.get(policyKey(applied)) ?? applied.document));
  const server = own && isServer(own) ? own : undefined;
  const stacks = new Set([stack, ...(applied ? [applied.stack] : [])]);
  const found = [...stacks].flatMap((name) => {
    const account = byIdentity.get(name.slice(0, name.lastIndexOf(".")));
    const hold = account && suspensionOf(account.spec, name, server);
    return hold === undefined ? [] : [hold];
  });
  return found.filter(({ what }, index) => found.findIndex((other) => other.what === what) === index);
}

/** A server whose entries may be in two stacks is nobody's to run. */
function reshardsOf({ stack, applied }: Work, { desired: { byIdentity }, resharding, now }: HoldContext): Hold[] {
  if (resharding === undefined) return [];
  const stacks = [...new Set([stack, ...(applied ? [applied.stack] : [])])];
  const holds = stacks.flatMap((name) => {
    const open = reshardOf(name, resharding);
    const account = name.slice(0, name.lastIndexOf("."));
    return open === undefined ? [] : [reshardHold(byIdentity.get(account)?.spec.name ?? account, open, now)];
  });
  return holds.filter(({ what }, index) => holds.findIndex((other) => other.what === what) === index);
}

function cappedBy({ effect }: Work, { capped }: HoldContext): Hold[] {
  const reason = capped?.get(effect.hash);
  return reason === undefined ? [] : [{ by: "spending", what: `account ${effect.object.account}`, reason }];
}

function accountsOf({ desired, applied }: Work, { accounts, byIdentity }: HoldContext["desired"]): AccountSpec[] {
  const found = [applied && byIdentity.get(applied.account), desired && accounts.get(desired.account)];
  return [...new Set(found.flatMap((account) => (account ? [account.spec] : [])))];
}

/** What an account's windows and freeze say about now, told once an account. */
function timesOf(spec: AccountSpec, now: number, known: Map<AccountSpec, Hold[]>): Hold[] {
  const before = known.get(spec);
  if (before !== undefined) return before;
  const holds = timeHolds(spec, now);
  known.set(spec, holds);
  return holds;
}

/** Empty while changes of the account may be executed. */
export function timeHolds({ name, windows = [], freeze }: AccountSpec, now: number): Hold[] {
  const what = `account ${name}`;
  const thaws = freeze === undefined ? now : Math.max(now, Date.parse(freeze.until));
  const opens = windows.length === 0 ? thaws : opensAt(windows, thaws);
  const until = opens === undefined ? {} : { until: new Date(opens).toISOString() };
  if (freeze !== undefined && thaws > now) return [{ by: "freeze", what, reason: freeze.reason, ...until }];
  if (opens === now) return [];
  return [{ by: "window", what, reason: "outside its maintenance windows", ...until }];
}

function withDependents(works: Work[], direct: HeldWork[]): { free: Work[]; held: HeldWork[] } {
  if (direct.length === 0) return { free: works, held: direct };
  const makings = direct.map(({ work }) => work).filter(({ effect }) => MAKING.has(effect.op));
  const waiting = works.flatMap((work): HeldWork[] => {
    const needed = makings.find((making) => needs(work, making));
    if (needed === undefined) return [];
    const what = labelOf(needed);
    return [{ work, holds: [{ by: "dependency", what, reason: "it waits for that, which is held" }] }];
  });
  const held = [...direct, ...waiting];
  const servers = held.map(({ work }) => work);
  const waits = new Set(waiting.map(({ work }) => work));
  const kept = works.flatMap((work): HeldWork[] => {
    if (waits.has(work)) return [];
    const user = servers.find((server) => stillUses(server, work));
    if (user === undefined) return [];
    const what = labelOf(user);
    return [{ work, holds: [{ by: "dependency", what, reason: "it still uses this, and is held" }] }];
  });
  const all = new Set([...waits, ...kept.map(({ work }) => work)]);
  return { free: works.filter((work) => !all.has(work)), held: [...held, ...kept] };
}

/** Effects after which there is something that was not there before. */
const MAKING = new Set(["create", "replace", "adopt"]);

/** Whether a snapshot cannot be taken before its server is made, or a server cannot be as desired before a firewall, port or key of its account is made. */
function needs({ desired, effect }: Work, making: Work): boolean {
  const made = making.desired;
  if (desired?.kind === "Snapshot") return MAKING.has(effect.op) && isOfNew({ desired }, making);
  if (made === undefined || desired === undefined || !isServer(desired)) return false;
  if (made.account !== desired.account || !isInReach(made, desired.region)) return false;
  if (made.kind === "Firewall") return desired.firewalls.includes(plainName(made.name));
  if (made.kind === "Port") return desired.ports?.includes(made.name) ?? false;
  return (
    made.kind === "SshKey" &&
    MAKING.has(effect.op) &&
    desired.createOnly.keys.some(({ name }) => name === plainName(made.name))
  );
}

/** Whether it is a snapshot of a machine that is made, or taken over, only now. */
export function isOfNew({ desired }: Pick<Work, "desired">, { desired: made, effect }: Work): boolean {
  if (desired?.kind !== "Snapshot" || made?.kind !== "Server") return false;
  return made.account === desired.account && made.name === desired.server && ["create", "adopt"].includes(effect.op);
}

/** Whether a server as it stands is behind a firewall, or plugged into a port, that is to be removed. */
export function stillUses({ applied }: Work, removal: Work): boolean {
  const gone = removal.desired === undefined ? removal.applied : undefined;
  if (gone === undefined || applied?.document.kind !== "Server") return false;
  if (gone.document.kind === "Port")
    return gone.account === applied.account && (applied.document.ports?.includes(gone.name) ?? false);
  if (gone.document.kind !== "Firewall") return false;
  if (gone.account !== applied.account || !isInReach(gone.document, applied.document.region)) return false;
  return applied.document.firewalls.includes(plainName(gone.name));
}

const isInReach = (shared: object, region: string): boolean =>
  !("region" in shared) || shared.region === undefined || shared.region === region;

const labelOf = ({ effect: { object } }: Work): string => `${object.kind.toLowerCase()} ${object.name}`;
