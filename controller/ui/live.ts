import { html } from "hono/html";
import { ApiError } from "../api/fleet/problems.ts";
import { openStream, type Teller } from "../api/fleet/stream.ts";
import type { StoredEvent } from "../store/types.ts";
import { cookieOf } from "./cookies.ts";
import { eventLine } from "./parts/log.ts";
import type { Markup } from "./parts/markup.ts";
import type { Visit } from "./visit.ts";

/** How long somebody who was signed out may still be told. */
const SIGNED_IN_MS = 10_000;

/**
 * Attributes of the part of a page that follows a stream: messages `line` are added to its log; with `look`, and at the end, it is read anew. Without
 * scripts a page has a link to itself.
 * @param cursor what the page shows already
 */
export const liveFrom = (here: string, cursor: string): Markup =>
  html` data-here="${here}" data-stream="${here}/events?after=${cursor}"`;

/** Where the stream goes on: after a break in the middle of it, or behind what the page shows. */
export const cursorOf = ({ c }: Visit): string => c.req.header("last-event-id") ?? c.req.query("after") ?? "";

/** One event as a line of the page. */
export const lineOf = (event: StoredEvent): { event: string; data: string } => ({
  event: "line",
  data: String(eventLine(event)),
});

/** A stream for a page, until there is no more to tell or its session has ended. */
export function streamTo(visit: Visit, tell: Teller): Response {
  const { c, parts, streams } = visit;
  const { steady } = parts.controller;
  const cookie = cookieOf(c, "session") ?? "";
  let knownAt = steady();
  try {
    return openStream(streams, c, async (stream) => {
      if (steady() - knownAt >= SIGNED_IN_MS) {
        if ((await parts.gate.who(cookie)) === undefined) return "end";
        knownAt = steady();
      }
      return await tell(stream);
    });
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    // The page reads itself anew in place of it.
    return c.text(error.message, 503, error.headers);
  }
}
