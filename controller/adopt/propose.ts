import { FleetError } from "../../resources/errors.ts";
import type { PlanSpec } from "../../resources/spec.ts";
import { sha256 } from "../fleet/canonical.ts";
import { compile } from "../fleet/compile.ts";
import { formatProblem, type Problem } from "../fleet/problem.ts";
import { serverPath } from "../fleet/server-path.ts";
import { type Controller, callOn, cloudOf } from "../reconcile/context.ts";
import type { Desired } from "../reconcile/desired.ts";
import { type FieldDrift, findDrift } from "../reconcile/find-drift.ts";
import type { InventoryItem } from "../reconcile/inventory.ts";
import { lookAtServer } from "../reconcile/look.ts";
import type { MatchedAccount } from "../reconcile/match.ts";
import { inParallel } from "../reconcile/pool.ts";
import { fileFor, nameFor } from "./file.ts";

/** One machine that is to be taken over. */
export interface Proposal {
  item: InventoryItem;
  name: string;
  path: string;
  text: string;
  /** The plan that its size is, where one matches. */
  plan?: string;
  /** What its file cannot say as it is: taking it over would change this. */
  differs: FieldDrift[];
}

export interface Proposals {
  proposals: Proposal[];
  /** Machines that no valid file can be written for, and why. */
  refused: { item: InventoryItem; reason: string }[];
}

/** How a machine's file is to be, where that is not made of the machine alone. */
export interface Wanted {
  name: string;
  /** Fields that no cloud knows. */
  own: Readonly<Record<string, unknown>>;
  /** Plans that its size may be, those liked most first. */
  plans: readonly PlanSpec[];
}

/** Files that are to be there together with these. */
export interface Beside {
  files?: readonly { path: string; text: string }[];
  /** Default: after its label, by the fleet's plans. */
  wanted?(item: InventoryItem): Wanted;
}

/** Stands for a mark in a comparison; every machine will have its own. */
const SOME_MARK = "fw-aaaaaaaaaaaaaaaaaaaa";

/**
 * Files that take these machines over, checked as the fleet would check them. Each machine is read once more: lists leave out fields.
 * @throws {FleetError} FLEET_INVALID when the fleet is not valid without them.
 */
export async function proposeAdoption(
  controller: Controller,
  desired: Desired,
  account: MatchedAccount,
  items: readonly InventoryItem[],
  signal: AbortSignal,
): Promise<Proposals> {
  const cloud = cloudOf(controller, account.spec.provider);
  const call = callOn(controller, account.spec, signal);
  const read = await inParallel([...items], 8, async (item) => ({
    item,
    actual: await lookAtServer(cloud, item.id, call, controller.sleep),
  }));
  const there = read.flatMap(({ item, actual }) => (actual === undefined ? [] : [{ ...item, actual }]));
  const gone = read.filter(({ actual }) => actual === undefined);
  const { proposals, refused } = await proposeFiles(controller, desired, account, there);
  return { proposals, refused: [...gone.map(({ item }) => ({ item, reason: "it has gone meanwhile" })), ...refused] };
}

/** The same for machines that have just been read. @throws {FleetError} FLEET_INVALID when the fleet is not valid without them */
export async function proposeFiles(
  controller: Controller,
  desired: Desired,
  account: MatchedAccount,
  items: readonly InventoryItem[],
  beside: Beside = {},
): Promise<Proposals> {
  const cloud = cloudOf(controller, account.spec.provider);
  const taken = new Set(
    desired.objects.flatMap(({ spec }) => (spec.kind === "Server" ? [spec.name, ...spec.formerly] : [])),
  );
  const there = desired.objects.filter(({ spec }) => spec.kind === "Server" && spec.account === account.spec.name);
  const inAccount = there.length + items.length;
  const refused: Proposals["refused"] = [];
  const drafts = items.map((item) => {
    const { actual } = item;
    const { name, own, plans } = beside.wanted?.(item) ?? {
      name: nameFor(actual, taken),
      own: {},
      plans: desired.plans,
    };
    taken.add(name);
    const path = serverPath(account.spec.name, name, inAccount);
    return { item, name, path, text: fileFor(actual, name, path, cloud, account.spec, plans, own) };
  });

  const { problems, servers } = await compiledWith(controller, desired, drafts, beside.files);
  const elsewhere = problems.find(({ file }) => !drafts.some(({ path }) => path === file));
  if (elsewhere) throw new FleetError("FLEET_INVALID", formatProblem(elsewhere), { file: elsewhere.file });
  const proposals = drafts.flatMap((draft): Proposal[] => {
    const problem = problems.find(({ file }) => file === draft.path);
    const spec = servers.get(draft.name)?.spec;
    if (problem !== undefined || spec === undefined) {
      refused.push({ item: draft.item, reason: problem ? formatProblem(problem) : "its file could not be compiled" });
      return [];
    }
    const { actual } = draft.item;
    const seen = { ...actual, tags: [...actual.tags.filter((tag) => tag !== actual.mark), SOME_MARK] };
    const differs = findDrift(cloud.expect(spec, SOME_MARK), seen);
    return [{ ...draft, differs, ...(spec.plan !== undefined && { plan: spec.plan }) }];
  });
  return { proposals, refused };
}

/** The fleet with these files; one that is wrong keeps the others from nothing. */
async function compiledWith(
  controller: Controller,
  desired: Desired,
  drafts: readonly { path: string; text: string; name: string }[],
  beside: Beside["files"] = [],
) {
  const withBlob = (file: { path: string; text: string }) => ({ ...file, blob: sha256(file.text) });
  const before = [...(await controller.repo.files(desired.commit)), ...beside.map(withBlob)];
  const options = { clouds: controller.clouds, catalogs: desired.catalogs, readFile: () => "" };
  const problems: Problem[] = [];
  let left = [...drafts];
  for (;;) {
    const files = left.map(({ path, text }) => withBlob({ path, text }));
    const compiled = compile([...before, ...files], options);
    const wrong = compiled.problems.filter(({ file }) => left.some(({ path }) => path === file));
    problems.push(...(wrong.length > 0 ? wrong : compiled.problems));
    if (wrong.length === 0) return { problems, servers: compiled.servers };
    left = left.filter(({ path }) => !wrong.some(({ file }) => file === path));
  }
}
