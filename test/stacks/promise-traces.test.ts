import { expect, it } from "vitest";
import { leaveOutPromiseTraces } from "../../stacks/promise-traces.ts";

function sdk(debugPromiseLeaks: boolean) {
  const traces: (string | undefined)[] = [];
  const debuggablePromise = (promise: Promise<unknown>) => {
    traces.push(new Error("here").stack);
    return promise;
  };
  return { traces, module: { debuggablePromise, debugPromiseLeaks } };
}

it("leaves out the traces, and those of nobody else", async () => {
  const { traces, module } = sdk(false);
  leaveOutPromiseTraces(module);

  const answer = await module.debuggablePromise(Promise.resolve(7));

  expect(answer).toBe(7);
  expect(traces).toEqual(["Error: here"]);
  expect(new Error("elsewhere").stack).toContain("promise-traces.test.ts");
});

it("leaves them in for whoever searches for promises that never end", async () => {
  const { traces, module } = sdk(true);
  leaveOutPromiseTraces(module);

  await module.debuggablePromise(Promise.resolve());

  expect(traces[0]).toContain("promise-traces.test.ts");
});
