import { pointedSchemas, pointerTo } from "../../../../controller/api/fleet/check.ts";
import { describeSpot } from "../../../../controller/api/spot/openapi.ts";
import { SPOT_ROUTES } from "../../../../controller/api/spot/routes.ts";

const description = describeSpot(SPOT_ROUTES);
const schemaAt = pointedSchemas(description as never);
const ROUTES = SPOT_ROUTES.map((route) => ({
  ...route,
  fits: new RegExp(`^${route.path.replace(/\{\w+\}/g, "[^/]+")}$`),
}));

/** Each answer of a known route is one that its description has. @throws where it is not */
export function checkDescribed(method: string, url: string, status: number, body: unknown): void {
  const path = url.split("?")[0]!;
  const route = ROUTES.find((one) => one.method.toUpperCase() === method && one.fits.test(path));
  if (route === undefined) return;
  const content = ["content", "application/json", "schema"];
  const at =
    status === 200
      ? pointerTo("paths", route.path, route.method, "responses", "200", ...content)
      : pointerTo("components", "responses", "Error", ...content);
  const { responses } = description.paths[route.path]![route.method] as { responses: object };
  if (!(String(status) in responses))
    throw new Error(`${route.id} answers ${status}, which its description does not have`);
  const check = schemaAt(at);
  if (!check(body)) throw new Error(`${route.id} answers ${JSON.stringify(body)}: ${JSON.stringify(check.errors)}`);
}
