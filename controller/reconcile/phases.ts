import { isBaseStack } from "./cells.ts";
import type { Desired } from "./desired.ts";
import type { StackTask } from "./stack-run.ts";
import type { Work } from "./types.ts";

/** Steps of an execution, each over several stacks side by side. */
export interface Phase {
  name: "shared" | "hosts" | "moved away" | "servers" | "shared, removed";
  tasks: StackTask[];
}

/**
 * The order of an execution: what servers share first, then hosts that go to other aggregates, machines that leave an account, then all servers, and last what nothing needs any
 * more. Empty steps are left out.
 */
export function phases(works: Work[], desired: Desired): Phase[] {
  const hosts = works.filter(({ effect }) => effect.object.kind === "AggregateHost");
  const base = works.filter((work) => isBaseStack(work.stack) && !hosts.includes(work));
  const servers = works.filter(({ stack }) => !isBaseStack(stack));
  const moved = servers.filter((work) => movedFrom(work) !== undefined);
  const steps: Phase[] = [
    {
      name: "shared",
      tasks: tasks(
        base.filter(({ desired }) => desired !== undefined),
        desired,
      ),
    },
    // After the aggregates that they go to, and before those that they leave are removed.
    { name: "hosts", tasks: tasks(hosts, desired) },
    { name: "moved away", tasks: leavings(moved, desired) },
    {
      name: "servers",
      tasks: tasks(
        servers.filter(({ effect }) => effect.op !== "forget"),
        desired,
      ),
    },
    {
      name: "shared, removed",
      tasks: tasks(
        base.filter(({ desired }) => desired === undefined),
        desired,
      ),
    },
  ];
  return steps.filter(({ tasks }) => tasks.length > 0);
}

/** The stack a server leaves when its account changes. */
export function movedFrom({ applied, desired, stack }: Work): string | undefined {
  return applied !== undefined && desired !== undefined && applied.stack !== stack ? applied.stack : undefined;
}

function tasks(works: Work[], desired: Desired): StackTask[] {
  const byStack = new Map<string, StackTask>();
  for (const work of works) {
    const task = byStack.get(work.stack) ?? emptyTask(work.stack, accountOf(work, desired), desired);
    (work.desired === undefined ? task.remove : task.declare).push(
      movedFrom(work) === undefined ? work : arriving(work),
    );
    byStack.set(work.stack, task);
  }
  return [...byStack.values()];
}

function leavings(moved: Work[], desired: Desired): StackTask[] {
  const byStack = new Map<string, StackTask>();
  for (const work of moved) {
    const stack = movedFrom(work)!;
    const task = byStack.get(stack) ?? emptyTask(stack, work.applied!.account, desired);
    const { desired: _wanted, ...leaving } = work;
    task.remove.push({ ...leaving, stack });
    byStack.set(stack, task);
  }
  return [...byStack.values()];
}

/** In its new account a moved server is a new one. */
function arriving(work: Work): Work {
  const { applied: _left, ...rest } = work;
  return rest;
}

function accountOf(work: Work, desired: Desired): string {
  return work.desired === undefined ? work.applied!.account : desired.accounts.get(work.desired.account)!.identity;
}

function emptyTask(stack: string, account: string, desired: Desired): StackTask {
  return { stack, account: desired.byIdentity.get(account)!, declare: [], remove: [] };
}
