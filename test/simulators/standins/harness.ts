import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import {
  type EngineEvent,
  LocalWorkspace,
  PulumiCommand,
  type PulumiFn,
  type Stack,
} from "@pulumi/pulumi/automation/index.js";
import { findEngine } from "../../../controller/engine/find.ts";
import { type StandinName, serveStandin } from "../../../simulators/standins/index.ts";

/** Waits of the stand-ins in tests: DigitalOcean's 10 s become 100 ms. */
export const WAIT_SCALE = "0.01";

/** A resource entry of a stack's exported state. */
export interface StateEntry {
  urn: string;
  type: string;
  id?: string;
  inputs?: Record<string, unknown>;
  outputs?: Record<string, unknown>;
  initErrors?: string[];
}

export interface Run {
  ok: boolean;
  /** Operation by resource name, without the stack's and the provider's own. */
  steps: Record<string, string>;
  /** Changed paths by resource name. */
  paths: Record<string, string[]>;
  output: string;
}

/** A stack of its own on the real engine, with stand-ins in this process. */
export class Bench {
  program: PulumiFn = async () => undefined;
  readonly #folder: string;
  readonly #stack: Stack;
  readonly #close: (() => Promise<void>)[];

  private constructor(folder: string, stack: Stack, close: (() => Promise<void>)[]) {
    this.#folder = folder;
    this.#stack = stack;
    this.#close = close;
  }

  /** `env` is what the plugin sees; with `plugins: "path"` the engine starts the executables itself. */
  static async open(
    name: StandinName,
    env: Record<string, string>,
    plugins: { path: string } | "here" = "here",
  ): Promise<Bench> {
    const folder = await mkdtemp(path.join(tmpdir(), "fw-standin-"));
    const engine = await findEngine();
    const scaled = { FLEETWRIGHT_STANDIN_WAIT_SCALE: WAIT_SCALE, ...env };
    const served = plugins === "here" ? await serveStandin(name, scaled) : undefined;
    const bench: { current?: Bench } = {};
    const stack = await LocalWorkspace.createStack(
      { stackName: "test", projectName: "standins", program: async () => bench.current?.program() },
      {
        pulumiCommand: await PulumiCommand.get({ root: path.dirname(path.dirname(engine.path)) }),
        pulumiHome: folder,
        projectSettings: { name: "standins", runtime: "nodejs", backend: { url: `file://${folder}` } },
        envVars: {
          ...scaled,
          PULUMI_CONFIG_PASSPHRASE: "x",
          PULUMI_SKIP_UPDATE_CHECK: "true",
          PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "1",
          ...(served ? { PULUMI_DEBUG_PROVIDERS: `${name}:${served.port}` } : {}),
          ...(plugins === "here" ? {} : { PATH: `${plugins.path}${path.delimiter}${process.env.PATH}` }),
        },
      },
    );
    bench.current = new Bench(folder, stack, served ? [() => served.close()] : []);
    return bench.current;
  }

  up(options: { refresh?: boolean } = {}): Promise<Run> {
    return this.#run((onEvent) => this.#stack.up({ onEvent, ...options }));
  }

  preview(options: { refresh?: boolean } = {}): Promise<Run> {
    return this.#run((onEvent) => this.#stack.preview({ onEvent, ...options }));
  }

  refresh(): Promise<Run> {
    return this.#run((onEvent) => this.#stack.refresh({ onEvent }));
  }

  destroy(): Promise<Run> {
    return this.#run((onEvent) => this.#stack.destroy({ onEvent }));
  }

  async state(): Promise<StateEntry[]> {
    const exported = await this.#stack.exportStack();
    return (exported.deployment as { resources?: StateEntry[] }).resources ?? [];
  }

  /** Replaces the entries of the state by what `change` makes of them. */
  async rewrite(change: (entries: StateEntry[]) => StateEntry[]): Promise<void> {
    const exported = await this.#stack.exportStack();
    exported.deployment.resources = change(exported.deployment.resources ?? []);
    await this.#stack.importStack(exported);
  }

  async entry(name: string): Promise<StateEntry | undefined> {
    return (await this.state()).find((entry) => entry.urn.endsWith(`::${name}`));
  }

  async close(): Promise<void> {
    for (const close of this.#close) await close();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #run(work: (onEvent: (event: EngineEvent) => void) => Promise<{ stdout: string }>): Promise<Run> {
    const run: Run = { ok: true, steps: {}, paths: {}, output: "" };
    const onEvent = (event: EngineEvent) => {
      const metadata = event.resourcePreEvent?.metadata ?? event.resOutputsEvent?.metadata;
      if (!metadata || metadata.type.startsWith("pulumi:")) return;
      const name = metadata.urn.slice(metadata.urn.lastIndexOf("::") + 2);
      if (event.resourcePreEvent) run.steps[name] = metadata.op;
      if (Object.keys(metadata.detailedDiff ?? {}).length > 0)
        run.paths[name] = Object.keys(metadata.detailedDiff ?? {}).sort();
    };
    try {
      run.output = (await work(onEvent)).stdout;
    } catch (error) {
      run.ok = false;
      run.output = String(error);
    }
    return run;
  }
}

/** The entry that the real plugin left, as recorded; undefined where the recording is not beside the checkout. */
export function recordedEntry(cloud: StandinName, name: string): StateEntry | undefined {
  const file = fileURLToPath(new URL(`../../../../shared/specs/pulumi/state-${cloud}.json`, import.meta.url));
  if (!existsSync(file)) return undefined;
  const entries = JSON.parse(readFileSync(file, "utf8")) as StateEntry[];
  return entries.find((entry) => entry.urn.endsWith(`::${name}`));
}

/** Paths where one entry has a property, or a kind of value, that the other has not. Contents of lists are compared by their first item. */
export function differingKeys(recorded: StateEntry, left: StateEntry): string[] {
  return [
    ...differences(recorded.inputs, left.inputs, "inputs"),
    ...differences(recorded.outputs, left.outputs, "outputs"),
  ];
}

function differences(recorded: unknown, left: unknown, path: string): string[] {
  const [a, b] = [plain(recorded), plain(left)];
  if (path.endsWith(".__meta") || path.endsWith(".__defaults"))
    return JSON.stringify(a) === JSON.stringify(b) ? [] : [path];
  if (kind(a) !== kind(b)) return [`${path}: ${kind(a)} / ${kind(b)}`];
  // An empty list says nothing about its items.
  if (Array.isArray(a) && Array.isArray(b))
    return a.length > 0 && b.length > 0 ? differences(a[0], b[0], `${path}[0]`) : [];
  if (kind(a) !== "object") return [];
  const [one, two] = [a as Record<string, unknown>, b as Record<string, unknown>];
  return [...new Set([...Object.keys(one), ...Object.keys(two)])]
    .sort()
    .flatMap((name) => differences(one[name], two[name], `${path}.${name}`));
}

function kind(value: unknown): string {
  return value === null ? "null" : Array.isArray(value) ? "list" : typeof value;
}

/** What stands in a secret's wrapping. */
function plain(value: unknown): unknown {
  const text = typeof value === "object" && value !== null && "plaintext" in value ? value.plaintext : undefined;
  return typeof text === "string" ? JSON.parse(text) : value;
}
