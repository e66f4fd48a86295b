import type { DriftPolicy } from "../../resources/spec.ts";
import type { Desired } from "./desired.ts";
import type { ObjectDrift } from "./drift.ts";
import { isRulePath } from "./rules.ts";
import { type Effect, isServer } from "./types.ts";

/** What the files say becomes of an object's drift, and which file says it. */
export interface ChosenPolicy {
  policy: DriftPolicy;
  path: string;
}

/** The server's own file counts before its account's, and that before the fleet's. What servers share obeys the account. */
export function policyOf(
  { object, name, account }: Pick<ObjectDrift, "object" | "name" | "account">,
  desired: Desired,
): ChosenPolicy {
  const file =
    object === "Server" ? desired.objects.find(({ spec }) => isServer(spec) && spec.name === name) : undefined;
  const own = file !== undefined && isServer(file.spec) ? file.spec.drift?.policy : undefined;
  if (own !== undefined) return { policy: own, path: file!.path };
  const wider = desired.accounts.get(account)?.spec.drift?.policy;
  if (wider !== undefined) return { policy: wider, path: desired.accountPaths.get(account)! };
  return { policy: desired.fleet.policies.drift?.policy ?? "report", path: "fleet.yaml" };
}

/** Fields whose change no running machine notices, on any cloud. */
const SAFE = new Set(["labels", "hostname"]);

const isRule = (path: string): boolean => isRulePath(path) || /^(rules\.)?(in|out)boundPolicy$/.test(path);

const isSafe = (path: string): boolean => SAFE.has(topOf(path)) || isRule(path);

const topOf = (path: string): string => path.split(".", 1)[0]!;

/**
 * Why an effect that brings something back is a person's; undefined where the policy lets it go by itself. Nothing is ever made, made anew or removed, and
 * no machine is switched off. `inPlace` are the fields that the server's cloud changes in place.
 */
export function refusalOf(
  { op, dataLoss, changes, object }: Effect,
  policy: DriftPolicy,
  inPlace: readonly string[],
): string | undefined {
  if (op !== "update" || dataLoss) return `a ${op} is never automatic`;
  if (changes.some(({ drift }) => drift !== true)) return "a change that is not applied yet concerns it as well";
  const stop = changes.find(({ path, after }) => path === "power" && after !== "running");
  if (stop !== undefined) return "a machine is never switched off by itself";
  const fixed = changes.filter(({ path }) => path !== "power" && !isRule(path) && !inPlace.includes(topOf(path)));
  if (object.kind === "Server" && fixed.length > 0)
    return `its cloud does not change this in place: ${fixed.map(({ path }) => path).join(", ")}`;
  const unsafe = policy === "revert-safe" ? changes.filter(({ path }) => !isSafe(path)) : [];
  if (unsafe.length > 0) return `not among the safe fields: ${unsafe.map(({ path }) => path).join(", ")}`;
  return undefined;
}
