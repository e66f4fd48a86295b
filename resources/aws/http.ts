import aws4 from "aws4";
import type { Account, Call, RateLimit } from "../cloud.ts";
import { FleetError, type FleetErrorCode } from "../errors.ts";
import { type Answer, failure, type RequestOptions, request } from "../http.ts";
import { isElement, parseXml, type XmlElement } from "./xml.ts";

/** Any region's would do: where a request goes is told by its region, unless the account has another endpoint. */
export const ENDPOINT = "https://ec2.us-east-1.amazonaws.com";
export const PAGE_SIZE = 1_000;
const VERSION = "2016-11-15";

/**
 * Token buckets per account, region and action; ours are a fifth below the published ones, because consoles and other tools use them too.
 * @see https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html
 */
export const LIMITS = {
  describe: {
    limit: 80,
    windowMs: 5_000,
    description: "Each Describe action in each region (100 at once, 20 a second)",
  },
  change: { limit: 40, windowMs: 10_000, description: "Each other action in each region (50 at once, 5 a second)" },
  run: {
    limit: 4,
    windowMs: 2_500,
    description: "RunInstances and StartInstances in each region (5 at once, 2 a second)",
  },
  prices: { limit: 8, windowMs: 1_000, description: "Reading the price list" },
} satisfies Record<string, RateLimit>;

/** `describe@eu-west-1/DescribeInstances`: every action has a bucket of its own in every region. */
export function scopesOf(action: string, region: string): string[] {
  const kind = /^(Describe|Get)/.test(action) ? "describe" : /^(Run|Start)Instances$/.test(action) ? "run" : "change";
  return [`${kind}@${region}/${action}`];
}

/** Where a service answers for a region. An account with an endpoint of its own (a test, a proxy) has all its regions there. */
export function endpointOf(account: Account, service: string, region: string): string {
  if (account.endpoint !== ENDPOINT) return account.endpoint;
  // It stands in files, and must not lead to another host than AWS's.
  if (!/^[a-z0-9]+(-[a-z0-9]+)+$/.test(region))
    throw new FleetError("FLEET_INVALID", `"${region}" is no region of AWS`, { account: account.spec.name, region });
  return `https://${service}.${region}.amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}`;
}

/** Headers that sign a request with the account's credentials (Signature Version 4), those that were signed among them. */
export function signed(
  account: Account,
  where: { service: string; region: string; endpoint?: string },
  message: { method: string; path: string; headers: Record<string, string>; body: Buffer | string },
): Record<string, string> {
  const endpoint = new URL(where.endpoint ?? endpointOf(account, where.service, where.region));
  const { accessKeyId = "", secretAccessKey = "", sessionToken } = account.credentials;
  const { headers } = aws4.sign(
    {
      service: where.service,
      region: where.region,
      method: message.method,
      host: endpoint.host,
      path: endpoint.pathname.replace(/\/+$/, "") + message.path,
      headers: { ...message.headers },
      body: message.body,
    },
    { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) },
  );
  return Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), String(value)]));
}

export type Parameters = Readonly<Record<string, string | number | boolean | undefined>>;

/** `Filter.1.Name=tag:x&Filter.1.Value.1=y`, as EC2 takes filters. */
export function filters(wanted: Readonly<Record<string, readonly string[]>>): Parameters {
  return Object.assign(
    {},
    ...Object.entries(wanted).map(([name, values], index) => ({
      [`Filter.${index + 1}.Name`]: name,
      ...listed(`Filter.${index + 1}.Value`, values),
    })),
  );
}

/** `NAME.1=…&NAME.2=…` */
export function listed(name: string, values: readonly string[]): Parameters {
  return Object.fromEntries(values.map((value, index) => [`${name}.${index + 1}`, value]));
}

const FORM = "application/x-www-form-urlencoded; charset=utf-8";

/**
 * One action in one region, with EC2's error codes as ours. `Describe` may be repeated; anything else only where `idempotent`.
 *
 * @throws {FleetError} NOT_FOUND only where EC2 itself says that the thing is not there.
 */
export async function ec2(
  call: Call,
  region: string,
  action: string,
  parameters: Parameters = {},
  options: Pick<RequestOptions, "idempotent"> = {},
): Promise<XmlElement> {
  const form = Object.fromEntries(
    Object.entries({ Action: action, Version: VERSION, ...parameters })
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, String(value)]),
  );
  const body = new URLSearchParams(form).toString();
  const { account } = call;
  const answer: Answer<XmlElement> = await request<XmlElement>(
    { ...call, account: { ...account, endpoint: endpointOf(account, "ec2", region) } },
    {
      cloud: "aws",
      method: "POST",
      path: "/",
      form,
      idempotent: options.idempotent ?? /^Describe/.test(action),
      scopes: scopesOf(action, region),
      headers: () => {
        const headers = { "content-type": FORM };
        return {
          accept: "application/xml",
          ...signed(account, { service: "ec2", region }, { method: "POST", path: "/", headers, body }),
        };
      },
      parse: (text) => parseXml(text, action),
      errorOf: (_status, error) => errorIn(error).words,
      meaning: (_status, error) => meaningOf(errorIn(error).code),
    },
  );
  return answer.body;
}

/** Every page of a list; EC2 tells no totals, so a page that leaves something out cannot be seen as one. @throws {FleetError} CLOUD_ANSWER_INVALID */
export async function ec2List<T>(
  call: Call,
  region: string,
  action: string,
  part: { list: string; isItem(item: unknown): item is T; parameters?: Parameters; pageSize?: number },
): Promise<T[]> {
  const items: T[] = [];
  const tokens = new Set<string>();
  for (let token: string | undefined; ; ) {
    const paging = { ...(part.pageSize ? { MaxResults: part.pageSize } : {}), ...(token ? { NextToken: token } : {}) };
    const answer = await ec2(call, region, action, { ...part.parameters, ...paging });
    const page: unknown = answer[part.list];
    if (!Array.isArray(page) || !page.every(part.isItem)) throw invalidAnswer(call, action, `it has no ${part.list}`);
    items.push(...page);
    token = typeof answer.nextToken === "string" && answer.nextToken !== "" ? answer.nextToken : undefined;
    if (token === undefined) return items;
    if (tokens.has(token)) throw invalidAnswer(call, action, "it names the same next page again");
    tokens.add(token);
  }
}

export function invalidAnswer(call: Call, action: string, reason: string): FleetError {
  const message = `answered ${action} wrongly: ${reason}`;
  return failure(call, { cloud: "aws", method: "POST", path: "/" }, "CLOUD_ANSWER_INVALID", message, { action });
}

/** `<Response><Errors><Error><Code/><Message/></Error></Errors></Response>`; of other services without `Errors`. */
export function errorIn(body: unknown): { code?: string; words?: string } {
  if (!isElement(body)) return {};
  const error = isElement(body.Errors) ? body.Errors.Error : body.Error;
  if (!isElement(error) || typeof error.Code !== "string") return {};
  return { code: error.Code, words: `${error.Code}: ${String(error.Message ?? "")}` };
}

const AUTH =
  /^(AuthFailure|UnauthorizedOperation|InvalidClientTokenId|SignatureDoesNotMatch|IncompleteSignature|MissingAuthenticationToken|ExpiredToken|RequestExpired|OptInRequired|PendingVerification|Blocked|AccessDenied.*|UnrecognizedClientException)$/;
const LIMITED = /^(RequestLimitExceeded|Throttling(Exception)?|EC2ThrottledException|ThrottledException)$/;
const OUT_OF_STOCK = /^Insufficient(Instance|Host|Reserved\w*)?Capacity$/;
const GONE = /^Invalid(InstanceID|Group|GroupId|KeyPair|AMIID|Volume|Subnet\w*)\.NotFound$/;

/** @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html */
export function meaningOf(code: string | undefined): FleetErrorCode | undefined {
  if (code === undefined) return undefined;
  if (AUTH.test(code)) return "CLOUD_AUTH";
  if (LIMITED.test(code)) return "CLOUD_RATE_LIMITED";
  if (OUT_OF_STOCK.test(code)) return "CLOUD_OUT_OF_STOCK";
  return GONE.test(code) ? "NOT_FOUND" : undefined;
}
