import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { clouds } from "../../../resources/registry.ts";
import { compileWith } from "../../fleet/compile-with.ts";
import { formatProblem } from "../../fleet/problem.ts";
import { openRepo } from "../../repo/repo.ts";
import { counted } from "../../words/text.ts";
import type { Io } from "../io.ts";
import { EXIT, type GlobalOptions } from "../options.ts";

/** `fleetwright validate`: every file as it lies in the folder, committed or not. Needs neither database, engine nor cloud. */
export async function validateVerb(flags: GlobalOptions, io: Io): Promise<number> {
  const repo = await openRepo(flags.fleet);
  try {
    const files = await repo.workTreeFiles();
    const read = (path: string) => readFile(join(repo.dir, path), "utf8").catch(() => undefined);
    const { problems, notes, servers } = await compileWith(files, { clouds }, read);
    if (flags.json) io.out(JSON.stringify({ files: files.length, servers: servers.size, problems, notes }));
    else {
      for (const problem of problems) io.err(io.color.red(formatProblem(problem)));
      for (const note of notes) io.err(io.color.yellow(formatProblem(note)));
      const verdict =
        problems.length === 0 ? io.color.green("valid") : io.color.red(counted(problems.length, "problem"));
      io.out(`${counted(files.length, "file")}, ${counted(servers.size, "server")}: ${verdict}`);
    }
    return problems.length === 0 ? EXIT.ok : EXIT.error;
  } finally {
    await repo.close();
  }
}
