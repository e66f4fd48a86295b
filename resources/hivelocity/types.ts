import type { CloudTypes } from "../plugin/package.ts";
import { deviceHandler } from "./plugin.ts";
import { hivelocitySchema } from "./plugin-fields.ts";
import { sshKeyHandler } from "./plugin-key.ts";

/** What the package `fleetwright` has for Hivelocity. */
export const types: CloudTypes = {
  handlers: (parts) => [deviceHandler(parts), sshKeyHandler(parts)],
  schema: hivelocitySchema,
};
