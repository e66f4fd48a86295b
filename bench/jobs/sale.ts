import { readMarketplace, readSale } from "../../controller/catalog/cache.ts";
import { clouds } from "../../resources/registry.ts";
import type { AccountSpec } from "../../resources/spec.ts";
import { openFleet } from "../clouds/fleet.ts";
import type { Job } from "../measure/child.ts";
import type { Site } from "../site.ts";

export interface Sold {
  /** On sale in all accounts, as each reading has it. */
  sizes: number[];
}

/** Reads what all accounts sell: once from their clouds, then `times` times as a controller in use does. */
export async function run(
  input: { site: Site; accounts: AccountSpec[]; environment: Record<string, string>; times: number },
  job: Job,
) {
  const { site, accounts, environment, times } = input;
  const controller = await openFleet(site, clouds, environment);
  const { signal } = new AbortController();
  await controller.store.accounts();
  const sizes: number[] = [];
  const read = async () => {
    const sales = await Promise.all(accounts.map((spec) => readSale(controller, spec, { signal })));
    await Promise.all(accounts.map((spec) => readMarketplace(controller, spec, { signal })));
    sizes.push(sales.reduce((total, { content }) => total + content.sizes.length, 0));
  };
  await job.mark("opened");
  await read();
  await job.mark("cold");
  for (let time = 0; time < times; time++) await read();
  await job.mark("warm");
  const result: Sold = { sizes };
  return { result, close: () => controller.close() };
}
