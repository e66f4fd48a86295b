import { accountRoutes } from "./reads/accounts.ts";
import { auditRoutes } from "./reads/audit.ts";
import { catalogRoutes } from "./reads/catalog.ts";
import { costRoutes } from "./reads/costs.ts";
import { driftRoutes } from "./reads/drift.ts";
import { inventoryRoutes } from "./reads/inventory.ts";
import { metaRoutes } from "./reads/meta.ts";
import { objectRoutes } from "./reads/objects.ts";
import { runRoutes } from "./reads/runs.ts";
import { stackRoutes } from "./reads/stacks.ts";
import type { Route } from "./route.ts";
import { changeRoutes } from "./writes/changes.ts";
import { driftWrites } from "./writes/drift.ts";
import { inventoryWrites } from "./writes/inventory.ts";
import { objectWrites } from "./writes/objects.ts";
import { tokenRoutes } from "./writes/tokens.ts";

/** What the parts of the surface are about, in the order of the description. */
export const TAGS: Readonly<Record<string, string>> = {
  servers: "Machines.",
  firewalls: "Rules that servers share.",
  plans: "Products that customers buy.",
  aggregates: "Groups of hosts.",
  keys: "Public keys that new machines let in.",
  changes: "Wishes on their way to machines: previewed, approved, executed.",
  accounts: "Accounts at clouds.",
  catalog: "What the clouds sell.",
  costs: "Money.",
  stacks: "What the engine keeps.",
  runs: "What the engine did.",
  drift: "What somebody changed by hand.",
  inventory: "What the clouds have.",
  tokens: "Signing in and out.",
  audit: "Who did what.",
  service: "The service itself.",
};

/** Everything that can be asked: who may, with what, and what is answered. Registration, checks and the description are made from it. */
export const ROUTES: readonly Route[] = [
  ...objectRoutes,
  ...objectWrites,
  ...changeRoutes,
  ...accountRoutes,
  ...catalogRoutes,
  ...costRoutes,
  ...stackRoutes,
  ...runRoutes,
  ...driftRoutes,
  ...driftWrites,
  ...inventoryRoutes,
  ...inventoryWrites,
  ...tokenRoutes,
  ...auditRoutes,
  ...metaRoutes,
];
