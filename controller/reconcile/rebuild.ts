import { FleetError } from "../../resources/errors.ts";
import { markWithin, ownerMark } from "../../resources/mark.ts";
import type { ServerSpec, StackObject } from "../../resources/spec.ts";
import type { StateResource } from "../engine/engine.ts";
import { lastCommitted } from "../fleet/history.ts";
import { loadFleet } from "../fleet/load.ts";
import { JOURNAL_SETTING } from "../store/dump.ts";
import type { AppliedObject } from "../store/types.ts";
import { isBaseStack, jumpHash, serverStack } from "./cells.ts";
import { fleetMarks } from "./classes.ts";
import { type Controller, callOn, cloudId, cloudOf } from "./context.ts";
import { type Desired, readDesired, recordAccounts } from "./desired.ts";
import { noteMachine } from "./intents.ts";
import type { MatchedAccount } from "./match.ts";
import { mendStates } from "./mend-state.ts";
import { putReshard } from "./reshard-open.ts";
import { isInCell } from "./reshard-plan.ts";

/** Replaces of one server; more than anybody has made. */
const MOST_GENERATIONS = 1_000;

/** Counts of cells that are tried. */
const MOST_CELLS = 1_000;

/**
 * Rebuilds the records from state and git when the database was lost. Hashes are left open, so the next preview asks the clouds and the engine
 * what differs. The journal is rebuilt from state and a listing, so that no create is sent for what stands already. Answers how many objects
 * it found; 0 when nothing was lost.
 * @throws {FleetError} FLEET_INVALID when state has machines of an account that the files do not have.
 */
export async function rebuildRecords(controller: Controller, signal: AbortSignal): Promise<number> {
  if ((await controller.store.accounts()).length > 0) return 0;
  const engine = await controller.engine();
  const stacks = await engine.stacks();
  if (stacks.length === 0) return 0;
  await mendStates(controller, stacks, signal);
  const desired = await readDesired(controller, await controller.repo.head(), signal);
  const accounts = accountsOf(desired, stacks);
  const records: AppliedObject[] = [];
  for (const stack of stacks) {
    const resources = await engine.resources(stack);
    const account = accounts.find(({ identity }) => identity === accountOf(stack));
    if (account === undefined) {
      refuseStrange(stack, resources);
      continue;
    }
    const byName = documentsByName(controller, desired, account, stack);
    for (const resource of resources) {
      const record = await recordOf(controller, desired, account, stack, resource, byName);
      if (record !== undefined) records.push(record);
    }
  }
  if (records.length === 0) return 0;
  controller.progress({
    kind: "note",
    text: `the database is new and state is not: ${records.length} objects are taken over from state`,
  });
  await rebuildJournal(controller, desired, accounts, records, signal);
  const counted = accounts.map((account) => ({ account, cells: cellsOf(account, records) }));
  await controller.store.putObjects(inOrder(accounts, records));
  for (const { account, cells } of counted) {
    if (cells !== undefined) continue;
    // No count puts all of them where they are: a reshard was cut off, to the count that the file had asked for.
    const open = { cells: account.spec.cells, run: "", since: new Date(controller.now()).toISOString() };
    await putReshard(controller.store, account.identity, open);
  }
  // Last: an account on record says that all of this is done.
  await recordAccounts(
    controller,
    counted.map(({ account, cells = account.spec.cells }) => ({ ...account, cells })),
  );
  return records.length;
}

/** Machines in state, and those that carry the mark of a server which state does not know: their run was cut off. */
async function rebuildJournal(
  controller: Controller,
  desired: Desired,
  accounts: MatchedAccount[],
  records: AppliedObject[],
  signal: AbortSignal,
): Promise<void> {
  const known = new Set(records.map(({ mark }) => mark));
  for (const { kind, account, mark, cloudId } of records)
    if (kind === "Server" && cloudId !== undefined) await noteMachine(controller.store, account, mark, cloudId);
  await noteMarked(controller, desired, accounts, known, signal);
}

/**
 * After a restore: notes machines that were made since the backup, and so in no record of ours, under their marks. No create is sent for what stands already.
 */
export async function catchUpJournal(controller: Controller, signal: AbortSignal): Promise<void> {
  const { store, repo } = controller;
  if ((await store.setting(JOURNAL_SETTING)) !== "pending") return;
  const desired = await readDesired(controller, await repo.head(), signal);
  const known = new Set((await store.objects()).map(({ mark }) => mark));
  await noteMarked(controller, desired, [...desired.byIdentity.values()], known, signal);
  await store.putSetting(JOURNAL_SETTING, "");
}

async function noteMarked(
  controller: Controller,
  desired: Desired,
  accounts: MatchedAccount[],
  known: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<void> {
  const isOurs = fleetMarks(desired, []);
  for (const { identity, spec } of accounts.filter(({ spec }) => !spec.retired)) {
    for await (const { id, mark } of cloudOf(controller, spec.provider).list(callOn(controller, spec, signal))) {
      if (mark !== undefined && !known.has(mark) && isOurs(mark))
        await noteMachine(controller.store, identity, mark, id);
    }
  }
}

/** Going on would make all of its servers anew beside those that run. */
function refuseStrange(stack: string, resources: StateResource[]): void {
  const own = resources.filter(({ type, urn }) => !type.startsWith("pulumi:") && !urn.includes("::pulumi:"));
  if (own.length === 0) return;
  const account = accountOf(stack);
  throw new FleetError(
    "FLEET_INVALID",
    `the database is new, and the state of ${stack} has ${own.length} resources of an account that the files do not have: bring ${account} back, or name it in the \`formerly\` of the account that it has become`,
    { stack },
  );
}

const accountOf = (stack: string): string => stack.slice(0, stack.lastIndexOf("."));

/** An account is found by its stacks, which bear the first name it had. */
function accountsOf(desired: Desired, stacks: string[]): MatchedAccount[] {
  const identities = new Set(stacks.map(accountOf));
  return [...desired.accounts.values()].flatMap((account) => {
    const names = [account.spec.name, ...account.spec.formerly];
    const identity = names.find((name) => identities.has(name));
    return identity === undefined ? [] : [{ ...account, identity }];
  });
}

/** The count of cells that puts every server where state has it; undefined where none does, or state has one of them twice. */
function cellsOf({ identity, spec }: MatchedAccount, records: AppliedObject[]): number | undefined {
  const placed = records.filter((record) => record.account === identity && isInCell(record));
  const cellOf = ({ stack }: AppliedObject) => Number(stack.slice(stack.lastIndexOf(".") + 1));
  const fits = (cells: number) => placed.every((record) => jumpHash(record.identity, cells) === cellOf(record));
  const least = 1 + Math.max(0, ...placed.map(cellOf));
  const counts = Array.from({ length: MOST_CELLS }, (_, more) => least + more);
  return [spec.cells, ...counts].find(fits);
}

/** Of a server that state has twice, the one where its file's count has it comes last, and so counts. */
function inOrder(accounts: MatchedAccount[], records: AppliedObject[]): AppliedObject[] {
  const cells = new Map(accounts.map(({ identity, spec }) => [identity, spec.cells]));
  const isWanted = (record: AppliedObject) =>
    isInCell(record) && record.stack === serverStack(record.account, record.identity, cells.get(record.account) ?? 1);
  return [...records.filter((record) => !isWanted(record)), ...records.filter(isWanted)];
}

async function recordOf(
  controller: Controller,
  desired: Desired,
  account: MatchedAccount,
  stack: string,
  resource: StateResource,
  byName: ByName,
): Promise<AppliedObject | undefined> {
  const name = resource.urn.split("::").at(-1)!;
  const found = await documentOf(controller, account, stack, resource, name, byName);
  const mark = markWithin(JSON.stringify(resource.inputs ?? {}));
  if (found === undefined || mark === undefined) return undefined;
  const { document, identity } = found;
  const scope = document.kind === "Server" ? identity : `${account.identity}/${identity}`;
  const record: AppliedObject = {
    account: account.identity,
    kind: document.kind,
    name: document.name,
    identity,
    stack,
    generation: generationOf(desired.fleet.id, document.kind, scope, mark),
    mark,
    hash: "",
    document,
    commit: "",
    refresh: true,
  };
  if (resource.id === undefined) return record;
  return { ...record, cloudId: cloudId(cloudOf(controller, account.spec.provider), document, resource.id) };
}

type ByName = Map<string, { document: StackObject; identity: string }>;

/** The documents that a stack may hold, by type and name of the first resource of each. */
function documentsByName(controller: Controller, desired: Desired, account: MatchedAccount, stack: string): ByName {
  const cloud = cloudOf(controller, account.spec.provider);
  const byName: ByName = new Map();
  const isBase = isBaseStack(stack);
  const add = (document: StackObject, identity: string) => {
    const first = document.kind === "Server" ? cloud.group(document, identity)[0] : cloud.shared(document, identity);
    if (first !== undefined) byName.set(`${first.type} ${first.name}`, { document, identity });
  };
  const own = desired.objects.filter(
    ({ spec }) => spec.account === account.spec.name && (spec.kind === "Server") !== isBase,
  );
  for (const { spec } of own) add(spec, spec.name);
  // Afterwards: the first owner of a name has it as its identity, and a new server of that name another.
  for (const { spec } of own) if (spec.kind === "Server") for (const name of spec.formerly) add(spec, name);
  return byName;
}

/** The document of a state entry that is the first of its group: from the files, or from the last commit that had it. */
async function documentOf(
  controller: Controller,
  account: MatchedAccount,
  stack: string,
  resource: StateResource,
  name: string,
  byName: ByName,
): Promise<{ document: StackObject; identity: string } | undefined> {
  const found = byName.get(`${resource.type} ${name}`);
  if (found !== undefined) return found;
  // A name that was given anew: `web-1~2`.
  const again = byName.get(`${resource.type} ${name.replace(/~\d+$/, "")}`);
  if (again !== undefined && name.includes("~")) return { document: again.document, identity: name };
  return isBaseStack(stack) ? undefined : await removedServer(controller, account, resource, name);
}

async function removedServer(controller: Controller, account: MatchedAccount, resource: StateResource, name: string) {
  const last = await lastCommitted(controller.repo, "Server", name);
  if (last === undefined) return undefined;
  const compiled = await loadFleet(controller.repo, last.commit, { clouds: controller.clouds });
  const document: ServerSpec | undefined = compiled.servers.get(name)?.spec;
  if (document === undefined) return undefined;
  const [machine] = cloudOf(controller, account.spec.provider).group(document, name);
  return machine?.type === resource.type ? { document, identity: name } : undefined;
}

function generationOf(fleetId: string, kind: string, scope: string, mark: string): number {
  for (let generation = 0; generation < MOST_GENERATIONS; generation++) {
    if (ownerMark(fleetId, kind, scope, generation) === mark) return generation;
  }
  return 0;
}
