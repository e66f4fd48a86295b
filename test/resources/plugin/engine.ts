import { existsSync } from "node:fs";
import { glob, mkdtemp, readdir, readFile, readlink, rm } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import * as automation from "@pulumi/pulumi/automation/index.js";

const ENGINE_ROOT = join(homedir(), ".cache", "fleetwright", "engine", "3.250.0");

export const engineCommand = join(ENGINE_ROOT, "bin", "pulumi");

/** Undefined where the engine is there; else why tests with it are skipped. */
export const engineMissing = existsSync(engineCommand)
  ? undefined
  : "no Pulumi engine 3.250.0 in the cache; `npm test` from the repository root puts it there";

export interface TestStack {
  stack: automation.Stack;
  /** Holds all that the engine writes. */
  folder: string;
  /** What the next operation declares. */
  program: () => Promise<Record<string, unknown> | undefined>;
  /** Stops the plugins and removes the folder. */
  dispose(): Promise<void>;
}

/** A stack of its own in a folder of its own, whose engine finds the given providers by port. */
export async function testStack(
  providers: Record<string, number>,
  env: Record<string, string> = {},
): Promise<TestStack> {
  const folder = await mkdtemp(join(tmpdir(), "fleetwright-plugin-"));
  const test: TestStack = {
    stack: undefined as unknown as automation.Stack,
    folder,
    program: async () => ({}),
    dispose: () => rm(folder, { recursive: true, force: true }),
  };
  const debug = Object.entries(providers).map(([name, port]) => `${name}:${port}`);
  test.stack = await automation.LocalWorkspace.createOrSelectStack(
    { projectName: "plugin-test", stackName: "test", program: () => test.program() },
    {
      workDir: folder,
      pulumiHome: join(folder, "home"),
      pulumiCommand: await automation.PulumiCommand.get({ root: ENGINE_ROOT }),
      projectSettings: { name: "plugin-test", runtime: "nodejs", backend: { url: `file://${folder}` } },
      envVars: {
        PULUMI_CONFIG_PASSPHRASE: "test",
        PULUMI_SKIP_UPDATE_CHECK: "true",
        PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "1",
        ...(debug.length > 0 ? { PULUMI_DEBUG_PROVIDERS: debug.join(",") } : {}),
        ...env,
      },
    },
  );
  return test;
}

/** Declares any resource type, with `outputs` to read back. */
export class AnyResource extends pulumi.CustomResource {
  readonly outputs: Record<string, pulumi.Output<unknown>>;

  constructor(
    type: string,
    name: string,
    inputs: Record<string, unknown>,
    opts?: pulumi.CustomResourceOptions,
    outputs: string[] = [],
  ) {
    super(type, name, { ...Object.fromEntries(outputs.map((output) => [output, undefined])), ...inputs }, opts);
    const self = this as unknown as Record<string, pulumi.Output<unknown>>;
    this.outputs = Object.fromEntries(outputs.map((output) => [output, self[output]!]));
  }
}

/** A resource of the exported state. */
export interface StateResource {
  urn: string;
  type: string;
  id?: string;
  inputs?: Record<string, unknown>;
  outputs?: Record<string, unknown>;
  initErrors?: string[];
}

export async function stateOf(stack: automation.Stack, type: string): Promise<StateResource[]> {
  const { deployment } = await stack.exportStack();
  return ((deployment.resources ?? []) as StateResource[]).filter((resource) => resource.type === type);
}

/** All that the engine has stored, as it lies on the disk: an export would show secrets in clear. */
export async function storedText(folder: string): Promise<string> {
  const texts: string[] = [];
  for await (const path of glob(join(folder, ".pulumi", "**", "*.json*"))) texts.push(await readFile(path, "utf8"));
  return texts.join("\n");
}

export interface Process {
  pid: number;
  cwd: string;
  exe: string;
  environ: string;
}

/** Processes of this user on Linux; those that end meanwhile are left out. */
export async function processes(): Promise<Process[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const all = pids.map(async (pid): Promise<Process[]> => {
    try {
      const [cwd, exe] = await Promise.all([readlink(`/proc/${pid}/cwd`), readlink(`/proc/${pid}/exe`)]);
      return [{ pid: Number(pid), cwd, exe, environ: await readFile(`/proc/${pid}/environ`, "utf8") }];
    } catch {
      return [];
    }
  });
  return (await Promise.all(all)).flat();
}
