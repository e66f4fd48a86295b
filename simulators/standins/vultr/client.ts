import type { Agent } from "node:https";
import { status } from "@grpc/grpc-js";
import { StatusError } from "../../../resources/plugin/status.ts";
import { fixedAddressAgent } from "../fixed-address.ts";
import { type Waits, waitsOf } from "../waits.ts";
import { ConnectionLost, exchange, parseBody, pluginError, retryAfterMs, type WireAnswer } from "../wire.ts";

/** Built into the plugin: nothing sets another. */
const ADDRESS = "https://api.vultr.com";
const RETRIES = 3;
const LONGEST_RETRY_MS = 500;

/** The cloud answered with an error status; the text is its body, which is all that the plugin looks at. */
export class VultrError extends StatusError {
  constructor(text: string) {
    super(status.UNKNOWN, text);
  }
}

export interface VultrSettings {
  apiKey: string;
  /** Repeats after the first attempt. 0 counts as unset, and -1 switches them off, those of reads included. */
  retryLimit?: number;
  /** The longest wait between two attempts, in milliseconds; 0 counts as unset. */
  rateLimit?: number;
  env: Readonly<Record<string, string | undefined>>;
}

/** Requests as the official plugin sends them: a lost answer, 429 and 5xx are followed by the same request again, also when it creates. */
export class VultrClient {
  readonly waits: Waits;
  readonly #apiKey: string;
  readonly #retries: number;
  readonly #longestMs: number;
  readonly #agent: Agent;

  constructor({ apiKey, retryLimit, rateLimit, env }: VultrSettings) {
    this.#apiKey = apiKey;
    this.#retries = Math.max(0, retryLimit || RETRIES);
    this.#longestMs = rateLimit || LONGEST_RETRY_MS;
    this.#agent = fixedAddressAgent(env);
    this.waits = waitsOf(env);
  }

  /** `path` without `/v2`; the answer is undefined where it has no body. @throws {VultrError} */
  async call<T>(method: string, path: string, signal: AbortSignal, body?: unknown): Promise<T> {
    const url = `${ADDRESS}/v2/${path}`;
    const text = body === undefined ? undefined : JSON.stringify(body);
    const headers = { authorization: `Bearer ${this.#apiKey}` };
    for (let attempt = 0; ; attempt++) {
      const answer = await exchange(method, url, headers, text, signal, this.#agent).catch((error: unknown) => {
        if (error instanceof ConnectionLost) return error;
        throw error;
      });
      if (!(answer instanceof ConnectionLost) && !isRepeated(answer)) {
        if (answer.status > 204) throw new VultrError(answer.text);
        return (answer.text.trim() === "" ? undefined : parseBody(answer)) as T;
      }
      if (attempt >= this.#retries) throw exhausted(answer, attempt + 1);
      const askedMs = answer instanceof ConnectionLost ? undefined : retryAfterMs(answer);
      if (askedMs !== undefined) await this.waits.pause(askedMs, signal);
      else await this.waits.wait(Math.min(this.#longestMs, (this.#longestMs / 3) * 2 ** (attempt + 1)), signal);
    }
  }
}

function isRepeated(answer: WireAnswer): boolean {
  return answer.status === 429 || (answer.status >= 500 && answer.status !== 501);
}

function exhausted(answer: WireAnswer | ConnectionLost, attempts: number): StatusError {
  const gaveUp = `gave up after ${attempts} attempts, last error`;
  if (answer instanceof ConnectionLost) return pluginError(`${gaveUp} : ${answer.message}`);
  return pluginError(`${gaveUp}: ${JSON.stringify(answer.text.trim())}`);
}

/** What an answer holds under `name`; the real plugin crashes without it. */
export function envelope<T>(answer: unknown, name: string): T {
  const value = (answer as Record<string, T | undefined> | undefined)?.[name];
  if (value === undefined || value === null)
    throw pluginError(`the official vultr plugin crashes on an answer without "${name}"`);
  return value;
}

/** The thing a GET names, or undefined where the answer holds the words by which the plugin knows that it is gone, whatever its status. */
export async function getOrGone<T>(
  client: VultrClient,
  path: string,
  name: string,
  words: string,
  signal: AbortSignal,
): Promise<T | undefined> {
  try {
    return envelope<T>(await client.call("GET", path, signal), name);
  } catch (error) {
    if (error instanceof VultrError && error.message.includes(words)) return undefined;
    throw error;
  }
}

/** The error of a step, with the plugin's introduction. */
export async function step<T>(what: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof StatusError) throw pluginError(`${what}: ${error.message}`);
    throw error;
  }
}
