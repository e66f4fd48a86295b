import { accountRoutes } from "./reads/accounts.ts";
import { auditRoutes } from "./reads/audit.ts";
import { auditExports } from "./reads/audit-export.ts";
import { catalogRoutes } from "./reads/catalog.ts";
import { costRoutes } from "./reads/costs.ts";
import { driftRoutes } from "./reads/drift.ts";
import { inventoryRoutes } from "./reads/inventory.ts";
import { metaRoutes } from "./reads/meta.ts";
import { metricRoutes } from "./reads/metrics.ts";
import { objectRoutes } from "./reads/objects.ts";
import { runRoutes } from "./reads/runs.ts";
import { spendingRoutes } from "./reads/spending.ts";
import { stackRoutes } from "./reads/stacks.ts";
import { statusRoutes } from "./reads/status.ts";
import type { Route } from "./route.ts";
import { apiKeyRoutes } from "./writes/api-keys.ts";
import { changeRoutes } from "./writes/changes.ts";
import { consoleRoutes } from "./writes/console.ts";
import { credentialRoutes } from "./writes/credentials.ts";
import { driftWrites } from "./writes/drift.ts";
import { fleetRoutes } from "./writes/fleet.ts";
import { inventoryWrites } from "./writes/inventory.ts";
import { objectWrites } from "./writes/objects.ts";
import { tokenRoutes } from "./writes/tokens.ts";
import { userRoutes } from "./writes/users.ts";
import { webhookRoutes } from "./writes/webhooks.ts";

/** What the parts of the surface are about, in the order of the description. */
export const TAGS: Readonly<Record<string, string>> = {
  servers: "Machines.",
  firewalls: "Rules that servers share.",
  plans: "Products that customers buy.",
  aggregates: "Groups of hosts.",
  keys: "Public keys that new machines let in.",
  ports: "Ports of networks that servers are plugged into.",
  snapshots: "Images of servers' disks.",
  fleet: "Settings of the whole fleet.",
  changes: "Wishes on their way to machines: previewed, approved, executed.",
  accounts: "Accounts at clouds.",
  catalog: "What the clouds sell.",
  costs: "Money.",
  stacks: "What the engine keeps.",
  runs: "What the engine did.",
  drift: "What somebody changed by hand.",
  inventory: "What the clouds have.",
  credentials: "What lets the controller in at the clouds; values go in and never out.",
  webhooks: "Who is told of what happens.",
  users: "People.",
  "api-keys": "What programs sign in with.",
  tokens: "Signing in and out.",
  audit: "Who did what.",
  service: "The service itself.",
};

/** Everything that can be asked: who may, with what, and what is answered. Registration, checks and the description are made from it. */
export const ROUTES: readonly Route[] = [
  ...objectRoutes,
  ...objectWrites,
  ...metricRoutes,
  ...consoleRoutes,
  ...changeRoutes,
  ...fleetRoutes,
  ...accountRoutes,
  ...catalogRoutes,
  ...costRoutes,
  ...spendingRoutes,
  ...stackRoutes,
  ...runRoutes,
  ...driftRoutes,
  ...driftWrites,
  ...inventoryRoutes,
  ...inventoryWrites,
  ...credentialRoutes,
  ...webhookRoutes,
  ...userRoutes,
  ...apiKeyRoutes,
  ...tokenRoutes,
  ...auditRoutes,
  ...auditExports,
  ...statusRoutes,
  ...metaRoutes,
];
