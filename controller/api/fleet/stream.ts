import type { Context } from "hono";
import { type SSEStreamingApi, streamSSE } from "hono/streaming";
import type { RunRecord, StoredEvent } from "../../store/types.ts";
import { type FleetApi, MOST_STREAMS } from "./api.ts";
import { ApiError } from "./problems.ts";

const READ_AT_ONCE = 500;

/**
 * A run's events behind `after` as they come, until it has ended and all is told, or the caller goes. They are read from the log, so it does not
 * matter which process runs it.
 */
export async function streamRun(
  api: FleetApi,
  context: Context,
  { id }: Pick<RunRecord, "id">,
  after: number,
  tells: (event: StoredEvent) => boolean,
): Promise<Response> {
  const { store } = api.controller;
  const run = await store.run(id);
  if (after > 0 && run?.finishedAt !== undefined && (await store.runEvents(id, 1, after)).length === 0)
    return new Response(null, { status: 204 });
  if (context.req.method === "HEAD") return new Response(null, { headers: { "content-type": "text/event-stream" } });
  if (api.streams >= MOST_STREAMS)
    throw new ApiError("TOO_MANY_STREAMS", `${MOST_STREAMS} streams are open`, { headers: { "retry-after": "30" } });
  api.streams += 1;
  context.header("x-accel-buffering", "no");
  return streamSSE(context, async (stream) => {
    try {
      await follow(api, stream, id, after, tells);
    } catch {
      // The caller goes on from the last event that it has.
    } finally {
      api.streams -= 1;
    }
  });
}

async function follow(
  api: FleetApi,
  stream: SSEStreamingApi,
  id: string,
  after: number,
  tells: (event: StoredEvent) => boolean,
): Promise<void> {
  const { store, steady, sleep } = api.controller;
  const gone = new AbortController();
  stream.onAbort(() => gone.abort());
  const signal = AbortSignal.any([gone.signal, api.stopping]);
  let last = after;
  let toldAt = steady();
  while (!signal.aborted) {
    // Looked at first: whatever a run has told is there once it has ended.
    const run = await store.run(id);
    const events = await store.runEvents(id, READ_AT_ONCE, last);
    for (const event of events) {
      last = event.seq;
      if (!tells(event)) continue;
      const { seq, at, kind, object, data } = event;
      const text = JSON.stringify({ seq, at, kind, ...(object !== undefined && { object }), data });
      await stream.writeSSE({ id: String(seq), event: kind, data: text });
      toldAt = steady();
    }
    if (events.length === READ_AT_ONCE) continue;
    if (run?.finishedAt !== undefined || run === undefined) {
      await stream.writeSSE({ event: "end", data: JSON.stringify({ outcome: run?.outcome ?? "unknown" }) });
      return;
    }
    if (steady() - toldAt >= api.heartbeatMs) {
      await stream.write(": still here\n\n");
      toldAt = steady();
    }
    await sleep(api.pollMs, signal);
  }
}
