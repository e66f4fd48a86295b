import { log } from "@pulumi/pulumi";
import debuggable from "@pulumi/pulumi/runtime/debuggable.js";
import { expect, it } from "vitest";
import { leaveOutDebugMessages, leaveOutPromiseTraces, quietSdk } from "../../stacks/quiet-sdk.ts";

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
  expect(new Error("elsewhere").stack).toContain("quiet-sdk.test.ts");
});

it("leaves them in for whoever searches for promises that never end", async () => {
  const { traces, module } = sdk(true);
  leaveOutPromiseTraces(module);

  await module.debuggablePromise(Promise.resolve());

  expect(traces[0]).toContain("quiet-sdk.test.ts");
});

it("keeps debug messages from the engine, and no others", async () => {
  const told: string[] = [];
  const tell = async (text: string) => void told.push(text);
  const sdk = { debug: tell, warn: tell };
  leaveOutDebugMessages(sdk);

  await sdk.debug("a secret");
  await sdk.warn("a warning");

  expect(told).toEqual(["a warning"]);
});

it("finds both where the pinned SDK has them", async () => {
  const { debug } = log;
  const { debuggablePromise } = debuggable as { debuggablePromise?: unknown };

  quietSdk();

  expect(debuggablePromise).toBeTypeOf("function");
  expect((debuggable as { debuggablePromise?: unknown }).debuggablePromise).not.toBe(debuggablePromise);
  expect(log.debug).not.toBe(debug);
});
