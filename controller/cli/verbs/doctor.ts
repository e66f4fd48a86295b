import { access, constants, readdir } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { FleetError } from "../../../resources/errors.ts";
import type { OpenController } from "../../open.ts";
import { cloudOf } from "../../reconcile/context.ts";
import { readDesired } from "../../reconcile/desired.ts";
import { Git } from "../../repo/git.ts";
import { VERSION } from "../../version.ts";
import type { Io } from "../io.ts";
import { EXIT, type GlobalOptions } from "../options.ts";
import { withSession } from "../session.ts";

interface Check {
  name: string;
  ok: boolean;
  /** What was found, or what is wrong and what mends it. */
  message: string;
}

/** `fleetwright doctor`: everything a fleet needs here, each with what mends it. Reads each account once and changes nothing. */
export async function doctorVerb(flags: GlobalOptions, io: Io): Promise<number> {
  const checks: Check[] = [{ name: "fleetwright", ok: true, message: `${VERSION} on Node ${process.version}` }];
  const add = async (name: string, look: () => Promise<string>) => {
    try {
      checks.push({ name, ok: true, message: await look() });
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      checks.push({ name, ok: false, message: error.message });
    }
  };
  await add("database", async () => {
    await withSession(flags, io, async ({ controller, signal }) => {
      checks.push({ name: "data folder", ok: true, message: controller.dataDir });
      await add("git", async () => (await new Git(controller.repo.dir).run("--version")).trim());
      await add("engine", async () => {
        const { settings } = await controller.engine();
        return `Pulumi ${settings.version} at ${settings.executable}, state at ${settings.backendUrl.replace(/\/\/[^@/]*@/, "//")}`;
      });
      await add("fleet", async () => {
        const { fleet, accounts, objects } = await readDesired(controller, await controller.repo.head(), signal);
        return `${fleet.id}: ${accounts.size} accounts, ${objects.length} objects`;
      });
      await checkAccounts(controller, flags, signal, add);
      await add("runs", () => leftovers(controller));
    });
    return "opens, and is up to date";
  });
  if (flags.json) io.out(JSON.stringify({ ok: checks.every(({ ok }) => ok), checks }));
  else
    for (const { name, ok, message } of checks)
      io.out(`${ok ? io.color.green("✓") : io.color.red("✗")} ${io.color.bold(name)}  ${message}`);
  return checks.every(({ ok }) => ok) ? EXIT.ok : EXIT.error;
}

async function checkAccounts(
  controller: OpenController,
  flags: GlobalOptions,
  signal: AbortSignal,
  add: (name: string, look: () => Promise<string>) => Promise<void>,
): Promise<void> {
  const { accounts } = await readDesired(controller, await controller.repo.head(), signal).catch(() => ({
    accounts: new Map(),
  }));
  for (const { spec } of accounts.values()) {
    if (spec.retired) continue;
    const cloud = cloudOf(controller, spec.provider);
    await add(`account ${spec.name}`, async () => {
      const catalog = await cloud.catalog({ account: controller.account(spec), signal, priority: "person" });
      return `${cloud.title} answers: ${catalog.sizes.length} sizes, ${catalog.regions.length} regions`;
    });
    if (cloud.gateway !== undefined)
      await add(`plugin ${cloud.name}`, () => findPlugin(controller, cloud.name, flags.standIns === true));
  }
}

/** The official plugins are downloaded by the engine when a run first needs them; this says whether that has happened. */
async function findPlugin(controller: OpenController, name: string, standIns: boolean): Promise<string> {
  if (standIns) return "a stand-in, for simulated clouds only";
  const folder = join(controller.dataDir, "pulumi", "plugins");
  const installed = (await readdir(folder).catch(() => [])).find(
    (entry) => entry.startsWith(`resource-${name}-v`) && !entry.includes("." + "lock"),
  );
  if (installed !== undefined) return `installed as ${installed}`;
  const paths = (process.env.PATH ?? "").split(delimiter).concat(join(homedir(), ".pulumi", "bin"));
  for (const path of paths) {
    const file = join(path, `pulumi-resource-${name}`);
    if (
      await access(file, constants.X_OK).then(
        () => true,
        () => false,
      )
    )
      return file;
  }
  return "not here yet: the engine downloads it at the first run";
}

async function leftovers(controller: OpenController): Promise<string> {
  const open = await controller.store.openRuns();
  const intents = await controller.store.openIntents();
  if (open.length === 0 && intents.length === 0) return "nothing is left over";
  const text = `${open.length} runs are open and ${intents.length} creates have no answer on record`;
  throw new FleetError("STORE_FAILED", `${text}: unless one is under way now, \`fleetwright apply\` recovers them`, {});
}
