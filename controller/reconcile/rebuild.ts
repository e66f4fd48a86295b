import { markWithin, ownerMark } from "../../resources/mark.ts";
import type { ServerSpec, StackObject } from "../../resources/spec.ts";
import type { StateResource } from "../engine/engine.ts";
import { lastCommitted } from "../fleet/history.ts";
import { loadFleet } from "../fleet/load.ts";
import type { AppliedObject } from "../store/types.ts";
import { isBaseStack, jumpHash } from "./cells.ts";
import { type Controller, cloudOf } from "./context.ts";
import { type Desired, readDesired, recordAccounts } from "./desired.ts";
import type { MatchedAccount } from "./match.ts";

/** Replaces of one server; more than anybody has made. */
const MOST_GENERATIONS = 1_000;

/**
 * Rebuilds the records from state and git when the database was lost. Hashes are left open, so the next preview looks at every server and says
 * what differs. Answers how many objects it found; 0 when nothing was lost.
 */
export async function rebuildRecords(controller: Controller, signal: AbortSignal): Promise<number> {
  if ((await controller.store.accounts()).length > 0) return 0;
  const engine = await controller.engine();
  const stacks = await engine.stacks();
  if (stacks.length === 0) return 0;
  const desired = await readDesired(controller, await controller.repo.head(), signal);
  const accounts = accountsOf(desired, stacks);
  const records: AppliedObject[] = [];
  for (const stack of stacks) {
    const account = accounts.find(({ identity }) => identity === accountOf(stack));
    if (account === undefined) continue;
    for (const resource of await engine.resources(stack)) {
      const record = await recordOf(controller, desired, account, stack, resource);
      if (record !== undefined) records.push(record);
    }
  }
  if (records.length === 0) return 0;
  controller.progress({
    kind: "note",
    text: `the database is new and state is not: ${records.length} objects are taken over from state`,
  });
  await recordAccounts(controller, withCells(accounts, records));
  await controller.store.putObjects(records);
  return records.length;
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

/** The count of cells that puts every server where state has it. */
function withCells(accounts: MatchedAccount[], records: AppliedObject[]): MatchedAccount[] {
  return accounts.map((account) => {
    const placed = records.filter(({ account: owner, kind }) => owner === account.identity && kind === "Server");
    const cellOf = ({ stack }: AppliedObject) => Number(stack.slice(stack.lastIndexOf(".") + 1));
    const fits = (cells: number) => placed.every((record) => jumpHash(record.identity, cells) === cellOf(record));
    let cells = account.spec.cells;
    const least = 1 + Math.max(0, ...placed.map(cellOf));
    if (!fits(cells)) for (cells = least; !fits(cells) && cells < least + 1_000; ) cells++;
    return { ...account, cells };
  });
}

async function recordOf(
  controller: Controller,
  desired: Desired,
  account: MatchedAccount,
  stack: string,
  resource: StateResource,
): Promise<AppliedObject | undefined> {
  const name = resource.urn.split("::").at(-1)!;
  const found = await documentOf(controller, desired, account, stack, resource, name);
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
  return resource.id === undefined ? record : { ...record, cloudId: resource.id };
}

/** The document of a state entry that is the first of its group: from the files, or from the last commit that had it. */
async function documentOf(
  controller: Controller,
  desired: Desired,
  account: MatchedAccount,
  stack: string,
  resource: StateResource,
  name: string,
): Promise<{ document: StackObject; identity: string } | undefined> {
  const cloud = cloudOf(controller, account.spec.provider);
  const base = isBaseStack(stack);
  for (const { spec } of desired.objects) {
    if (spec.account !== account.spec.name || (spec.kind === "Server") === base) continue;
    const identities = spec.kind === "Server" ? [spec.name, ...spec.formerly] : [spec.name];
    for (const identity of identities) {
      const first =
        spec.kind === "Server"
          ? cloud.group(spec, identity)[0]
          : spec.kind === "Aggregate"
            ? undefined
            : cloud.shared(spec, identity);
      if (first !== undefined && first.type === resource.type && first.name === name)
        return { document: spec, identity };
    }
  }
  return base ? undefined : await removedServer(controller, account, resource, name);
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
