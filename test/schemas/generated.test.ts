import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { parseFleetFile } from "../../controller/fleet/file.ts";
import { clouds } from "../../resources/registry.ts";
import { KIND_NAMES, KINDS } from "../../schemas/index.ts";
import { generate } from "../../scripts/docs.ts";

const fromTop = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

interface Shape {
  type?: unknown;
  title?: string;
  description?: string;
  additionalProperties?: unknown;
  properties?: Record<string, Shape>;
  items?: Shape;
  examples?: unknown[];
}

describe("what is made from the schemas", () => {
  it("is up to date: `npm run docs` would change nothing", async () => {
    for (const { path, text } of await generate()) expect(fromTop(path), path).toBe(text);
  });

  it("shows an example of each kind that the schema accepts", () => {
    const examples = [...fromTop("docs/fleet-files.md").matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text]) =>
      parseFleetFile(text!),
    );

    expect(examples.map(({ kind }) => kind)).toEqual(KIND_NAMES);
    expect(examples.flatMap(({ faults }) => faults)).toEqual([]);
  });
});

describe.each(KIND_NAMES)("the schema of %s", (kind) => {
  const schema: Shape & { $schema: string } = KINDS[kind].schema;

  it("is of 2020-12, closed, and describes each field", () => {
    const undescribed: string[] = [];
    const walk = (shape: Shape, path: string) => {
      for (const [name, field] of Object.entries(shape.properties ?? {})) {
        if (!field.description) undescribed.push(`${path}${name}`);
        // Open only where it says so itself.
        if (field.properties && typeof field.additionalProperties !== "boolean")
          undescribed.push(`${path}${name} is open`);
        walk(field, `${path}${name}.`);
        if (field.items) walk(field.items, `${path}${name}[].`);
      }
    };

    walk(schema, "");

    expect(schema.$schema).toBe("https://json-schema.org/draft/2020-12/schema");
    expect(schema.additionalProperties).toBe(false);
    expect(schema.title).toBe(kind);
    expect(undescribed).toEqual([]);
  });

  it("accepts its own examples", () => {
    const minimal: Record<string, Record<string, unknown>> = {
      Fleet: { id: "a" },
      Account: { name: "a", provider: "linode" },
      Plan: { name: "a", vcpus: 1, memoryMiB: 1, diskGiB: 1 },
      Server: { name: "a", account: "a", region: "r", image: "i", size: "s" },
      Firewall: { name: "a" },
      SshKey: { name: "a", publicKey: KINDS.SshKey.schema.properties.publicKey.examples[0] },
      Aggregate: { name: "a", account: "a" },
      Port: { name: "a", account: "a", network: "n" },
      Snapshot: { name: "a", account: "a", server: "a" },
    };
    for (const [name, field] of Object.entries(schema.properties ?? {})) {
      for (const example of field.examples ?? []) {
        const fields: Record<string, unknown> = { kind, ...minimal[kind], [name]: example };
        if (name === "plan" || name === "resources") delete fields.size;
        if (name === "placement") fields.needs = { vcpus: 1 };
        if (name === "needs") fields.placement = "cheapest";
        expect(parseFleetFile(JSON.stringify(fields)).faults, `${kind}.${name}`).toEqual([]);
      }
    }
  });
});

it("is valid JSON Schema, here and in every cloud", () => {
  const ajv = new Ajv2020({ strict: false });

  const schemas = [
    ...KIND_NAMES.map((kind) => KINDS[kind].schema),
    ...Object.values(clouds).flatMap(({ schemas }) => Object.values(schemas)),
  ];

  for (const schema of schemas) expect(ajv.validateSchema(schema), JSON.stringify(ajv.errors)).toBe(true);
});
