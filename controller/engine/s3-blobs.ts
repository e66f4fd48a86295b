import { setTimeout as sleep } from "node:timers/promises";
import aws4 from "aws4";
import { XMLParser } from "fast-xml-parser";
import { FleetError } from "../../resources/errors.ts";
import type { Blobs } from "./blobs.ts";
import type { S3Place } from "./s3-place.ts";

const TIMEOUT_MS = 30_000;
const ATTEMPTS = 4;
const FIRST_PAUSE_MS = 200;
const parser = new XMLParser({
  parseTagValue: false,
  trimValues: false,
  // Quotes as numbers, as some servers write them.
  htmlEntities: true,
  isArray: (name) => name === "Contents",
});

interface Listed {
  ListBucketResult?: {
    Contents?: { Key: string; ETag: string }[];
    NextContinuationToken?: string;
    IsTruncated?: string;
  };
}

/**
 * State in a bucket: `s3://`, at AWS or at a server that speaks as it does. A version is the ETag. Writes replace an object as a whole.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html
 */
export function s3Blobs(at: S3Place): Blobs {
  const place = (key: string) => `s3://${at.bucket}/${at.root}${key}`;
  const send = (options: Ask) => ask(at, options);

  return {
    async read(key) {
      return (await send({ method: "GET", key, what: `${place(key)} cannot be read` }))?.text;
    },

    async version(key) {
      return (await send({ method: "HEAD", key, what: `${place(key)} cannot be read` }))?.etag;
    },

    async list(folder) {
      const found = new Map<string, string>();
      for (let token: string | undefined; ; ) {
        const query = {
          "list-type": "2",
          prefix: at.root + folder,
          delimiter: "/",
          ...(at.pageSize === undefined ? {} : { "max-keys": String(at.pageSize) }),
          ...(token === undefined ? {} : { "continuation-token": token }),
        };
        const what = `${place(folder)} cannot be read`;
        const answer = await send({ method: "GET", query, what, missing: `there is no bucket ${at.bucket}` });
        const page = (parser.parse(answer!.text) as Listed).ListBucketResult;
        // Taken for an empty one, a broken list would have every machine made anew.
        if (page === undefined) throw new FleetError("ENGINE_FAILED", `${what}: the answer is no list`, {});
        for (const { Key, ETag } of page.Contents ?? []) found.set(Key.slice(at.root.length), ETag);
        token = page.NextContinuationToken;
        if (page.IsTruncated !== "true") return found;
        if (!token) throw new FleetError("ENGINE_FAILED", `${what}: the list is cut off`, {});
      }
    },

    async write(key, text) {
      const what = `${place(key)} could not be written, and is as it was`;
      await send({
        method: "PUT",
        key,
        body: text,
        headers: at.headers,
        what,
        missing: `there is no bucket ${at.bucket}`,
      });
    },

    async copy(from, to) {
      const headers = { ...at.headers, "x-amz-copy-source": `/${at.bucket}/${escaped(at.root + from)}` };
      const answer = await send({ method: "PUT", key: to, headers, what: `${place(to)} could not be written` });
      // A copy that fails midway is told under status 200.
      if (answer !== undefined && !answer.text.includes("CopyObjectResult"))
        throw new FleetError("ENGINE_FAILED", `${place(to)} could not be written: ${words(answer.text)}`, {});
      return answer !== undefined;
    },

    async remove(keys) {
      for (const key of keys) await send({ method: "DELETE", key, what: `${place(key)} cannot be removed` });
    },

    place,
    close: async () => {},
  };
}

interface Ask {
  method: "GET" | "HEAD" | "PUT" | "DELETE";
  /** Undefined asks the bucket. */
  key?: string;
  query?: Readonly<Record<string, string>>;
  headers?: Readonly<Record<string, string>>;
  body?: string;
  /** Begins the message of an error. */
  what: string;
  /** What "not there" means where it is an error. */
  missing?: string;
}

interface Answer {
  text: string;
  etag: string | undefined;
}

/** One request, sent again where the server or the way to it fails: all of them may be repeated. Undefined when the thing is not there. */
async function ask(at: S3Place, options: Ask): Promise<Answer | undefined> {
  for (let attempt = 1; ; attempt++) {
    let problem: string;
    try {
      const answer = await fetchOnce(at, options);
      if (answer.ok) return { text: await answer.text(), etag: answer.headers.get("etag") ?? undefined };
      const text = await answer.text();
      if (answer.status === 404 && !/NoSuchBucket/.test(text)) return absent(options);
      problem = `${answer.status} ${words(text)}`.trim();
      if (answer.status < 500 && answer.status !== 429) throw failed(options, problem);
    } catch (error) {
      if (error instanceof FleetError) throw error;
      const { message, cause } = error as Error;
      problem = cause instanceof Error ? cause.message : message;
    }
    if (attempt === ATTEMPTS) throw failed(options, problem);
    await sleep(FIRST_PAUSE_MS * 2 ** attempt * Math.random());
  }
}

async function fetchOnce(at: S3Place, { method, key, query, headers, body }: Ask): Promise<Response> {
  const endpoint = new URL(at.endpoint);
  const path = `${endpoint.pathname.replace(/\/+$/, "")}/${key === undefined ? "" : escaped(at.root + key)}`;
  const search = query === undefined ? "" : `?${Object.entries(query).map(pair).join("&")}`;
  const request = {
    service: "s3",
    region: at.region,
    method,
    host: endpoint.host,
    path: path + search,
    headers: { ...headers, ...(body === undefined ? {} : { "content-type": "application/json" }) },
    ...(body === undefined ? {} : { body }),
  };
  const signed = aws4.sign(request, at.credentials).headers as Record<string, string>;
  // The client sets these two itself.
  const { Host: _, "Content-Length": __, ...rest } = signed;
  return await fetch(`${endpoint.protocol}//${endpoint.host}${path}${search}`, {
    method,
    headers: rest,
    signal: AbortSignal.timeout(TIMEOUT_MS),
    ...(body === undefined ? {} : { body }),
  });
}

function absent(options: Ask): undefined {
  if (options.missing !== undefined) throw failed(options, options.missing);
  return undefined;
}

const failed = ({ what }: Ask, problem: string): FleetError =>
  new FleetError("ENGINE_FAILED", `${what}: ${problem || "S3 did not say why"}`, {});

/** What an error's body says: its code and its words. */
function words(text: string): string {
  const { Code = "", Message = "" } = ((parser.parse(text) as { Error?: object } | undefined)?.Error ?? {}) as Record<
    string,
    string
  >;
  return [Code, Message].filter(Boolean).join(": ").slice(0, 500);
}

const pair = ([name, value]: [string, string]): string => `${name}=${component(value)}`;
const component = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
const escaped = (key: string): string => key.split("/").map(component).join("/");
