import { load } from "js-yaml";
import { openRepo } from "../../controller/repo/repo.ts";
import type { Job } from "../measure/child.ts";
import type { Site } from "../site.ts";

/** Reads the texts of the fleet's files from git, then `js-yaml` alone on them, now that they are in memory. */
export async function run({ site }: { site: Site }, job: Job) {
  const repo = await openRepo(site.fleetDir);
  await job.mark("opened");
  const texts = (await repo.files(await repo.head())).map(({ text }) => text);
  await repo.close();
  await job.mark("read");
  let fields = 0;
  for (const text of texts) fields += Object.keys(load(text) as object).length;
  await job.mark("parsed");
  return { result: { files: texts.length, fields } };
}
