import { VERSION } from "../version.ts";
import type { Schema } from "./fleet/route.ts";

/** What a description has of each route, whatever the service. */
interface Described {
  method: string;
  path: string;
}

/** What differs from service to service. */
export interface Service<Route extends Described, Operation> {
  title: string;
  description: string;
  routes: readonly Route[];
  operation(route: Route): Operation;
  /** Name to text, in the order in which they are shown. */
  tags?: Readonly<Record<string, string>>;
  /** Who the token has to be of. */
  bearer: string;
  /** Whether some callers need no token. */
  open?: true;
  schemas?: Readonly<Record<string, Schema>>;
  responses: Readonly<Record<string, object>>;
}

/** OpenAPI 3.1 of a service, from the table of routes that it is served by: what is published is what checks. Pure. */
export function descriptionOf<Route extends Described, Operation>(service: Service<Route, Operation>) {
  const paths: Record<string, Record<string, Operation>> = {};
  for (const one of service.routes) {
    paths[one.path] ??= {};
    paths[one.path]![one.method] = service.operation(one);
  }
  return {
    openapi: "3.1.0" as const,
    info: {
      title: service.title,
      version: VERSION,
      description: service.description,
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/" }],
    security: [...(service.open ? [{}] : []), { bearer: [] }],
    tags: Object.entries(service.tags ?? {}).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      schemas: service.schemas ?? {},
      securitySchemes: { bearer: { type: "http", scheme: "bearer", description: service.bearer } },
      responses: service.responses,
    },
  };
}

/** The content of a body of this schema. */
export const jsonContent = (schema: Schema) => ({ "application/json": { schema } });

/** The body that an operation wants, when it wants one. */
export const requestBodyOf = (body: Schema | undefined) =>
  body === undefined ? {} : { requestBody: { required: true, content: jsonContent(body) } };
