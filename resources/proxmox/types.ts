import type { CloudTypes } from "../plugin/package.ts";
import { virtualMachineHandler } from "./plugin.ts";
import { virtualMachineSchema } from "./plugin-fields.ts";

/** What the package `fleetwright` has for Proxmox VE. */
export const types: CloudTypes = {
  handlers: (parts) => [virtualMachineHandler(parts)],
  schema: virtualMachineSchema,
};
