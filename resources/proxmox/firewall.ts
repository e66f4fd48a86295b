import type { ActualRules } from "../actual.ts";
import type { Call } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import { fleetRule, type PveRule, parseLine, ruleLine } from "./firewall-rules.ts";
import { pve } from "./http.ts";
import { text, type VmConfig, type VmPlace, vmPath } from "./vms.ts";

/** A rule where it stands; only one that is enabled does anything. */
interface PlacedRule extends PveRule {
  pos: number;
  enable?: number;
  digest?: string;
}

interface Options {
  enable?: number;
  policy_in?: string;
  policy_out?: string;
}

/** Rules as a program declares them: lines, and the policies in Proxmox VE's words. */
export interface Firewall {
  firewallRules: string[];
  firewallIn: string;
  firewallOut: string;
}

/**
 * What the firewall of a machine does now. One that is switched off, or that the machine's first network card does not go through, lets everything
 * pass, whatever its rules say. Whether the whole cluster's firewall is on is not looked at.
 */
export async function readFirewall(call: Call, place: VmPlace, config: VmConfig): Promise<ActualRules & Firewall> {
  const [rules, options] = await Promise.all([readRules(call, place), readOptions(call, place)]);
  const isOn = options.enable === 1 && hasFirewall(config);
  const active = isOn ? rules.filter(({ enable }) => enable === 1) : [];
  const firewallIn = isOn ? (options.policy_in ?? "DROP") : "ACCEPT";
  const firewallOut = isOn ? (options.policy_out ?? "ACCEPT") : "ACCEPT";
  return {
    rules: active.map(fleetRule),
    inboundPolicy: word(firewallIn),
    outboundPolicy: word(firewallOut),
    firewallRules: active.map(ruleLine),
    firewallIn,
    firewallOut,
  };
}

/** REJECT is a policy that files do not have: it is shown as it is. */
const word = (policy: string) => policy.toLowerCase() as "accept" | "drop";

export function hasFirewall(config: VmConfig): boolean {
  return /(?:^|,)firewall=1(?:,|$)/.test(text(config.net0) ?? "");
}

/**
 * Makes the rules exactly these, in this order, one step at a time: each is decided by what stands there then, and a change that somebody else
 * makes meanwhile refuses it. New rules are put on top disabled, and enabled in their place. Undefined switches the firewall off and empties it.
 */
export async function writeFirewall(call: Call, place: VmPlace, wanted: Firewall | undefined): Promise<void> {
  const lines = [...new Set(wanted?.firewallRules)];
  const path = `${vmPath(place)}/firewall`;
  if (wanted === undefined) await writeOptions(call, place, undefined);
  let steps = 0;
  for (let rules = await readRules(call, place); ; rules = await readRules(call, place)) {
    const step = nextStep(rules, lines);
    if (step === undefined) break;
    if (++steps > 4 * (rules.length + lines.length) + 20)
      throw new FleetError("VERIFY_FAILED", "the rules of the machine do not stay as they are written", {});
    await take(call, path, step, rules[0]?.digest);
  }
  if (wanted !== undefined) await writeOptions(call, place, wanted);
}

async function take(call: Call, path: string, step: Step, digest: string | undefined): Promise<void> {
  const guard = digest === undefined ? {} : { digest };
  if (step.do === "insert") {
    const fields = Object.entries({ ...parseLine(step.line), enable: Number(step.enable) });
    const form = Object.fromEntries(fields.map(([name, value]) => [name, String(value)]));
    await pve(call, { method: "POST", path: `${path}/rules`, form });
    return;
  }
  const at = `${path}/rules/${step.pos}`;
  // Places move with each change, so nothing is sent twice without a look.
  if (step.do === "remove") await pve(call, { method: "DELETE", path: at, query: guard, idempotent: false });
  else await pve(call, { method: "PUT", path: at, form: { ...step.form, ...guard }, idempotent: false });
}

type Step =
  | { do: "insert"; line: string; enable: boolean }
  | { do: "change"; pos: number; form: Record<string, number> }
  | { do: "remove"; pos: number };

/**
 * What brings the rules nearer to the wanted lines; undefined when they are there. What is wanted comes first and what is not goes last, so that
 * nothing is shut out on the way. No line is wanted twice.
 */
export function nextStep(rules: readonly PlacedRule[], lines: readonly string[]): Step | undefined {
  const here = rules.map((rule) => ({ line: ruleLine(rule), isOn: rule.enable === 1 }));
  const [top] = here;
  if (top !== undefined && !top.isOn) {
    // A disabled rule on top may be one that is on its way to its place.
    const rest = align(here.slice(1), lines);
    const place = rest.missing.findLast((candidate) => lines[candidate] === top.line);
    const above = place === undefined ? undefined : lastAbove(rest.kept, place);
    // `moveto` counts in the list as it is, with the rule itself still on top.
    if (above !== undefined) return { do: "change", pos: 0, form: { moveto: above + 2 } };
  }
  const { kept, missing } = align(here, lines);
  const place = missing.at(-1);
  if (place !== undefined) return { do: "insert", line: lines[place]!, enable: lastAbove(kept, place) === undefined };
  const off = here.findIndex(({ isOn }, pos) => !isOn && kept.has(pos));
  if (off !== -1) return { do: "change", pos: off, form: { enable: 1 } };
  const surplus = here.findLastIndex((_, pos) => !kept.has(pos));
  return surplus === -1 ? undefined : { do: "remove", pos: surplus };
}

/** The lowest of the rules that stay and stand above the line at this place. */
function lastAbove(kept: ReadonlyMap<number, number>, place: number): number | undefined {
  return [...kept].findLast(([, line]) => line < place)?.[0];
}

/** Places of rules that stay, with those of the lines that they are, and the lines that no rule is. */
function align(
  rules: readonly { line: string }[],
  lines: readonly string[],
): { kept: Map<number, number>; missing: number[] } {
  const here = rules.map(({ line }) => line);
  const common = Array.from({ length: here.length + 1 }, () => new Uint32Array(lines.length + 1));
  for (let i = here.length - 1; i >= 0; i--)
    for (let j = lines.length - 1; j >= 0; j--)
      common[i]![j] =
        here[i] === lines[j] ? common[i + 1]![j + 1]! + 1 : Math.max(common[i + 1]![j]!, common[i]![j + 1]!);
  const kept = new Map<number, number>();
  for (let i = 0, j = 0; i < here.length && j < lines.length; ) {
    if (here[i] === lines[j]) kept.set(i++, j++);
    else if (common[i + 1]![j]! >= common[i]![j + 1]!) i++;
    else j++;
  }
  const found = new Set(kept.values());
  return { kept, missing: [...lines.keys()].filter((place) => !found.has(place)) };
}

async function readRules(call: Call, place: VmPlace): Promise<PlacedRule[]> {
  const path = `${vmPath(place)}/firewall/rules`;
  const rules = await pve<unknown>(call, { method: "GET", path });
  if (Array.isArray(rules) && rules.every(isRule)) return [...rules].sort((a, b) => a.pos - b.pos);
  throw invalid(call, path);
}

async function readOptions(call: Call, place: VmPlace): Promise<Options> {
  const path = `${vmPath(place)}/firewall/options`;
  const options = await pve<Options | null>(call, { method: "GET", path });
  if (typeof options === "object" && options !== null && !Array.isArray(options)) return options;
  throw invalid(call, path);
}

async function writeOptions(call: Call, place: VmPlace, wanted: Firewall | undefined): Promise<void> {
  const { enable = 0, policy_in, policy_out } = await readOptions(call, place);
  const path = `${vmPath(place)}/firewall/options`;
  if (wanted === undefined) {
    if (enable === 0) return;
    await pve(call, { method: "PUT", path, form: { enable: false } });
    return;
  }
  if (enable === 1 && policy_in === wanted.firewallIn && policy_out === wanted.firewallOut) return;
  const form = { enable: true, policy_in: wanted.firewallIn, policy_out: wanted.firewallOut };
  await pve(call, { method: "PUT", path, form });
}

function isRule(value: unknown): value is PlacedRule {
  const { pos, type, action } = (value ?? {}) as Partial<PlacedRule>;
  return typeof pos === "number" && typeof type === "string" && typeof action === "string";
}

function invalid(call: Call, path: string): FleetError {
  const at = { cloud: "proxmox", account: call.account.spec.name };
  return new FleetError("CLOUD_ANSWER_INVALID", `Proxmox VE answered GET ${path} with nothing that makes sense`, at);
}
