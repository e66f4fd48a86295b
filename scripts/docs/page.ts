import { stringify } from "yaml";
import { KIND_NAMES, KINDS, type Kind, schemaLine } from "../../schemas/index.ts";

/** The parts of a JSON Schema that the page shows. */
interface Shape {
  type?: string | readonly string[];
  const?: unknown;
  enum?: readonly unknown[];
  description?: string;
  default?: unknown;
  examples?: readonly unknown[];
  properties?: Readonly<Record<string, Shape>>;
  required?: readonly string[];
  /** Of a server: what is required unless `placement` decides it. */
  then?: { required?: readonly string[] };
  items?: Shape;
  additionalProperties?: boolean | Shape;
}

const INTRODUCTION = `# Fleet files

<!-- Made from the JSON Schemas in schemas/ by \`npm run docs\`. Edit those. -->

A fleet is a git repository of YAML files: \`fleet.yaml\` at the top, and one object a file in the folders below. Each file says its \`kind\` and
its \`name\`; names are unique per kind. What a file is called, and in which folder below its kind's it lies, means nothing.

The first line of a file lets editors that speak the YAML language server complete and check it. \`fleetwright init\` writes the schemas to
\`.fleetwright/schemas\`; the path in the line leads there from the file. \`fleetwright validate\` shows every problem of a fleet with its
place, what is allowed, and the nearest match for a typo.

A file is YAML 1.2 in UTF-8 with one document. Merge keys (\`<<\`) are not read, and at most 20 aliases are.
`;

/** The text of `docs/fleet-files.md`. */
export function fleetFilesPage(): string {
  return [INTRODUCTION, ...KIND_NAMES.map(section)].join("\n");
}

function section(kind: Kind): string {
  const schema: Shape & { title: string } = KINDS[kind].schema;
  const place = KINDS[kind].place;
  const rows = fields(schema, "");
  const example = { kind, ...exampleOf(schema) };
  const path = place.endsWith("/") ? `${place}example.yaml` : place;
  return [
    `## ${schema.title}\n`,
    `${schema.description}\n`,
    "| Field | Value | Default | Meaning |",
    "|---|---|---|---|",
    ...rows,
    "",
    "```yaml",
    schemaLine(kind, path),
    stringify(example).trimEnd(),
    "```\n",
  ].join("\n");
}

function fields(schema: Shape, prefix: string): string[] {
  const rows: string[] = [];
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    const path = `${prefix}${name}`;
    rows.push(row(path, field, [...(schema.required ?? []), ...(schema.then?.required ?? [])].includes(name)));
    rows.push(...fields(field, `${path}.`));
    if (field.items) rows.push(...fields(field.items, `${path}[].`));
    if (typeof field.additionalProperties === "object") rows.push(...fields(field.additionalProperties, `${path}.*.`));
  }
  return rows;
}

function row(path: string, field: Shape, required: boolean): string {
  const value = field.default === undefined ? (required ? "required" : "") : code(field.default);
  return `| \`${path}\` | ${kindOfValue(field)} | ${value} | ${cell(field.description ?? "")} |`;
}

function kindOfValue(field: Shape): string {
  if (field.const !== undefined) return code(field.const);
  if (field.enum) return field.enum.map(code).join(", ");
  const type = typeof field.type === "string" ? field.type : (field.type ?? []).join(" or ");
  if (field.items) return `list of ${kindOfValue(field.items)}`;
  return type === "object" ? "mapping" : type;
}

function code(value: unknown): string {
  return `\`${cell(typeof value === "string" ? value : JSON.stringify(value))}\``;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}

/** The first example of each field that has one; of fields that exclude each other the first. */
function exampleOf(schema: Shape): Record<string, unknown> {
  const example: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    const isSkipped = SKIPPED.has(name) && !schema.required?.includes(name);
    if (name === "kind" || isSkipped || field.examples === undefined) continue;
    example[name] = field.examples[0];
  }
  return example;
}

// `size`, `resources` and `placement` exclude `plan`; the others are rarely wanted, and a reader copies examples.
const SKIPPED = new Set([
  "size",
  "resources",
  "formerly",
  "adopt",
  "rebuild",
  "restarts",
  "policies",
  "options",
  "budgets",
  "spending",
  "provider",
  "ended",
  "placement",
  "needs",
  "endedRegions",
  "suspend",
  "suspendStacks",
  "freeze",
  "expired",
]);
