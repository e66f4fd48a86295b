import { type MetricsReader, pointsOf, type Series } from "../insight.ts";
import { invalidAnswer, vultr } from "./http.ts";
import { placeOf } from "./ids.ts";

interface Day {
  incoming_bytes?: unknown;
  outgoing_bytes?: unknown;
}

const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** Vultr measures what goes over the network, a day at a time; the last day is not over. @see https://www.vultr.com/api/#operation/get-instance-bandwidth */
export const metrics: MetricsReader = {
  windows: ["month"],
  async read(id, _window, call) {
    const path = `${placeOf(id).path}/bandwidth`;
    const { body } = await vultr<{ bandwidth?: unknown } | null>(call, { method: "GET", path });
    const found = body?.bandwidth;
    if (typeof found !== "object" || found === null) throw invalidAnswer(call, "GET", path, "it has no days");
    // A machine without a day yet is an empty list there.
    const days = Object.entries(found as Record<string, Day>)
      .filter(([day]) => DAY.test(day))
      .sort(([a], [b]) => (a < b ? -1 : 1));
    const series = (metric: Series["metric"], field: keyof Day): Series => ({
      metric,
      unit: "bytes-per-day",
      points: pointsOf(days.map(([day, told]) => [Date.parse(day), told?.[field]])),
    });
    return [series("network-in", "incoming_bytes"), series("network-out", "outgoing_bytes")].filter(
      ({ points }) => points.length > 0,
    );
  },
};
