import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type OpenController, openController } from "../../controller/open.ts";
import { readDesired } from "../../controller/reconcile/desired.ts";
import { declareHead } from "../../controller/reconcile/operator.ts";
import { openPlugins } from "../../controller/reconcile/plugins.ts";
import { standinPath } from "../../simulators/standins/index.ts";
import { Clouds } from "../e2e/clouds.ts";
import { FIREWALL, Fleet, KEY, server } from "../e2e/fleet.ts";

/** What an operator's own `pulumi preview` declares: the same program, whole. */
const TIMEOUT = 240_000;

let clouds: Clouds;
let fleet: Fleet;
let controller: OpenController;

beforeAll(async () => {
  clouds = await Clouds.start();
  fleet = new Fleet(clouds, { id: "operators" });
  fleet.write({
    "keys/ops.yaml": KEY,
    "firewalls/web.yaml": FIREWALL,
    "servers/web-1.yaml": server("linode", "web-1", { firewalls: ["web"], keys: ["ops"] }),
    "servers/web-2.yaml": server("linode", "web-2"),
  });
  fleet.commit("Begin");
  await fleet.converge();
  controller = await openController({
    fleetDir: fleet.dir,
    dataDir: fleet.dataDir,
    environment: { ...process.env, ...fleet.environment },
    standIns: standinPath(),
  });
}, TIMEOUT);

afterAll(async () => {
  await controller?.close();
  await fleet?.close();
  await clouds?.close();
});

async function previewAsOperator(stack: string) {
  const signal = AbortSignal.timeout(TIMEOUT);
  const engine = await controller.engine();
  const desired = await readDesired(controller, await controller.repo.head(), signal);
  const plugins = await openPlugins(controller, desired.byIdentity.get("linode-main")!, stack);
  try {
    const run = {
      runId: randomUUID(),
      stack,
      kind: "preview" as const,
      program: () => declareHead(controller, stack, signal),
      providers: plugins.providers,
      environment: plugins.environment,
      secrets: plugins.secrets,
    };
    const result = await engine.run(run);
    const changes = result.steps.filter(({ op, urn }) => op !== "same" && !urn.includes("::pulumi:"));
    return { succeeded: result.succeeded, errors: [...result.errors.values()].flat(), changes };
  } finally {
    await plugins.close();
  }
}

describe("the operators' program", () => {
  it.each(["linode-main.0", "linode-main.base"])(
    "declares %s as the controller made it",
    async (stack) => {
      expect(await previewAsOperator(stack)).toEqual({ succeeded: true, errors: [], changes: [] });
    },
    TIMEOUT,
  );

  it(
    "shows what HEAD changes, and nothing else",
    async () => {
      fleet.write({ "servers/web-2.yaml": server("linode", "web-2", { labels: { role: "web" } }) });
      fleet.commit("Label web-2");

      const { changes } = await previewAsOperator("linode-main.0");

      expect(changes.map(({ op, urn }) => [op, urn.split("::").at(-1)])).toEqual([["update", "web-2"]]);
    },
    TIMEOUT,
  );

  it(
    "refuses a dirty tree",
    async () => {
      fleet.write({ "servers/web-3.yaml": server("linode", "web-3") });

      await expect(declareHead(controller, "linode-main.0", AbortSignal.timeout(TIMEOUT))).rejects.toMatchObject({
        code: "DIRTY_TREE",
      });
    },
    TIMEOUT,
  );

  it("runs under Pulumi's own language host where that is installed", async ({ skip }) => {
    const { settings } = await controller.engine();
    const host = join(dirname(settings.executable), "pulumi-language-nodejs");
    if (!existsSync(host)) skip("Pulumi's Node language host is not here: it comes with Pulumi's own download");

    const output = execFileSync(join(import.meta.dirname, "../../bin/fleetwright"), [
      "--fleet",
      fleet.dir,
      "run",
      "--",
      "pulumi",
      "preview",
      "-s",
      "linode-main.0",
    ]);

    expect(String(output)).toContain("unchanged");
  });
});
