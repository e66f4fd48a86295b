/** Checks of the API's string formats: each gives the text after "invalid format - ", or undefined when the value is good. */
export type Format = (value: string) => string | undefined;

export const dnsName: Format = (value) => {
  const label = /^[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?$/;
  return value.split(".").every((part) => label.test(part)) ? undefined : "value does not look like a valid DNS name";
};

export const tagList: Format = (value) =>
  splitList(value).every((tag) => /^[a-z0-9_][a-z0-9_\-+.]*$/i.test(tag)) ? undefined : "invalid characters in tag";

export const urlEncoded: Format = (value) =>
  /^[-%a-zA-Z0-9_.!~*'()]*$/.test(value) ? undefined : `invalid urlencoded string: ${value}`;

export const storageId: Format = (value) =>
  /^[a-z][a-z0-9\-_.]*[a-z0-9]$/i.test(value) ? undefined : `storage ID '${value}' contains illegal characters`;

const NIC_MODELS = /^(e1000|e1000e|ne2k_pci|rtl8139|virtio|vmxnet3)$/;

export const network: Format = (value) => {
  const fields = parseProperties(value, "model");
  const model = fields.get("model") ?? [...fields.keys()].find((key) => NIC_MODELS.test(key));
  if (!model || !NIC_MODELS.test(model)) return "format error\nmodel: property is missing and it is not optional";
  const tag = fields.get("tag");
  if (tag !== undefined && !inRange(tag, 1, 4094)) return "format error\ntag: value must have a maximum value of 4094";
  return unknownKey(fields, [
    model,
    "model",
    "macaddr",
    "bridge",
    "firewall",
    "link_down",
    "mtu",
    "queues",
    "rate",
    "tag",
    "trunks",
  ]);
};

export const ipConfig: Format = (value) => {
  const fields = parseProperties(value);
  const ip = fields.get("ip");
  if (ip !== undefined && ip !== "dhcp" && !IPV4_CIDR.test(ip)) {
    return "format error\nip: invalid format - value does not look like a valid ipv4 network configuration";
  }
  if (fields.has("gw") && (ip === undefined || ip === "dhcp")) return "format error\ngw: missing property - 'ip'";
  return unknownKey(fields, ["ip", "gw", "ip6", "gw6"]);
};

export const agent: Format = (value) => {
  const enabled = parseProperties(value, "enabled").get("enabled");
  if (enabled === undefined || !/^(0|1|yes|no|on|off|true|false)$/i.test(enabled)) {
    return "format error\nenabled: type check ('boolean') failed";
  }
  return undefined;
};

export const memory: Format = (value) => {
  const current = parseProperties(value, "current").get("current") ?? "";
  if (!/^\d+$/.test(current)) return `format error\ncurrent: type check ('integer') failed - got '${current}'`;
  return Number(current) >= 16 ? undefined : "format error\ncurrent: value must have a minimum value of 16";
};

const IPV4_CIDR = /^(\d{1,3}\.){3}\d{1,3}\/([1-9]|[12]\d|3[0-2])$/;

/** Lists come with commas, semicolons, spaces or NULs between the items. */
export function splitList(value: string): string[] {
  return value.split(/[,;\s\0]+/).filter((item) => item !== "");
}

/** "virtio,bridge=vmbr0": pairs; a first item without "=" belongs to `defaultKey`. */
export function parseProperties(value: string, defaultKey?: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const [index, part] of value.split(",").entries()) {
    const equals = part.indexOf("=");
    if (equals >= 0) fields.set(part.slice(0, equals), part.slice(equals + 1));
    else if (index === 0 && defaultKey) fields.set(defaultKey, part);
    else fields.set(part, "");
  }
  return fields;
}

export function printProperties(fields: ReadonlyMap<string, string>): string {
  return [...fields].map(([key, value]) => `${key}=${value}`).join(",");
}

function inRange(text: string, low: number, high: number): boolean {
  return /^\d+$/.test(text) && Number(text) >= low && Number(text) <= high;
}

function unknownKey(fields: ReadonlyMap<string, string>, known: readonly string[]): string | undefined {
  const unknown = [...fields.keys()].find((key) => !known.includes(key));
  return unknown === undefined
    ? undefined
    : `format error\n${unknown}: property is not defined in schema and the schema does not allow additional properties`;
}
