import { METRIC_UNITS, METRICS, type MetricWindow, WINDOWS } from "../../../../resources/insight.ts";
import type { Principal } from "../../../people/principal.ts";
import { missing } from "../problems.ts";
import { type Route, route } from "../route.ts";
import { filter, instant, listOf, nameIn, oneOf, record, text } from "../shapes.ts";
import type { FleetObject, FleetView } from "../view.ts";

const WINDOW = oneOf(...Object.keys(WINDOWS));
const number = { type: "number" };

const SERIES = record(
  {
    metric: oneOf(...METRICS),
    unit: oneOf(...METRIC_UNITS),
    points: listOf(record({ at: instant, value: number })),
  },
  "What was not measured is left out. `percent` is as the cloud counts: with several processors it may pass 100.",
);

/** What clouds measure of machines. */
export const metricRoutes: readonly Route[] = [
  route<{ name: string; window?: MetricWindow }>({
    id: "getServerMetrics",
    method: "get",
    path: "/fleet/v1/servers/{name}/metrics",
    tag: "servers",
    role: "viewer",
    summary: "Get what the cloud has measured of one server",
    description:
      "Asks the cloud, at most once a minute for each server and window. 422 with CLOUD_UNSUPPORTED where the cloud tells no figures, or none for this window.",
    parameters: [
      nameIn("name", "The server's name."),
      filter("window", "How far back; default: the cloud's usual one, the first of `windows`.", WINDOW),
    ],
    answers: {
      200: {
        description: "Figures over time; none while nothing is measured yet.",
        schema: record({ server: text, window: WINDOW, windows: listOf(WINDOW), series: listOf(SERIES) }),
      },
    },
    run: async (api, { principal, parameters }) => {
      const view = await api.view();
      const server = serverFor(view, principal, parameters.name);
      const looking = { controller: api.controller, view, records: await api.records() };
      return { body: await api.metrics.read(looking, server, parameters.window) };
    },
  }),
];

/** @throws {ApiError} NOT_FOUND also for one that somebody may not see */
export function serverFor(view: FleetView, principal: Principal, name: string): FleetObject {
  const server = view.object("Server", name);
  return server !== undefined && view.isWithin(principal, server) ? server : missing(`server ${name}`);
}
