import type { CloudTypes } from "../plugin/package.ts";
import { serverHandler } from "./plugin.ts";
import { aggregateHandler } from "./plugin-aggregate.ts";
import { portAttachmentHandler } from "./plugin-attachment.ts";
import { schema } from "./plugin-fields.ts";
import { securityGroupHandler } from "./plugin-group.ts";
import { aggregateHostHandler } from "./plugin-host.ts";
import { keyPairHandler } from "./plugin-key.ts";
import { portHandler } from "./plugin-port.ts";
import { snapshotHandler } from "./plugin-snapshot.ts";

/** What the package `fleetwright` has for OpenStack. */
export const types: CloudTypes = {
  handlers: (parts) => [
    serverHandler(parts),
    securityGroupHandler(parts),
    keyPairHandler(parts),
    aggregateHandler(parts),
    aggregateHostHandler(parts),
    portHandler(parts),
    portAttachmentHandler(parts),
    snapshotHandler(parts),
  ],
  schema,
};
