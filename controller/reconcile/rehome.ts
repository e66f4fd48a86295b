import { FleetError } from "../../resources/errors.ts";
import type { ServerSpec } from "../../resources/spec.ts";
import { dayOf } from "../catalog/ended.ts";
import { accountsAt, openShops } from "../catalog/shops.ts";
import type { Person } from "../repo/commit.ts";
import { problemsOf } from "./changed.ts";
import { commitFiles } from "./commit-files.ts";
import type { Controller } from "./context.ts";
import { moneyOf, sumMoney } from "./cost.ts";
import { type Desired, readDesired } from "./desired.ts";
import { endsOf } from "./ended.ts";
import { editForMove } from "./rehome-edit.ts";
import { findHome, type Home } from "./rehome-home.ts";
import type { Effect } from "./types.ts";

export interface RehomeOptions {
  /** Servers on this account, in this region, with this plan; without any of them those on something that has ended. */
  account?: string;
  region?: string;
  plan?: string;
  /** `ACCOUNT` or `ACCOUNT/REGION`. */
  to?: string;
  /** The image of the new machines, in the new cloud's own word. */
  image?: string;
  /** Write the proposal into the files, as one commit. */
  commit?: boolean;
  author: Person;
  signal: AbortSignal;
}

/** One server's way to another home. */
export interface Move extends Pick<Effect, "cost" | "price"> {
  name: string;
  path: string;
  why: string;
  from: Home;
  to: Home;
  /** The machine is made anew, and everything on its disks is lost. */
  dataLoss: boolean;
  /** What the file loses, because the new cloud has nothing like it. */
  notes: string[];
}

export interface Rehomed extends ReturnType<typeof sumMoney> {
  commit?: string;
  moves: Move[];
  refused: { name: string; reason: string }[];
  notes: string[];
}

/**
 * Proposes where servers go whose provider, account, region or plan ends: each to the cheapest that has what it has now. Changes files only, by
 * one commit, and only when told to; machines follow by the usual preview and approval.
 * @throws {FleetError} FLEET_INVALID, NOT_FOUND, GIT_FAILED
 */
export async function rehome(controller: Controller, options: RehomeOptions): Promise<Rehomed> {
  const { repo } = controller;
  const desired = await readDesired(controller, await repo.head(), options.signal);
  const day = dayOf(controller.now());
  const [toAccount, toRegion] = options.to?.split("/", 2) ?? [];
  const { shops, notes } = await openShops(
    controller,
    await accountsAt(controller, toAccount === undefined ? undefined : [toAccount]),
    { signal: options.signal },
  );
  const moves: Move[] = [];
  const refused: Rehomed["refused"] = [];
  const files: Record<string, string> = {};
  for (const { spec, path, why, leavesAccount } of leaving(controller, desired, options, day)) {
    const home = findHome(spec, {
      desired,
      shops,
      day,
      leavesAccount: leavesAccount && toAccount !== spec.account,
      stays: toAccount === undefined && !leavesAccount,
      ...(toRegion !== undefined && { region: toRegion }),
      ...(options.region !== undefined && { exceptRegion: options.region }),
      ...(options.plan !== undefined && { exceptPlan: options.plan }),
      ...(options.image !== undefined && { image: options.image }),
    });
    if ("reason" in home) {
      refused.push({ name: spec.name, reason: home.reason });
      continue;
    }
    const before = (await repo.readBlob(desired.commit, path))!;
    const edited = editForMove(controller, spec, home.to, before);
    if (edited.text === before) {
      refused.push({ name: spec.name, reason: "it is there already" });
      continue;
    }
    files[path] = edited.text;
    moves.push({
      name: spec.name,
      path,
      why,
      from: home.from,
      to: home.to,
      ...moneyOf({ before: spec, after: edited.spec }, { before: desired, after: desired }),
      dataLoss: edited.dataLoss,
      notes: edited.notes,
    });
  }
  await refuseInvalid(controller, desired, files, moves, refused);
  const done: Rehomed = {
    moves,
    refused,
    notes: [...desired.notes, ...notes],
    ...sumMoney(moves as unknown as Effect[]),
  };
  if (!options.commit || moves.length === 0) return done;
  const request = { message: messageOf(moves), author: options.author };
  return { ...done, commit: await commitFiles(controller, desired.commit, files, request) };
}

interface Leaving {
  spec: ServerSpec;
  path: string;
  why: string;
  /** It cannot stay on its account. */
  leavesAccount: boolean;
}

function leaving(
  controller: Controller,
  desired: Desired,
  { account, region, plan }: RehomeOptions,
  day: string,
): Leaving[] {
  if (account !== undefined && !desired.accounts.has(account))
    throw new FleetError("NOT_FOUND", `the fleet has no account ${account}`, { account });
  if (plan !== undefined && !desired.plans.some(({ name }) => name === plan))
    throw new FleetError("NOT_FOUND", `the fleet has no plan ${plan}`, { plan });
  const isAsked = account !== undefined || region !== undefined || plan !== undefined;
  return desired.objects.flatMap(({ spec, path }): Leaving[] => {
    if (spec.kind !== "Server") return [];
    const ends = endsOf(controller, spec, desired, day);
    if (!isAsked) {
      const [first] = [...ends.place, ...ends.product];
      if (first === undefined) return [];
      const why = `${first.what} has ended on ${first.on}`;
      return [{ spec, path, why, leavesAccount: ends.account.length > 0 }];
    }
    const fits =
      (account === undefined || spec.account === account) &&
      (region === undefined || spec.region === region) &&
      (plan === undefined || spec.plan === plan);
    if (!fits) return [];
    const why = [account, region, plan && `plan ${plan}`].filter(Boolean).join(", ");
    const leavesAccount =
      ends.account.length > 0 || (account !== undefined && region === undefined && plan === undefined);
    return [{ spec, path, why: `leaves ${why}`, leavesAccount }];
  });
}

/** What the new home cannot have is told, and stays where it is. */
async function refuseInvalid(
  controller: Controller,
  desired: Desired,
  files: Record<string, string>,
  moves: Move[],
  refused: Rehomed["refused"],
): Promise<void> {
  if (moves.length === 0) return;
  for (const [path, { text, problem }] of await problemsOf(controller, desired.commit, desired.catalogs, files)) {
    const index = moves.findIndex((move) => move.path === path);
    if (index === -1) throw new FleetError("FLEET_INVALID", `the files would not be valid any more: ${text}`, { path });
    const [{ name, to }] = moves.splice(index, 1) as [Move];
    delete files[path];
    refused.push({ name, reason: `its file would not be valid on ${to.account}: ${problem.path} ${problem.message}` });
  }
}

function messageOf(moves: Move[]): string {
  const accounts = [...new Set(moves.map(({ to }) => to.account))];
  const who = moves.length === 1 ? moves[0]!.name : `${moves.length} servers`;
  const lines = moves.map(({ name, from, to }) => `${name}: ${homeWords(from)} -> ${homeWords(to)}`);
  return `Move ${who} to ${accounts.join(", ")}\n\n${[...new Set(moves.map(({ why }) => why))].join("\n")}\n\n${lines.join("\n")}\n`;
}

export const homeWords = ({ account, region, size, plan }: Home): string =>
  `${plan === undefined ? size || "free resources" : `${plan} (${size || "free resources"})`} in ${region} on ${account}`;
