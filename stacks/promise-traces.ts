import debuggable from "@pulumi/pulumi/runtime/debuggable.js";

/** Not among the SDK's published types. */
interface Debuggable {
  debuggablePromise?: (promise: Promise<unknown>, context: unknown) => Promise<unknown>;
  debugPromiseLeaks?: boolean;
}

/**
 * The SDK writes a stack trace onto each of its promises, several for every property of every resource, for a search for promises that never
 * end (`PULUMI_DEBUG_PROMISE_LEAKS`). Without that search nobody reads them, and they are a twelfth of what a run costs. Call it once, before
 * anything is declared.
 */
export function leaveOutPromiseTraces(sdk: Debuggable = debuggable as Debuggable): void {
  const { debuggablePromise, debugPromiseLeaks } = sdk;
  if (debugPromiseLeaks || typeof debuggablePromise !== "function") return;
  sdk.debuggablePromise = (promise, context) => {
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    try {
      return debuggablePromise(promise, context);
    } finally {
      Error.stackTraceLimit = limit;
    }
  };
}
