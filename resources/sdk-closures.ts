import { createRequire } from "node:module";

/** What Pulumi's SDK has of two of its modules, which are loaded when one of their functions is called. It stands in their place by `lean-sdk.ts`. */
const load = createRequire(import.meta.url);

type Function = (...args: unknown[]) => unknown;

const later =
  (file: string, name: string): Function =>
  (...args) =>
    (load(`@pulumi/pulumi/runtime/closure/${file}.js`) as Record<string, Function>)[name]!(...args);

export const serializeFunction = later("serializeClosure", "serializeFunction");
export const serializeFunctionAsync = later("serializeClosure", "serializeFunctionAsync");
export const computeCodePaths = later("codePaths", "computeCodePaths");
