import { parseProperties, printProperties } from "./formats.ts";

/** The same network card with this address. */
export function withMac(value: string, mac: string): string {
  const fields = parseProperties(value, "model");
  const model = fields.get("model") ?? [...fields.keys()][0] ?? "virtio";
  fields.delete("model");
  fields.delete(model);
  const rest = printProperties(fields);
  return `${model}=${mac}${rest ? `,${rest}` : ""}`;
}

export function hasMac(value: string): boolean {
  return macOf(value) !== undefined;
}

export function macOf(value: string): string | undefined {
  return [...parseProperties(value, "model").values()].find((part) => /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(part));
}
