import { join } from "node:path";
import type { Account, Cloud } from "../../resources/cloud.ts";
import { serve } from "../../resources/plugin/host.ts";
import { serveJournal } from "../../resources/plugin/journal-server.ts";
import { fleetwrightPackage } from "../../resources/plugin/package.ts";
import { startGateway } from "../gateway/index.ts";
import { VERSION } from "../version.ts";
import { type Controller, cloudOf } from "./context.ts";
import type { MatchedAccount } from "./match.ts";

/** What one engine run reaches its cloud through. Ends with the run. */
export interface Plugins {
  providers: Record<string, number>;
  environment: Record<string, string>;
  /** Values that must show nowhere. */
  secrets: string[];
  close(): Promise<void>;
}

/** Opens what a run on an account needs: our own provider, and the gateway where the cloud has an official plugin. */
export async function openPlugins(controller: Controller, { spec }: MatchedAccount, stack: string): Promise<Plugins> {
  const cloud = cloudOf(controller, spec.provider);
  const account = controller.account(spec);
  const closing: (() => Promise<void>)[] = [];
  const plugins: Plugins = {
    providers: {},
    environment: {},
    secrets: Object.values(account.credentials),
    close: async () => void (await Promise.all(closing.map((close) => close()))),
  };
  try {
    if (controller.provider === "served") await serveOwn(controller, cloud, account, plugins, closing);
    else await exposeJournal(controller, account, plugins, closing);
    if (cloud.gateway !== undefined) {
      const settleMs = spec.deadlines.settleSeconds * 1000;
      const gateway = await startGateway({
        port: await usualPort(controller, stack),
        account,
        cloud,
        journal: controller.store.journal,
        priority: "person",
        settleMs,
      });
      closing.push(() => gateway.close());
      await controller.store.putSetting(portSetting(stack), new URL(gateway.url).port);
      plugins.secrets.push(gateway.token);
      Object.assign(plugins.environment, gateway.environment);
    }
    return plugins;
  } catch (error) {
    await plugins.close();
    throw error;
  }
}

async function serveOwn(
  controller: Controller,
  cloud: Cloud,
  account: Account,
  plugins: Plugins,
  closing: (() => Promise<void>)[],
) {
  const host = await serve(fleetwrightPackage({ account, cloud, journal: controller.store.journal, version: VERSION }));
  closing.push(() => host.close());
  plugins.providers.fleetwright = host.port;
}

/** Our provider as the executable that operators use: it gets the account by its environment and the journal over loopback. */
async function exposeJournal(
  controller: Controller,
  account: Account,
  plugins: Plugins,
  closing: (() => Promise<void>)[],
) {
  const journal = await serveJournal(controller.store.journal);
  closing.push(() => journal.close());
  plugins.secrets.push(journal.token);
  const names = Object.values(account.spec.credentials).map(({ env }) => env);
  Object.assign(plugins.environment, {
    FLEETWRIGHT_ACCOUNT: JSON.stringify(account.spec),
    FLEETWRIGHT_JOURNAL: journal.url,
    FLEETWRIGHT_JOURNAL_TOKEN: journal.token,
    ...Object.fromEntries(names.map((name) => [name, controller.environment[name] ?? ""])),
  });
}

/** Folder of the executables that the engine finds on its PATH when the provider is not served in this process. */
export const EXECUTABLES = join(import.meta.dirname, "../../bin");

const portSetting = (stack: string): string => `gateway.port.${stack}`;

/**
 * A stack's gateway listens where it did the last time: the official plugins put their address into state, and a refresh reads through the
 * address in state, not through that of the run.
 */
async function usualPort(controller: Controller, stack: string): Promise<number> {
  return Number((await controller.store.setting(portSetting(stack))) ?? 0);
}
