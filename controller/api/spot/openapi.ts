import { descriptionOf, jsonContent, requestBodyOf } from "../description.ts";
import type { Schema } from "../fleet/route.ts";
import { objectOf, type SpotRoute, TEXT } from "./route.ts";

/** Where the description is answered. */
export const SPOT_DESCRIPTION = "/openapi/spot.json";

const ERROR = { $ref: "#/components/responses/Error" };
/** 401 and 403 are the admin gate's. */
const ERRORS = [400, 401, 403, 404, 500, 503];

/** Describes the dialect, from the table that it is served by. Pure. */
export const describeSpot = (routes: readonly SpotRoute[]) =>
  descriptionOf({
    title: "Fleetwright: OpenStack Spot Manager",
    description: "GPU hosts of an OpenStack by class, and moving them between aggregates.",
    routes,
    operation,
    bearer: "An admin's.",
    // From this machine none is needed.
    open: true,
    responses: {
      Error: {
        description: "Why it was not done.",
        content: jsonContent(
          objectOf({
            status: { const: "error" },
            error: TEXT,
            details: { type: "object", additionalProperties: true },
          }),
        ),
      },
    },
  });

function operation({ id, summary, description, parameters = [], body, data }: SpotRoute): Record<string, unknown> {
  return {
    operationId: id,
    summary,
    ...(description !== undefined && { description }),
    ...(parameters.length > 0 && {
      parameters: parameters.map((one) => ({ ...one, ...(one.in === "path" && { required: true }) })),
    }),
    ...requestBodyOf(body),
    responses: {
      200: { description: "Done.", content: jsonContent(success(data)) },
      ...Object.fromEntries(ERRORS.map((status) => [status, ERROR])),
    },
  };
}

const success = (data: Schema | undefined): Schema =>
  objectOf({ status: { const: "success" }, ...(data === undefined ? { message: TEXT } : { data }) });
