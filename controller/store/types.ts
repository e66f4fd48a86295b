import type { ActualServer } from "../../resources/actual.ts";
import type { BudgetLedger } from "../../resources/budget-ledger.ts";
import type { ErrorPlace } from "../../resources/errors.ts";
import type { CreateRefusal, Journal, JournalEntry } from "../../resources/journal.ts";
import type { StackObject } from "../../resources/spec.ts";
import type { AuditEntry, PeopleStore } from "../people/types.ts";
import type { DumpSink } from "./dump.ts";
import type { VpsRows } from "./vps-tables.ts";

/** An object as it was last applied: the memory of what the clouds were made to be. Rebuilt from state and a listing when lost. */
export interface AppliedObject {
  account: string;
  kind: "Server" | "Firewall" | "SshKey" | "Aggregate" | "AggregateHost" | "Port" | "Snapshot";
  /** Name in the fleet files now. */
  name: string;
  /** Resource name in the stack, constant over renames. */
  identity: string;
  stack: string;
  /** Raised by each replace; part of the owner mark. */
  generation: number;
  mark: string;
  /** Hash of the live part that was applied; "" when unknown (a run was cut off), so that the next preview looks again. */
  hash: string;
  /** The document that was applied; for a killed run the one before. */
  document: StackObject;
  /** The cloud's id, once known. */
  cloudId?: string;
  /** Commit whose document was applied. */
  commit: string;
  /** Suspect: the next run of this object refreshes its group first. */
  refresh: boolean;
  /** ISO instant since when the cloud is making this machine ready, or this port waits for its machine; absent once it was seen so. */
  provisioningSince?: string;
}

export interface RecordedAccount {
  identity: string;
  name: string;
  cells: number;
}

/** A run of the engine on one stack. `processes` are found again by the run's id in their environment. */
export interface RunRecord {
  id: string;
  stack: string;
  kind: "preview" | "up" | "refresh" | "destroy";
  /** Pid and start time (clock ticks since boot) of the controller that runs it. */
  controller: { pid: number; startTime: string; host: string };
  startedAt: string;
  heartbeatAt: string;
  finishedAt?: string;
  outcome?: "succeeded" | "failed" | "cancelled" | "killed";
  /** Names "Kind/account/name" of the objects the run was to touch, and what it was to do. */
  objects: { key: string; op: string; effectHash: string; mark: string }[];
  commit: string;
}

export interface Approval {
  effectHash: string;
  approvedBy: string;
  approvedAt: string;
  commit: string;
  /** Overrides given with the approval. */
  allowReplace: boolean;
  allowRemovals?: number;
  /** New machines on something that has ended are meant. */
  allowEnded?: boolean;
  /** It may be executed outside maintenance windows and under a freeze. */
  outsideWindow?: boolean;
  /** What whoever approved was shown that it would cost. */
  quote?: Quote;
  /** `objectKey` of what it concerns; absent in approvals of earlier versions. */
  object?: string;
  /** Set when the effect has converged: a later, equal effect needs an approval of its own. */
  doneAt?: string;
}

/** What one effect buys and for how much, as it was shown. */
export interface Quote {
  /** The cloud's own size. */
  size: string;
  region: string;
  /** What the provider asks; absent where its catalogue has no price. */
  cost?: Cost;
  /** What the customer pays. */
  price?: Cost;
}

/** Whole micro-units of `currency`. */
export interface Cost {
  monthlyMicro: number;
  hourlyMicro: number;
  currency: string;
}

export interface NewEvent {
  run?: string;
  kind: string;
  /** Name of what it concerns. */
  object?: string;
  data: unknown;
}

export interface StoredEvent extends NewEvent {
  seq: number;
  at: string;
}

export interface JobsDatabase {
  // biome-ignore lint/suspicious/noExplicitAny: rows of whatever is asked, as the job queue declares them.
  executeSql(text: string, values?: unknown[]): Promise<{ rows: any[] }>;
}

/** What an account's cloud was read to sell: `sale` are sizes, regions and images; or one list of a provider of the multi-cloud VPS API. */
export type CatalogPart = "sale" | "marketplace" | "plans" | "images" | "regions" | "stackscripts";

export interface CachedCatalog {
  content: unknown;
  /** Tells accounts apart that answer to one name after another. */
  fingerprint: string;
  /** By the database's clock. */
  ageMs: number;
}

/** What became of a request for a commit, under its Idempotency-Key: a commit, or why there is none. */
export interface CommitAnswer {
  key: string;
  /** Of the request; another one may not use the key. */
  fingerprint: string;
  commit?: string;
  conflict?: { code: string; message: string; at: ErrorPlace };
}

/** A change as it is kept: what changes are looked for by, and the rest as a document. Instants are ISO. */
export interface StoredChange {
  id: string;
  /** Raised by each write. */
  version: number;
  state: string;
  /** E-mail address. */
  author: string;
  /** `objectKey` of what it changes. */
  objects: string[];
  createdAt: string;
  updatedAt: string;
  document: unknown;
}

/** One step of a change, as it is kept for good. */
export interface StoredStep {
  change: string;
  from?: string;
  to: string;
  by: string;
  at: string;
  reason?: string;
}

export interface ChangeFilter {
  states?: readonly string[];
  author?: string;
  /** `objectKey` of one that it changes. */
  object?: string;
  /** Only pull requests that were executed before their merge, or are being. */
  ahead?: true;
  /** Only calls of dialects to do this. */
  op?: string;
  /** Those made then or later: ISO instant. */
  since?: string;
  /** Those made before this one: where a page ends. */
  before?: Pick<StoredChange, "id" | "createdAt">;
}

export interface Lease {
  stack: string;
  holder: string;
  /** ISO instant. */
  expiresAt: string;
}

/** A machine that an account has or had, as the passes over the account have seen it. Instants are ISO. */
export interface SeenServer {
  id: string;
  name: string;
  /** `managed`: a record has it; `orphan`: it carries a mark of this fleet and no record has it; `foreign`: no mark, or another fleet's. */
  class: "managed" | "orphan" | "foreign";
  mark?: string;
  region: string;
  size?: string;
  state: ActualServer["power"];
  firstSeen: string;
  /** When the last pass began that saw it. */
  lastSeen: string;
  /** The cloud has said twice that it is gone. */
  goneSince?: string;
  monthly?: Cost;
  /** As the cloud told it last. */
  actual: ActualServer;
}

/** A machine as people are told of it. */
export interface Sighting extends Omit<SeenServer, "actual"> {
  actual: Pick<ActualServer, "image" | "status" | "ipv4" | "ipv6" | "createdAt">;
}

/** The last whole pass over an account. */
export interface InventoryPass {
  /** Counts the passes of the account. */
  number: number;
  /** Tells accounts apart that answer to one name after another. */
  fingerprint: string;
  /** ISO instant when the last pass began that read every page. */
  listedAt: string;
  /** ISO instant when the last pass of any kind began. */
  readAt: string;
}

/** Who last changed an object's file, and in which commit. */
export interface LastWanted {
  name: string;
  email: string;
  commit: string;
  /** ISO instant. */
  at: string;
}

/** What a pass compares with the clouds. */
export type DriftKind = Extract<AppliedObject["kind"], "Server" | "Firewall" | "Port" | "Snapshot">;

/** One field of one object that differs or did. */
export interface RememberedDrift {
  /** Never given again: names this drift in events and messages. */
  id: number;
  kind: DriftKind;
  /** Constant over renames, as that of its record. */
  identity: string;
  name: string;
  cloudId: string;
  /** Path in the fleet file; `gone` where the object itself is. */
  field: string;
  /** The same for the same difference, whatever place a rule has in its list. */
  key: string;
  before?: unknown;
  after?: unknown;
  /** ISO instants: of the first pass that saw it, and of the first that saw it no more. */
  since: string;
  endedAt?: string;
  wanted?: LastWanted;
}

/** What machines of one account, owner and class cost a month, as the last pass of a day has seen them. */
export interface DayCost {
  /** `2026-11-26`, in UTC. */
  day: string;
  /** Its identity. */
  account: string;
  /** Of managed machines whose file names one. */
  owner?: string;
  class: SeenServer["class"];
  /** Absent for machines whose price is not known: they cost 0 here. */
  currency?: string;
  servers: number;
  /** Whole micro-units of `currency`. */
  monthlyMicro: number;
}

/** What one pass over an account has come to, stored as a whole or not at all. */
export interface PassRecord {
  account: string;
  pass: InventoryPass;
  /** Machines that are new or differ from what is stored. */
  seen: SeenServer[];
  /** Those that have gone since the pass before. */
  gone: Pick<SeenServer, "id" | "lastSeen">[];
  /** Take the place of what an earlier pass of the day has found. Default: nothing is written of costs. */
  costs?: readonly Omit<DayCost, "day" | "account">[];
  /** Absent where the pass looked for no drift. */
  drift?: { started: Omit<RememberedDrift, "id">[]; changed: RememberedDrift[]; ended: number[] };
}

/** What a target has not been told of. */
export interface Untold {
  /** Numbers of events: where the target stood, and where it stands once it is told of these. */
  from: number;
  to: number;
  events: StoredEvent[];
}

/** What a target is to be sent, once. `id` stays, however often it is tried. */
export interface StoredNotification {
  id: string;
  /** Number of the event that it tells. */
  event: number;
  message: unknown;
  /** ISO instant. */
  createdAt: string;
}

/** What became of a notification. Instants are ISO. */
export interface NotificationRecord extends StoredNotification {
  target: string;
  sentAt?: string;
}

/** Names one difference of one object over all the times that it comes back. */
export type DriftKey = Pick<RememberedDrift, "kind" | "identity" | "key">;

/** A credential as it is kept: unreadable without the key that `key` names. `account` is an identity; instants are ISO. */
export interface SealedCredential {
  account: string;
  field: string;
  /** The one address that it may be sent to. */
  endpoint: string;
  key: string;
  nonce: string;
  sealed: string;
  by: string;
  at: string;
}

/** That an operator lets what a field refers to (`env:NAME`, `file:/PATH`) go to an address. */
export interface EndpointBinding {
  account: string;
  field: string;
  reference: string;
  endpoint: string;
  by: string;
  at: string;
}

/** A pull request as it was last looked at. */
export interface StoredPull {
  /** Address and repository. */
  forge: string;
  number: number;
  /** Absent where it could not be made a change of, or does not touch the fleet. */
  change?: string;
  /** `done`: nothing more becomes of it. */
  state: "open" | "merged" | "closed" | "done";
  head: string;
  /** `updatedAt` of the forge, once nothing of that instant can have been missed. */
  seen?: string;
  /** Ours, by its id. */
  comment?: number;
  /** Of what was last said there, and as status. */
  commentHash?: string;
  statusHash?: string;
  /** Comments up to this id have been heeded. */
  cursor: number;
  /** Version of the change that was last told of. */
  told?: number;
  /** Why it is no change, for this head on this commit of the main line. */
  problem?: string;
  base?: string;
}

/** Who somebody at a forge is here. */
export interface ForgeLogin {
  forge: string;
  /** Of the forge: names change hands. */
  id: string;
  name: string;
  /** UUID of the user. */
  user: string;
  by: string;
  /** ISO instant. */
  at: string;
}

/** What one server is to be made with, unreadable without the key that `key` names. Never changed: another value has another reference. */
export interface SealedServerSecret {
  ref: string;
  /** Name of the server. */
  server: string;
  field: string;
  key: string;
  nonce: string;
  sealed: string;
  by: string;
}

export interface CredentialRecords {
  sealed: SealedCredential[];
  bindings: EndpointBinding[];
}

/** What becomes of the records: put in place of those of the same account, field (, reference) and endpoint, or taken out. */
export interface CredentialChange {
  seal?: readonly SealedCredential[];
  unseal?: readonly Pick<SealedCredential, "account" | "field" | "endpoint">[];
  bind?: readonly EndpointBinding[];
  unbind?: readonly Pick<EndpointBinding, "account" | "field" | "reference" | "endpoint">[];
  /** Told in the event log, in the same transaction. */
  event?: NewEvent;
}

/**
 * The controller's memory: one PostgreSQL schema, shared by every process that works on the data folder.
 * @throws {FleetError} STORE_FAILED from any method.
 */
export interface Store {
  readonly journal: Journal;
  /** Shared by all processes that have this store open. */
  readonly budgets: BudgetLedger;
  /** People, what they sign in with, and the audit log. */
  readonly people: PeopleStore;
  /** Journal entries without an answer, oldest first. */
  openIntents(account?: string): Promise<JournalEntry[]>;
  dropIntent(account: string, key: string): Promise<void>;
  /** The journal entry under a key, answered or not. */
  intent(account: string, key: string): Promise<JournalEntry | undefined>;
  /** Why the last attempt under a key was refused, while no later one has begun. */
  createRefusal(account: string, key: string): Promise<CreateRefusal | undefined>;
  /** The seed of a call whose answer has not arrived within so long, or else a new one that is noted under the key. */
  beginCall(key: string, seed: string, keptMs: number): Promise<string>;
  /** Whoever has called has the answer: the same request is another call now. */
  endCall(key: string): Promise<void>;
  /** Which of the keys have a journal entry, answered or not. */
  noted(account: string, keys: readonly string[]): Promise<Set<string>>;

  accounts(): Promise<RecordedAccount[]>;
  /** One that is on record keeps its count of cells, whatever is given here: whoever writes it may have read it before a reshard. */
  putAccount(account: RecordedAccount): Promise<void>;
  putCells(identity: string, cells: number): Promise<void>;
  removeAccount(identity: string): Promise<void>;

  /** `provisioning`: only machines that are still being made ready. `names`: only those called so now. */
  objects(filter?: {
    names?: readonly string[];
    account?: string;
    stack?: string;
    kind?: AppliedObject["kind"];
    provisioning?: true;
  }): Promise<AppliedObject[]>;
  /**
   * All of them. Where what `known` answers is what was applied, to the letter, it is the document of the answer and none is read: of 10,000 objects
   * that are as the files have them, no document is sent or kept twice.
   */
  objectsBeside(
    known: (record: Pick<AppliedObject, "account" | "kind" | "name">) => StackObject | undefined,
  ): Promise<AppliedObject[]>;
  /** Changes whenever one of them is written or removed. */
  objectsVersion(): Promise<string>;
  /** All objects without their documents, by `KIND/ACCOUNT/NAME`: cheap for 10,000. */
  hashes(): Promise<Map<string, Omit<AppliedObject, "account" | "kind" | "name" | "document">>>;
  /** Changes whenever an object is written or removed, and whenever a pass is stored. */
  recordsVersion(): Promise<{ objects: string; passes: string }>;
  /** How often this process has written objects or passes: who keeps what was read of them reads it anew then. */
  written(): number;
  /** Names of the stacks that some object is in. */
  stacks(): Promise<string[]>;
  object(account: string, kind: AppliedObject["kind"], name: string): Promise<AppliedObject | undefined>;
  /** Inserts or replaces by (account, kind, identity); many in one statement. */
  putObjects(objects: AppliedObject[]): Promise<void>;
  /** Records of an account's servers, by identity, have another stack from now on. */
  moveServers(account: string, identities: readonly string[], stack: string): Promise<void>;
  removeObjects(keys: { account: string; kind: AppliedObject["kind"]; identity: string }[]): Promise<void>;

  startRun(run: Omit<RunRecord, "heartbeatAt" | "finishedAt" | "outcome">): Promise<void>;
  heartbeat(runIds: string[]): Promise<void>;
  finishRun(id: string, outcome: NonNullable<RunRecord["outcome"]>): Promise<void>;
  /** Runs that have not finished. */
  openRuns(): Promise<RunRecord[]>;
  /** The newest first; `before`: those behind this one in that order. */
  runs(limit: number, filter?: { stack?: string; before?: Pick<RunRecord, "id" | "startedAt"> }): Promise<RunRecord[]>;
  run(id: string): Promise<RunRecord | undefined>;
  /** Runs since an instant that were to bring about one of these effects, oldest first. */
  runsOf(effectHashes: readonly string[], since: string): Promise<RunRecord[]>;
  /** Removes runs that ended, and events that happened, more than so many days ago; answers to requests after 30 days. Answers how many. */
  prune(days: number): Promise<{ runs: number; events: number; requests: number }>;

  approve(approvals: Omit<Approval, "doneAt">[]): Promise<void>;
  /** Approvals not yet done, by effect hash. */
  openApprovals(): Promise<Map<string, Approval>>;
  closeApprovals(effectHashes: string[]): Promise<void>;

  /** Takes or renews a lease; undefined when another holder has it. One statement, decided by the database's clock. */
  acquireLease(stack: string, holder: string, ttlMs: number): Promise<Lease | undefined>;
  renewLeases(stacks: string[], holder: string, ttlMs: number): Promise<string[]>;
  releaseLease(stack: string, holder: string): Promise<void>;
  lease(stack: string): Promise<Lease | undefined>;

  /** Appends to the event log; returns the sequence number. */
  event(event: NewEvent): Promise<number>;
  /** Appends those whose `once` no event had before, in the lifetime of the database and over all processes; answers their `once`. */
  eventsOnce(events: (NewEvent & { once: string })[]): Promise<Set<string>>;
  /** Appends many in one statement, in their order. */
  putEvents(events: NewEvent[]): Promise<void>;
  events(after: number, limit: number): Promise<StoredEvent[]>;
  /** The events of one run, oldest first; `after`: only those with a higher number. */
  runEvents(run: string, limit: number, after?: number): Promise<StoredEvent[]>;

  /** Whatever its age is. */
  cachedCatalog(account: string, part: CatalogPart): Promise<CachedCatalog | undefined>;
  /** Takes the place of what was there. What nobody has read anew for a month goes. */
  cacheCatalog(account: string, part: CatalogPart, fingerprint: string, content: unknown): Promise<void>;

  /** Puts these in the place of all rows of the document's tables of the multi-cloud VPS API. */
  putVpsRows(rows: VpsRows): Promise<void>;

  /** Remembers what effects were shown to cost; the latest showing counts. */
  putQuotes(quotes: ReadonlyMap<string, Quote>): Promise<void>;
  /** By effect hash. */
  quotes(effectHashes: string[]): Promise<Map<string, Quote>>;

  /** What the passes over an account know: its machines, also those that went within 90 days; of these `ids` only, where given. */
  inventory(account: string, ids?: readonly string[]): Promise<{ pass?: InventoryPass; servers: SeenServer[] }>;
  /** What the last passes know of all machines, by `ACCOUNT ID`, without what only clouds themselves need. */
  sightings(): Promise<Map<string, Sighting>>;
  /** Drift of all accounts that has not ended. */
  openDrift(): Promise<(RememberedDrift & { account: string })[]>;
  /** Drift of an account that has not ended, or all that is remembered: what ended stays for 90 days. */
  drift(account: string, which: "open" | "all"): Promise<RememberedDrift[]>;
  /**
   * Stores a pass that began from the one numbered before it, all in one transaction with an event `drift` that names what started and ended.
   * Answers the ids of what started, in the order given; undefined, with nothing stored, when another pass was stored meanwhile.
   */
  recordPass(record: PassRecord): Promise<number[] | undefined>;

  /** Costs since a day, `2026-11-26`, of all accounts or of one, the oldest first; kept for two years. */
  costDays(since: string, account?: string): Promise<DayCost[]>;
  /** What machines of an account cost that are there and that no record has, one sum a currency; without one: whose price is not known. */
  unrecordedCosts(account: string): Promise<Pick<DayCost, "currency" | "servers" | "monthlyMicro">[]>;
  /** By id, also drift that has ended. */
  driftById(ids: readonly number[]): Promise<RememberedDrift[]>;
  /** When the last whole pass over each account began, by identity; ISO instants. */
  passes(): Promise<Map<string, string>>;
  /** When the last run that changed something in each stack ended, within the last day; ISO instants. */
  lastRuns(): Promise<Map<string, string>>;

  /** Automatic reverts that were begun since an instant. */
  reverts(account: string, since: string): Promise<(DriftKey & { at: string })[]>;
  /** Remembers for a day that these are about to be reverted. */
  putReverts(account: string, reverts: readonly DriftKey[], at: string): Promise<void>;

  /** Forgets targets that are not named any more, with what was not sent to them; new ones are told of what happens from now on. */
  setNotificationTargets(names: readonly string[]): Promise<void>;
  /** Events of these topics (`drift` has `drift` and `drift.fought`) that a target has not been told of, oldest first, and the cursors to give back. */
  untold(target: string, topics: readonly string[], limit: number): Promise<Untold>;
  /** Stores what a target is to be sent and moves its cursor, all or nothing. False when another process has done so meanwhile. */
  putNotifications(
    target: string,
    { from, to }: Pick<Untold, "from" | "to">,
    notifications: readonly Omit<StoredNotification, "createdAt">[],
  ): Promise<boolean>;
  /** Oldest first. */
  unsent(target: string, limit: number): Promise<StoredNotification[]>;
  /** How many wait, by target. */
  unsentCounts(): Promise<Map<string, number>>;
  markSent(id: string): Promise<void>;
  /** The newest first, sent or not. */
  notifications(limit: number): Promise<NotificationRecord[]>;
  /** Has one sent once more, under the id that it has. Answers its target; undefined when there is none. */
  resend(id: string): Promise<string | undefined>;
  /** Removes what was made more than so many days ago, sent or not. Answers how many of them were never sent. */
  pruneNotifications(days: number): Promise<number>;

  /** Keeps answers for 30 days; what is kept already stays as it is. */
  rememberCommits(answers: readonly CommitAnswer[]): Promise<void>;
  /** What is kept under these keys. */
  commitAnswers(keys: readonly string[]): Promise<Map<string, CommitAnswer>>;

  /**
   * Begins with a request under its key. `another`: a request with another fingerprint has used it; `busy`: it is under way; an answer: it was done.
   * Kept for 30 days.
   */
  beginRequest(key: string, fingerprint: string): Promise<"begun" | "another" | "busy" | { answer: unknown }>;
  answerRequest(key: string, answer: unknown): Promise<void>;
  /** It has failed, and may come again. */
  dropRequest(key: string): Promise<void>;

  credentials(): Promise<CredentialRecords>;
  /** Changes what is kept in one transaction, which no other change runs beside: `change` is given what is there now. */
  changeCredentials(change: (now: CredentialRecords) => Promise<CredentialChange>): Promise<void>;

  putServerSecrets(secrets: readonly SealedServerSecret[]): Promise<void>;
  /** Those that are still kept. A change that converges or is closed erases its servers' in the same transaction, unless another one is open. */
  serverSecrets(refs: readonly string[]): Promise<SealedServerSecret[]>;
  eraseServerSecrets(refs: readonly string[]): Promise<void>;
  /** Erases those of servers that no change has asked for within an hour. Answers how many. */
  tidyServerSecrets(): Promise<number>;
  /** Ids of the keys that some are sealed with. */
  serverSecretKeys(): Promise<string[]>;

  /** False when there is one of this id already. */
  addChange(change: StoredChange, step: StoredStep): Promise<boolean>;
  change(id: string): Promise<StoredChange | undefined>;
  /** The newest first. */
  changes(filter: ChangeFilter, limit: number): Promise<StoredChange[]>;
  /** Writes a change that has been at `version` until now, with its step where it takes one. False, with nothing written, when it has moved. */
  putChange(change: StoredChange, version: number, step?: StoredStep): Promise<boolean>;
  /** Oldest first. */
  changeSteps(id: string): Promise<StoredStep[]>;

  pull(forge: string, number: number): Promise<StoredPull | undefined>;
  /** Those of which something may still become. */
  openPulls(forge: string): Promise<StoredPull[]>;
  /** Inserts or replaces. */
  putPull(pull: StoredPull): Promise<void>;
  /** Whether the change of one of them has moved on since it was told of. */
  hasUntoldPulls(forge: string): Promise<boolean>;
  /** Remembers for 30 days that these came; false when one of them had come before. */
  noteDelivery(keys: readonly string[]): Promise<boolean>;
  forgeLogins(forge: string): Promise<ForgeLogin[]>;
  forgeLogin(forge: string, id: string): Promise<ForgeLogin | undefined>;
  /** Inserts or replaces, with its entry in the audit log. */
  putForgeLogin(login: Omit<ForgeLogin, "at">, audit: AuditEntry): Promise<void>;
  /** False when there was none. */
  removeForgeLogin(forge: string, id: string, audit: AuditEntry): Promise<boolean>;

  setting(name: string): Promise<string | undefined>;
  putSetting(name: string, value: string): Promise<void>;
  /** Settings whose names begin with this, by the rest of the name. */
  settings(prefix: string): Promise<Map<string, string>>;
  removeSettings(names: readonly string[]): Promise<void>;

  /** For the job queue, which keeps its tables in a schema of its own. Its errors are those of the driver. */
  readonly jobs: JobsDatabase;

  /** Gives everything that a backup keeps to `sink`, as it was at one instant. */
  dump(sink: DumpSink): Promise<void>;

  close(): Promise<void>;
}
