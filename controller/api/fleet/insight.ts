import { FleetError } from "../../../resources/errors.ts";
import type { MetricWindow, Series, ServerConsole } from "../../../resources/insight.ts";
import type { Controller } from "../../reconcile/context.ts";
import { type Place, placeOf } from "../../reconcile/read-account.ts";
import { recordOf } from "./reads/state.ts";
import type { Records } from "./records.ts";
import type { FleetObject, FleetView } from "./view.ts";

/** Clouds measure every minute at most, and each reading is a request of the account. */
const GOOD_FOR_MS = 60_000;
const MOST = 1_000;
const READING_MS = 30_000;

export interface Metrics {
  server: string;
  window: MetricWindow;
  /** Those that its cloud can be asked for. */
  windows: readonly MetricWindow[];
  series: Series[];
}

interface Looking {
  controller: Controller;
  view: FleetView;
  records: Records;
}

/** What clouds have measured lately: whoever asks within a minute gets the same answer, and costs no request. */
export class MetricsMemory {
  readonly #steady: () => number;
  readonly #known = new Map<string, { atMs: number; series: Promise<Series[]> }>();

  /** @param steady a clock that nobody sets */
  constructor(steady: () => number) {
    this.#steady = steady;
  }

  /**
   * @param wanted default: the cloud's usual window
   * @throws {FleetError} CLOUD_UNSUPPORTED where the cloud measures nothing, or not for so long; NOT_FOUND without a machine; the cloud's own
   */
  async read(looking: Looking, server: FleetObject, wanted?: MetricWindow): Promise<Metrics> {
    // Shared by all who ask meanwhile, so that it ends with none of them.
    const { id, place } = machineIn(looking, server, AbortSignal.timeout(READING_MS));
    const { cloud, account } = place;
    if (cloud.metrics === undefined) throw unsupported(place, "tells no figures of machines");
    const { windows } = cloud.metrics;
    const window = wanted ?? windows[0]!;
    if (!windows.includes(window))
      throw unsupported(place, `tells no figures for a ${window}, only for a ${windows.join(", a ")}`);
    const key = `${account.identity} ${id} ${window}`;
    const series = await this.#once(key, () => cloud.metrics!.read(id, window, place.call));
    return { server: server.name, window, windows, series };
  }

  #once(key: string, read: () => Promise<Series[]>): Promise<Series[]> {
    const known = this.#known.get(key);
    if (known !== undefined && this.#steady() - known.atMs < GOOD_FOR_MS) return known.series;
    if (this.#known.size >= MOST) this.#known.clear();
    const begun = { atMs: this.#steady(), series: read() };
    this.#known.set(key, begun);
    begun.series.catch(() => {
      if (this.#known.get(key) === begun) this.#known.delete(key);
    });
    return begun.series;
  }
}

/**
 * The way to a server's screen. Nothing of it is kept: it lets in whoever has it.
 * @throws {FleetError} CLOUD_UNSUPPORTED where the cloud has none; NOT_FOUND without a machine; the cloud's own
 */
export async function openConsole(looking: Looking, server: FleetObject, signal: AbortSignal): Promise<ServerConsole> {
  const { id, place } = machineIn(looking, server, signal);
  if (place.cloud.console === undefined) throw unsupported(place, "has no console that a program can open");
  return await place.cloud.console.open(id, place.call);
}

function machineIn(
  { controller, view, records }: Looking,
  server: FleetObject,
  signal: AbortSignal,
): { id: string; place: Place } {
  const record = recordOf(records, view, server);
  const account = record && view.desired.byIdentity.get(record.account);
  if (account === undefined || record?.cloudId === undefined)
    throw new FleetError("NOT_FOUND", `${server.name} has no machine yet`, { server: server.name });
  return { id: record.cloudId, place: placeOf(controller, account, signal, "person") };
}

const unsupported = ({ cloud, account }: Place, what: string): FleetError =>
  new FleetError("CLOUD_UNSUPPORTED", `${cloud.title} ${what}`, { account: account.spec.name });
