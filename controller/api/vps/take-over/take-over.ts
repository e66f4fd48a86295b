import { randomUUID } from "node:crypto";
import type { Account } from "../../../../resources/cloud.ts";
import type { ServerSpec } from "../../../../resources/spec.ts";
import { readSale } from "../../../catalog/cache.ts";
import type { OpenController } from "../../../open.ts";
import { fileEdits } from "../../../reconcile/commit-files.ts";
import type { Controller } from "../../../reconcile/context.ts";
import type { Desired } from "../../../reconcile/desired.ts";
import type { Person } from "../../../repo/commit.ts";
import type { FileEdit } from "../../../repo/edits.ts";
import { objectUuid } from "../uuid.ts";
import { type TakenAccount, takenAccounts } from "./accounts.ts";
import type { Installation, LeftOut, OldPlan } from "./installation.ts";
import { type TakenPlan, takenPlans } from "./plans.ts";
import { type TakenServer, takenServers } from "./servers.ts";

/** What taking an installation over is, before anything of it is done. */
export interface TakeOver {
  accounts: TakenAccount[];
  plans: TakenPlan[];
  servers: TakenServer[];
  /** Servers that the fleet has already. */
  already: number;
  /** What waits for the key of its account: how many servers, by its name, and plans that tell too little. */
  waiting: { servers: Map<string, number>; plans: OldPlan[] };
  leftOut: LeftOut[];
  notes: string[];
  /** Of one commit; none where the fleet has all of it. */
  edits: FileEdit[];
}

export interface TakeOverOptions {
  /** Default: `orphan` for new ones, so that no accident with a file takes a machine, and as they are for those that the fleet has. */
  deletionPolicy?: ServerSpec["deletionPolicy"];
  signal: AbortSignal;
}

/** The id of the Linode provider of an installation that has none. */
export const madeLinodeId = ({ fleet }: Pick<Desired, "fleet">): string =>
  objectUuid(fleet.id, "Account", "taken-over/linode");

/**
 * What of an installation the fleet does not have yet, as files. Clouds are read where the key is there; nothing is written anywhere.
 * @throws {FleetError} FLEET_INVALID, and what clouds say: a cloud that cannot be read makes nothing gone
 */
export async function composeTakeOver(
  controller: OpenController,
  desired: Desired,
  installation: Installation,
  { deletionPolicy, signal }: TakeOverOptions,
): Promise<TakeOver> {
  const accounts = await takenAccounts(controller, desired, installation.providers, signal);
  const lent = new Map(accounts.flatMap(({ account, lent }) => (lent ? [[account.spec.name, lent] as const] : [])));
  const lending = lendingController(controller, lent);
  const catalogs = { ...desired.catalogs };
  for (const { account, file } of accounts)
    if (file !== undefined && lent.has(account.spec.name))
      catalogs[account.spec.name] = (await readSale(lending, account.spec, { signal })).content;
  const accountOf = (provider: OldPlan["provider"]) => accounts.find((one) => one.provider === provider)!;
  const plans = takenPlans(
    desired.plans,
    installation.plans,
    ({ provider }) => catalogs[accountOf(provider).account.spec.name],
  );

  const there = new Map(
    desired.objects.flatMap(({ spec }) => (spec.kind === "Server" && spec.uuid ? [[spec.uuid, spec] as const] : [])),
  );
  const known = installation.instances.flatMap(({ id }) => there.get(id) ?? []);
  const left = installation.instances.filter(({ id }) => !there.has(id));
  const files = [...accounts, ...plans.taken].flatMap(({ file }) => file ?? []);
  const servers: TakenServer[] = [];
  const leftOut = [...installation.leftOut];
  const waiting = new Map<string, number>();
  for (const { account, provider } of accounts) {
    const instances = left.filter((one) => one.provider === provider);
    if (instances.length === 0) continue;
    if (!lent.has(account.spec.name)) {
      waiting.set(account.spec.name, instances.length);
      continue;
    }
    const request = { account, instances, plans: plans.taken, deletionPolicy: deletionPolicy ?? "orphan", files };
    const found = await takenServers(lending, { ...desired, catalogs }, request, signal);
    servers.push(...found.servers);
    leftOut.push(...found.leftOut);
  }

  const texts = [...files, ...servers.map(({ proposal }) => proposal)].map(({ path, text }) => [path, text] as const);
  const others = known.filter((spec) => deletionPolicy !== undefined && spec.deletionPolicy !== deletionPolicy);
  const edits: FileEdit[] = [
    ...(await fileEdits(controller, desired.commit, Object.fromEntries(texts))),
    ...others.map(({ name }) => ({ kind: "Server", name, set: ["deletionPolicy"], value: deletionPolicy }) as const),
  ];
  return {
    accounts,
    plans: plans.taken,
    servers,
    already: known.length,
    waiting: { servers: waiting, plans: plans.waiting },
    leftOut,
    notes: installation.notes,
    edits,
  };
}

/** Accounts whose file is still to come are reached by the keys that were given for them. */
function lendingController(controller: Controller, lent: ReadonlyMap<string, Account>): Controller {
  return { ...controller, account: (spec) => lent.get(spec.name) ?? controller.account(spec) };
}

/**
 * Seals the keys that were given, then commits: all of it in one commit.
 * @returns the commit
 * @throws {FleetError} COMMIT_CONFLICT when somebody has changed one of its files meanwhile; FLEET_INVALID
 */
export async function commitTakeOver(
  controller: OpenController,
  { accounts, servers, edits }: TakeOver,
  author: Person,
): Promise<string> {
  const by = `${author.name} <${author.email}>`;
  // A reference leads somewhere before it is committed.
  for (const { account, values, trusted } of accounts)
    if (values !== undefined) await controller.credentials.keep({ spec: account.spec, values, trusted, by });
  const lines = servers.map(({ instance, proposal }) => `${proposal.name}: ${instance.machine}`);
  const message = `Take over a multi-cloud VPS installation\n\n${lines.join("\n")}\n`;
  return await controller.commits.submit({ key: randomUUID(), author, message, edits });
}
