import type { Context } from "hono";
import { type SSEStreamingApi, streamSSE } from "hono/streaming";
import type { RunRecord, StoredEvent } from "../../store/types.ts";
import { type FleetApi, MOST_STREAMS } from "./api.ts";
import { ApiError } from "./problems.ts";

const READ_AT_ONCE = 500;

/** What streams are read from, and how many of them there are. */
export type StreamGround = Pick<FleetApi, "controller" | "stopping" | "pollMs" | "heartbeatMs" | "streams">;

/** One message of a stream. */
interface Told {
  event: string;
  data: string;
}

/** Writes what there is to be told now, and says whether it is asked again: at once, after a pause, or no more. */
export type Teller = (stream: Pick<SSEStreamingApi, "writeSSE">) => Promise<"more" | "wait" | "end">;

function asJson({ seq, at, kind, object, data }: StoredEvent): Told {
  return { event: kind, data: JSON.stringify({ seq, at, kind, ...(object !== undefined && { object }), data }) };
}

/**
 * A run's events behind `after` as they come, until it has ended and all is told, or the caller goes. They are read from the log, so it does not
 * matter which process runs it.
 */
export async function streamRun(
  ground: StreamGround,
  context: Context,
  { id }: Pick<RunRecord, "id">,
  after: number,
  tells: (event: StoredEvent) => boolean,
): Promise<Response> {
  const { store } = ground.controller;
  const run = await store.run(id);
  if (after > 0 && run?.finishedAt !== undefined && (await store.runEvents(id, 1, after)).length === 0)
    return new Response(null, { status: 204 });
  if (context.req.method === "HEAD") return new Response(null, { headers: { "content-type": "text/event-stream" } });
  return openStream(ground, context, runTeller(ground, { id }, after, tells, asJson));
}

/** Tells a run's events behind `after`, and last `end` with its outcome. */
export function runTeller(
  { controller: { store } }: Pick<StreamGround, "controller">,
  { id }: Pick<RunRecord, "id">,
  after: number,
  tells: (event: StoredEvent) => boolean,
  told: (event: StoredEvent) => Told,
): Teller {
  let last = after;
  return async (stream) => {
    // Looked at first: whatever a run has told is there once it has ended.
    const run = await store.run(id);
    const events = await store.runEvents(id, READ_AT_ONCE, last);
    for (const event of events) {
      last = event.seq;
      if (tells(event)) await stream.writeSSE({ id: String(event.seq), ...told(event) });
    }
    if (events.length === READ_AT_ONCE) return "more";
    if (run !== undefined && run.finishedAt === undefined) return "wait";
    await stream.writeSSE({ event: "end", data: JSON.stringify({ outcome: run?.outcome ?? "unknown" }) });
    return "end";
  };
}

/** Whoever is cut off goes on from the last message that it has. @throws {ApiError} TOO_MANY_STREAMS */
export function openStream(ground: StreamGround, context: Context, tell: Teller): Response {
  if (ground.streams >= MOST_STREAMS)
    throw new ApiError("TOO_MANY_STREAMS", `${MOST_STREAMS} streams are open`, { headers: { "retry-after": "30" } });
  ground.streams += 1;
  context.header("x-accel-buffering", "no");
  return streamSSE(context, async (stream) => {
    try {
      await follow(ground, stream, tell);
    } catch {
      // The caller goes on from the last event that it has.
    } finally {
      ground.streams -= 1;
    }
  });
}

async function follow(
  { controller, stopping, pollMs, heartbeatMs }: StreamGround,
  stream: SSEStreamingApi,
  tell: Teller,
): Promise<void> {
  const { steady, sleep } = controller;
  const gone = new AbortController();
  stream.onAbort(() => gone.abort());
  const signal = AbortSignal.any([gone.signal, stopping]);
  let toldAt = steady();
  const writeSSE: SSEStreamingApi["writeSSE"] = async (message) => {
    await stream.writeSSE(message);
    toldAt = steady();
  };
  while (!signal.aborted) {
    const next = await tell({ writeSSE });
    if (next === "end") return;
    if (next === "more") continue;
    if (steady() - toldAt >= heartbeatMs) {
      await stream.write(": still here\n\n");
      toldAt = steady();
    }
    await sleep(pollMs, signal);
  }
}
