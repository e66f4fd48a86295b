import { join } from "node:path";
import type { Account, Cloud } from "../../resources/cloud.ts";
import { ENDPOINTS_VARIABLE } from "../../resources/endpoints.ts";
import type { Journal } from "../../resources/journal.ts";
import { redactor, secretValues } from "../../resources/secrets.ts";
import type { ServerSecrets } from "../../resources/spec.ts";
import { startGateway } from "../gateway/index.ts";
import { VERSION } from "../version.ts";
import { type Controller, cloudOf } from "./context.ts";
import { statedAddress } from "./gateway-address.ts";
import { journalOf } from "./intents.ts";
import { type Fence, fenceOf } from "./leases.ts";
import type { MatchedAccount } from "./match.ts";

/** What one engine run reaches its cloud through. Ends with the run. */
export interface Plugins {
  providers: Record<string, number>;
  environment: Record<string, string>;
  /** Values that must show nowhere; whoever runs something with others adds them. */
  secrets: string[];
  /** The gateway's address, when state has another one: a refresh would read through that. */
  movedTo?: string;
  /** Its cloud has refused the credential. */
  isUnauthorized?: true;
  close(): Promise<void>;
}

/** Opens what a run on an account needs: our own provider, and the gateway where the cloud has an official plugin. `serverSecrets` go by owner mark. */
export async function openPlugins(
  controller: Controller,
  matched: MatchedAccount,
  stack: string,
  serverSecrets: ReadonlyMap<string, ServerSecrets> = new Map(),
): Promise<Plugins> {
  const { spec } = matched;
  const journal = journalOf(controller.store, matched, (text) => redactor(plugins.secrets)(text));
  const cloud = cloudOf(controller, spec.provider);
  const account = listening(fenced(controller.account(spec), fenceOf(controller, stack)), (verdict) => {
    if (verdict === "CLOUD_AUTH") plugins.isUnauthorized = true;
  });
  const closing: (() => Promise<void>)[] = [];
  let closed: Promise<unknown> | undefined;
  const plugins: Plugins = {
    providers: {},
    environment: {},
    secrets: [...Object.values(account.credentials), ...[...serverSecrets.values()].flatMap(secretValues)],
    close: async () => {
      closed ??= Promise.all(closing.map((close) => close()));
      await closed;
    },
  };
  let own: Reached = account;
  try {
    if (cloud.gateway !== undefined) {
      const settleMs = spec.deadlines.settleSeconds * 1000;
      const stated = await statedAddress(controller, stack);
      const gateway = await startGateway({
        port: Number(new URL(stated ?? "http://127.0.0.1").port),
        account,
        cloud,
        journal,
        secrets: serverSecrets,
        settleMs,
        dir: join(controller.dataDir, "runs"),
      });
      closing.push(() => gateway.close());
      if (stated !== undefined && stated !== gateway.url) plugins.movedTo = gateway.url;
      plugins.secrets.push(gateway.token);
      Object.assign(plugins.environment, gateway.environment);
      own = throughGateway(account, gateway);
    }
    if (controller.provider === "served") await serveOwn(journal, cloud, account, plugins, closing);
    else await exposeJournal(journal, own, plugins, closing);
    return plugins;
  } catch (error) {
    await plugins.close();
    throw error;
  }
}

/** Tells of each answer of the cloud besides whoever is told already. */
function listening(account: Account, told: NonNullable<Account["onCall"]>): Account {
  const onCall: typeof told = (verdict) => {
    account.onCall?.(verdict);
    told(verdict);
  };
  return { ...account, onCall };
}

/** Asks the fence at the last moment before a request leaves, which is when the budget lets it go: nothing of a lost lease is sent. */
export function fenced(account: Account, fence: Fence): Account {
  const { budget } = account;
  return {
    ...account,
    budget: {
      async take(...wanted) {
        await budget.take(...wanted);
        fence.check();
      },
      async hold(...wanted) {
        const release = await budget.hold(...wanted);
        try {
          fence.check();
        } catch (error) {
          release();
          throw error;
        }
        return release;
      },
      learn: (...said) => budget.learn(...said),
    },
  };
}

async function serveOwn(
  journal: Journal,
  cloud: Cloud,
  account: Account,
  plugins: Plugins,
  closing: (() => Promise<void>)[],
) {
  // Loaded when a run needs it: with gRPC and the SDK's protocol it is a large part of the program.
  const { serve } = await import("../../resources/plugin/host.ts");
  const { fleetwrightPackage } = await import("../../resources/plugin/package.ts");
  const host = await serve(await fleetwrightPackage({ account, cloud, journal, version: VERSION }));
  closing.push(() => host.close());
  plugins.providers.fleetwright = host.port;
}

/** An account as another process reaches it. */
type Reached = Pick<Account, "spec" | "credentials" | "endpoint">;

/** The environment of a run is that of every plugin in it: where there is a gateway, its token stands in place of the cloud's. */
function throughGateway({ spec }: Account, { url, token }: { url: string; token: string }): Reached {
  const fields = Object.keys(spec.credentials);
  return {
    spec: { ...spec, endpoint: url },
    endpoint: url,
    credentials: Object.fromEntries(fields.map((field) => [field, token])),
  };
}

/** Our provider as the executable that operators use: it gets the account by its environment and the journal over loopback. */
async function exposeJournal(journal: Journal, account: Reached, plugins: Plugins, closing: (() => Promise<void>)[]) {
  const { serveJournal } = await import("../../resources/plugin/journal-server.ts");
  const served = await serveJournal(journal);
  closing.push(() => served.close());
  plugins.secrets.push(served.token);
  const { spec, credentials, variables } = byVariables(account);
  Object.assign(plugins.environment, {
    FLEETWRIGHT_ACCOUNT: JSON.stringify({ ...spec, credentials }),
    FLEETWRIGHT_JOURNAL: served.url,
    FLEETWRIGHT_JOURNAL_TOKEN: served.token,
    // The controller has looked whether it may be sent there.
    [ENDPOINTS_VARIABLE]: `${spec.name}=${spec.endpoint ?? account.endpoint}`,
    ...variables,
  });
}

/** What is sealed or in a file reaches another process as a variable as well. */
function byVariables({ spec, credentials: values }: Reached) {
  const named = Object.entries(spec.credentials).map(([field, { env }], index) => {
    return { field, env: env ?? `FLEETWRIGHT_CREDENTIAL_${index}` };
  });
  return {
    spec,
    credentials: Object.fromEntries(named.map(({ field, env }) => [field, { env }])),
    variables: Object.fromEntries(named.flatMap(({ field, env }) => (values[field] ? [[env, values[field]]] : []))),
  };
}

/** Folder of the executables that the engine finds on its PATH when the provider is not served in this process. */
export const EXECUTABLES = join(import.meta.dirname, "../../bin");
