import { VERSION } from "../../version.ts";
import { CODES } from "./envelope.ts";
import type { VpsRoute } from "./route.ts";
import { VPS_TAGS } from "./routes.ts";

const REFUSED = { $ref: "#/components/responses/Refused" };
const CHANGE = {
  description: "Id of the change that the request became.",
  schema: { type: "string" },
};

/** Describes the dialect as OpenAPI 3.1, from the table that it is served by. Pure. */
export function describeVps(routes: readonly VpsRoute[]): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const one of routes) {
    paths[one.path] ??= {};
    paths[one.path]![one.method] = operation(one);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Fleetwright: multi-cloud VPS API",
      version: VERSION,
      description:
        "Instances at several clouds, as the multi-cloud VPS API has them. Each mutation is a change of the fleet, whose id is in the header `Fleetwright-Change`.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/" }],
    security: [{ bearer: [] }],
    tags: Object.entries(VPS_TAGS).map(([name, description]) => ({ name, description })),
    paths,
    components: {
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
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer", description: "An access token, or an API key." },
      },
      responses: {
        Refused: {
          description: "Why it was refused.",
          content: { "application/json": { schema: { $ref: "#/components/schemas/Error" } } },
        },
      },
    },
  };
}

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
    ...(body && { requestBody: { required: true, content: { "application/json": { schema: body } } } }),
    responses: {
      [answer.status]: {
        description: answer.description,
        content: { "application/json": { schema: answer.schema } },
        ...(mutates && { headers: { "Fleetwright-Change": CHANGE } }),
      },
      "4XX": REFUSED,
      "5XX": REFUSED,
    },
  };
}
