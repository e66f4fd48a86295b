import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { errorAnswer } from "./errors.ts";

/** Clocks may differ by this much. */
const SKEW_MS = 5 * 60_000;

export interface Scope {
  accessKeyId: string;
  region: string;
  service: string;
}

/** The scope that a request is signed for; undefined where it has no signature. */
export function scopeOf(request: Request): Scope | undefined {
  const parts = /Credential=([^/\s,]+)\/\d{8}\/([^/]+)\/([^/]+)\/aws4_request/.exec(
    request.headers.get("authorization") ?? "",
  );
  return parts ? { accessKeyId: parts[1]!, region: parts[2]!, service: parts[3]! } : undefined;
}

/** What EC2 has against a request's signature; undefined when it is right. @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html */
export function signatureProblem(
  request: Request,
  body: string,
  accepted: { accessKeyId: string; secretAccessKey: string },
): Response | undefined {
  const authorization = request.headers.get("authorization") ?? "";
  const scope = scopeOf(request);
  const date = request.headers.get("x-amz-date") ?? "";
  const [, names, signature] = /SignedHeaders=([^,\s]+),\s*Signature=([0-9a-f]{64})/.exec(authorization) ?? [];
  if (!scope || names === undefined || signature === undefined || !/^\d{8}T\d{6}Z$/.test(date))
    return errorAnswer(400, "MissingAuthenticationToken", "Request is missing Authentication Token");
  if (scope.accessKeyId !== accepted.accessKeyId)
    return errorAnswer(401, "AuthFailure", "AWS was not able to validate the provided access credentials");
  const at = Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z"));
  if (!(Math.abs(Date.now() - at) <= SKEW_MS)) return errorAnswer(400, "RequestExpired", "Request has expired.");

  const { pathname, searchParams } = new URL(request.url);
  const headers = names
    .split(";")
    .map((name) => `${name}:${(request.headers.get(name) ?? "").trim().replace(/\s+/g, " ")}\n`);
  searchParams.sort();
  const canonical = [request.method, pathname, searchParams.toString(), headers.join(""), names, sha256(body)].join(
    "\n",
  );
  const place = `${date.slice(0, 8)}/${scope.region}/${scope.service}/aws4_request`;
  const text = ["AWS4-HMAC-SHA256", date, place, sha256(canonical)].join("\n");
  const key = place
    .split("/")
    .reduce<Buffer | string>((last, part) => hmac(last, part), `AWS4${accepted.secretAccessKey}`);
  if (timingSafeEqual(hmac(key, text), Buffer.from(signature, "hex"))) return undefined;
  return errorAnswer(
    403,
    "SignatureDoesNotMatch",
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method.",
  );
}

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
const hmac = (key: Buffer | string, text: string): Buffer => createHmac("sha256", key).update(text).digest();
