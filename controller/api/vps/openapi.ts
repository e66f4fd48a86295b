import { descriptionOf, jsonContent, requestBodyOf } from "../description.ts";
import { CODES } from "./envelope.ts";
import type { VpsRoute } from "./route.ts";
import { VPS_TAGS } from "./routes.ts";

const REFUSED = { $ref: "#/components/responses/Refused" };
const CHANGE = {
  description: "Id of the change that the request became.",
  schema: { type: "string" },
};

/** Describes the dialect, from the table that it is served by. Pure. */
export const describeVps = (routes: readonly VpsRoute[]): object =>
  descriptionOf({
    title: "Fleetwright: multi-cloud VPS API",
    description:
      "Instances at several clouds, as the multi-cloud VPS API has them. Each mutation is a change of the fleet, whose id is in the header `Fleetwright-Change`.",
    routes,
    operation,
    tags: VPS_TAGS,
    bearer: "An access token, or an API key.",
    schemas: {
      Error: {
        type: "object",
        additionalProperties: false,
        required: ["success", "error", "code"],
        properties: {
          success: { const: false },
          error: { type: "string" },
          code: { enum: CODES },
          field: { type: "string", description: "The field of the request that is wrong." },
        },
      },
    },
    responses: {
      Refused: { description: "Why it was refused.", content: jsonContent({ $ref: "#/components/schemas/Error" }) },
    },
  });

function operation({ id, tag, documented, admin, summary, description, path, query, body, answer, method }: VpsRoute) {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string", format: "uuid" },
  }));
  const parameters = [...inPath, ...(query ?? []).map((one) => ({ ...one, in: "query" }))];
  const mutates = method !== "get";
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description !== undefined && { description }),
    "x-documented": documented,
    "x-required-role": admin ? "admin" : "viewer",
    ...(parameters.length > 0 && { parameters }),
    ...requestBodyOf(body),
    responses: {
      [answer.status]: {
        description: answer.description,
        content: jsonContent(answer.schema),
        ...(mutates && { headers: { "Fleetwright-Change": CHANGE } }),
      },
      "4XX": REFUSED,
      "5XX": REFUSED,
    },
  };
}
