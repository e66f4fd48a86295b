import { pluginError } from "../wire.ts";
import { type DigitalOceanClient, getOrGone } from "./client.ts";
import type { Droplet } from "./droplet-state.ts";

const FIRST_MS = 10_000;
/** Waits between the reads after the first; the last one goes on. */
const NEXT_MS = [3_000, 6_000, 10_000] as const;
/** So many reads in a row may say "not there" before the wait gives up. */
const MOST_ABSENT = 120;

/**
 * Reads until `isDone`, first after 10 s. `read` gives undefined for 404, which `mostAbsent` reads in a row may do.
 *
 * @throws {StatusError} when it is absent too often.
 */
export async function poll<T>(
  client: DigitalOceanClient,
  what: string,
  read: () => Promise<T | undefined>,
  isDone: (value: T) => boolean,
  signal: AbortSignal,
  mostAbsent = MOST_ABSENT,
): Promise<T> {
  let absent = 0;
  for (let round = 0; ; round++) {
    await client.waits.wait(round === 0 ? FIRST_MS : NEXT_MS[Math.min(round - 1, NEXT_MS.length - 1)]!, signal);
    const value = await read();
    absent = value === undefined ? absent + 1 : 0;
    if (absent > mostAbsent) throw pluginError(`couldn't find resource (${absent} retries): ${what}`);
    if (value !== undefined && isDone(value)) return value;
  }
}

export function untilDroplet(
  client: DigitalOceanClient,
  id: string,
  isDone: (droplet: Droplet) => boolean,
  signal: AbortSignal,
  mostAbsent = MOST_ABSENT,
): Promise<Droplet> {
  const read = () => getOrGone<Droplet>(client, `droplets/${id}`, "droplet", signal);
  return poll(client, `droplet ${id}`, read, isDone, signal, mostAbsent);
}

/** Reads until the cloud answers 404. */
export async function untilGone(client: DigitalOceanClient, id: string, signal: AbortSignal): Promise<void> {
  const read = async () => ({
    gone: (await getOrGone<Droplet>(client, `droplets/${id}`, "droplet", signal)) === undefined,
  });
  await poll(client, `droplet ${id}`, read, ({ gone }) => gone, signal);
}

interface Action {
  id: number;
  status: string;
  started_at: string;
  completed_at: string | null;
}

export async function startAction(
  client: DigitalOceanClient,
  droplet: string,
  body: object,
  signal: AbortSignal,
): Promise<Action> {
  const answer = await client.call<{ action?: Action }>("POST", `droplets/${droplet}/actions`, signal, body);
  if (!answer?.action) throw pluginError('the official digitalocean plugin crashes on an answer without "action"');
  return answer.action;
}

/** Waits for an action's end. @throws {StatusError} when it errored. */
export async function untilAction(client: DigitalOceanClient, id: number, signal: AbortSignal): Promise<void> {
  const read = () => getOrGone<Action>(client, `actions/${id}`, "action", signal);
  const action = await poll(
    client,
    `action ${id}`,
    read,
    (each) => each.status === "errored" || each.completed_at !== null,
    signal,
  );
  if (action.status === "errored") throw pluginError(`action ${id} errored`);
}
