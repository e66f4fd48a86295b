import type { DriftPolicy } from "../../resources/spec.ts";
import { MORE } from "./bounded.ts";
import type { Desired } from "./desired.ts";
import type { ObjectDrift } from "./drift.ts";
import type { FieldDrift } from "./find-drift.ts";
import { isRulePath } from "./rules.ts";
import { type Effect, isServer } from "./types.ts";

/** What the files say becomes of an object's drift, and which file says it. */
export interface ChosenPolicy {
  policy: DriftPolicy;
  path: string;
}

/**
 * The server's own file counts before its account's, and that before the fleet's. What servers share obeys the account; only a port whose machine
 * has come is always plugged in, as its file says.
 */
export function policyOf(
  { object, name, account, awaited }: Pick<ObjectDrift, "object" | "name" | "account" | "awaited">,
  desired: Desired,
): ChosenPolicy {
  const own = awaited && desired.objects.find(({ spec }) => spec.kind === object && spec.name === name);
  if (own) return { policy: "revert", path: own.path };
  const file =
    object === "Server" ? desired.objects.find(({ spec }) => isServer(spec) && spec.name === name) : undefined;
  const said = file !== undefined && isServer(file.spec) ? file.spec.drift?.policy : undefined;
  if (said !== undefined) return { policy: said, path: file!.path };
  const wider = desired.accounts.get(account)?.spec.drift?.policy;
  if (wider !== undefined) return { policy: wider, path: desired.accountPaths.get(account)! };
  return { policy: desired.fleet.policies.drift?.policy ?? "report", path: "fleet.yaml" };
}

/** Fields whose change no running machine notices, on any cloud. */
const SAFE = new Set(["labels", "hostname", "name", "description"]);

const isRule = (path: string): boolean => isRulePath(path) || /^(rules\.)?(in|out)boundPolicy$/.test(path);

const topOf = (path: string): string => path.split(".", 1)[0]!;

/**
 * Why an effect that brings something back is a person's; undefined where the policy lets it go by itself. Nothing is ever made, made anew or removed, and
 * no machine is switched off. `fields` are all that the pass has found, of which an effect shows the first; `inPlace` those that the cloud changes in place.
 */
export function refusalOf(
  { op, dataLoss, changes, object }: Effect,
  fields: readonly FieldDrift[],
  { policy, inPlace }: { policy: DriftPolicy; inPlace: readonly string[] },
): string | undefined {
  if (op !== "update" || dataLoss) return `a ${op} is never automatic`;
  const shown = changes.filter(({ path }) => path !== MORE);
  if (shown.some(({ drift }) => drift !== true)) return "a change that is not applied yet concerns it as well";
  const stops = [...shown, ...fields.map(({ path, desired }) => ({ path, after: desired }))].some(
    ({ path, after }) => path === "power" && after !== "running",
  );
  if (stops) return "a machine is never switched off by itself";
  const paths = [...new Set([...shown, ...fields].map(({ path }) => path))].filter((path) => !isRule(path));
  const fixed = paths.filter((path) => path !== "power" && !inPlace.includes(topOf(path)));
  if (object.kind === "Server" && fixed.length > 0)
    return `its cloud does not change this in place: ${fixed.join(", ")}`;
  const unsafe = policy === "revert-safe" ? paths.filter((path) => !SAFE.has(topOf(path))) : [];
  return unsafe.length > 0 ? `not among the safe fields: ${unsafe.join(", ")}` : undefined;
}
