import { compile } from "json-schema-to-typescript";
import { KIND_NAMES, KINDS } from "../../schemas/index.ts";

// Rules that only say which fields need or exclude each other: as types they would make every field `unknown`.
const LEFT_OUT = new Set(["$id", "$schema", "oneOf", "if", "then", "else"]);

/** TypeScript of every fleet file once it is checked and its defaults are filled in, made from the schemas. */
export async function fleetFileTypes(): Promise<string> {
  const parts: string[] = [];
  for (const kind of KIND_NAMES) {
    const schema = Object.fromEntries(
      Object.entries(structuredClone(KINDS[kind].schema)).filter(([key]) => !LEFT_OUT.has(key)),
    );
    const text = await compile({ ...checked(schema), title: `${kind}Fields` } as never, `${kind}Fields`, {
      bannerComment: "",
      additionalProperties: true,
      ignoreMinAndMaxItems: true,
      unknownAny: true,
      style: { printWidth: 120, trailingComma: "all" },
    });
    parts.push(text.trim());
  }
  const union = `/** Any fleet file. */\nexport type AnyFields = ${KIND_NAMES.map((kind) => `${kind}Fields`).join(" | ")};`;
  return `// biome-ignore-all format: made by another formatter\n// Made from the JSON Schemas in this folder by \`npm run docs\`. Edit those.\n\n${[...parts, union].join("\n\n")}\n`;
}

/** The schema of what is left after a check: a field with a default is there. */
function checked(schema: unknown): Record<string, unknown> {
  return JSON.parse(JSON.stringify(schema), (key, value) => {
    // A title inside a schema would become a type of its own.
    if (key === "title" && typeof value === "string") return undefined;
    if (value?.type !== "object" || value.properties === undefined) return value;
    const properties = value.properties as Record<string, { default?: unknown }>;
    const filled = Object.keys(properties).filter((name) => properties[name]?.default !== undefined);
    return { ...value, required: [...new Set([...(value.required ?? []), ...filled])] };
  });
}
