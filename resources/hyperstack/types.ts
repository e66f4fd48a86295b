import type { CloudTypes } from "../plugin/package.ts";
import { SCHEMA } from "./plugin-fields.ts";
import { firewallHandler } from "./plugin-firewall.ts";
import { keyPairHandler } from "./plugin-key.ts";
import { virtualMachineHandler } from "./plugin-machine.ts";

/** What the package `fleetwright` has for Hyperstack. */
export const types: CloudTypes = {
  handlers: (parts) => [virtualMachineHandler(parts), firewallHandler(parts), keyPairHandler(parts)],
  schema: SCHEMA,
};
