import { FleetError } from "../errors.ts";
import { type CheckFailure, type PropertyMap, UNKNOWN } from "../plugin/handler.ts";
import { checkFields, type Fields, resourceSchema } from "../plugin/inputs.ts";
import type { Machine } from "./plugin-options.ts";
import { VIRTUAL_MACHINE } from "./resource.ts";

/** Another one of these is another machine. */
export const IDENTITY = ["mark", "node", "template"];

const FIELDS: Fields = {
  mark: { type: "string", required: true, description: "Owner mark; stands in the request that makes the machine." },
  name: {
    type: "string",
    required: true,
    pattern: /^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$/,
    shape: "a host name",
    description: "Host name.",
  },
  node: { type: "string", required: true, description: "Node; another one is another machine." },
  template: { type: "string", description: "Name or id of the template to clone; an empty disk when absent." },
  linkedClone: { type: "boolean", default: false, description: "Shares the template's disk." },
  storage: { type: "string", description: "Where the disks of a full clone or a new machine go." },
  pool: { type: "string", description: "Resource pool." },
  cores: { type: "integer", required: true, minimum: 1, maximum: 512, description: "Processors." },
  memoryMiB: { type: "integer", required: true, minimum: 16, description: "Memory in MiB." },
  diskGiB: {
    type: "integer",
    minimum: 1,
    description: "Size of the boot disk in GiB. It only grows; left as it is when absent.",
  },
  cpuType: { type: "string", description: "Emulated processor; left as it is when absent." },
  balloonMiB: { type: "integer", minimum: 0, description: "Least memory in MiB; left as it is when absent." },
  bridge: { type: "string", required: true, description: "Bridge of the first network card." },
  vlan: { type: "integer", minimum: 1, maximum: 4094, description: "VLAN of the first network card." },
  tags: { type: "strings", required: true, description: "All tags, with the mark." },
  user: { type: "string", description: "User that cloud-init makes." },
  sshKeys: { type: "strings", default: [], description: "Public keys of that user." },
  ipconfig: { type: "string", default: "ip=dhcp", description: "Addresses of the first network card." },
  waitForAgent: {
    type: "boolean",
    default: false,
    description: "Waits for the agent of a running machine to tell addresses.",
  },
  firewallRules: { type: "strings", description: "All firewall rules, in their order; left alone when absent." },
  firewallIn: { type: "string", oneOf: ["ACCEPT", "DROP", "REJECT"], description: "What happens to other traffic in." },
  firewallOut: {
    type: "string",
    oneOf: ["ACCEPT", "DROP", "REJECT"],
    description: "What happens to other traffic out.",
  },
};

const OUTPUTS: Fields = {
  vmid: { type: "integer", required: true, minimum: 100, description: "Id in the cluster." },
  ipv4: { type: "strings", required: true, description: "Addresses, as the guest's agent tells them." },
  ipv6: { type: "strings", required: true, description: "Addresses, as the guest's agent tells them." },
  status: { type: "string", required: true, description: "The cluster's own word." },
  diskActualGiB: { type: "number", required: true, description: "Size of the boot disk in GiB." },
};

export const virtualMachineSchema = {
  [VIRTUAL_MACHINE]: resourceSchema("A virtual machine of a Proxmox VE cluster.", FIELDS, OUTPUTS),
};

/** Fills defaults and reports every problem; `old` are the inputs in state. */
export function checkMachine(
  inputs: PropertyMap,
  old: PropertyMap | undefined,
): { inputs: PropertyMap; failures: CheckFailure[] } {
  const checked = checkFields(inputs, FIELDS);
  const { tags } = checked.inputs;
  // In the order in which the cluster keeps them, so that order is never a difference.
  if (Array.isArray(tags) && tags.every((tag) => typeof tag === "string")) {
    checked.inputs.tags = [...new Set(tags.map((tag) => tag.toLowerCase()))].sort();
  }
  checked.failures.push(...combinations(checked.inputs), ...shrinking(checked.inputs, old));
  return checked;
}

export function onlyGrows(actualGiB: number): FleetError {
  return new FleetError("FLEET_INVALID", `diskGiB: the disk has ${actualGiB} GiB, and disks only grow`, {});
}

function combinations(inputs: PropertyMap): CheckFailure[] {
  const failures: CheckFailure[] = [];
  const { template, storage, diskGiB, linkedClone, mark, tags } = inputs;
  if (template === undefined && storage === undefined) {
    failures.push({ path: "storage", reason: "is required for a machine without a template" });
  }
  if (template === undefined && diskGiB === undefined) {
    failures.push({ path: "diskGiB", reason: "is required for a machine without a template" });
  }
  if (linkedClone === true && storage !== undefined) {
    failures.push({
      path: "storage",
      reason: "cannot be chosen for a linked clone, which lies where its template does",
    });
  }
  if (typeof mark === "string" && Array.isArray(tags) && !tags.includes(mark) && !tags.includes(UNKNOWN)) {
    failures.push({ path: "tags", reason: "must hold the mark" });
  }
  const policies = ["firewallIn", "firewallOut"].filter(
    (name) => (inputs[name] === undefined) !== (inputs.firewallRules === undefined),
  );
  failures.push(...policies.map((path) => ({ path, reason: "goes together with firewallRules" })));
  return failures;
}

function shrinking(news: PropertyMap, old: PropertyMap | undefined): CheckFailure[] {
  if (!old || IDENTITY.some((name) => old[name] !== news[name])) return [];
  const { diskGiB: before } = old;
  const { diskGiB: after } = news;
  if (typeof before !== "number" || typeof after !== "number" || after >= before) return [];
  return [{ path: "diskGiB", reason: `is ${before} now, and disks only grow` }];
}

export function unknownOutputs(): PropertyMap {
  return Object.fromEntries(Object.keys(OUTPUTS).map((name) => [name, UNKNOWN]));
}

/** Checked inputs, typed. */
export function machineOf(inputs: PropertyMap): Machine {
  const { failures } = checkFields(inputs, FIELDS);
  if (failures.length === 0 && !Object.values(inputs).includes(UNKNOWN)) return inputs as unknown as Machine;
  throw new FleetError("FLEET_INVALID", failures.map(({ path, reason }) => `${path} ${reason}`).join("; "), {});
}
