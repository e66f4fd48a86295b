import { logRoutes } from "./log-routes.ts";
import { migrationRoutes } from "./migrations.ts";
import { readRoutes } from "./reads.ts";
import type { SpotRoute } from "./route.ts";

/** Everything that can be asked of the spot manager. */
export const SPOT_ROUTES: readonly SpotRoute[] = [...readRoutes, ...migrationRoutes, ...logRoutes];
