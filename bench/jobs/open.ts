import "../../resources/lean-sdk.ts";
import { openProduct } from "../product.ts";
import type { Site } from "../site.ts";

/** Makes the data folder with its database, as a first start does: no part of what is measured. */
export async function run({ site }: { site: Site }) {
  const { controller } = await openProduct(site);
  return { result: {}, close: () => controller.close() };
}
