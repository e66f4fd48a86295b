import { catalogRoutes } from "./catalog.ts";
import { instanceRoutes } from "./instances/routes.ts";
import { providerRoutes } from "./provider-routes.ts";
import type { VpsRoute } from "./route.ts";

/** What the parts of the dialect are about, in the order of the description. */
export const VPS_TAGS: Readonly<Record<string, string>> = {
  providers: "Accounts at clouds, for admins.",
  instances: "Machines, each for its owner.",
  digitalocean: "What DigitalOcean sells.",
  linode: "What Linode sells.",
};

/** Everything that can be asked of the dialect. */
export const VPS_ROUTES: readonly VpsRoute[] = [...providerRoutes, ...instanceRoutes, ...catalogRoutes];
