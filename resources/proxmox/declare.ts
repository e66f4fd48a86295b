import type { Declarations } from "../cloud.ts";
import { machineOptions } from "../declaring.ts";
import { FleetError } from "../errors.ts";
import { machineInputs } from "./inputs.ts";
import { VirtualMachine } from "./resource.ts";

/** What applies when a machine is made. */
const CREATE_ONLY = ["template", "linkedClone", "storage", "pool", "user", "sshKeys", "ipconfig", "waitForAgent"];

export const declarations: Declarations = {
  declareServer(server, context) {
    const machine = new VirtualMachine(
      context.identity,
      machineInputs(server, context),
      machineOptions(context, CREATE_ONLY),
    );
    return { id: machine.id };
  },

  declareShared(object) {
    // Keys and rules go into each machine: neither is an object of the cluster.
    if (object.kind === "SshKey") return;
    throw new FleetError("CLOUD_UNSUPPORTED", `${object.name}: Proxmox VE has no ${object.kind} beside its machines`, {
      cloud: "proxmox",
      object: object.name,
    });
  },
};
