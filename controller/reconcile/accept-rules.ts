import type { ActualRules } from "../../resources/actual.ts";
import { type FirewallRule, type FirewallText, plainName, type ServerSpec } from "../../resources/spec.ts";
import { canonicalJson, sha256 } from "../fleet/canonical.ts";
import { type Compiled, compile } from "../fleet/compile.ts";
import { setField } from "../fleet/edit.ts";
import { parseText } from "../fleet/parse.ts";
import { formatProblem } from "../fleet/problem.ts";
import { type Controller, callOn, cloudOf } from "./context.ts";
import type { Desired } from "./desired.ts";
import type { ObjectDrift } from "./drift.ts";
import { lookAt, lookAtServer, lookTwice } from "./look.ts";
import { spliceRules } from "./splice-rules.ts";
import { isServer } from "./types.ts";

export interface AcceptedRules {
  /** New texts of firewalls' files, by path. */
  files: Record<string, string>;
  refused: Map<ObjectDrift, string>;
}

const POLICIES = ["inboundPolicy", "outboundPolicy"] as const;

/**
 * Writes drifted rules into the files of their firewalls. A firewall that several accounts or machines have is changed only where all of them
 * have the same rules now: the file cannot be right for one and wrong for another.
 */
export async function acceptRules(
  controller: Controller,
  desired: Desired,
  drifted: ObjectDrift[],
  signal: AbortSignal,
): Promise<AcceptedRules> {
  const result: AcceptedRules = { files: {}, refused: new Map() };
  const byFirewall = new Map<string, ObjectDrift[]>();
  for (const drift of drifted) {
    if (!hasRules(drift)) continue;
    const names = drift.object === "Firewall" ? [plainName(drift.name)] : (serverOf(desired, drift)?.firewalls ?? []);
    const [name] = names;
    if (name === undefined || names.length > 1)
      result.refused.set(
        drift,
        `its rules come from ${names.join(" and ")}, and nobody can tell which is meant: revert it`,
      );
    else byFirewall.set(name, [...(byFirewall.get(name) ?? []), drift]);
  }
  for (const [name, drifts] of byFirewall) {
    const outcome = await acceptFirewall(controller, desired, name, drifts[0]!, signal);
    if ("reason" in outcome) for (const drift of drifts) result.refused.set(drift, outcome.reason);
    else result.files[outcome.path] = outcome.text;
  }
  return result;
}

export const hasRules = ({ object, kind, fields }: ObjectDrift): boolean =>
  kind === "changed" && (object === "Firewall" || fields.some(({ path }) => isOfRules(path)));

/** Fields of a server's drift that are its firewalls' to change. */
export const isOfRules = (path: string): boolean => /^rules\b/.test(path);

async function acceptFirewall(
  controller: Controller,
  desired: Desired,
  name: string,
  model: ObjectDrift,
  signal: AbortSignal,
): Promise<{ path: string; text: string } | { reason: string }> {
  const file = await fileOf(controller, desired, name);
  const there = await rulesAt(controller, desired, model, signal);
  if (file === undefined || there === undefined)
    return { reason: "it has gone in the meantime: look at the drift again" };
  const { path, text: before } = file;
  const { actual, atCloud } = there;
  const raw = (parseText(before).value?.rules ?? []) as unknown[];
  const policies = { inboundPolicy: actual.inboundPolicy, outboundPolicy: actual.outboundPolicy };
  const textWith = (rules: FirewallRule[]): FirewallText => ({ kind: "Firewall", name, rules, ...policies });
  const compiled = (await compiledWith(controller, desired, {})).firewalls.get(name);
  if (compiled === undefined) return { reason: "no file has it any more: apply its removal" };
  const fileRules = compiled.rules.map((rule, index) => ({
    raw: raw[index],
    compiled: rule,
    atCloud: atCloud(textWith([rule])).rules,
  }));
  const isOrdered =
    canonicalJson(atCloud(textWith(compiled.rules)).rules) !==
    canonicalJson(atCloud(textWith(compiled.rules.toReversed())).rules);
  const rules = spliceRules(fileRules, actual.rules, isOrdered);
  let text = before;
  try {
    for (const policy of POLICIES)
      if (compiled[policy] !== policies[policy]) text = setField(text, [policy], policies[policy]);
    if (canonicalJson(rules) !== canonicalJson(raw)) text = setField(text, ["rules"], rules);
  } catch (error) {
    return { reason: (error as Error).message };
  }
  const after = await compiledWith(controller, desired, { [path]: text });
  const [problem] = after.compiled.problems;
  if (problem !== undefined)
    return { reason: `the rules cannot be written into ${path} (${formatProblem(problem)}): revert it` };
  const unlike = await whoDiffers(controller, desired, after.compiled, name, signal);
  if (unlike !== undefined)
    return { reason: `the firewall is ${unlike} too, which has other rules: revert it, or change ${path} by hand` };
  return { path, text };
}

/** What the model of an acceptance has now, and how its cloud would report a firewall. */
async function rulesAt(
  controller: Controller,
  desired: Desired,
  { object, account: accountName, id, name }: ObjectDrift,
  signal: AbortSignal,
): Promise<{ actual: ActualRules; atCloud(text: FirewallText): ActualRules } | undefined> {
  const account = desired.accounts.get(accountName);
  if (account === undefined) return undefined;
  const cloud = cloudOf(controller, account.spec.provider);
  const call = callOn(controller, account.spec, signal);
  if (object === "Firewall") {
    const { firewalls } = cloud;
    const actual = await lookTwice(async () => firewalls?.observe(id, call), call, controller.sleep);
    return actual && firewalls && { actual, atCloud: (text) => firewalls.expect(text) };
  }
  const spec = serverOf(desired, { name });
  const actual = (await lookAtServer(cloud, id, call, controller.sleep))?.rules;
  if (spec === undefined || actual === undefined) return undefined;
  return { actual, atCloud: (text) => cloud.expect({ ...spec, rules: [text] }, "").rules! };
}

/** Another place of the firewall whose rules are not what the file would say: `on linode-main`, `at pve-2`. */
async function whoDiffers(
  controller: Controller,
  desired: Desired,
  compiled: Compiled,
  name: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const specs = [
    ...[...compiled.shared.values()].map(({ spec }) => spec).filter((spec) => plainName(spec.name) === name),
    ...[...compiled.servers.values()]
      .map(({ spec }) => spec)
      .filter(({ rules }) => rules?.some((firewall) => firewall.name === name)),
  ];
  for (const spec of specs) {
    if (spec.kind !== "Firewall" && spec.kind !== "Server") continue;
    const account = desired.accounts.get(spec.account)!;
    const record = await controller.store.object(account.identity, spec.kind, spec.name);
    if (record?.cloudId === undefined) continue;
    const cloud = cloudOf(controller, spec.provider);
    const wanted = { document: spec, mark: record.mark };
    const call = callOn(controller, account.spec, signal);
    const sight = await lookAt(cloud, wanted, record.cloudId, call, controller.sleep);
    const differs = sight?.drift.some(({ path }) => spec.kind === "Firewall" || isOfRules(path)) ?? true;
    if (differs) return spec.kind === "Firewall" ? `on ${spec.account}` : `at ${spec.name}`;
  }
  return undefined;
}

async function fileOf({ repo }: Controller, { commit }: Desired, name: string) {
  const files = await repo.files(commit);
  const file = files.find(({ path, text }) => {
    if (!path.startsWith("firewalls/")) return false;
    return parseText(text).value?.name === name;
  });
  return file && { path: file.path, text: file.text };
}

/** The fleet with some files changed, and its firewalls as compiled. */
async function compiledWith(
  controller: Controller,
  desired: Desired,
  changed: Record<string, string>,
): Promise<{ compiled: Compiled; firewalls: Map<string, FirewallText> }> {
  const before = await controller.repo.files(desired.commit);
  const files = before.map((file) => {
    const text = changed[file.path];
    return text === undefined ? file : { path: file.path, blob: sha256(text), text };
  });
  // Files with user data were there before and are not changed.
  const compiled = compile(files, { clouds: controller.clouds, catalogs: desired.catalogs, readFile: () => "" });
  const firewalls = new Map<string, FirewallText>();
  for (const { spec } of compiled.shared.values())
    if (spec.kind === "Firewall") firewalls.set(plainName(spec.name), spec);
  for (const { spec } of compiled.servers.values()) for (const text of spec.rules ?? []) firewalls.set(text.name, text);
  return { compiled, firewalls };
}

function serverOf({ objects }: Desired, { name }: { name: string }): ServerSpec | undefined {
  return objects
    .map(({ spec }) => spec)
    .filter(isServer)
    .find((spec) => spec.name === name);
}
