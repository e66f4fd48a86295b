import { FleetError } from "../errors.ts";
import { type PropertyMap, UNKNOWN } from "../plugin/handler.ts";
import { checkFields, type Fields, resourceSchema } from "../plugin/inputs.ts";
import {
  AGGREGATE,
  AGGREGATE_HOST,
  KEY_PAIR,
  PORT,
  PORT_ATTACHMENT,
  SECURITY_GROUP,
  SERVER,
  SNAPSHOT,
} from "./resource.ts";

const mark = { type: "string", required: true, description: "Owner mark; stands in the creating request." } as const;

export const SERVER_FIELDS: Fields = {
  mark,
  name: { type: "string", required: true, description: "Name, and the host name that the guest is given." },
  flavor: { type: "string", required: true, description: "Name of the flavor." },
  image: { type: "string", required: true, description: "Name or id of the image." },
  availabilityZone: {
    type: "string",
    required: true,
    description: "Availability zone; another one is another server.",
  },
  tags: { type: "strings", required: true, description: "Metadata as `key:value`, with the mark." },
  keyName: { type: "string", description: "Name of the key pair that is let in." },
  userData: { type: "string", description: "What cloud-init runs, as it is." },
  networks: { type: "strings", default: [], description: "Networks by name or id; nova chooses when empty." },
  ports: { type: "strings", default: [], description: "Ids of ports that are there already." },
  securityGroups: { type: "strings", default: [], description: "Ids of security groups on every port." },
  configDrive: { type: "boolean", default: false, description: "Hands data in by a drive too." },
  bootVolumeGiB: { type: "integer", minimum: 1, description: "Boots from a new volume of this size." },
};

const SERVER_OUTPUTS: Fields = {
  ipv4: { type: "strings", required: true, description: "Addresses, floating ones first." },
  ipv6: { type: "strings", required: true, description: "Addresses." },
  status: { type: "string", required: true, description: "Nova's own word." },
};

export const GROUP_FIELDS: Fields = {
  mark,
  name: { type: "string", required: true, description: "Name." },
  rules: { type: "strings", required: true, description: "Rules as `inbound tcp 80-90 192.0.2.0/24`, all of them." },
};

export const KEY_FIELDS: Fields = {
  name: { type: "string", required: true, description: "Name, which ends in the owner mark." },
  publicKey: { type: "string", required: true, description: "Public key in one line." },
};

export const AGGREGATE_FIELDS: Fields = {
  mark,
  name: { type: "string", required: true, description: "Name." },
  metadata: {
    type: "strings",
    required: true,
    description: "What is ours of the metadata as `key:value`, with the mark.",
  },
  availabilityZone: {
    type: "string",
    description: "Availability zone that its hosts form; left as it is when absent.",
  },
  adopt: { type: "string", description: "Nova's id of one that is there already and is taken over." },
};

export const HOST_FIELDS: Fields = {
  host: { type: "string", required: true, description: "Host name as nova has it." },
  aggregate: { type: "string", required: true, description: "Name of the one aggregate of the fleet that it is in." },
  takenFrom: { type: "string", description: "Aggregate that it is taken out of when it is first put into this one." },
};

export const PORT_FIELDS: Fields = {
  mark,
  name: { type: "string", required: true, description: "Name." },
  network: { type: "string", required: true, description: "Network by name or id; another one is another port." },
  description: { type: "string", description: "What it is for; the mark stands behind it." },
  machine: {
    type: "string",
    description: "Name of a server of any tenant; while one runs, the port is plugged into it.",
  },
  adopt: { type: "string", description: "Neutron's id of one that is there already and is taken over." },
};

export const SNAPSHOT_FIELDS: Fields = {
  mark,
  name: { type: "string", required: true, description: "Name of the image." },
  server: { type: "string", required: true, description: "Nova's id of the server that it is taken of." },
  labels: { type: "strings", default: [], description: "Properties of the image as `key:value`." },
};

export const ATTACHMENT_FIELDS: Fields = {
  server: { type: "string", required: true, description: "Nova's id of the server." },
  port: { type: "string", required: true, description: "Neutron's id of the port." },
  securityGroups: { type: "strings", default: [], description: "Ids of the server's security groups." },
};

export const schema = {
  [SERVER]: resourceSchema("A server of nova.", SERVER_FIELDS, SERVER_OUTPUTS),
  [SECURITY_GROUP]: resourceSchema("A security group of Neutron.", GROUP_FIELDS),
  [KEY_PAIR]: resourceSchema("A public key in nova.", KEY_FIELDS),
  [AGGREGATE]: resourceSchema("A host aggregate of nova.", AGGREGATE_FIELDS),
  [AGGREGATE_HOST]: resourceSchema("A host's place in one aggregate.", HOST_FIELDS),
  [PORT]: resourceSchema("A port of Neutron.", PORT_FIELDS),
  [SNAPSHOT]: resourceSchema("An image that nova makes of a server.", SNAPSHOT_FIELDS),
  [PORT_ATTACHMENT]: resourceSchema("A server's place on a port.", ATTACHMENT_FIELDS),
};

/** Lists in one order, so that order is never a difference. */
export function checkSorted(inputs: PropertyMap, fields: Fields, lists: readonly string[]) {
  const checked = checkFields(inputs, fields);
  for (const name of lists) {
    const list = checked.inputs[name];
    if (Array.isArray(list) && list.every((item) => typeof item === "string")) {
      checked.inputs[name] = [...new Set(list)].sort();
    }
  }
  return checked;
}

export function unknownOutputs(): PropertyMap {
  return Object.fromEntries(Object.keys(SERVER_OUTPUTS).map((name) => [name, UNKNOWN]));
}

/** Checked inputs, typed. @throws {FleetError} FLEET_INVALID */
export function typed<T>(inputs: PropertyMap, fields: Fields): T {
  const { inputs: checked, failures } = checkFields(inputs, fields);
  if (failures.length === 0 && !Object.values(inputs).flat().includes(UNKNOWN)) return checked as unknown as T;
  throw new FleetError("FLEET_INVALID", failures.map(({ path, reason }) => `${path} ${reason}`).join("; "), {});
}
