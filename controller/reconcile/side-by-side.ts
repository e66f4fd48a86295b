import { isOwnStack } from "./cells.ts";
import { inParallel } from "./pool.ts";

/** Engines that only wait: each takes memory and next to no time. */
const LONG_AT_ONCE = 16;

/**
 * Runs the tasks of one phase, at most `atOnce` side by side. A stack of its own belongs to a machine whose plugin may wait for hours: it takes no place
 * from the others. Ends when all have ended; the first error is thrown then.
 */
export async function sideBySide<Task extends { stack: string }>(
  tasks: readonly Task[],
  atOnce: number,
  run: (task: Task) => Promise<void>,
): Promise<void> {
  const isLong = ({ stack }: Task) => isOwnStack(stack);
  const quick = tasks.filter((task) => !isLong(task));
  const ends = await Promise.allSettled([
    inParallel(quick, atOnce, run),
    inParallel(tasks.filter(isLong), LONG_AT_ONCE, run),
  ]);
  const failed = ends.find((end) => end.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}

/**
 * Counts the tasks that are left of each stack, so that one without any is given back while others go on. `kept` have work after all phases.
 */
export function stacksInUse(
  phases: readonly { tasks: readonly { stack: string }[] }[],
  kept: readonly string[],
): { isIdle(stack: string): boolean; isDone(stack: string): boolean } {
  const left = new Map<string, number>(kept.map((stack) => [stack, Number.POSITIVE_INFINITY]));
  for (const { stack } of phases.flatMap(({ tasks }) => tasks)) left.set(stack, (left.get(stack) ?? 0) + 1);
  const isIdle = (stack: string) => (left.get(stack) ?? 0) === 0;
  return {
    isIdle,
    /** One of its tasks has ended. */
    isDone: (stack) => {
      left.set(stack, (left.get(stack) ?? 1) - 1);
      return isIdle(stack);
    },
  };
}
