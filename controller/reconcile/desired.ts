import type { Catalog } from "../../resources/catalog.ts";
import { FleetError } from "../../resources/errors.ts";
import type { AccountSpec, FleetSpec, PlanSpec } from "../../resources/spec.ts";
import { readSale } from "../catalog/cache.ts";
import { staleWords } from "../catalog/words.ts";
import { type Compiled, isUsable } from "../fleet/compile.ts";
import { type FleetCache, loadAccounts, loadFleet } from "../fleet/load.ts";
import { formatProblem, type Problem } from "../fleet/problem.ts";
import type { Controller } from "./context.ts";
import { type DesiredObject, type MatchedAccount, matchAccounts } from "./match.ts";
import { inParallel } from "./pool.ts";

/** A commit of the fleet, compiled and joined with the recorded accounts. */
export interface Desired {
  commit: string;
  fleet: FleetSpec;
  /** By name in the files. */
  accounts: Map<string, MatchedAccount>;
  /** Files of the accounts, by name. */
  accountPaths: ReadonlyMap<string, string>;
  /** By identity; also accounts that the files no longer have, as they were recorded. */
  byIdentity: Map<string, MatchedAccount>;
  objects: DesiredObject[];
  plans: PlanSpec[];
  catalogs: Record<string, Catalog>;
  notes: string[];
}

/**
 * Compiles a commit. A fleet that cannot be read whole is never compiled to a smaller one.
 * @throws {FleetError} FLEET_INVALID with every problem of the fleet, one a line, as file:line:column.
 */
export async function readDesired(controller: Controller, commit: string, signal: AbortSignal): Promise<Desired> {
  const { clouds, loaded, repo } = controller;
  await controller.renewCredentials?.();
  const known = await loadAccounts(repo, commit, { clouds }, loaded);
  const notes: string[] = [];
  const catalogs = asBefore(loaded, await readCatalogs(controller, [...known.values()], notes, signal));
  const compiled = await loadFleet(repo, commit, { clouds, catalogs }, loaded);
  refuseProblems(compiled, commit);
  notes.push(...compiled.notes.map(formatProblem));

  const accounts = matchAccounts(compiled.accounts.values(), await controller.store.accounts(), clouds);
  await refuseOtherProviders(controller, accounts.values());
  for (const { spec, cells } of accounts.values()) {
    if (spec.cells !== cells)
      notes.push(
        `${spec.name}: ${cells} cells are recorded and the file asks for ${spec.cells}: a reshard is pending, which \`fleetwright reshard ${spec.name}\` does`,
      );
    notes.push(...strayStacks(spec, cells));
  }
  return {
    commit,
    fleet: compiled.fleet!,
    accounts,
    accountPaths: compiled.accountPaths,
    byIdentity: await withFormer(controller, accounts),
    objects: [...compiled.servers.values(), ...compiled.shared.values(), ...compiled.aggregates.values()],
    plans: [...compiled.plans.values()],
    catalogs,
    notes,
  };
}

/** A suspension that suspends nothing was meant for something else. */
function strayStacks({ name, cells: wanted, suspendStacks = {} }: AccountSpec, cells: number): string[] {
  const most = Math.max(cells, wanted);
  const stray = Object.keys(suspendStacks).filter((stack) => stack !== "base" && Number(stack) >= most);
  return stray.map((stack) => `${name}: suspendStacks names ${stack}, and its stacks are base and 0 to ${most - 1}`);
}

function refuseProblems(compiled: Compiled, commit: string): void {
  if (isUsable(compiled) && compiled.fleet !== undefined) return;
  throw new FleetInvalid(compiled.problems, commit);
}

/** All problems of a fleet at once. */
export class FleetInvalid extends FleetError {
  readonly problems: Problem[];

  constructor(problems: Problem[], commit: string) {
    const lines = problems.map(formatProblem);
    super("FLEET_INVALID", lines.join("\n"), { commit, problems: problems.length });
    this.problems = problems;
  }
}

/** The catalogues of the last compile while none of them has been read anew. */
function asBefore(loaded: FleetCache, catalogs: Record<string, Catalog>): Readonly<Record<string, Catalog>> {
  const readings = (all: Readonly<Record<string, Catalog>>) =>
    Object.keys(all)
      .sort()
      .map((name) => `${name} ${all[name]!.readAt}`)
      .join("\n");
  if (loaded.catalogs === undefined || readings(loaded.catalogs) !== readings(catalogs)) loaded.catalogs = catalogs;
  return loaded.catalogs;
}

async function readCatalogs(
  controller: Controller,
  accounts: AccountSpec[],
  notes: string[],
  signal: AbortSignal,
): Promise<Record<string, Catalog>> {
  const catalogs: Record<string, Catalog> = {};
  const used = accounts.filter(({ retired }) => !retired);
  await inParallel(used, 8, async (spec) => {
    try {
      const { content, ageMs, stale } = await readSale(controller, spec, { signal });
      catalogs[spec.name] = content;
      if (stale !== undefined) notes.push(`${spec.name}: ${staleWords(ageMs, stale)}`);
    } catch (error) {
      signal.throwIfAborted();
      // Without a catalogue sizes and regions go unchecked; the cloud itself will say what it does not sell.
      notes.push(
        `${spec.name}: the catalogue could not be read (${(error as Error).message}); sizes, regions and prices are unchecked`,
      );
    }
  });
  return catalogs;
}

/**
 * What an account has made lives on its cloud: under another one its machines would neither be found nor removed.
 * @throws {FleetError} FLEET_INVALID
 */
async function refuseOtherProviders(controller: Controller, accounts: Iterable<MatchedAccount>): Promise<void> {
  for (const { identity, spec, recorded } of accounts) {
    const text = recorded ? await controller.store.setting(specSetting(identity)) : undefined;
    const before = text === undefined ? spec.provider : (JSON.parse(text) as AccountSpec).provider;
    if (before === spec.provider || (await controller.store.objects({ account: identity })).length === 0) continue;
    throw new FleetError(
      "FLEET_INVALID",
      `the account ${spec.name} was on ${before} and is now on ${spec.provider}: give the new one a name of its own, and move servers to it`,
      { account: spec.name },
    );
  }
}

const specSetting = (identity: string): string => `account.spec.${identity}`;

/** Remembers accounts so that what lived on a removed one can still be reached. They hold references to credentials, never credentials. */
export async function recordAccounts(controller: Controller, accounts: Iterable<MatchedAccount>): Promise<void> {
  for (const { identity, spec, cells } of accounts) {
    await controller.store.putAccount({ identity, name: spec.name, cells });
    await controller.store.putSetting(specSetting(identity), JSON.stringify(spec));
  }
}

async function withFormer(
  controller: Controller,
  accounts: ReadonlyMap<string, MatchedAccount>,
): Promise<Map<string, MatchedAccount>> {
  const byIdentity = new Map([...accounts.values()].map((account) => [account.identity, account]));
  // Its file may go without a run, and what it had is to be left alone then as well.
  await recordAccounts(
    controller,
    [...accounts.values()].filter(({ spec, recorded }) => recorded && spec.retired),
  );
  for (const { identity, cells } of await controller.store.accounts()) {
    if (byIdentity.has(identity)) continue;
    const text = await controller.store.setting(specSetting(identity));
    if (text !== undefined)
      byIdentity.set(identity, { identity, spec: JSON.parse(text) as AccountSpec, cells, recorded: true });
  }
  return byIdentity;
}
