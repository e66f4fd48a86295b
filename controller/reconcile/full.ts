import { FleetError } from "../../resources/errors.ts";
import { type Controller, cloudOf } from "./context.ts";
import { readDesired } from "./desired.ts";
import { liveDifferences } from "./differences.ts";
import { matchObjects, readRecords } from "./match.ts";
import { mendStates } from "./mend-state.ts";
import { inParallel } from "./pool.ts";
import type { PreviewOptions } from "./preview.ts";
import { openReshards, openWords, reshardOf } from "./reshard-open.ts";
import { settledWork } from "./settled.ts";
import { runStack } from "./stack-run.ts";
import type { Effect, Preview, Work } from "./types.ts";

/**
 * A full preview: everything that was applied is declared and nothing is targeted, so the engine compares every resource of every stack. It
 * must be empty; what it shows is state and records that have come apart, or a plugin whose new version sees things otherwise.
 * @throws {FleetError} ENGINE_FAILED where it could not compare one
 */
export async function previewFull(controller: Controller, options: PreviewOptions): Promise<Preview> {
  const desired = await readDesired(controller, await controller.repo.head(options.commit), options.signal);
  const matches = matchObjects(desired.objects, await readRecords(controller.store, desired), desired.accounts);
  const works = matches.flatMap((match): Work[] => {
    const { applied } = match;
    if (applied === undefined || (options.stacks !== undefined && !options.stacks.includes(applied.stack))) return [];
    return [settledWork(applied)];
  });
  const resharding = await openReshards(controller.store);
  const inOneStack = works.filter(({ stack }) => reshardOf(stack, resharding) === undefined);
  const stacks = [...Map.groupBy(inOneStack, ({ stack }) => stack)];
  const names = stacks.map(([stack]) => stack);
  if ((await mendStates(controller, names, options.signal)).length > 0) return await previewFull(controller, options);
  const found = await inParallel(stacks, controller.stacksAtOnce, async ([stack, declare]) => {
    const account = desired.byIdentity.get(declare[0]!.applied!.account)!;
    const { engine } = await runStack(
      controller,
      { stack, account, declare, remove: [] },
      "preview",
      desired.commit,
      options.signal,
      { whole: true },
    );
    const failed = engine.succeeded ? [] : [...engine.errors.values()].flat();
    const changes = engine.steps.filter(({ op, urn }) => op !== "same" && op !== "read" && !urn.includes("::pulumi:"));
    return { stack, failed, changes, cloud: cloudOf(controller, account.spec.provider) };
  });
  const failed = found.flatMap(({ stack, failed }) => failed.map((text) => `${stack}: ${text}`));
  // What was not compared must not look like what is the same.
  if (failed.length > 0)
    throw new FleetError("ENGINE_FAILED", `the engine could not compare everything:\n${failed.join("\n")}`, {});
  const effects = found.flatMap(({ stack, changes }) =>
    changes.map(({ urn, op, paths }): Effect => {
      const name = urn.split("::").at(-1)!;
      const kept = op === "create" || op === "delete" || op === "replace" ? op : "update";
      const notes = [`the engine would ${op} ${urn}`];
      return {
        hash: "",
        stack,
        object: { kind: "Server", name, account: stack },
        op: kept,
        changes: paths.map((path) => ({ path })),
        replaceReasons: [],
        dataLoss: false,
        notes,
      };
    }),
  );
  const pending = works.filter(({ applied }) => {
    const match = matches.find((candidate) => candidate.applied === applied);
    return match?.desired !== undefined && liveDifferences(applied!.document, match.desired.spec).length > 0;
  });
  const notes = [...desired.notes];
  // Of servers in two stacks each stack would remove one copy, or make the other.
  for (const [identity, open] of resharding) {
    const name = desired.byIdentity.get(identity)?.spec.name ?? identity;
    notes.push(`${name}: ${openWords(name, open)}; its servers are not compared`);
  }
  if (pending.length > 0)
    notes.push(
      `${pending.length} objects have changes that are not applied yet: \`preview\` without --full shows them`,
    );
  return {
    commit: desired.commit,
    hash: "",
    effects,
    verdicts: [],
    notes,
    cost: { before: [], after: [] },
    price: { before: [], after: [] },
    engineRuns: stacks.length,
  };
}
