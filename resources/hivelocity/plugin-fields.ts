import { FleetError } from "../errors.ts";
import { type CheckFailure, type PropertyMap, UNKNOWN } from "../plugin/handler.ts";
import { checkFields, type Fields, resourceSchema } from "../plugin/inputs.ts";
import { isFqdn } from "./names.ts";
import { DEVICE, SSH_KEY } from "./resource.ts";

/** Another one of these is another device. */
export const IDENTITY = ["mark", "productId", "location"];
/** What only has a meaning while the device is made. */
export const CREATE_ONLY = [
  "osName",
  "period",
  "publicKeyId",
  "script",
  "vlanId",
  "ignitionId",
  "reservedDeviceId",
  "ipxeUrl",
  "bonding",
];

const id = (description: string): Fields[string] => ({ type: "integer", minimum: 1, description });

const FIELDS: Fields = {
  mark: { type: "string", required: true, description: "Owner mark; one of the tags of the creating request." },
  productId: { type: "integer", minimum: 1, required: true, description: "Product; another one is another device." },
  location: { type: "string", required: true, description: "Facility code; another one is another device." },
  osName: { type: "string", required: true, description: "Operating system, by its name." },
  hostname: { type: "string", required: true, description: "Full domain name." },
  tags: { type: "strings", required: true, description: "All tags, with the mark." },
  period: { type: "string", default: "hourly", description: "Billing period." },
  publicKeyId: id("Id of the key that is put on the device."),
  script: { type: "string", description: "Cloud-init, or a script that runs after the installation." },
  vlanId: id("VLAN."),
  ignitionId: id("Ignition file, for Flatcar."),
  reservedDeviceId: id("A device that is reserved for the account."),
  ipxeUrl: { type: "string", description: "Address of an iPXE script." },
  bonding: { type: "boolean", description: "Whether ports can be bonded." },
};

const OUTPUTS: Fields = {
  deviceId: { type: "integer", minimum: 1, required: true, description: "Id of the device alone." },
  ipv4: { type: "strings", required: true, description: "Addresses, once it has some." },
  ipv6: { type: "strings", required: true, description: "Addresses, once it has some." },
  status: { type: "string", required: true, description: "The cloud's own word when it was last looked at." },
};

const KEY_FIELDS: Fields = {
  mark: { type: "string", required: true, description: "Owner mark; ends the name." },
  name: { type: "string", required: true, description: "Name, with the mark at its end." },
  publicKey: { type: "string", required: true, description: "RSA or Ed25519." },
};

export const hivelocitySchema = {
  [DEVICE]: resourceSchema("A device of Hivelocity.", FIELDS, OUTPUTS),
  [SSH_KEY]: resourceSchema("A public key of a Hivelocity account.", KEY_FIELDS),
};

/** A device's inputs in plain values. */
export interface DeviceInputs {
  mark: string;
  productId: number;
  location: string;
  osName: string;
  hostname: string;
  tags: string[];
  period: string;
  publicKeyId?: number;
  script?: string;
  vlanId?: number;
  ignitionId?: number;
  reservedDeviceId?: number;
  ipxeUrl?: string;
  bonding?: boolean;
}

export interface KeyInputs {
  mark: string;
  name: string;
  publicKey: string;
}

interface Checked {
  inputs: PropertyMap;
  failures: CheckFailure[];
}

/** Fills defaults and reports every problem. */
export function checkDevice(inputs: PropertyMap): Checked {
  const checked = checkFields(inputs, FIELDS);
  const { tags, mark, hostname } = checked.inputs;
  // In the order in which they are compared, so that order is never a difference.
  if (Array.isArray(tags) && tags.every((tag) => typeof tag === "string"))
    checked.inputs.tags = [...new Set(tags)].sort();
  if (typeof hostname === "string" && !isFqdn(hostname))
    checked.failures.push({ path: "hostname", reason: "must be a full domain name, as web-1.example.net" });
  if (typeof mark === "string" && Array.isArray(tags) && !tags.includes(mark) && !tags.includes(UNKNOWN))
    checked.failures.push({ path: "tags", reason: "must hold the mark" });
  return checked;
}

export function checkKey(inputs: PropertyMap): Checked {
  const checked = checkFields(inputs, KEY_FIELDS);
  const { name, mark } = checked.inputs;
  if (typeof name === "string" && typeof mark === "string" && !name.endsWith(mark))
    checked.failures.push({ path: "name", reason: "must end in the mark" });
  return checked;
}

export function unknownOutputs(): PropertyMap {
  return Object.fromEntries(Object.keys(OUTPUTS).map((name) => [name, UNKNOWN]));
}

export const deviceOf = (inputs: PropertyMap): DeviceInputs => typed<DeviceInputs>(inputs, FIELDS);
export const keyOf = (inputs: PropertyMap): KeyInputs => typed<KeyInputs>(inputs, KEY_FIELDS);

/** Checked inputs, typed. */
function typed<T>(inputs: PropertyMap, fields: Fields): T {
  const { failures } = checkFields(inputs, fields);
  if (failures.length === 0 && !Object.values(inputs).includes(UNKNOWN)) return inputs as unknown as T;
  throw new FleetError("FLEET_INVALID", failures.map(({ path, reason }) => `${path} ${reason}`).join("; "), {});
}
