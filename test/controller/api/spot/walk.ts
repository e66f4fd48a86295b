import { hyperstackRoutes } from "../../../../controller/api/spot/hyperstack.ts";
import { launchRoutes } from "../../../../controller/api/spot/launch.ts";
import { logRoutes } from "../../../../controller/api/spot/log-routes.ts";
import { migrationRoutes } from "../../../../controller/api/spot/migrations.ts";
import { networkRoutes } from "../../../../controller/api/spot/networks.ts";
import { readRoutes } from "../../../../controller/api/spot/reads.ts";
import type { SpotRoute } from "../../../../controller/api/spot/route.ts";
import documented from "../dialect/endpoints/spot.json" with { type: "json" };

/** Where each documented endpoint is driven: on an OpenStack with a NetBox, and on one with a Hyperstack above it. */
export const WALKS: Readonly<Record<"spot" | "launch", readonly SpotRoute[]>> = {
  spot: [...readRoutes, ...migrationRoutes, ...logRoutes],
  launch: [...launchRoutes, ...networkRoutes, ...hyperstackRoutes],
};

/** A route, what the document says of it, and its documented error codes. */
export const stepsOf = (walk: keyof typeof WALKS) =>
  WALKS[walk].map(({ id, method, path }) => {
    const found = documented.find((one) => one.id === `spot-manager.${id}`)!;
    const codes = found.responses.flatMap(({ status }) => (typeof status === "number" ? [status] : []));
    return { id, method: method.toUpperCase(), path, found, codes };
  });
