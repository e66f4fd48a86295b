import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inputsOf } from "../cloud/inputs.ts";
import { serverName } from "../fleet.ts";

/**
 * Writes the peer of B1: the servers of the benchmark fleet as `terraform_data`, one block each, which is the faster of its two ways, with the
 * state that an apply of them leaves. Making that state by `tofu apply` takes time with the square of the servers; that `tofu plan` finds no change proves it.
 */
export function writeProgram(dir: string, servers: number, version: string): void {
  mkdirSync(dir, { recursive: true });
  const all = Array.from({ length: servers }, (_, index) => ({
    name: serverName(index),
    inputs: inputsOf(index, "small"),
  }));
  writeFileSync(join(dir, "main.tf"), all.map(({ name, inputs }) => blockOf(name, inputs)).join("\n"));
  const state = {
    version: 4,
    terraform_version: version,
    serial: 1,
    lineage: "4f6e8a70-1c52-4c5b-8a8e-6a2d5f0b9c11",
    outputs: {},
    resources: all.map(({ name, inputs }, index) => resourceOf(name, inputs, index)),
    check_results: null,
  };
  writeFileSync(join(dir, "terraform.tfstate"), `${JSON.stringify(state, null, 2)}\n`);
}

function blockOf(name: string, inputs: object): string {
  const lines = Object.entries(inputs).map(([key, value]) => `    ${key} = ${JSON.stringify(value)}\n`);
  return `resource "terraform_data" "${name}" {\n  input = {\n${lines.join("")}  }\n}\n`;
}

function resourceOf(name: string, inputs: object, index: number) {
  const input = { value: inputs, type: typeOf(inputs) };
  const id = `00000000-0000-4000-8000-${String(index).padStart(12, "0")}`;
  return {
    mode: "managed",
    type: "terraform_data",
    name,
    provider: 'provider["terraform.io/builtin/terraform"]',
    instances: [
      { schema_version: 0, attributes: { id, input, output: input, triggers_replace: null }, sensitive_attributes: [] },
    ],
  };
}

/** As OpenTofu writes the type of a value down. */
function typeOf(value: unknown): unknown {
  if (Array.isArray(value)) return ["tuple", value.map(typeOf)];
  if (typeof value === "object")
    return ["object", Object.fromEntries(Object.entries(value!).map(([key, each]) => [key, typeOf(each)]))];
  return typeof value === "boolean" ? "bool" : "string";
}
