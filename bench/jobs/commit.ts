import "../../resources/lean-sdk.ts";
import { serverPath, serverText } from "../fleet.ts";
import type { Job } from "../measure/child.ts";
import { openProduct } from "../product.ts";
import type { Site } from "../site.ts";

/** Commits another size for one server after another; an even number of `commits` leaves the files as they were. */
export async function run({ site, commits }: { site: Site; commits: number }, job: Job) {
  const { controller } = await openProduct(site);
  await controller.repo.head();
  await job.mark("opened");
  for (let at = 0; at < commits; at++) {
    const index = Math.floor(at / 2);
    await controller.repo.commit({
      files: { [serverPath(index)]: serverText(index, at % 2 === 0 ? "large" : "small") },
      message: `Resize ${index}`,
      author: { name: "Bench", email: "bench@example.net" },
    });
  }
  return { result: {}, close: () => controller.close() };
}
