import { descriptionOf, requestBodyOf } from "../description.ts";
import { API_ERRORS, TITLES } from "./problems.ts";
import { type Described, isMutation, parametersOf, type Route, type Schema } from "./route.ts";
import { COMPONENTS } from "./shapes.ts";

/** OpenAPI 3.1: what is published, and what requests are checked against. */
export interface Description {
  openapi: "3.1.0";
  paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  components: { schemas: Readonly<Record<string, Schema>> } & Readonly<Record<string, unknown>>;
  tags: readonly { name: string; description: string }[];
  info: { title: string; version: string; description: string };
  [member: string]: unknown;
}

export interface Operation {
  operationId: string;
  tags: readonly string[];
  summary: string;
  description?: string;
  "x-required-role": string;
  parameters?: readonly object[];
  requestBody?: object;
  responses: Readonly<Record<string, object>>;
  security?: readonly object[];
}

const PROBLEM = { $ref: "#/components/responses/Problem" };

/** Describes a table of routes. Pure. */
export const describe = (routes: readonly Route[], tags: Readonly<Record<string, string>>): Description =>
  descriptionOf({
    title: "Fleetwright",
    description:
      "The fleet as its repository wants it, as it was applied and as the clouds have it. Lists are paged by `cursor`; errors are RFC 9457 problems with a `code`.",
    routes,
    operation,
    tags,
    bearer: "An access token, or an API key.",
    schemas: COMPONENTS,
    responses: {
      Problem: {
        description: "What is wrong, as RFC 9457 says it.",
        content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
      },
    },
  });

function operation(one: Route): Operation {
  const { id, tag, summary, description, role, body } = one;
  const parameters = parametersOf(one);
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description !== undefined && { description }),
    "x-required-role": role,
    ...(role === "anyone" && { security: [] }),
    ...(parameters.length > 0 && {
      parameters: parameters.map(({ required, ...rest }) => ({
        ...rest,
        ...((required || rest.in === "path") && { required: true }),
        ...(rest.in === "query" &&
          (rest.schema as { type?: unknown }).type === "array" && { style: "form", explode: true }),
      })),
    }),
    ...requestBodyOf(body),
    responses: { ...Object.fromEntries(Object.entries(one.answers).map(answer)), ...problems(one) },
  };
}

function answer([status, { description, schema, type = "application/json", headers }]: [string, Described]) {
  return [
    status,
    {
      description,
      ...(schema && { content: { [type]: { schema } } }),
      ...(headers && {
        headers: Object.fromEntries(
          Object.entries(headers).map(([name, text]) => [name, { description: text, schema: { type: "string" } }]),
        ),
      }),
    },
  ] as const;
}

/** The statuses that any request may come to, by what it is. */
function problems(one: Route): Record<string, object> {
  const known = one.role === "anyone" ? ["400"] : ["400", "401", "403", "404"];
  const codes = [...known, ...(isMutation(one) ? ["409", "412", "415"] : []), "4XX", "5XX"];
  return Object.fromEntries(codes.map((code) => [code, PROBLEM]));
}

/** Every code with its title, those of the API first. */
export const PROBLEM_CODES = Object.keys(TITLES).sort(
  (a, b) => Number(b in API_ERRORS) - Number(a in API_ERRORS),
) as (keyof typeof TITLES)[];
