import {
  type CheckFailure,
  type HandlerContext,
  PartialCreation,
  type PropertyMap,
  type PropertyValue,
  type ResourceHandler,
  UNKNOWN,
} from "../../resources/plugin/handler.ts";
import { isMap } from "../../resources/plugin/paths.ts";
import { planDiff } from "./diff.ts";
import { comparable, type Fields, isUnset, typeProblems, withoutMarks } from "./fields.ts";
import { officialProblems } from "./schema.ts";

/** One resource type of an official plugin: what it takes, what it leaves in state, and the calls it makes. */
export interface StandinType<Client> {
  type: string;
  fields: Fields;
  /** Outputs that are no inputs. */
  computed: readonly string[];
  secretOutputs?: readonly string[];
  /** Whether its inputs carry `__defaults` in state (plugins of the older kind do). */
  marksDefaults: boolean;
  /** Default time-outs in seconds. A type keeps that of its delete itself: some plugins count it anew for each wait. */
  timeouts: { create: number; update: number; delete: number };
  /** Its state has no entry for what has no value; else null stands there. */
  leavesOutNulls?: true;
  /** Which id a read goes by, where the two in state differ. Default `outputs`. */
  readsBy?: "outputs" | "resource";
  /** False where a plugin states time-outs and waits as long as it likes. Default true. */
  obeysTimeouts?: boolean;
  /** Which of them stand in the state's `__meta`; none leaves it out. */
  metaTimeouts: readonly ("create" | "delete" | "update")[];
  schemaVersion?: string;
  /** What `__pulumi_raw_state_delta` tells about the outputs; only some plugins keep it. */
  rawDelta?(outputs: PropertyMap): PropertyMap;
  /** Checks that the plugin makes before any call. */
  validate?(inputs: PropertyMap): CheckFailure[];
  /** @throws {PartialCreation} */
  create(client: Client, inputs: PropertyMap, context: HandlerContext): Promise<{ id: string; outputs: PropertyMap }>;
  /** Undefined when it is gone, as the plugin tells it. For an import `state` is empty, and the plugin may read more than otherwise. */
  read(
    client: Client,
    id: string,
    state: PropertyMap,
    signal: AbortSignal,
    imported: boolean,
  ): Promise<PropertyMap | undefined>;
  update(
    client: Client,
    id: string,
    state: PropertyMap,
    news: PropertyMap,
    context: HandlerContext,
  ): Promise<PropertyMap>;
  delete(client: Client, id: string, state: PropertyMap, signal: AbortSignal): Promise<void>;
}

/** The handler of a stand-in type. `client` gives the connection once the provider is configured. */
export function standinHandler<Client>(standin: StandinType<Client>, client: () => Client): ResourceHandler {
  const finish = (id: string, outputs: PropertyMap): PropertyMap => stateOf(standin, id, outputs);
  const limited = (context: HandlerContext, step: "create" | "update"): HandlerContext => ({
    ...context,
    signal:
      standin.obeysTimeouts === false
        ? context.signal
        : AbortSignal.any([context.signal, AbortSignal.timeout(standin.timeouts[step] * 1000)]),
  });

  return {
    type: standin.type,
    ...(standin.secretOutputs ? { secretOutputs: standin.secretOutputs } : {}),

    async check(inputs) {
      const problems = typeProblems(standin.fields, inputs, standin.type);
      const official = problems.length === 0 ? officialProblems(standin.type, inputs) : [];
      const failures = [...problems, ...official, ...(standin.validate?.(inputs) ?? [])];
      return { inputs: withDefaults(standin, inputs), failures };
    },

    async diff(_id, old, news) {
      return planDiff(standin.fields, old.outputs, news);
    },

    async create(inputs, context) {
      const wanted = withoutMarks(inputs) as PropertyMap;
      if (context.preview) return { id: "", outputs: planned(standin, {}, wanted) };
      try {
        const { id, outputs } = await standin.create(client(), wanted, limited(context, "create"));
        return { id, outputs: finish(id, outputs) };
      } catch (error) {
        if (!(error instanceof PartialCreation)) throw error;
        throw new PartialCreation(error.id, finish(error.id, withNulls(standin, error.outputs)), error.reasons, {
          cause: error,
        });
      }
    },

    async read(id, known, context) {
      const stated = standin.readsBy === "resource" ? undefined : known.outputs.id;
      const readId = typeof stated === "string" && stated !== "" ? stated : id;
      const imported = isImport(known.inputs) && isImport(known.outputs);
      const outputs = await standin.read(client(), readId, known.outputs, context.signal, imported);
      if (!outputs) return undefined;
      const inputs = imported
        ? importedInputs(standin, outputs)
        : refreshedInputs(standin.fields, known.inputs, outputs);
      return { id: readId, inputs, outputs: finish(readId, outputs) };
    },

    async update(id, old, news, context) {
      const wanted = withoutMarks(news) as PropertyMap;
      if (context.preview) return finish(id, planned(standin, old.outputs, wanted));
      return finish(id, await standin.update(client(), id, old.outputs, wanted, limited(context, "update")));
    },

    async delete(id, old, context) {
      await standin.delete(client(), id, old.outputs, context.signal);
    },
  };
}

/** What the engine hands over for an import: nothing, or the id alone. */
function isImport(values: PropertyMap): boolean {
  return Object.keys(values).every((name) => name === "id");
}

function withDefaults<Client>(standin: StandinType<Client>, inputs: PropertyMap): PropertyMap {
  const filled: PropertyMap = {};
  const defaulted: string[] = [];
  for (const [name, value] of Object.entries(inputs))
    if (!isUnset(value)) filled[name] = markBlocks(standin.marksDefaults, value);
  for (const [name, field] of Object.entries(standin.fields)) {
    if (field.default === undefined || filled[name] !== undefined) continue;
    filled[name] = field.default;
    defaulted.push(name);
  }
  if (standin.marksDefaults) filled.__defaults = defaulted.sort();
  return filled;
}

function markBlocks(marks: boolean, value: PropertyValue): PropertyValue {
  if (!marks || !Array.isArray(value)) return value;
  return value.map((item) => (isMap(item) ? { __defaults: [], ...(withoutMarks(item) as PropertyMap) } : item));
}

/** What a preview shows: declared values, the state's others, and unknown where the cloud decides. */
function planned<Client>(standin: StandinType<Client>, state: PropertyMap, wanted: PropertyMap): PropertyMap {
  const outputs: PropertyMap = {};
  for (const name of [...Object.keys(standin.fields), ...standin.computed]) {
    if (standin.fields[name]?.unsupported) continue;
    outputs[name] = wanted[name] ?? state[name] ?? (Object.keys(state).length > 0 ? null : UNKNOWN);
  }
  return outputs;
}

function withNulls<Client>(standin: StandinType<Client>, outputs: PropertyMap): PropertyMap {
  const all: PropertyMap = {};
  for (const name of [...Object.keys(standin.fields), ...standin.computed]) {
    if (!standin.fields[name]?.unsupported) all[name] = outputs[name] ?? null;
  }
  return all;
}

const META_KEY = "e2bfb730-ecaa-11e6-8f88-34363bc7c4c0";

function stateOf<Client>(standin: StandinType<Client>, id: string, outputs: PropertyMap): PropertyMap {
  const values = Object.entries(withoutMarks(outputs) as PropertyMap);
  const kept = standin.leavesOutNulls ? values.filter(([, value]) => value !== null) : values;
  const state: PropertyMap = { ...Object.fromEntries(kept), id };
  if (standin.metaTimeouts.length > 0) {
    const nanoseconds = Object.fromEntries(
      [...standin.metaTimeouts].sort().map((step) => [step, standin.timeouts[step] * 1e9]),
    );
    state.__meta = JSON.stringify({
      [META_KEY]: nanoseconds,
      ...(standin.schemaVersion ? { schema_version: standin.schemaVersion } : {}),
    });
  }
  if (standin.rawDelta) state.__pulumi_raw_state_delta = standin.rawDelta(outputs);
  return state;
}

/** Declared inputs with the values that a refresh has found to be others. */
function refreshedInputs(fields: Fields, inputs: PropertyMap, outputs: PropertyMap): PropertyMap {
  const fresh: PropertyMap = {};
  for (const [name, value] of Object.entries(inputs)) {
    const field = fields[name];
    const actual = outputs[name];
    // Declared, and the plugin knows no value: the real ones drop it from the inputs, too.
    if (field && isUnset(actual) && comparable(field, value) !== "") continue;
    const same =
      !field ||
      isUnset(actual) ||
      field.matches?.(actual, value) ||
      comparable(field, actual) === comparable(field, value);
    fresh[name] = same ? value : asInput(field, actual);
  }
  return fresh;
}

function importedInputs<Client>(standin: StandinType<Client>, outputs: PropertyMap): PropertyMap {
  const inputs: PropertyMap = standin.marksDefaults ? { __defaults: [] } : {};
  for (const [name, field] of Object.entries(standin.fields)) {
    const actual = outputs[name];
    if (!field.unsupported && !isUnset(actual) && comparable(field, actual) !== "")
      inputs[name] = asInput(field, actual);
  }
  return inputs;
}

/** An output as somebody would declare it: only fields that can be declared, without zero values in blocks. */
function asInput(field: StandinType<never>["fields"][string], value: PropertyValue): PropertyValue {
  const members =
    typeof field.type === "object" ? ("list" in field.type ? field.type.list : field.type.object) : undefined;
  if (!members) return value;
  if (Array.isArray(value)) return value.map((item) => asInput({ type: { object: members } }, item));
  if (!isMap(value)) return value;
  return Object.fromEntries(
    Object.entries(value).filter(([name, item]) => members[name] && comparable(members[name], item) !== ""),
  );
}
