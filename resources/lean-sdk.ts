import { registerHooks } from "node:module";

const PARENT = "/@pulumi/pulumi/runtime/index.js";
const CLOSURES = new Set(["./closure/serializeClosure", "./closure/codePaths"]);

/**
 * Import it before anything that imports Pulumi's SDK. The SDK loads a TypeScript compiler and npm's dependency solver with its first import, for functions
 * that are turned into text: a quarter of a second of a core and some 35 MiB in each process. Nothing here does that, and whoever does has them loaded then.
 */
registerHooks({
  resolve(specifier, context, next) {
    if (!CLOSURES.has(specifier) || !context.parentURL?.endsWith(PARENT)) return next(specifier, context);
    return { url: new URL("./sdk-closures.ts", import.meta.url).href, shortCircuit: true };
  },
});
