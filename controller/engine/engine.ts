import { randomUUID } from "node:crypto";
import { join } from "node:path";
import type { Deployment, LocalWorkspace, PulumiFn, Stack } from "@pulumi/pulumi/automation/index.js";
import { FleetError } from "../../resources/errors.ts";
import { redactor } from "../../resources/secrets.ts";
import { endProcesses, findByEnvironment } from "../processes.ts";
import { RUN_VARIABLE } from "../run-variable.ts";
import { type Backend, openBackend } from "./backend.ts";
import { checksumOf, type Newest, newestOf, readCheckpoint } from "./checkpoint.ts";
import { EngineExit, engineCommand, runEngine } from "./command.ts";
import { type EngineOutcome, type EngineStep, type RunEvent, readEvent } from "./events.ts";
import { outliveLostEngines } from "./lost-engine.ts";
import type { StateCopy, States } from "./states.ts";
import { createWorkspace, type Workspace } from "./workspace.ts";

/** Loaded when an engine is first needed: that takes half a second, and most commands need none. */
async function sdk() {
  const loaded = await import("@pulumi/pulumi/automation/index.js");
  outliveLostEngines();
  return loaded;
}

/** Where the engine is and where it keeps state; the same for all runs of a controller. */
export interface EngineSettings {
  executable: string;
  version: string;
  dataDir: string;
  /** Pulumi project of the fleet's stacks: the fleet id. */
  project: string;
  /** `file://…`, `postgres://…` or `s3://…`. */
  backendUrl: string;
  /** Where the backend's credentials are looked for; no run gets it. */
  backendEnvironment?: Readonly<Record<string, string | undefined>>;
  /** File (0600) that holds the passphrase of the state's secrets. */
  passphraseFile: string;
  /** Settings of a stack (the salt of its encryption) as they were stored, and how to store them. */
  stackSettings: {
    read(stack: string): Promise<string | undefined>;
    write(stack: string, text: string): Promise<void>;
    remove(stack: string): Promise<void>;
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
  /** When the engine last changed it, by its machine's clock. */
  modified?: string;
}

/** See `Engine.stateSeal`. */
export interface StateSeal {
  checksum: string;
  /** How many there are. */
  resources: number;
  /** No run has written it yet. */
  untouched: boolean;
  newest?: Newest;
}

type RunPlace = Pick<EngineRunOptions, "stack" | "runId" | "environment" | "providers">;

export class Engine {
  readonly settings: EngineSettings;
  readonly #backend: Backend;
  readonly #known = new Set<string>();

  /** Undefined where states are read through the engine only. */
  get #states(): States | undefined {
    return this.#backend.states;
  }

  constructor(settings: EngineSettings) {
    this.settings = settings;
    this.#backend = openBackend(settings.backendUrl, settings.project, settings.backendEnvironment ?? {});
  }

  /** Project-qualified URN of a resource at the top of a stack. */
  urn(stack: string, type: string, name: string): string {
    return `urn:pulumi:${stack}::${this.settings.project}::${type}::${name}`;
  }

  /** One process of the engine. Failures of single resources are in the result; only what concerns the run as a whole is thrown. */
  async run(options: EngineRunOptions): Promise<EngineResult> {
    const redact = redactor([...options.secrets, ...this.#backend.secrets]);
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
      if (options.targets !== undefined) {
        const { leaveOutUntouched } = await import("./event-stream.ts");
        leaveOutUntouched(stack, options.targets);
      }
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
    await this.#states?.prune(options.stack);
    return result;
  }

  /** Clears the lock that a killed run left on a stack. */
  async cancel(stack: string): Promise<void> {
    await this.#withStack(placeOf(stack), (handle) => handle.cancel().catch(() => undefined));
  }

  /**
   * The stack's whole state with its secrets in the clear: for the memory of this process alone. `runId` marks the engine's process.
   * @throws {FleetError} ENGINE_FAILED, STACK_BUSY, STATE_DAMAGED
   */
  async exportState(stack: string, runId?: string): Promise<Deployment> {
    return await this.#withStack(placeOf(stack, runId), (handle) =>
      handle.exportStack().catch((error: unknown) => {
        throw stateFailure(error, stack);
      }),
    );
  }

  /**
   * Puts a state, its secrets in the clear, in the place of the stack's, which encrypts them. It goes to the engine through a pipe: the SDK's own
   * way leaves it in a file of the system's folder for such files.
   * @throws {FleetError} ENGINE_FAILED, also when the state is not whole in itself; STACK_BUSY, STATE_DAMAGED
   */
  async importState(stack: string, deployment: Deployment, runId?: string): Promise<void> {
    const run = placeOf(stack, runId);
    const input = JSON.stringify(deployment);
    await this.#withStack(run, ({ workspace }) =>
      this.#onState(run, ["stack", "import", "--stack", stack], workspace.workDir, input),
    );
  }

  /**
   * Removes a stack that holds nothing, with its copies and its history; one that is not there is no matter.
   * @throws {FleetError} ENGINE_FAILED, also when it still holds something; STACK_BUSY
   */
  async removeStack(stack: string, runId?: string): Promise<void> {
    const run = placeOf(stack, runId);
    const args = ["stack", "rm", "--yes", "--remove-backups", "--stack", stack];
    await this.#withWorkspace(run, ({ workDir }) => this.#onState(run, args, workDir)).catch((error: unknown) => {
      if (!(error instanceof FleetError) || !/no stack named/i.test(error.message)) throw error;
    });
    await this.settings.stackSettings.remove(stack);
    this.#known.delete(stack);
  }

  async #onState(run: RunPlace, args: string[], dir: string, input?: string): Promise<void> {
    const env = { ...this.environment(run), PULUMI_AUTOMATION_API: "true" };
    await runEngine(this.settings.executable, args, dir, env, input === undefined ? {} : { input }).catch(
      (error: unknown) => {
        throw stateFailure(error, run.stack);
      },
    );
  }

  /** URNs in the stack's state. */
  async urns(stack: string): Promise<Set<string>> {
    return new Set((await this.resources(stack)).map(({ urn }) => urn));
  }

  /** The resources of a stack as state has them. */
  async resources(stack: string): Promise<StateResource[]> {
    if (this.#states === undefined) return (await this.exportState(stack)).deployment?.resources ?? [];
    return await wholeResources(this.#states, stack);
  }

  /** Changes whenever state does; undefined where only the backend could tell. */
  async stateVersion(stack: string): Promise<string | undefined> {
    return await this.#states?.version(stack);
  }

  /** The same of all stacks that have state, at the cost of one. */
  async stateVersions(): Promise<Map<string, string> | undefined> {
    return await this.#states?.versions();
  }

  /** Names of all stacks of this fleet that have state. */
  async stacks(): Promise<string[]> {
    const versions = await this.stateVersions();
    if (versions !== undefined) return [...versions.keys()];
    return await this.#withWorkspace(placeOf(""), async (workspace) =>
      (await workspace.listStacks()).map(({ name }) => name),
    );
  }

  /** What is wrong with a stack's state, in one clause; undefined when it is whole, not there, or not ours to look at. */
  async stateProblem(stack: string): Promise<string | undefined> {
    const found = await this.#states?.checkpoint(stack);
    return typeof found === "string" ? found : undefined;
  }

  /** What a stack's state holds, to tell later whether it is the same, or an older one; undefined when it is damaged or not there. */
  async stateSeal(stack: string): Promise<StateSeal | undefined> {
    const text = await this.#states?.read(stack);
    const found = text === undefined ? undefined : readCheckpoint(text, stack);
    if (text === undefined || found === undefined || typeof found === "string") return undefined;
    const { resources, untouched } = found;
    const newest = newestOf(resources);
    return { checksum: checksumOf(text), resources: resources.length, untouched, ...(newest && { newest }) };
  }

  /** Whole copies of a stack's state, the newest first. */
  async stateCopies(stack: string): Promise<StateCopy[]> {
    return (await this.#states?.copies(stack)) ?? [];
  }

  /** Puts a state in the place of a stack's, by default one that holds nothing. Answers where the old one is kept. */
  async replaceState(stack: string, text: string | undefined, at: Date): Promise<string | undefined> {
    if (this.#states !== undefined) return await this.#states.replace(stack, text, at);
    throw new FleetError("ENGINE_FAILED", `the state of ${stack} is kept where only the engine can write it`, {});
  }

  /** Leaves the place of the states. */
  async close(): Promise<void> {
    await this.#states?.close();
  }

  async #withStack<T>(run: RunPlace, use: (stack: Stack) => Promise<T>): Promise<T> {
    if (this.#states !== undefined) await wholeResources(this.#states, run.stack);
    return await this.#withWorkspace(run, async (workspace, settled) => {
      await this.#ensureStack(run.stack, workspace, settled);
      return await use(await (await sdk()).Stack.select(run.stack, workspace));
    });
  }

  async #withWorkspace<T>(run: RunPlace, use: (workspace: LocalWorkspace, settled: boolean) => Promise<T>): Promise<T> {
    const { dataDir, project, executable, version, stackSettings } = this.settings;
    const before = run.stack === "" ? undefined : await stackSettings.read(run.stack);
    const folder = await createWorkspace(dataDir, project, run.stack, run.runId, before);
    try {
      const { credentialsFile } = this.#backend;
      const file = credentialsFile === undefined ? undefined : await folder.keep("state-credentials", credentialsFile);
      // After the run's own: plugins for AWS are given theirs in another way.
      const environment = { ...this.environment(run), ...(file && { AWS_SHARED_CREDENTIALS_FILE: file }) };
      const pulumiCommand = engineCommand({ executable, version, environment });
      const pulumiHome = join(dataDir, "pulumi");
      const workspace = await (await sdk()).LocalWorkspace.create({ workDir: folder.dir, pulumiCommand, pulumiHome });
      return await use(workspace, before !== undefined);
    } finally {
      if (run.stack !== "") await this.#keepSettings(folder, run.stack, before);
      await folder.remove();
    }
  }

  async #ensureStack(name: string, workspace: LocalWorkspace, settled: boolean): Promise<void> {
    if (settled || this.#known.has(name)) return;
    const { Stack } = await sdk();
    await Stack.create(name, workspace).catch((error: unknown) => {
      const text = error instanceof EngineExit ? error.stderr : String(error);
      if (!/already exists/.test(text)) throw engineFailure(error, name, redactor(this.#backend.secrets));
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
      PULUMI_BACKEND_URL: this.#backend.url,
      PULUMI_CONFIG_PASSPHRASE_FILE: settings.passphraseFile,
      PULUMI_SKIP_UPDATE_CHECK: "true",
      PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS: "true",
      ...(settings.checkpoints ? {} : { PULUMI_SKIP_CHECKPOINTS: "true" }),
      ...(settings.pluginPath?.length ? { PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true" } : {}),
      ...(attached.length > 0 ? { PULUMI_DEBUG_PROVIDERS: attached.join(",") } : {}),
      [RUN_VARIABLE]: run.runId,
    };
  }
}

/** What is wrong with a state is found before an engine reads it: it would fail on most, and take some for a stack that holds nothing. */
async function wholeResources(states: States, stack: string): Promise<StateResource[]> {
  const found = await states.checkpoint(stack);
  if (typeof found !== "string") return found?.resources ?? [];
  const file = states.place(stack);
  throw new FleetError(
    "STATE_DAMAGED",
    `the state of ${stack} ${found} (${file}): \`fleetwright apply\` puts back the newest copy that is whole`,
    { stack, file },
  );
}

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
    const end = () => void endProcesses(findByEnvironment(RUN_VARIABLE, runId), { graceMs: 1_000 });
    const { lastWordsMs } = signal.reason.at;
    if (typeof lastWordsMs === "number" && lastWordsMs > 0) timer = setTimeout(end, lastWordsMs);
    else end();
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

const placeOf = (stack: string, runId: string = randomUUID()): RunPlace => ({
  stack,
  runId,
  environment: {},
  providers: {},
});

/** Of what the engine printed only its complaints: its output is the state, secrets and all. */
function stateFailure(error: unknown, stack: string): FleetError {
  const told = error instanceof EngineExit ? lastLines(error.stderr) || error.message : error;
  return engineFailure(told, stack, (text) => text);
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
