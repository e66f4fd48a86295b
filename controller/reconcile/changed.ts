import type { Catalog } from "../../resources/catalog.ts";
import { sha256 } from "../fleet/canonical.ts";
import { compile, isUsable } from "../fleet/compile.ts";
import { formatProblem, type Problem } from "../fleet/problem.ts";
import type { Controller } from "./context.ts";

/** What would be wrong with a commit's files once some are changed, by path, the first of each. */
export async function problemsOf(
  { repo, clouds }: Pick<Controller, "repo" | "clouds">,
  commit: string,
  catalogs: Readonly<Record<string, Catalog>>,
  changed: Readonly<Record<string, string | null>>,
): Promise<Map<string, { text: string; problem: Problem }>> {
  const before = await repo.files(commit);
  const files = before.flatMap((file) => {
    const text = changed[file.path];
    if (text === undefined) return [file];
    return text === null ? [] : [{ path: file.path, blob: sha256(text), text }];
  });
  // Files with user data were there before and are not changed.
  const compiled = compile(files, { clouds, catalogs, readFile: () => "" });
  const problems = isUsable(compiled) ? [] : compiled.problems;
  return new Map(problems.toReversed().map((problem) => [problem.file, { text: formatProblem(problem), problem }]));
}
