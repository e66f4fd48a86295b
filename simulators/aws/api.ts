import { Hono } from "hono";
import { RateLimiter } from "../limits.ts";
import { errorAnswer } from "./errors.ts";
import { Monitoring } from "./monitoring.ts";
import { priceListAnswer } from "./prices.ts";
import { revocations } from "./revokes.ts";
import { scopeOf, signatureProblem } from "./signature.ts";

/** What AWS publishes: so many at once, and the time in which as many come anew. */
const LIMITS = {
  describe: { limit: 100, windowMs: 5_000 },
  change: { limit: 50, windowMs: 10_000 },
  run: { limit: 5, windowMs: 2_500 },
} as const;

/** moto sells hundreds of sizes and takes long to tell of them. */
const SOLD =
  /^(t3\.(nano|micro|small|medium|large)|t4g\.(micro|small)|m7i\.(large|xlarge)|c7g\.(medium|large)|g4dn\.xlarge|m7i\.metal-24xl)$/;

export interface ApiOptions {
  moto: string;
  accessKeyId: string;
  secretAccessKey: string;
  rateScale: number | undefined;
  now(): number;
  /** Pages hold no more than this, whatever is asked for: `MaxResults` promises nothing else. */
  pageSize?: number | undefined;
  /** Told of each region that is asked for. */
  seen(region: string): void;
}

/**
 * What stands before moto and makes up for what it does not enforce: signatures, the limits of each action in each region, and that a request with a
 * client token is done once. The price list, which moto does not have, is its own.
 */
export function awsApi(options: ApiOptions): Hono {
  const limiter = new RateLimiter({ scale: options.rateScale, now: options.now });
  const done = new Map<string, { body: string; answer: Promise<Stored> }>();
  const monitoring = new Monitoring();
  const app = new Hono();

  app.all("*", async (c) => {
    const request = c.req.raw;
    const body = await request.text();
    const refused = signatureProblem(request, body, options);
    if (refused) return refused;
    const { region, service } = scopeOf(request)!;
    options.seen(region);
    const fields = new URLSearchParams(body);
    const action = fields.get("Action") ?? "";
    const kind = /^(Describe|Get)/.test(action) ? "describe" : /^(Run|Start)Instances$/.test(action) ? "run" : "change";
    const state = limiter.take(region, [{ name: `${service} ${action}`, ...LIMITS[kind] }]);
    if (state?.allowed === false) return errorAnswer(503, "RequestLimitExceeded", "Request limit exceeded.");

    if (service === "pricing") return priceListAnswer(request.headers.get("x-amz-target"), body);

    const own = monitoring.take(action, fields);
    if (own !== undefined) return answerOf({ status: 200, type: "text/xml;charset=UTF-8", text: own });

    const asked = Number(fields.get("MaxResults"));
    if (options.pageSize !== undefined && asked > options.pageSize) fields.set("MaxResults", String(options.pageSize));

    const token = fields.get("ClientToken");
    const send = async () => {
      let told: Stored | undefined;
      for (const part of await revocations(options.moto, region, action, fields)) {
        told = await forward(options.moto, request, request.method === "POST" ? part.toString() : "", action);
        if (told.status >= 300) break;
      }
      return told!;
    };
    if (action !== "RunInstances" || !token) {
      const told = await send();
      return answerOf(action === "DescribeInstances" ? { ...told, text: monitoring.tell(told.text) } : told);
    }
    const key = `${region} ${token}`;
    const earlier = done.get(key);
    if (earlier && earlier.body !== body) {
      const message = "The request uses the same client token as a previous, but non-identical request.";
      return errorAnswer(400, "IdempotentParameterMismatch", message);
    }
    const answer = earlier?.answer ?? send();
    done.set(key, { body, answer });
    const stored = await answer;
    if (stored.status >= 300) done.delete(key);
    return answerOf(stored);
  });
  return app;
}

interface Stored {
  status: number;
  type: string;
  text: string;
}

async function forward(moto: string, request: Request, body: string, action: string): Promise<Stored> {
  const { method } = request;
  const headers = new Headers(request.headers);
  for (const name of ["host", "connection", "content-length", "accept-encoding"]) headers.delete(name);
  const { pathname, search } = new URL(request.url);
  const target = new URL(pathname + search, moto);
  const response = await fetch(target, { method, headers, ...(method === "POST" ? { body } : {}) });
  const text = await response.text();
  return {
    status: response.status,
    type: response.headers.get("content-type") ?? "text/xml",
    text: action.startsWith("DescribeInstanceType") ? onSale(text) : text,
  };
}

function answerOf({ status, type, text }: Stored): Response {
  return new Response(text, { status, headers: { "content-type": type } });
}

/** Items hold items; those of a type begin with its name. */
function onSale(text: string): string {
  const [head = "", ...items] = text.split(/(?=<item><instanceType>)/);
  const last = items.length - 1;
  const kept = items.map((item, index) => {
    if (SOLD.test(/<instanceType>([^<]+)/.exec(item)?.[1] ?? "")) return item;
    // What follows the last one belongs to the list.
    return index === last ? item.slice(item.search(/<\/instanceType(Offering)?Set>/)) : "";
  });
  return head + kept.join("");
}
