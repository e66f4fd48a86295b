import { randomUUID } from "node:crypto";
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Deployment, LocalWorkspace, type PulumiFn, Stack } from "@pulumi/pulumi/automation/index.js";
import { FleetError } from "../../resources/errors.ts";
import { redactor } from "../../resources/secrets.ts";
import { endProcesses, findByEnvironment } from "../processes.ts";
import { EngineExit, engineCommand } from "./command.ts";
import { type EngineOutcome, type EngineStep, type RunEvent, readEvent } from "./events.ts";
import {
  type Checkpoint,
  checksumOf,
  emptyState,
  historyFolder,
  readCheckpoint,
  readState,
  replaceState,
  type StateCopy,
  type StatePlace,
  stateCopies,
  stateFile,
} from "./state-files.ts";
import { createWorkspace, type Workspace } from "./workspace.ts";

/** Where the engine is and where it keeps state; the same for all runs of a controller. */
export interface EngineSettings {
  executable: string;
  version: string;
  dataDir: string;
  /** Pulumi project of the fleet's stacks: the fleet id. */
  project: string;
  /** `file://…`, `postgres://…` or `s3://…`. */
  backendUrl: string;
  /** File (0600) that holds the passphrase of the state's secrets. */
  passphraseFile: string;
  /** Settings of a stack (the salt of its encryption) as they were stored, and how to store them. */
  stackSettings: {
    read(stack: string): Promise<string | undefined>;
    write(stack: string, text: string): Promise<void>;
  };
  /** Resource operations side by side in one run. Default 50: they wait for clouds. */
  parallel?: number;
  /** Folders before the system's in the PATH of the engine, where stand-ins of plugins are. */
  pluginPath?: string[];
  /** Variables that every run gets: settings of stand-ins. Never a credential. */
  environment?: Readonly<Record<string, string>>;
  /** Writes the state after every step, as the engine does by default. Default false: owner marks make it needless. */
  checkpoints?: boolean;
}

export interface EngineRunOptions {
  runId: string;
  stack: string;
  kind: "preview" | "up" | "refresh" | "destroy";
  program: PulumiFn;
  /** URNs to act on; undefined acts on the whole stack and deletes what the program does not declare. */
  targets?: string[];
  /** Reads the targets from the cloud first. */
  refresh?: boolean;
  /** Steps of a preview tell the inputs of their resources. */
  inputs?: boolean;
  /** Ports of providers served by this process, by package name. */
  providers: Record<string, number>;
  /** Further variables for the plugins: the gateway's address and the run's token. Never a real credential. */
  environment: Record<string, string>;
  /** Values that must not show in any event or error. */
  secrets: string[];
  signal?: AbortSignal;
  onEvent?(event: RunEvent): void;
}

export interface EngineResult {
  steps: EngineStep[];
  outcomes: EngineOutcome[];
  /** Error messages by URN; "" for those of the run as a whole. */
  errors: Map<string, string[]>;
  /** The engine reported success. */
  succeeded: boolean;
  /** The engine died without saving state and left its lock: what it did is told only by the clouds. */
  killed: boolean;
}

/** A resource in state; secrets are encrypted in it. */
export interface StateResource {
  urn: string;
  type: string;
  id?: string;
  inputs?: Record<string, unknown>;
  outputs?: Record<string, unknown>;
}

type RunPlace = Pick<EngineRunOptions, "stack" | "runId" | "environment" | "providers">;

/** The mark by which processes of a run are found again: every engine and plugin carries it in its environment. */
export const RUN_VARIABLE = "FLEETWRIGHT_RUN";

/** A lost lease leaves the engine this long to save its state; then another controller may take over the stack. */
const LAST_WORDS_MS = 3_000;

/** History entries that are kept of each stack, each with a copy of its state; the engine never prunes them itself. */
const HISTORY_KEPT = 10;

export class Engine {
  readonly settings: EngineSettings;
  readonly #known = new Set<string>();

  constructor(settings: EngineSettings) {
    this.settings = settings;
  }

  /** Project-qualified URN of a resource at the top of a stack. */
  urn(stack: string, type: string, name: string): string {
    return `urn:pulumi:${stack}::${this.settings.project}::${type}::${name}`;
  }

  /** One process of the engine. Failures of single resources are in the result; only what concerns the run as a whole is thrown. */
  async run(options: EngineRunOptions): Promise<EngineResult> {
    const redact = redactor(options.secrets);
    const result: EngineResult = { steps: [], outcomes: [], errors: new Map(), succeeded: false, killed: false };
    const dryRun = options.kind === "preview";
    const take = (event: RunEvent | undefined) => {
      if (event === undefined) return;
      if (event.kind === "step") result.steps.push(event.step);
      if (event.kind === "outcome") result.outcomes.push(event.outcome);
      if (event.kind === "message" && event.severity === "error") note(result.errors, event.urn ?? "", event.text);
      options.onEvent?.(event);
    };

    const watch = endWithLease(options);
    await this.#withStack(options, async (stack) => {
      const shared = {
        onEvent: (event: Parameters<typeof readEvent>[0]) =>
          take(readEvent(event, dryRun, redact, { inputs: options.inputs ?? false })),
        ...(options.targets ? { target: options.targets } : {}),
        ...(options.signal ? { signal: options.signal } : {}),
        parallel: this.settings.parallel ?? 50,
        color: "never" as const,
      };
      try {
        const refresh = options.refresh === true;
        if (options.kind === "preview") await stack.preview({ ...shared, refresh, program: options.program });
        else if (options.kind === "up")
          await stack.up({ ...shared, refresh, continueOnError: true, program: options.program });
        else if (options.kind === "refresh") await stack.refresh(shared);
        else await stack.destroy({ ...shared, continueOnError: true });
        result.succeeded = true;
      } catch (error) {
        const exit = error instanceof EngineExit ? error : undefined;
        if (exit === undefined) throw engineFailure(error, options.stack, redact);
        result.killed = exit.killedBy !== undefined;
        if (result.errors.size === 0)
          note(result.errors, "", redact(lastLines(exit.stderr || exit.stdout) || exit.message));
      }
    }).finally(watch.end);
    await this.#prune(options.stack);
    return result;
  }

  /** Clears the lock that a killed run left on a stack. */
  async cancel(stack: string): Promise<void> {
    await this.#withStack({ stack, runId: randomUUID(), environment: {}, providers: {} }, (handle) =>
      handle.cancel().catch(() => undefined),
    );
  }

  /** The stack's whole state, secrets encrypted. */
  async exportState(stack: string): Promise<Deployment> {
    return await this.#withStack({ stack, runId: randomUUID(), environment: {}, providers: {} }, (handle) =>
      handle.exportStack(),
    );
  }

  /** URNs in the stack's state. */
  async urns(stack: string): Promise<Set<string>> {
    return new Set((await this.resources(stack)).map(({ urn }) => urn));
  }

  /** The resources of a stack as state has them. State in files is read directly: that saves an engine process. */
  async resources(stack: string): Promise<StateResource[]> {
    const place = this.#place(stack);
    if (place === undefined) return (await this.exportState(stack)).deployment?.resources ?? [];
    return (await this.#checkpoint(place))?.resources ?? [];
  }

  /** Changes whenever state does; undefined where only the backend could tell. */
  async stateVersion(stack: string): Promise<string | undefined> {
    const place = this.#place(stack);
    if (place === undefined) return undefined;
    const { mtimeMs, size } = await stat(stateFile(place)).catch(() => ({ mtimeMs: 0, size: 0 }));
    return `${mtimeMs}:${size}`;
  }

  /** Names of all stacks of this fleet that have state. */
  async stacks(): Promise<string[]> {
    const root = this.#stateRoot();
    if (root === undefined) {
      const environment = { stack: "", runId: randomUUID(), environment: {}, providers: {} };
      return await this.#withWorkspace(environment, async (workspace) =>
        (await workspace.listStacks()).map(({ name }) => name),
      );
    }
    const names = await readdir(join(root, ".pulumi", "stacks", this.settings.project)).catch(() => []);
    return names.filter((name) => name.endsWith(".json")).map((name) => name.slice(0, -".json".length));
  }

  /** What is wrong with a stack's file, in one clause; undefined when it is whole, not there, or not ours to look at. */
  async stateProblem(stack: string): Promise<string | undefined> {
    const place = this.#place(stack);
    const text = place === undefined ? undefined : await readState(place);
    const found = text === undefined ? undefined : readCheckpoint(text, stack);
    return typeof found === "string" ? found : undefined;
  }

  /** What a stack's file holds, to tell later whether it is the same; undefined when it is damaged or not there. */
  async stateSeal(stack: string): Promise<{ checksum: string; resources: number; untouched: boolean } | undefined> {
    const place = this.#place(stack);
    const text = place === undefined ? undefined : await readState(place);
    const found = text === undefined ? undefined : readCheckpoint(text, stack);
    if (text === undefined || found === undefined || typeof found === "string") return undefined;
    return { checksum: checksumOf(text), resources: found.resources.length, untouched: found.untouched };
  }

  /** Whole copies of a stack's state, the newest first. */
  async stateCopies(stack: string): Promise<StateCopy[]> {
    const place = this.#place(stack);
    return place === undefined ? [] : await stateCopies(place);
  }

  /** Puts a state in place of the stack's file, by default one that holds nothing. Answers where the old one is kept. */
  async replaceState(stack: string, text: string | undefined, at: Date): Promise<string | undefined> {
    const place = this.#place(stack);
    if (place === undefined) throw new FleetError("ENGINE_FAILED", `the state of ${stack} is not kept in files`, {});
    return await replaceState(place, text ?? emptyState(place), at);
  }

  /** @throws {FleetError} STATE_DAMAGED */
  async #checkpoint(place: StatePlace): Promise<Checkpoint | undefined> {
    const text = await readState(place);
    const found = text === undefined ? undefined : readCheckpoint(text, place.stack);
    if (typeof found !== "string") return found;
    const file = stateFile(place);
    throw new FleetError(
      "STATE_DAMAGED",
      `the state of ${place.stack} ${found} (${file}): \`fleetwright apply\` puts back the newest copy that is whole`,
      { stack: place.stack, file },
    );
  }

  #place(stack: string): StatePlace | undefined {
    const root = this.#stateRoot();
    return root === undefined ? undefined : { root, project: this.settings.project, stack };
  }

  #stateRoot(): string | undefined {
    const { backendUrl } = this.settings;
    return backendUrl.startsWith("file://") ? fileURLToPath(backendUrl) : undefined;
  }

  async importState(stack: string, deployment: Deployment): Promise<void> {
    await this.#withStack({ stack, runId: randomUUID(), environment: {}, providers: {} }, (handle) =>
      handle.importStack(deployment),
    );
  }

  async #withStack<T>(run: RunPlace, use: (stack: Stack) => Promise<T>): Promise<T> {
    const place = this.#place(run.stack);
    // The engine would fail on most damaged files, and take some for a stack that holds nothing.
    if (place !== undefined) await this.#checkpoint(place);
    return await this.#withWorkspace(run, async (workspace, settled) => {
      await this.#ensureStack(run.stack, workspace, settled);
      return await use(await Stack.select(run.stack, workspace));
    });
  }

  async #withWorkspace<T>(run: RunPlace, use: (workspace: LocalWorkspace, settled: boolean) => Promise<T>): Promise<T> {
    const { dataDir, project, executable, version, stackSettings } = this.settings;
    const before = run.stack === "" ? undefined : await stackSettings.read(run.stack);
    const folder = await createWorkspace(dataDir, project, run.stack, run.runId, before);
    try {
      const pulumiCommand = engineCommand({ executable, version, environment: this.environment(run) });
      const pulumiHome = join(dataDir, "pulumi");
      const workspace = await LocalWorkspace.create({ workDir: folder.dir, pulumiCommand, pulumiHome });
      return await use(workspace, before !== undefined);
    } finally {
      if (run.stack !== "") await this.#keepSettings(folder, run.stack, before);
      await folder.remove();
    }
  }

  async #ensureStack(name: string, workspace: LocalWorkspace, settled: boolean): Promise<void> {
    if (settled || this.#known.has(name)) return;
    await Stack.create(name, workspace).catch((error: unknown) => {
      const text = error instanceof EngineExit ? error.stderr : String(error);
      if (!/already exists/.test(text)) throw engineFailure(error, name, (message) => message);
    });
    this.#known.add(name);
  }

  async #keepSettings(folder: Workspace, stack: string, before: string | undefined): Promise<void> {
    const after = await folder.stackSettings();
    if (after !== undefined && after !== before) await this.settings.stackSettings.write(stack, after);
  }

  /** The whole environment of the engine and its plugins in a run. */
  environment(run: RunPlace): Record<string, string> {
    const { settings } = this;
    const path = [...(settings.pluginPath ?? []), process.env.PATH ?? ""].join(":");
    const inherited = [
      "HOME",
      "LANG",
      "TMPDIR",
      "TZ",
      "SSL_CERT_FILE",
      "SSL_CERT_DIR",
      "HTTP_PROXY",
      "HTTPS_PROXY",
      "NO_PROXY",
    ];
    const kept = inherited.flatMap((name) =>
      process.env[name] === undefined ? [] : [[name, process.env[name]] as const],
    );
    const attached = Object.entries(run.providers).map(([name, port]) => `${name}:${port}`);
    return {
      ...Object.fromEntries(kept),
      ...settings.environment,
      ...run.environment,
      PATH: path,
      PULUMI_HOME: join(settings.dataDir, "pulumi"),
      PULUMI_BACKEND_URL: settings.backendUrl,
      PULUMI_CONFIG_PASSPHRASE_FILE: settings.passphraseFile,
      PULUMI_SKIP_UPDATE_CHECK: "true",
      PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS: "true",
      ...(settings.checkpoints ? {} : { PULUMI_SKIP_CHECKPOINTS: "true" }),
      ...(settings.pluginPath?.length ? { PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true" } : {}),
      ...(attached.length > 0 ? { PULUMI_DEBUG_PROVIDERS: attached.join(",") } : {}),
      [RUN_VARIABLE]: run.runId,
    };
  }

  /** Deletes all but the newest history entries of a stack kept in files: each holds a full copy of the state. */
  async #prune(stack: string): Promise<void> {
    const place = this.#place(stack);
    if (place === undefined) return;
    const folder = historyFolder(place);
    // An update leaves NAME.history.json and NAME.checkpoint.json, and a note of the engine about each.
    const updates = Map.groupBy(await readdir(folder).catch(() => []), updateOf);
    const old = [...updates.keys()].sort().slice(0, -HISTORY_KEPT);
    for (const name of old.flatMap((update) => updates.get(update)!)) await rm(join(folder, name), { force: true });
  }
}

const updateOf = (name: string): string => name.replace(/\.(history|checkpoint)\.json.*$/, "");

function note(errors: Map<string, string[]>, urn: string, text: string): void {
  const list = errors.get(urn) ?? [];
  if (!list.includes(text)) list.push(text);
  errors.set(urn, list);
}

/**
 * Kills the engine and the plugins of a run whose lease was lost, when the interrupt has not ended them soon enough. A person's Ctrl-C is left
 * to finish what is under way.
 */
function endWithLease({ signal, runId }: EngineRunOptions): { end(): void } {
  let timer: NodeJS.Timeout | undefined;
  const lost = () => {
    if (!(signal?.reason instanceof FleetError) || signal.reason.code !== "LEASE_LOST") return;
    timer = setTimeout(
      () => void endProcesses(findByEnvironment(RUN_VARIABLE, runId), { graceMs: 1_000 }),
      LAST_WORDS_MS,
    );
  };
  if (signal?.aborted) lost();
  signal?.addEventListener("abort", lost, { once: true });
  return {
    end() {
      clearTimeout(timer);
      signal?.removeEventListener("abort", lost);
    },
  };
}

function lastLines(text: string): string {
  return text.trim().split("\n").slice(-12).join("\n");
}

function engineFailure(error: unknown, stack: string, redact: (text: string) => string): FleetError {
  if (error instanceof FleetError) return error;
  const text = error instanceof EngineExit ? lastLines(error.stderr || error.stdout) || error.message : String(error);
  const busy = /the stack is currently locked/i.test(text);
  // Without its cause: that holds the engine's whole output as it was, secrets and all.
  return new FleetError(busy ? "STACK_BUSY" : "ENGINE_FAILED", redact(text), { stack });
}
