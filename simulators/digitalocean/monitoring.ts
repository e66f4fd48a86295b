import { type Context, Hono } from "hono";
import { type Load, loadAt, samplesSince } from "../load.ts";
import { DigitalOceanError } from "./errors.ts";
import type { DigitalOceanWorld, Droplet } from "./world.ts";

const STEP_MS = 120_000;
const MOST_SAMPLES = 1000;
const BYTES_PER_MEGABIT = 125_000;

/** Figures of droplets that are monitored, below `/monitoring/metrics/droplet`; of any other they are none. */
export function monitoringRoutes(world: DigitalOceanWorld): Hono {
  const app = new Hono();
  app.get("/cpu", (c) => answer(c, world, cpu));
  app.get("/bandwidth", (c) => {
    const direction = oneOf(c, "direction", ["inbound", "outbound"]);
    const isPublic = oneOf(c, "interface", ["private", "public"]) === "public";
    const bytes = ({ netIn, netOut }: Load) => (!isPublic ? 0 : direction === "inbound" ? netIn : netOut);
    return answer(c, world, (droplet, samples) => [
      {
        metric: { host_id: String(droplet.id), interface: isPublic ? "public" : "private", direction },
        values: samples.map((ms) => [ms / 1000, String(bytes(loadAt(droplet.id, ms)) / BYTES_PER_MEGABIT)]),
      },
    ]);
  });
  return app;
}

type Lines = (droplet: Droplet, samples: readonly number[]) => object[];

function answer(c: Context, world: DigitalOceanWorld, lines: Lines): Response {
  const id = required(c, "host_id");
  const [start, end] = [second(c, "start"), second(c, "end")];
  if (start >= end) throw bad("start must be before end");
  const droplet = world.droplets.get(id);
  const isMeasured = droplet?.monitoring === true && droplet.status === "active";
  const now = Math.min(end * 1000, world.clock.now());
  const since = Math.max(start * 1000, droplet?.createdMs ?? 0);
  const samples = isMeasured ? samplesSince(since, now, STEP_MS, MOST_SAMPLES) : [];
  const result = samples.length === 0 ? [] : lines(droplet!, samples);
  return c.json({ status: "success", data: { resultType: "matrix", result } });
}

/** Seconds since it has started, by what a processor did. */
function cpu(droplet: Droplet, samples: readonly number[]): object[] {
  let [idle, user] = [0, 0];
  // It is measured when it starts, too.
  const first = { second: samples[0]! / 1000 - STEP_MS / 1000, idle, user };
  const told = samples.map((ms) => {
    const { cpu } = loadAt(droplet.id, ms);
    user += (cpu * STEP_MS) / 1000;
    idle += ((1 - cpu) * STEP_MS) / 1000;
    return { second: ms / 1000, idle, user };
  });
  return (["idle", "user"] as const).map((mode) => ({
    metric: { host_id: String(droplet.id), mode },
    values: [first, ...told].map((one) => [one.second, one[mode].toFixed(2)]),
  }));
}

const bad = (message: string): DigitalOceanError => new DigitalOceanError("bad_request", message);

function required(c: Context, name: string): string {
  const value = c.req.query(name);
  if (!value) throw bad(`${name} is required`);
  return value;
}

function second(c: Context, name: string): number {
  const value = required(c, name);
  if (!/^\d{1,12}$/.test(value)) throw bad(`${name} must be a UNIX timestamp`);
  return Number(value);
}

function oneOf(c: Context, name: string, allowed: readonly string[]): string {
  const value = required(c, name);
  if (!allowed.includes(value)) throw bad(`${name} must be one of ${allowed.join(", ")}`);
  return value;
}
