import { createRequire } from "node:module";

/** The part of the SDK that begins a program's run. Not among its published types. */
interface StackRuntime {
  Stack: new (
    init: () => Promise<unknown>,
  ) => { outputs: { isKnown: Promise<boolean>; isSecret: Promise<boolean>; promise(): Promise<unknown> } };
  runInPulumiStack(init: () => Promise<unknown>): Promise<unknown>;
}

/**
 * Lets a controller outlive an engine that ends before the program it asked for has begun (a cloud refused its first request, a kill). The SDK waits
 * for one promise of the program's outputs and leaves two more to fail by themselves, with its own listeners already taken off: Node ends the process
 * for those. What the engine failed of is told by its exit, as ever.
 */
export function outliveLostEngines(): void {
  const runtime = createRequire(import.meta.url)("@pulumi/pulumi/runtime/stack.js") as StackRuntime;
  runtime.runInPulumiStack = (init) => {
    const { outputs } = new runtime.Stack(init);
    for (const unheard of [outputs.isKnown, outputs.isSecret]) unheard.catch(() => undefined);
    return outputs.promise();
  };
}
