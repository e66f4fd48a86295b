import { faultAt, fieldFault, parseFleetFile } from "../fleet/file.ts";
import { formatProblem } from "../fleet/problem.ts";
import type { Controller } from "./context.ts";
import type { Desired } from "./desired.ts";
import { boughtBy } from "./quotes.ts";
import { objectKey, type Verdict, type Work } from "./types.ts";

/** Where the repository and the journal are read that say why a server is refused, or why it is not. */
export interface InactiveParts {
  repo: Pick<Controller["repo"], "readBlob">;
  store: Pick<Controller["store"], "intent">;
}

/**
 * Why servers would be new on accounts that are switched off, by effect hash, each as `file:line:column: account: …`. A server that is on record there is
 * not new, whatever becomes of its machine, and one whose create has left for the cloud comes to its end.
 */
export async function inactiveBy(
  { repo, store }: InactiveParts,
  works: readonly Work[],
  { accounts, accountPaths, commit, objects }: Pick<Desired, "accounts" | "accountPaths" | "commit" | "objects">,
): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const work of works) {
    const spec = work.effect.op === "update" ? undefined : boughtBy(work);
    const account = spec && accounts.get(spec.account);
    if (account?.spec.active !== false || work.applied?.account === account.identity) continue;
    if ((await store.intent(account.identity, work.mark)) !== undefined) continue;
    const key = objectKey(work.effect.object);
    const file = objects.find((one) => objectKey(one.spec) === key)?.path ?? "";
    const { name } = account.spec;
    const mend = `name another account, or take \`active: false\` out of ${accountPaths.get(name)}`;
    const fault = fieldFault(["account"], `${name} is switched off and takes no new servers: ${mend}`);
    const text = (await repo.readBlob(commit, file)) ?? "";
    found.set(work.effect.hash, formatProblem({ file, ...faultAt(parseFleetFile(text), fault) }));
  }
  return found;
}

/** Nothing new on an account that is switched off. Nothing lifts it but a commit: whoever wants a server there switches the account on. */
export function inactiveVerdicts(works: readonly Work[], inactive: ReadonlyMap<string, string>): Verdict[] {
  return works.flatMap(({ effect }): Verdict[] => {
    const message = inactive.get(effect.hash);
    return message === undefined ? [] : [{ guard: "inactive", passed: false, message, objects: [effect.object.name] }];
  });
}
