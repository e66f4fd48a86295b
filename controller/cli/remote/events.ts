import { setTimeout as sleep } from "node:timers/promises";
import { FleetError } from "../../../resources/errors.ts";
import type { RunEnd, RunTold } from "../render/runs.ts";
import type { Remote } from "./client.ts";

/** A stream that shows no sign of life for so long is dead: the controller gives one every 15 s. */
const SILENCE_MS = 60_000;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;
/** Tries in a row. */
const MOST_TRIES = 10;

/**
 * What a run tells, from its first event to its end. Where the connection breaks it goes on behind the last event that came, so none is lost and
 * none comes twice.
 * @throws {FleetError} the controller's; SERVER_UNAVAILABLE after ten tries in a row
 */
export async function* followRemote(remote: Remote, id: string, signal: AbortSignal): AsyncGenerator<RunTold | RunEnd> {
  let last = "";
  for (let tries = 1; ; tries += 1) {
    const silence = new AbortController();
    const heard = setTimeout(() => silence.abort(), SILENCE_MS);
    try {
      const headers: Record<string, string> = last === "" ? {} : { "last-event-id": last };
      const response = await remote.open(`/runs/${id}/events`, headers, AbortSignal.any([signal, silence.signal]));
      if (response.status === 204) {
        const { outcome } = await remote.get<RunEnd>(`/runs/${id}`);
        return yield { outcome: outcome ?? "unknown" };
      }
      for await (const { event, data, id: number } of eventsOf(response.body!, () => heard.refresh())) {
        tries = 0;
        if (event === "end") return yield JSON.parse(data) as RunEnd;
        yield JSON.parse(data) as RunTold;
        last = number;
      }
    } catch (error) {
      const isFinal = error instanceof FleetError && !error.retry;
      if (signal.aborted || isFinal || tries >= MOST_TRIES) throw error;
    } finally {
      clearTimeout(heard);
    }
    await sleep(Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** tries), undefined, { signal });
  }
}

/** @see https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation */
async function* eventsOf(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  onLife: () => void,
): AsyncGenerator<{ event: string; data: string; id: string }> {
  let rest = "";
  for await (const text of body.pipeThrough(new TextDecoderStream())) {
    onLife();
    const parts = (rest + text).split("\n\n");
    // What has no empty line behind it has not come whole.
    rest = parts.pop()!;
    for (const part of parts) {
      const fields = new Map(
        part.split("\n").flatMap((line) => {
          const [, name, value] = /^(\w+): ?(.*)$/.exec(line) ?? [];
          return name === undefined ? [] : [[name, value!] as const];
        }),
      );
      const data = fields.get("data");
      if (data !== undefined) yield { event: fields.get("event") ?? "message", data, id: fields.get("id") ?? "" };
    }
  }
}
