import { mkdir } from "node:fs/promises";
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { load } from "js-yaml";
import { readCredentials, resolveAccount } from "../resources/account.ts";
import type { Cloud } from "../resources/cloud.ts";
import { FleetError, type FleetErrorCode } from "../resources/errors.ts";
import { netbox } from "../resources/netbox/index.ts";
import { clouds } from "../resources/registry.ts";
import type { AccountSpec, ForgeSpec } from "../resources/spec.ts";
import type { Wire } from "../resources/wire.ts";
import { steadyAccounts } from "./accounts.ts";
import { Credentials } from "./credentials/credentials.ts";
import { KeyRing } from "./credentials/keys.ts";
import { HeldCredentials } from "./credentials/safe.ts";
import { stateUrl } from "./engine/backend.ts";
import { Engine } from "./engine/engine.ts";
import { findEngine } from "./engine/find.ts";
import { createFleetCache } from "./fleet/load.ts";
import { SnapshotFolder } from "./fleet/snapshots.ts";
import { forgeAccount, forgeLender } from "./forge/account.ts";
import { stateKeyFile } from "./keys.ts";
import { machineName } from "./machine.ts";
import { netboxAccount } from "./netbox/account.ts";
import type { Controller } from "./reconcile/context.ts";
import { cloudOf } from "./reconcile/context.ts";
import { holderName, LEASE_MS } from "./reconcile/leases.ts";
import { EXECUTABLES } from "./reconcile/plugins.ts";
import type { Progress } from "./reconcile/progress.ts";
import { Slots } from "./reconcile/slots.ts";
import { CommitQueue } from "./repo/queue.ts";
import { type FleetRepo, openRepo } from "./repo/repo.ts";
import { steadyNow } from "./steady.ts";
import { defaultDataDir, openStore } from "./store/open.ts";
import type { Store } from "./store/types.ts";

/** See `simulators/standins/waits.ts`. */
const WAIT_SCALE = "FLEETWRIGHT_STANDIN_WAIT_SCALE";

const STACKS_AT_ONCE = 4;

export interface OpenOptions {
  /** The fleet repository, or a folder in it. */
  fleetDir: string;
  /** Where the controller keeps its database, state and keys. Default: a folder of this user for this fleet. */
  dataDir?: string;
  environment?: Readonly<Record<string, string | undefined>>;
  clouds?: Readonly<Record<string, Cloud>>;
  /** Folder with stand-ins of the official plugins. Never set in production. */
  standIns?: string;
  provider?: "served" | "executable";
  /** Write state after every step. Default false. */
  checkpoints?: boolean;
  stacksAtOnce?: number;
  /** How long a stack stays with a holder that does not renew. Default 60 s. */
  leaseMs?: number;
  /** Names this machine in leases and runs. Default: `machineName` with a shared database, else its host name. */
  machine?: string;
  progress?: Progress;
  /** Told of each request to a cloud that came to an end: `ok`, or the code of its error. */
  onCall?: (account: string, verdict: "ok" | FleetErrorCode) => void;
  /** How requests to clouds are sent again, and who hears of them. Default: as each request says. */
  wire?: Wire;
  /** Told of credentials before they are used: no log may hold them. */
  onSecrets?: (values: string[]) => void;
}

export interface OpenController extends Controller {
  /** What operators keep beside git. */
  credentials: Credentials;
  close(): Promise<void>;
}

/**
 * Joins the parts of a controller for one fleet. The engine is looked for only when a step needs it.
 * @throws {FleetError} GIT_FAILED, STORE_FAILED, FLEET_INVALID
 */
export async function openController(options: OpenOptions): Promise<OpenController> {
  const environment = options.environment ?? process.env;
  const repo = await openRepo(options.fleetDir);
  const dataDir = resolve(options.dataDir ?? environment.FLEETWRIGHT_DATA ?? defaultDataDir(repo.dir, environment));
  await mkdir(dataDir, { recursive: true });
  const progress = options.progress ?? (() => undefined);
  const databaseUrl = environment.DATABASE_URL;
  const store = await openStore(databaseUrl === undefined ? { dataDir } : { dataDir, databaseUrl });
  const registry = options.clouds ?? clouds;
  const machine = options.machine ?? (databaseUrl === undefined ? hostname() : await machineName());
  const snapshots = new SnapshotFolder(join(dataDir, "snapshots"), (text) => progress({ kind: "note", text }));
  let engine: Promise<Engine> | undefined;
  const loaded = createFleetCache({ snapshots });
  const ring = new KeyRing(dataDir, environment);
  const held = new HeldCredentials(store, ring, [repo.dir, dataDir]);
  await held.renew();
  const resolved = (spec: AccountSpec, lender: Parameters<typeof resolveAccount>[1], file?: string) => {
    if (spec.retired) throw retired(spec);
    const one = resolveAccount(spec, lender, environment, {
      safe: held,
      ledger: store.budgets,
      ...(file !== undefined && { file }),
      ...(options.onCall && { onCall: options.onCall }),
      ...(options.wire && { wire: options.wire }),
    });
    options.onSecrets?.(Object.values(one.credentials));
    return one;
  };
  const account = steadyAccounts((spec) => resolved(spec, cloudOf({ clouds: registry }, spec.provider)));
  const netboxes = steadyAccounts((spec) => resolved(spec, netbox, "fleet.yaml: netbox"));
  const forge = (spec: ForgeSpec) => {
    const lent = readCredentials(forgeAccount(spec), forgeLender(spec.kind), environment, {
      safe: held,
      file: "fleet.yaml: forge",
    });
    options.onSecrets?.(Object.values(lent.credentials));
    return { url: lent.endpoint, token: lent.credentials.token! };
  };
  const commits = new CommitQueue({
    repo,
    store,
    clouds: registry,
    parsed: loaded.parsed,
    loaded,
    now: Date.now,
    sleep,
  });
  return {
    repo,
    store,
    commits,
    dataDir,
    environment,
    progress,
    loaded,
    clouds: registry,
    holder: holderName(process.pid, machine),
    machine,
    shared: databaseUrl !== undefined,
    leaseMs: options.leaseMs ?? LEASE_MS,
    provider: options.provider ?? "served",
    stacksAtOnce: options.stacksAtOnce ?? STACKS_AT_ONCE,
    slots: new Slots(options.stacksAtOnce ?? STACKS_AT_ONCE),
    engine: () => (engine ??= openEngine(options, { repo, store, dataDir, environment, progress })),
    account,
    forge,
    netbox: (spec) => netboxes(netboxAccount(spec)),
    renewCredentials: () => held.renew(),
    credentials: new Credentials({
      repo,
      store,
      clouds: registry,
      loaded,
      environment,
      now: Date.now,
      account,
      ring,
      held,
    }),
    now: Date.now,
    steady: steadyNow,
    sleep,
    close: async () => {
      await commits.close();
      await (await engine?.catch(() => undefined))?.close();
      await snapshots.settled();
      await repo.close();
      await store.close();
    },
  };
}

/** The one place that every call to a cloud comes by. */
const retired = ({ name }: AccountSpec): FleetError =>
  new FleetError("CREDENTIAL_MISSING", `the account ${name} is retired: its cloud is not called any more`, {
    account: name,
  });

interface Parts {
  repo: FleetRepo;
  store: Store;
  dataDir: string;
  environment: Readonly<Record<string, string | undefined>>;
  progress: Progress;
}

async function openEngine(
  options: OpenOptions,
  { repo, store, dataDir, environment, progress }: Parts,
): Promise<Engine> {
  const found = await findEngine({ onProgress: (text) => progress({ kind: "note", text }), env: { ...environment } });
  const state = join(dataDir, "state");
  await mkdir(state, { recursive: true, mode: 0o700 });
  const setting = (stack: string) => `stack.settings.${stack}`;
  const pluginPath = [
    ...(options.standIns ? [options.standIns] : []),
    ...(options.provider === "executable" ? [EXECUTABLES] : []),
  ];
  return new Engine({
    executable: found.path,
    version: found.version,
    dataDir,
    project: await fleetId(repo, store),
    backendUrl: stateUrl(dataDir, environment),
    backendEnvironment: environment,
    passphraseFile: await stateKeyFile(dataDir, environment),
    stackSettings: {
      read: (stack) => store.setting(setting(stack)),
      write: (stack, text) => store.putSetting(setting(stack), text),
      remove: (stack) => store.removeSettings([setting(stack)]),
    },
    checkpoints: options.checkpoints ?? false,
    pluginPath,
    environment: options.standIns ? standInSettings(environment) : {},
  });
}

/** Stand-ins wait as long as the real plugins do, unless this says otherwise; the engine's environment holds nothing that is not given to it. */
function standInSettings({
  [WAIT_SCALE]: scale,
}: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return scale === undefined ? {} : { [WAIT_SCALE]: scale };
}

/**
 * The fleet's id names its Pulumi project and enters every owner mark, so a data folder belongs to one id for good.
 * @throws {FleetError} FLEET_INVALID
 */
async function fleetId(repo: FleetRepo, store: Store): Promise<string> {
  const text = await repo.readBlob(await repo.head(), "fleet.yaml");
  const id = text === undefined ? undefined : (load(text) as { id?: string }).id;
  if (id === undefined) throw new FleetError("FLEET_INVALID", "fleet.yaml:1:1: id is missing", {});
  const recorded = await store.setting("fleet.id");
  if (recorded !== undefined && recorded !== id) {
    throw new FleetError(
      "FLEET_INVALID",
      `fleet.yaml: the id was ${recorded} and is now ${id}: every machine would lose its owner. Put ${recorded} back, or use another --data`,
      { recorded, id },
    );
  }
  if (recorded === undefined) await store.putSetting("fleet.id", id);
  return id;
}

function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((done, stopped) => {
    signal?.throwIfAborted();
    const timer = setTimeout(finish, ms);
    function finish() {
      signal?.removeEventListener("abort", abort);
      done();
    }
    function abort() {
      clearTimeout(timer);
      stopped(signal?.reason);
    }
    signal?.addEventListener("abort", abort, { once: true });
  });
}
