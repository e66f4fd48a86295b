import { clouds } from "../../../resources/registry.ts";
import { loadFleet } from "../../fleet/load.ts";
import { formatProblem } from "../../fleet/problem.ts";
import { openRepo } from "../../repo/repo.ts";
import type { Io } from "../io.ts";
import { EXIT, type GlobalOptions } from "../options.ts";

/** `fleetwright compile`: documents and hashes at a commit. Needs neither database nor cloud. */
export async function compileVerb(flags: GlobalOptions & { commit: string }, io: Io): Promise<number> {
  const repo = await openRepo(flags.fleet);
  try {
    const commit = await repo.head(flags.commit);
    const compiled = await loadFleet(repo, commit, { clouds });
    const objects = [...compiled.servers.values(), ...compiled.shared.values(), ...compiled.aggregates.values()];
    if (flags.json) {
      io.out(
        JSON.stringify({ commit, fleet: compiled.fleet, objects, problems: compiled.problems, notes: compiled.notes }),
      );
    } else {
      for (const { spec, hash, path } of objects)
        io.out(`${hash.slice(0, 16)}  ${spec.kind} ${spec.account}/${spec.name}  ${io.color.dim(path)}`);
      for (const problem of compiled.problems) io.err(formatProblem(problem));
    }
    return compiled.problems.length > 0 ? EXIT.error : EXIT.ok;
  } finally {
    await repo.close();
  }
}
