import { log } from "@pulumi/pulumi";
import debuggable from "@pulumi/pulumi/runtime/debuggable.js";

/** Not among the SDK's published types. */
interface Debuggable {
  debuggablePromise?: (promise: Promise<unknown>, context: unknown) => Promise<unknown>;
  debugPromiseLeaks?: boolean;
}

/** What the SDK does for those who debug the SDK. Call it once, before anything is declared. */
export function quietSdk(): void {
  leaveOutPromiseTraces(debuggable as Debuggable);
  leaveOutDebugMessages(log);
}

/**
 * The SDK writes a stack trace onto each of its promises, several for every property of every resource, for a search for promises that never
 * end (`PULUMI_DEBUG_PROMISE_LEAKS`). Without that search nobody reads them, and they are a twelfth of what a run costs.
 */
export function leaveOutPromiseTraces(sdk: Debuggable): void {
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

/**
 * The SDK tells the engine of each step of each registration, three requests for the one that matters. Debug messages are taken nowhere, because
 * they carry nested secrets in plain text: here they do not even leave the process.
 */
export function leaveOutDebugMessages(sdk: { debug: typeof log.debug }): void {
  sdk.debug = async () => {};
}
