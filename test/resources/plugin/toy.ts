import { FleetError } from "../../../resources/errors.ts";
import { diffInputs } from "../../../resources/plugin/diff.ts";
import {
  type HandlerContext,
  PartialCreation,
  PartialUpdate,
  type PropertyMap,
  type ProviderPackage,
  type ResourceHandler,
  UNKNOWN,
} from "../../../resources/plugin/handler.ts";

/** What a test of the host sets, and what it finds afterwards. */
export class ToyWorld {
  readonly things = new Map<string, PropertyMap>();
  readonly aborted: string[] = [];
  configured: Readonly<Record<string, string>> | undefined;
  next = 1;

  get package(): ProviderPackage {
    return {
      name: "toy",
      version: "1.2.3",
      handlers: [thing(this)],
      configure: async (variables) => {
        this.configured = variables;
      },
    };
  }
}

/**
 * `toy:index:Thing` {name, size, parts: [{name}], password?, fail?}: outputs are the inputs and `serial`, known once it is made, and
 * `token`, always secret. `fail` says what goes wrong.
 */
function thing(world: ToyWorld): ResourceHandler {
  const outputsOf = (id: string, inputs: PropertyMap): PropertyMap => ({
    ...inputs,
    serial: `serial-${id}`,
    token: `token-${id}`,
  });
  return {
    type: "toy:index:Thing",
    secretOutputs: ["token"],
    async check(inputs) {
      const failures = [];
      const parts = Array.isArray(inputs.parts) ? inputs.parts : [];
      for (const [index, part] of parts.entries()) {
        if (typeof part === "object" && part !== null && !Array.isArray(part) && part.name === "") {
          failures.push({ path: `parts[${index}].name`, reason: "must not be empty" });
        }
      }
      return { inputs: { size: 1, ...inputs }, failures };
    },
    async diff(_id, old, news) {
      return { ...diffInputs(old.inputs, news, { replaceOn: ["name"] }), deleteBeforeReplace: true };
    },
    async create(inputs, context) {
      if (context.preview) return { id: "", outputs: { ...inputs, serial: UNKNOWN, token: UNKNOWN } };
      context.log("makes a thing");
      const id = String(world.next++);
      if (inputs.fail === "refused") throw new FleetError("CLOUD_OUT_OF_STOCK", "no thing left");
      if (inputs.fail === "bug") throw new TypeError("undefined is not a thing");
      if (inputs.fail === "wait") await untilAborted(world, context);
      world.things.set(id, inputs);
      if (inputs.fail === "partial") throw new PartialCreation(id, outputsOf(id, inputs), ["never became ready"]);
      return { id, outputs: outputsOf(id, inputs) };
    },
    async read(id, known) {
      const found = world.things.get(id);
      return found && { id, inputs: { ...known.inputs, ...found }, outputs: outputsOf(id, found) };
    },
    async update(id, _old, news, context) {
      if (context.preview) return outputsOf(id, news);
      world.things.set(id, news);
      if (news.fail === "partial") throw new PartialUpdate(outputsOf(id, news), ["half of it is done"]);
      return outputsOf(id, news);
    },
    async delete(id) {
      world.things.delete(id);
    },
  };
}

async function untilAborted(world: ToyWorld, { signal }: HandlerContext): Promise<never> {
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
  world.aborted.push(String(signal.reason));
  throw new DOMException("This operation was aborted", "AbortError");
}
