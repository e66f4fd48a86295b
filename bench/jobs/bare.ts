import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { LocalWorkspace, PulumiCommand } from "@pulumi/pulumi/automation/index.js";
import { findEngine } from "../../controller/engine/find.ts";
import { resolveAccount } from "../../resources/account.ts";
import type { Journal } from "../../resources/journal.ts";
import { serve } from "../../resources/plugin/host.ts";
import { fleetwrightPackage } from "../../resources/plugin/package.ts";
import { Calls } from "../cloud/calls.ts";
import { createBenchCloud } from "../cloud/cloud.ts";
import { inputsOf } from "../cloud/inputs.ts";
import { Machines } from "../cloud/machines.ts";
import { BenchServer } from "../cloud/resource.ts";
import { serverName, TOKEN_VARIABLE } from "../fleet.ts";
import type { Site } from "../site.ts";

export interface Bare {
  /** Steps by what they do, as the engine sums them up. */
  changes: Record<string, number>;
}

/** A bare program has nobody who remembers its creates. */
const NO_JOURNAL: Journal = {
  begin: async () => undefined,
  answered: async () => {},
  refused: async () => {},
};

/**
 * The peer: all servers in one stack of an inline program through the Automation API, one resource a server, with the same provider in the same
 * process and the engine's default settings. `skipCheckpoints` is for making a large stack that is then only previewed.
 */
export async function run(input: {
  site: Site;
  servers: number;
  operation: "up" | "preview";
  /** Index of a server that has another size. */
  resized?: number;
  skipCheckpoints?: boolean;
}) {
  const { site, servers, resized } = input;
  const cloud = createBenchCloud(new Machines(join(site.peerDir, "cloud.jsonl")), new Calls());
  const account = resolveAccount(ACCOUNT, cloud, { [TOKEN_VARIABLE]: "bench-token" });
  const host = await serve(await fleetwrightPackage({ account, cloud, journal: NO_JOURNAL, version: "0.1.0" }));
  const engine = await findEngine();
  const state = join(site.peerDir, "state");
  mkdirSync(state, { recursive: true });
  const stack = await LocalWorkspace.createOrSelectStack(
    {
      stackName: "all",
      projectName: "bare",
      program: async () => {
        for (let index = 0; index < servers; index++) {
          new BenchServer(serverName(index), inputsOf(index, index === resized ? "large" : "small"));
        }
      },
    },
    {
      pulumiCommand: await PulumiCommand.get({ root: dirname(dirname(engine.path)) }),
      pulumiHome: join(site.peerDir, "home"),
      envVars: {
        PULUMI_BACKEND_URL: pathToFileURL(state).href,
        PULUMI_CONFIG_PASSPHRASE: "bench",
        PULUMI_SKIP_UPDATE_CHECK: "true",
        PULUMI_DEBUG_PROVIDERS: `fleetwright:${host.port}`,
        ...(input.skipCheckpoints ? { PULUMI_SKIP_CHECKPOINTS: "true" } : {}),
      },
    },
  );
  const changes =
    input.operation === "up" ? (await stack.up()).summary.resourceChanges : (await stack.preview()).changeSummary;
  const result: Bare = { changes: { ...changes } };
  return { result, close: () => host.close() };
}

const ACCOUNT = {
  kind: "Account" as const,
  name: "bench",
  formerly: [],
  provider: "bench",
  credentials: { token: { env: TOKEN_VARIABLE } },
  cells: 1,
  budgets: {},
  regions: [],
  deadlines: { createSeconds: 900, settleSeconds: 0 },
  options: {},
};
