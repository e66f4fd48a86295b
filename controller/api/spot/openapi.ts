import { VERSION } from "../../version.ts";
import type { Schema } from "../fleet/route.ts";
import { objectOf, type SpotRoute, TEXT } from "./route.ts";

/** Where the description is answered. */
export const SPOT_DESCRIPTION = "/openapi/spot.json";

const ERROR = { $ref: "#/components/responses/Error" };
/** 401 and 403 are the admin gate's. */
const ERRORS = [400, 401, 403, 404, 500, 503];

/** OpenAPI 3.1 of a table of routes: what is published is what checks. Pure. */
export function describeSpot(routes: readonly SpotRoute[]): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const one of routes) paths[one.path] = { ...paths[one.path], [one.method]: operation(one) };
  return {
    openapi: "3.1.0",
    info: {
      title: "Fleetwright: OpenStack Spot Manager",
      version: VERSION,
      description: "GPU hosts of an OpenStack by class, and moving them between aggregates.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/" }],
    // From this machine none is needed.
    security: [{}, { bearer: [] }],
    paths,
    components: {
      securitySchemes: { bearer: { type: "http", scheme: "bearer", description: "An admin's." } },
      responses: {
        Error: {
          description: "Why it was not done.",
          content: json(
            objectOf({
              status: { const: "error" },
              error: TEXT,
              details: { type: "object", additionalProperties: true },
            }),
          ),
        },
      },
    },
  };
}

function operation({ id, summary, description, parameters = [], body, data }: SpotRoute): Record<string, unknown> {
  return {
    operationId: id,
    summary,
    ...(description !== undefined && { description }),
    ...(parameters.length > 0 && {
      parameters: parameters.map((one) => ({ ...one, ...(one.in === "path" && { required: true }) })),
    }),
    ...(body && { requestBody: { required: true, content: json(body) } }),
    responses: {
      200: { description: "Done.", content: json(success(data)) },
      ...Object.fromEntries(ERRORS.map((status) => [status, ERROR])),
    },
  };
}

const success = (data: Schema | undefined): Schema =>
  objectOf({ status: { const: "success" }, ...(data === undefined ? { message: TEXT } : { data }) });

const json = (schema: Schema) => ({ "application/json": { schema } });
