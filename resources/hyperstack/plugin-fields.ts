import { FleetError } from "../errors.ts";
import { type CheckFailure, type PropertyMap, UNKNOWN } from "../plugin/handler.ts";
import { checkFields, type Fields, resourceSchema } from "../plugin/inputs.ts";
import { NAME_LENGTH } from "./names.ts";
import { FIREWALL, KEY_PAIR, VIRTUAL_MACHINE } from "./resource.ts";

const name = {
  type: "string",
  required: true,
  pattern: new RegExp(`^.{1,${NAME_LENGTH}}$`),
  shape: `of at most ${NAME_LENGTH} characters`,
} as const;
const PLACE: Fields = {
  region: { type: "string", required: true, description: "Region; another one is another object." },
  environment: { type: "string", required: true, description: "Environment that it is made in." },
};

export const MACHINE_FIELDS: Fields = {
  mark: { type: "string", required: true, description: "Owner mark; one of the labels of the creating request." },
  name: { ...name, description: "Host name. Hyperstack renames no machine, so another one is another machine." },
  ...PLACE,
  flavor: { type: "string", required: true, description: "Flavor; another one is a resize." },
  image: { type: "string", required: true, description: "Name of the image that it is made from." },
  key: { type: "string", description: "Id of the key pair that it is made with." },
  keyName: { type: "string", description: "Name of that key pair, in place of the id." },
  userData: { type: "string", description: "cloud-init's, when it is made." },
  publicIp: { type: "boolean", default: true, description: "A public IPv4 address." },
  portRandomization: { type: "boolean", default: false, description: "Random ports on the public address." },
  bootableVolume: { type: "boolean", default: false, description: "Boots from a volume that is made with it." },
  labels: { type: "strings", required: true, description: "All labels, with the mark." },
  firewalls: { type: "strings", default: [], description: "Ids of all its firewalls." },
};

export const MACHINE_OUTPUTS: Fields = {
  ipv4: { type: "strings", required: true, description: "Addresses, the public one first." },
  status: { type: "string", required: true, description: "Hyperstack's own word." },
};

export const FIREWALL_FIELDS: Fields = {
  mark: { type: "string", required: true, description: "Owner mark; stands in the description." },
  name: { ...name, description: "Name." },
  ...PLACE,
  rules: { type: "strings", default: [], description: "Each as `ingress IPv4 tcp 80-80 0.0.0.0/0`." },
};

export const KEY_FIELDS: Fields = {
  mark: { type: "string", required: true, description: "Owner mark; ends the name." },
  name: { ...name, description: "Name, with the mark." },
  ...PLACE,
  publicKey: { type: "string", required: true, description: "The public key." },
};

export const SCHEMA: Record<string, object> = {
  [VIRTUAL_MACHINE]: resourceSchema("A virtual machine on Hyperstack.", MACHINE_FIELDS, MACHINE_OUTPUTS),
  [FIREWALL]: resourceSchema("A firewall of a Hyperstack environment.", FIREWALL_FIELDS),
  [KEY_PAIR]: resourceSchema("A key pair of a Hyperstack environment.", KEY_FIELDS),
};

/** Checks by field, and sorts sets, so that order is never a difference. */
export function checkSorted(
  inputs: PropertyMap,
  fields: Fields,
  sets: readonly string[],
): { inputs: PropertyMap; failures: CheckFailure[] } {
  const checked = checkFields(inputs, fields);
  for (const set of sets) {
    const values = checked.inputs[set];
    if (Array.isArray(values) && values.every((value) => typeof value === "string")) {
      checked.inputs[set] = [...new Set(values)].sort();
    }
  }
  return checked;
}

export function checkMachine(inputs: PropertyMap): { inputs: PropertyMap; failures: CheckFailure[] } {
  const checked = checkSorted(inputs, MACHINE_FIELDS, ["labels", "firewalls"]);
  const { mark, labels } = checked.inputs;
  if (typeof mark === "string" && Array.isArray(labels) && !labels.includes(mark) && !labels.includes(UNKNOWN)) {
    checked.failures.push({ path: "labels", reason: "must hold the mark" });
  }
  return checked;
}

/** Checked inputs, typed. */
export function typedInputs<T>(inputs: PropertyMap, fields: Fields): T {
  const { failures } = checkFields(inputs, fields);
  if (failures.length === 0 && !Object.values(inputs).some(holdsUnknown)) return inputs as unknown as T;
  throw new FleetError("FLEET_INVALID", failures.map(({ path, reason }) => `${path} ${reason}`).join("; "), {});
}

const holdsUnknown = (value: unknown): boolean => (Array.isArray(value) ? value.includes(UNKNOWN) : value === UNKNOWN);
