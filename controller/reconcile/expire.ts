import { FleetError } from "../../resources/errors.ts";
import type { ServerSpec } from "../../resources/spec.ts";
import { isUsable } from "../fleet/compile.ts";
import { setField } from "../fleet/edit.ts";
import { loadFleet } from "../fleet/load.ts";
import type { Person } from "../repo/commit.ts";
import { commitFiles } from "./commit-files.ts";
import type { Controller } from "./context.ts";
import { FleetInvalid } from "./desired.ts";
import { type DesiredObject, matchAccounts, matchObjects } from "./match.ts";

const DAY_MS = 86_400_000;
/** Commits of others that may come in between before the guard gives up until its next turn. */
const ATTEMPTS = 5;

export interface ExpireOptions {
  /** Who asks; Fleetwright itself for the nightly guard. */
  author: Person;
  /** Only tell: no commit, and nothing recorded. */
  dryRun?: boolean;
  /** The main line, as the commit queue has it. Default: the branch that HEAD is on. */
  branch?: string;
  signal: AbortSignal;
}

interface Expiring {
  name: string;
  account: string;
  /** As its file says. */
  expires: string;
}

export interface Expired {
  /** Absent when nothing had to be stopped. */
  commit?: string;
  /** Stopped by this commit. */
  stopped: (Expiring & { path: string })[];
  /** Warnings that were recorded now, each for the first time. */
  warned: (Expiring & { days: number; owner?: string })[];
  /** What cannot be stopped by an edit. */
  refused: { name: string; reason: string }[];
}

/** Kinds of the events that a notifier sends. Their data are an `Expiring`, for a warning with `days` and `owner`. */
const EVENTS = { warning: "expiry.warning", stopped: "expiry.stopped" } as const;

/**
 * Commits `power: stopped` for servers whose `expires` has passed, and records the warnings that are due, each once for a server and its date over
 * all processes and whatever is killed in between. That a server was stopped stands in its file (`expired`), so whoever starts it
 * again is not fought; another `expires` begins anew. Asks no cloud and starts no engine.
 * @throws {FleetError} FLEET_INVALID, DIRTY_TREE, GIT_FAILED when the remote does not take the commit, STORE_FAILED. Warnings have been recorded then.
 */
export async function expire(controller: Controller, options: ExpireOptions): Promise<Expired> {
  const now = controller.now();
  const { dryRun = false, branch } = options;
  const ref = branch === undefined ? "HEAD" : `refs/heads/${branch}`;
  const warned: Expired["warned"] = [];
  for (let attempt = 1; ; attempt++) {
    options.signal.throwIfAborted();
    const head = await controller.repo.head(ref);
    const fleet = await readServers(controller, head);
    const plan = await stops(controller, head, fleet.servers, now);
    // First: that a commit cannot be made is no reason to warn nobody.
    warned.push(...(await warn(controller, fleet, now, dryRun)));
    try {
      const commit = dryRun ? undefined : await commitStops(controller, head, plan, options.author);
      if (!dryRun) await tellStopped(controller, fleet, plan.stopped);
      const { stopped, refused } = plan;
      return { ...(commit === undefined ? {} : { commit }), stopped, warned, refused };
    } catch (error) {
      // Whoever has committed meanwhile may have renewed one of them, or stopped it as we would.
      const moved = error instanceof FleetError && error.code === "COMMIT_CONFLICT";
      if (!moved || attempt === ATTEMPTS || (await controller.repo.head(ref)) === head) throw error;
    }
  }
}

interface Servers {
  servers: (DesiredObject & { spec: ServerSpec })[];
  /** By name: the name that a server had first, which a rename does not change. */
  identities: Map<string, string>;
  warnDays: number[];
}

async function readServers({ repo, clouds, loaded, store }: Controller, commit: string): Promise<Servers> {
  const { catalogs } = loaded;
  const compiled = await loadFleet(repo, commit, { clouds, ...(catalogs && { catalogs }) }, loaded);
  if (!isUsable(compiled)) throw new FleetInvalid(compiled.problems, commit);
  const servers = [...compiled.servers.values()];
  const accounts = matchAccounts(compiled.accounts.values(), await store.accounts());
  const matches = matchObjects(servers, await store.objects({ kind: "Server" }), accounts);
  const identities = new Map(
    matches.flatMap(({ desired, identity }) => (desired ? [[desired.spec.name, identity]] : [])),
  );
  return { servers, identities, warnDays: compiled.fleet.expiry.warnDays };
}

/** When a server is no longer wanted: a day begins in UTC. */
const endOf = ({ expires }: ServerSpec): number =>
  expires === undefined ? Number.POSITIVE_INFINITY : Date.parse(expires);

interface Stops extends Pick<Expired, "stopped" | "refused"> {
  files: Record<string, string>;
}

async function stops({ repo }: Controller, head: string, servers: Servers["servers"], now: number): Promise<Stops> {
  const plan: Stops = { files: {}, stopped: [], refused: [] };
  for (const { spec, path } of servers) {
    const { name, account, expires, expired, power } = spec;
    if (expires === undefined || endOf(spec) > now || expired === expires || power === "stopped") continue;
    const before = await repo.readBlob(head, path);
    if (before === undefined) continue;
    try {
      plan.files[path] = setField(setField(before, ["power"], "stopped"), ["expired"], expires);
      plan.stopped.push({ name, account, expires, path });
    } catch (error) {
      if (!(error instanceof FleetError)) throw error;
      plan.refused.push({ name, reason: `${path}: ${error.message}` });
    }
  }
  return plan;
}

async function commitStops(
  controller: Controller,
  head: string,
  { files, stopped }: Stops,
  author: Person,
): Promise<string | undefined> {
  if (stopped.length === 0) return undefined;
  const names = stopped.map(({ name }) => name);
  const subject = `Stop ${names.length > 4 ? `${names.length} servers` : names.join(", ")}: expired`;
  const lines = stopped.map(({ name, expires }) => `${name}: it was wanted until ${expires}`);
  const message = `${subject}\n\nAnother \`expires\` renews a server.\n\n${lines.join("\n")}\n`;
  return await commitFiles(controller, head, files, { message, author });
}

/** Only the most urgent warning that is due: whoever was not told a fortnight before need not be told both. */
async function warn(
  { store }: Controller,
  { servers, identities, warnDays }: Servers,
  now: number,
  dryRun: boolean,
): Promise<Expired["warned"]> {
  const due = servers.flatMap(({ spec }) => {
    const end = endOf(spec);
    const days = Math.min(...warnDays.filter((days) => now >= end - days * DAY_MS));
    if (now >= end || spec.power === "stopped" || days === Number.POSITIVE_INFINITY) return [];
    const { name, account, expires = "", owner } = spec;
    const data = { name, account, expires, days, ...(owner === undefined ? {} : { owner }) };
    return [{ once: `${EVENTS.warning} ${identities.get(name)} ${expires} ${days}`, data }];
  });
  if (dryRun) return due.map(({ data }) => data);
  const events = due.map(({ once, data }) => ({ once, kind: EVENTS.warning, object: `Server//${data.name}`, data }));
  const fresh = await store.eventsOnce(events);
  return due.filter(({ once }) => fresh.has(once)).map(({ data }) => data);
}

/** Also what an earlier turn has committed and was killed before it had told it. */
async function tellStopped(
  { store }: Controller,
  { servers, identities }: Servers,
  stopped: Expired["stopped"],
): Promise<void> {
  const now = new Set(stopped.map(({ name }) => name));
  const told = servers.flatMap(({ spec: { name, account, expires, expired } }) =>
    expires !== undefined && (now.has(name) || expired === expires) ? [{ name, account, expires }] : [],
  );
  await store.eventsOnce(
    told.map((data) => ({
      once: `${EVENTS.stopped} ${identities.get(data.name)} ${data.expires}`,
      kind: EVENTS.stopped,
      object: `Server//${data.name}`,
      data,
    })),
  );
}
