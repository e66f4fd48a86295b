import { status } from "@grpc/grpc-js";
import aws4 from "aws4";
import { parseXml, type XmlElement } from "../../../resources/aws/xml.ts";
import { StatusError } from "../../../resources/plugin/status.ts";
import { type Waits, waitsOf } from "../waits.ts";
import { ConnectionLost, exchange, pluginError, type WireAnswer } from "../wire.ts";

/** The provider's default: so many more attempts, where the SDK may repeat. */
const RETRIES = 25;
const LONGEST_RETRY_MS = 20_000;
const REPEATED = new Set([429, 500, 502, 503, 504]);
const THROTTLED = /^(RequestLimitExceeded|Throttling.*|RequestThrottled.*|SlowDown|EC2ThrottledException)$/;

/** The cloud answered with an error; the text is what the plugin shows. */
export class AwsError extends StatusError {
  /** As EC2 writes it: `InvalidGroup.NotFound`. */
  readonly word: string;

  constructor(action: string, http: number, code: string, message: string) {
    super(
      status.UNKNOWN,
      `operation error EC2: ${action}, https response error StatusCode: ${http}, api error ${code}: ${message}`,
    );
    this.word = code;
  }
}

export interface AwsSettings {
  env: Readonly<Record<string, string | undefined>>;
  /** For what says no region of its own. */
  region: string;
  credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
}

export type Form = Readonly<Record<string, string | number | boolean>>;

/**
 * Requests as the official plugin's SDK sends them: a lost answer, a throttle and a 5xx are followed by the same request again, with the same client
 * token, also when it creates.
 */
export class AwsClient {
  readonly waits: Waits;
  readonly region: string;
  accountId = "";
  readonly #settings: AwsSettings;
  readonly #retries: number;

  constructor(settings: AwsSettings) {
    this.#settings = settings;
    this.region = settings.region;
    this.waits = waitsOf(settings.env);
    const attempts = Number(settings.env.AWS_MAX_ATTEMPTS);
    this.#retries = attempts > 0 ? attempts - 1 : RETRIES;
  }

  /** The plugin asks for its account before anything else, and is not configured without an answer. */
  async whoAmI(signal: AbortSignal): Promise<void> {
    const answer = await this.#call("sts", this.region, "GetCallerIdentity", "2011-06-15", {}, signal);
    const result = answer.GetCallerIdentityResult as XmlElement | undefined;
    this.accountId = String(result?.Account ?? "");
  }

  /** @throws {AwsError} */
  ec2(region: string, action: string, form: Form, signal: AbortSignal): Promise<XmlElement> {
    return this.#call("ec2", region, action, "2016-11-15", form, signal);
  }

  async #call(
    service: "ec2" | "sts",
    region: string,
    action: string,
    version: string,
    form: Form,
    signal: AbortSignal,
  ): Promise<XmlElement> {
    const { env, credentials } = this.#settings;
    const own = env[`AWS_ENDPOINT_URL_${service.toUpperCase()}`] || env.AWS_ENDPOINT_URL;
    const url = new URL(own || `https://${service}.${region}.amazonaws.com`);
    const fields = Object.fromEntries(Object.entries(form).map(([name, value]) => [name, String(value)]));
    const body = new URLSearchParams({ Action: action, Version: version, ...fields }).toString();
    for (let attempt = 0; ; attempt++) {
      const request = {
        service,
        region,
        method: "POST",
        host: url.host,
        path: "/",
        headers: { "Content-Type": "application/x-www-form-urlencoded" },
        body,
      };
      const { headers } = aws4.sign(request, credentials);
      const answer = await exchange("POST", url.href, headers as Record<string, string>, body, signal).catch(
        (error: unknown) => {
          if (error instanceof ConnectionLost) return error;
          throw error;
        },
      );
      const error = answer instanceof ConnectionLost ? answer : errorIn(action, answer);
      if (!error) return read(action, answer as WireAnswer);
      const throttled = error instanceof AwsError && THROTTLED.test(error.word);
      const again = throttled || error instanceof ConnectionLost || REPEATED.has((answer as WireAnswer).status);
      if (!again || attempt >= this.#retries)
        throw error instanceof ConnectionLost ? pluginError(`operation error EC2: ${action}, ${error.message}`) : error;
      await this.waits.wait(Math.random() * Math.min(LONGEST_RETRY_MS, 1_000 * 2 ** attempt), signal);
    }
  }
}

function errorIn(action: string, { status: http, text }: WireAnswer): AwsError | undefined {
  if (http < 300) return undefined;
  const field = (name: string) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(text)?.[1];
  return new AwsError(action, http, field("Code") ?? "UnknownError", field("Message") ?? "");
}

function read(action: string, answer: WireAnswer): XmlElement {
  try {
    return parseXml(answer.text, action);
  } catch (error) {
    throw pluginError(`operation error EC2: ${action}, deserialization failed: ${(error as Error).message}`);
  }
}

/** `NAME.1=…&NAME.2=…` */
export function numbered(name: string, values: readonly string[]): Record<string, string> {
  return Object.fromEntries(values.map((value, index) => [`${name}.${index + 1}`, value]));
}

export function tagSpecification(type: string, tags: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(tags);
  if (entries.length === 0) return {};
  const fields = entries.flatMap(([key, value], index) => [
    [`TagSpecification.1.Tag.${index + 1}.Key`, key],
    [`TagSpecification.1.Tag.${index + 1}.Value`, value],
  ]);
  return { "TagSpecification.1.ResourceType": type, ...Object.fromEntries(fields) };
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
