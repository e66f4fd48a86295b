import "../../resources/lean-sdk.ts";
import { execute } from "../../controller/reconcile/execute.ts";
import { prepare } from "../../controller/reconcile/preview.ts";
import { recover } from "../../controller/reconcile/recover.ts";
import { openProduct } from "../product.ts";
import type { Site } from "../site.ts";

export interface Applied {
  converged: number;
  failures: string[];
  calls: Record<string, number>;
  /** Servers as the controller has recorded them. */
  records: { name: string; cloudId: string | undefined; mark: string }[];
}

/** `fleetwright apply --yes`: recover, preview with the engine, approve what was shown, execute, verify, record. */
export async function run({ site }: { site: Site }) {
  const { controller, calls } = await openProduct(site);
  const { signal } = new AbortController();
  await recover(controller, signal);
  const prepared = await prepare(controller, { signal });
  const { outcomes, converged } = await execute(controller, {
    preview: {},
    prepared,
    approved: { hashes: [prepared.preview.hash], by: "Bench <bench@example.net>" },
    signal,
  });
  const failures = outcomes.flatMap(({ name, message }) => (message === undefined ? [] : [`${name}: ${message}`]));
  const result: Applied = {
    converged,
    failures: failures.slice(0, 5),
    calls: { ...calls.counts },
    records: (await controller.store.objects({ kind: "Server" })).map(({ name, cloudId, mark }) => ({
      name,
      cloudId,
      mark,
    })),
  };
  return { result, close: () => controller.close() };
}
