import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { FleetError } from "../../../resources/errors.ts";
import { createWorkspace } from "../../engine/workspace.ts";
import type { OpenController } from "../../open.ts";
import { absorb } from "../../reconcile/absorb.ts";
import { withLeases } from "../../reconcile/leases.ts";
import { openPlugins } from "../../reconcile/plugins.ts";
import { passes, prepare } from "../../reconcile/preview.ts";
import { recover } from "../../reconcile/recover.ts";
import { refuseOpenReshard } from "../../reconcile/reshard-open.ts";
import type { Io } from "../io.ts";
import type { GlobalOptions } from "../options.ts";
import { renderHeld } from "../render/held.ts";
import { withSession } from "../session.ts";

/** Commands of Pulumi that change nothing in a cloud: they need the lease but no guard. */
const HARMLESS = new Set(["preview", "refresh", "stack", "state", "about", "version", "config", "logs", "history"]);

/**
 * `fleetwright run -- pulumi up -s STACK`: an operator's own Pulumi command under the stack's lease, after the guards, with the gateway and our
 * provider served to it. What it did is recorded when it ends. Its exit code is the command's.
 */
export async function runVerb(flags: GlobalOptions, io: Io, ...command: string[]): Promise<number> {
  const [program, ...args] = command;
  if (program !== "pulumi")
    throw new FleetError("USAGE", "run takes a Pulumi command: fleetwright run -- pulumi preview -s linode-main.0", {});
  const stack = stackOf(args);
  if (stack === undefined)
    throw new FleetError(
      "USAGE",
      "which stack? Say so with -s: fleetwright run -- pulumi preview -s linode-main.0",
      {},
    );
  const verb = args.find((arg) => !arg.startsWith("-")) ?? "";
  if (verb === "destroy")
    throw new FleetError("USAGE", "a stack is not destroyed past git: remove the files, or use `fleetwright destroy`", {
      stack,
    });
  return await withSession(flags, io, async ({ controller, signal }) => {
    await recover(controller, signal);
    if (!HARMLESS.has(verb)) await refuseGuarded(controller, stack, io, signal);
    return await withLeases(controller, [stack], signal, async () => {
      await refuseOpenReshard(controller.store, stack);
      const code = await runPulumi(controller, stack, args, signal);
      const recorded = await absorb(controller, stack, signal);
      if (recorded.length > 0) io.err(`recorded: ${recorded.join(", ")}`);
      return code;
    });
  });
}

function stackOf(args: string[]): string | undefined {
  for (const [index, arg] of args.entries()) {
    if (arg === "-s" || arg === "--stack") return args[index + 1];
    if (arg.startsWith("--stack=")) return arg.slice("--stack=".length);
  }
  return undefined;
}

async function refuseGuarded(controller: OpenController, stack: string, io: Io, signal: AbortSignal): Promise<void> {
  const { preview } = await prepare(controller, { stacks: [stack], engine: false, signal });
  const refused = preview.verdicts.filter((verdict) => !passes(verdict));
  if (refused.length > 0)
    throw new FleetError("GUARD_REFUSED", refused.map(({ message }) => message).join("\n"), { stack });
  // The program declares what is held as it was last applied.
  for (const line of renderHeld(preview.held ?? [], io)) io.err(line);
}

async function runPulumi(
  controller: OpenController,
  stack: string,
  args: string[],
  signal: AbortSignal,
): Promise<number> {
  const { desired } = await prepare(controller, { stacks: [stack], engine: false, signal });
  const account = desired.byIdentity.get(stack.slice(0, stack.lastIndexOf(".")));
  if (account === undefined)
    throw new FleetError("NOT_FOUND", `no account of this fleet has the stack ${stack}`, { stack });
  const engine = await controller.engine();
  const { dataDir, project, executable, stackSettings } = engine.settings;
  const runId = randomUUID();
  const folder = await createWorkspace(dataDir, project, stack, runId, await stackSettings.read(stack));
  const plugins = await openPlugins(controller, account, stack);
  try {
    const environment = {
      ...engine.environment({ stack, runId, environment: plugins.environment, providers: plugins.providers }),
      FLEETWRIGHT_FLEET: controller.repo.dir,
      FLEETWRIGHT_DATA: controller.dataDir,
      TERM: process.env.TERM ?? "dumb",
    };
    const settings = takesSettings(args) ? ["--config-file", folder.settingsFile] : [];
    return await spawned(executable, [...args, ...settings], controller.repo.dir, environment);
  } finally {
    await plugins.close();
    const settings = await folder.stackSettings();
    if (settings !== undefined) await stackSettings.write(stack, settings);
    await folder.remove();
  }
}

/** The salt of a stack's encryption lies in the database, so commands that encrypt get it as a file. */
function takesSettings(args: string[]): boolean {
  const verb = args.find((arg) => !arg.startsWith("-"));
  return (
    ["preview", "up", "update", "refresh", "config"].includes(verb ?? "") &&
    !args.some((arg) => arg.startsWith("--config-file"))
  );
}

function spawned(executable: string, args: string[], cwd: string, env: Record<string, string>): Promise<number> {
  return new Promise((done, failed) => {
    const child = spawn(executable, args, { cwd, env, stdio: "inherit" });
    child.once("error", failed);
    child.once("close", (code) => done(code ?? 1));
  });
}
