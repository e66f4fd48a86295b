import { type FleetSpec, plainName, type ServersPolicy } from "../../resources/spec.ts";
import type { Kind } from "../../schemas/index.ts";
import { kindOfPath } from "../fleet/file.ts";
import { roundToMicro } from "../fleet/money.ts";
import { mayAs } from "../people/principal.ts";
import type { Cost, Effect, EffectOp } from "../reconcile/types.ts";
import type { CallOp, CallRefusal, DialectCall } from "./call.ts";
import type { Change, ChangePreview } from "./types.ts";

/** What the owner of a call has without it: on the main line, and by changes that are on their way there. */
export interface CallTally {
  servers: number;
  /** What the providers ask for them, one sum a currency. */
  cost: readonly Cost[];
  /** Their prices are not all known. */
  unpriced: boolean;
  /** Deletions that the dialect has let pass within the last hour. */
  deletions: number;
}

export type Judgement = { approves: string } | { refuses: CallRefusal };

interface CallRule {
  files: readonly Kind[];
  effects: readonly EffectOp[];
  /** Fields of a server that it may touch; absent: all. */
  fields?: readonly string[];
}

/** Of a machine whose power a hand has changed, a restart brings that back as well. */
const POWER = ["power", "stop", "restarts"] as const;

/** What files a call may change, and what it may do to what it names. */
const RULES: Readonly<Record<CallOp, CallRule>> = {
  create: { files: ["Server", "SshKey"], effects: ["create"] },
  power: { files: ["Server"], effects: ["update"], fields: POWER },
  restart: { files: ["Server"], effects: ["update"], fields: POWER },
  delete: { files: ["Server"], effects: ["delete", "forget"] },
  snapshot: { files: ["Snapshot"], effects: ["create"] },
  "delete-snapshot": { files: ["Snapshot"], effects: ["delete"] },
  move: { files: ["Aggregate"], effects: ["create", "update", "adopt", "delete"] },
  launch: { files: ["Server", "SshKey", "Port"], effects: ["create"] },
  port: { files: ["Server", "Port"], effects: ["create", "update"] },
  firewall: { files: ["Server"], effects: ["update"] },
  account: { files: ["Account"], effects: [] },
};

/** Whether its dialect's policy approves a call: exactly what it names, within the limits of its owner, and never a replace. Pure. */
export function judgeCall(
  { policies: { dialects = {} } }: Pick<FleetSpec, "policies">,
  change: Pick<Change, "role" | "files"> & { call: DialectCall },
  { effects }: Pick<ChangePreview, "effects">,
  tally: CallTally,
): Judgement {
  const { call } = change;
  const policy = dialects[call.dialect];
  if (policy === undefined) return forbids(`fleet.yaml has no policies.dialects.${call.dialect}`);
  const strange = beyond(change, effects);
  if (strange !== undefined) return forbids(strange);
  const besides = besidesFields(call, effects);
  if (besides !== undefined) return conflicts(besides);
  const reason = "moves" in policy ? refusedMove(policy, call, tally) : refusedServer(policy, change, effects, tally);
  return reason ?? { approves: `policy: dialects.${call.dialect} of fleet.yaml` };
}

const forbids = (message: string): Judgement => ({ refuses: { code: "FORBIDDEN", message } });
const conflicts = (message: string): Judgement => ({ refuses: { code: "CONFLICT", message } });

/** What of a change its call does not cover, in words. */
function beyond(
  { call: { op, objects }, files }: Pick<Change, "files"> & { call: DialectCall },
  effects: readonly Effect[],
): string | undefined {
  const { files: kinds, effects: ops } = RULES[op];
  const file = files.find((path) => !kinds.includes(kindOfPath(path)!));
  if (file !== undefined) return `a call to ${op} would change ${file}`;
  // A cloud with regions has a key or a firewall in each by itself: `ops@us-east-1` is what was named as `ops`.
  const isNamed = ({ object }: Effect) =>
    objects.some(({ kind, name }) => kind === object.kind && plainName(name) === plainName(object.name));
  const other = effects.find((effect) => !isNamed(effect) || !ops.includes(effect.op) || losesDisk(effect));
  return other && `a call to ${op} would ${other.op} ${other.object.name}, which it does not name`;
}

/** What would change along with it, in words: what another commit wants of the server, or what a hand has made of it, is for somebody else to agree to. */
function besidesFields({ op }: DialectCall, effects: readonly Effect[]): string | undefined {
  const { fields } = RULES[op];
  if (fields === undefined) return undefined;
  const isOwn = (path: string) => fields.some((field) => path === field || path.startsWith(`${field}.`));
  for (const { object, changes } of effects) {
    const others = changes.filter(({ path }) => !isOwn(path));
    if (others.length === 0) continue;
    const paths = others.map(({ path, drift }) => (drift ? `${path} (which a hand has changed)` : path)).join(", ");
    return `${object.name} would change in ${paths} as well: have that agreed to first`;
  }
  return undefined;
}

const losesDisk = ({ op, dataLoss }: Effect): boolean => dataLoss && op !== "delete";

function refusedMove(
  { moves, launches, network }: { moves: boolean; launches: number; network: boolean },
  { op }: DialectCall,
  { servers }: CallTally,
): Judgement | undefined {
  if (op === "move") return moves ? undefined : forbids("fleet.yaml lets it move no hosts (moves: false)");
  if (op === "launch")
    return servers < launches ? undefined : forbids(`at most ${launches} servers may be launched (launches)`);
  if (op === "port" || op === "firewall")
    return network ? undefined : forbids("fleet.yaml lets it change no networks (network: false)");
  return forbids(`it has no call to ${op}`);
}

function refusedServer(
  policy: ServersPolicy,
  { call, role }: Pick<Change, "role"> & { call: DialectCall },
  effects: readonly Effect[],
  tally: CallTally,
): Judgement | undefined {
  const { op } = call;
  if (op === "account") return mayAs({ role }, "admin") ? undefined : forbids("accounts are for admins");
  const { operations = OPERATIONS, servers, monthly, deletionsPerHour } = policy;
  if (op === "snapshot" || op === "delete-snapshot")
    return (operations as readonly string[]).includes("snapshot")
      ? undefined
      : forbids("fleet.yaml lets its callers take and remove no snapshots (operations: [snapshot])");
  if (!(operations as readonly CallOp[]).includes(op)) return forbids(`fleet.yaml lets its callers not ${op} servers`);
  if (op === "create") {
    if (servers !== undefined && tally.servers >= servers)
      return forbids(`at most ${servers} servers an owner, and there are ${tally.servers}`);
    return monthly === undefined ? undefined : tooDear(monthly, effects, tally);
  }
  if (op !== "delete") return undefined;
  const { minimum, share } = deletionsPerHour;
  const most = Math.max(minimum, Math.floor((tally.servers + tally.deletions) * share));
  return tally.deletions < most
    ? undefined
    : conflicts(`at most ${most} servers of an owner are deleted within an hour, and so many have been`);
}

/** Where none are named. Snapshots must be: what they cost is in no limit. */
const OPERATIONS = ["create", "power", "restart", "delete"] as const;

/** What cannot be told is not within a limit. */
function tooDear(
  { amount, currency }: { amount: number; currency: string },
  effects: readonly Effect[],
  { cost, unpriced }: CallTally,
): Judgement | undefined {
  const made = effects.filter(({ object }) => object.kind === "Server").map((effect) => effect.cost?.after);
  if (unpriced || made.includes(undefined)) return forbids("what the owner's servers cost is not all known");
  const all = [...cost, ...(made as Cost[])];
  if (all.some((one) => one.currency !== currency))
    return forbids(`there are prices in another currency than ${currency}`);
  const monthlyMicro = all.reduce((total, one) => total + one.monthlyMicro, 0);
  return monthlyMicro <= roundToMicro(amount)
    ? undefined
    : forbids(
        `an owner's servers may cost ${amount.toFixed(2)} ${currency} a month, and would cost ${(monthlyMicro / 1e6).toFixed(2)}`,
      );
}
