import { request as httpRequest } from "node:http";
import { type Agent, request as httpsRequest } from "node:https";
import { status } from "@grpc/grpc-js";
import { StatusError } from "../../resources/plugin/status.ts";

export interface WireAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

/** The connection ended before the answer did. */
export class ConnectionLost extends Error {}

/** An error with the plugin's words, shown as they are. */
export function pluginError(message: string): StatusError {
  return new StatusError(status.UNKNOWN, message);
}

/**
 * One attempt, on a connection of its own unless an agent says otherwise: what is repeated, and when, differs by plugin.
 * @throws {ConnectionLost}
 */
export function exchange(
  method: string,
  url: string,
  headers: Record<string, string>,
  body: string | undefined,
  signal: AbortSignal,
  agent?: Agent,
): Promise<WireAnswer> {
  return new Promise((resolve, reject) => {
    const lost = (error: Error) =>
      reject(signal.aborted ? signal.reason : new ConnectionLost(`${title(method)} "${url}": ${lostText(error)}`));
    const request = (url.startsWith("https:") ? httpsRequest : httpRequest)(url, {
      method,
      agent: agent ?? false,
      signal,
      headers: {
        accept: "application/json",
        ...(body === undefined
          ? {}
          : { "content-type": "application/json", "content-length": String(Buffer.byteLength(body)) }),
        ...lowerCase(headers),
      },
    });
    request.once("error", lost);
    request.once("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.once("error", lost);
      response.once("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text: Buffer.concat(chunks).toString("utf8"),
        }),
      );
    });
    request.end(body);
  });
}

/** Names of headers are one whatever their case; a later one takes the place of an earlier. */
function lowerCase(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

/** Seconds of a `Retry-After`, in milliseconds. */
export function retryAfterMs(answer: WireAnswer): number | undefined {
  const seconds = Number(answer.headers["retry-after"]);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined;
}

/** The JSON of an answer that must have some. @throws {StatusError} as the plugin fails on an answer it cannot read. */
export function parseBody(answer: WireAnswer): unknown {
  try {
    return JSON.parse(answer.text);
  } catch (error) {
    throw pluginError(
      answer.text.trim() === "" ? "unexpected end of JSON input" : `invalid JSON: ${(error as Error).message}`,
    );
  }
}

function title(method: string): string {
  return method[0] + method.slice(1).toLowerCase();
}

function lostText(error: Error): string {
  const code = "code" in error ? error.code : undefined;
  return code === "ECONNREFUSED" ? "connect: connection refused" : "EOF";
}
