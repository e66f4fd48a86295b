import { hyperstackRoutes } from "./hyperstack.ts";
import { launchRoutes } from "./launch.ts";
import { logRoutes } from "./log-routes.ts";
import { migrationRoutes } from "./migrations.ts";
import { networkRoutes } from "./networks.ts";
import { readRoutes } from "./reads.ts";
import type { SpotRoute } from "./route.ts";

/** Everything that can be asked of the spot manager. */
export const SPOT_ROUTES: readonly SpotRoute[] = [
  ...readRoutes,
  ...migrationRoutes,
  ...launchRoutes,
  ...networkRoutes,
  ...hyperstackRoutes,
  ...logRoutes,
];
