import { Ajv2020 } from "ajv/dist/2020.js";

interface Schema {
  properties?: Readonly<Record<string, Schema>>;
  required?: readonly string[];
  items?: Schema;
}

const ajv = new Ajv2020({ strict: false, validateSchema: false, allErrors: true });

/** That a value is as a documented schema has it: the types of its members, all of them, and no others. @throws {Error} naming what differs */
export function exactly(schema: object, value: unknown, what: string): void {
  const isSo = ajv.compile(closed(schema));
  if (!isSo(value)) throw new Error(`${what}: ${ajv.errorsText(isSo.errors)}\n${JSON.stringify(value)}`);
}

/** Without room for other members. What is required without a schema may be anything; an object that has no members described may have any. */
function closed(schema: Schema): object {
  const { properties, required = [], items } = schema;
  if (items !== undefined) return { ...schema, items: closed(items) };
  if (properties === undefined) return schema;
  const known = Object.entries(properties).map(([name, one]) => [name, closed(one)] as const);
  const any = required.filter((name) => !(name in properties)).map((name) => [name, {}] as const);
  const all = Object.fromEntries([...known, ...any]);
  return { ...schema, properties: all, required: Object.keys(all), additionalProperties: false };
}
