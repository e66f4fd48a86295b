import { FleetError } from "../../resources/errors.ts";

/** Where `s3://BUCKET/FOLDER?…` keeps state, and who may reach it. */
export interface S3Place {
  bucket: string;
  /** Before all keys: "" or `folder/`. */
  root: string;
  region: string;
  /** Of the bucket, without a slash at the end. */
  endpoint: string;
  /** Keys in one answer of a list, at most. Default: as many as the server gives, 1,000. */
  pageSize?: number;
  /** Of each write. */
  headers: Readonly<Record<string, string>>;
  credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
  /**
   * The same place as the engine takes it. It names a profile, because credentials in the environment would be those of every plugin, and because plugins for AWS have
   * others there; a profile that is named goes before them.
   */
  engineUrl: string;
  /** The text of the file with that profile (`AWS_SHARED_CREDENTIALS_FILE`). */
  profileFile: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

const PROFILE = "fleetwright-state";
/** What the engine takes in such a URL and we do as well; `ssetype` and `kmskeyid` are for writes. */
const KNOWN = new Set([
  "region",
  "endpoint",
  "use_path_style",
  "s3ForcePathStyle",
  "ssetype",
  "kmskeyid",
  "hostname_immutable",
  "request_checksum_calculation",
  "response_checksum_validation",
  "awssdk",
]);

/**
 * Reads `PULUMI_BACKEND_URL` and the usual variables: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION or AWS_DEFAULT_REGION.
 *
 * @throws {FleetError} USAGE
 * @see https://pkg.go.dev/gocloud.dev/blob/s3blob
 */
export function s3Place(backendUrl: string, environment: Environment): S3Place {
  const url = new URL(backendUrl);
  const query = url.searchParams;
  const unknown = [...query.keys()].filter((name) => !KNOWN.has(name));
  if (url.host === "") throw usage("names no bucket");
  if (unknown.length > 0) throw usage(`has ${unknown.join(", ")}, which only the engine knows: leave it out`);
  const region = query.get("region") ?? environment.AWS_REGION ?? environment.AWS_DEFAULT_REGION;
  if (!region) throw usage("has no region: set AWS_REGION, or put ?region=… into it");
  const {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: token,
  } = environment;
  if (!accessKeyId || !secretAccessKey)
    throw usage("needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY: set them where the controller runs");
  const given = query.get("endpoint");
  const path = query.get("use_path_style") ?? query.get("s3ForcePathStyle");
  // A server of one's own seldom has a name for each bucket, and a certificate for names with dots nobody has.
  const usesPath = path === null ? given !== null || url.host.includes(".") : path === "true";
  const base = endpointOf(given, region);
  const folder = decodeURIComponent(url.pathname).replace(/^\/+/, "");

  const engine = new URL(backendUrl);
  engine.searchParams.delete("s3ForcePathStyle");
  engine.searchParams.set("use_path_style", String(usesPath));
  engine.searchParams.set("region", region);
  engine.searchParams.set("profile", PROFILE);
  if (given !== null) engine.searchParams.set("endpoint", base.href.replace(/\/+$/, ""));
  return {
    bucket: url.host,
    root: folder === "" || folder.endsWith("/") ? folder : `${folder}/`,
    region,
    endpoint: usesPath ? `${base.href.replace(/\/+$/, "")}/${url.host}` : `${base.protocol}//${url.host}.${base.host}`,
    headers: encryption(query),
    credentials: { accessKeyId, secretAccessKey, ...(token ? { sessionToken: token } : {}) },
    engineUrl: engine.href,
    profileFile: [
      `[${PROFILE}]`,
      `aws_access_key_id = ${accessKeyId}`,
      `aws_secret_access_key = ${secretAccessKey}`,
      ...(token ? [`aws_session_token = ${token}`] : []),
      "",
    ].join("\n"),
  };
}

function endpointOf(given: string | null, region: string): URL {
  if (given === null) return new URL(`https://s3.${region}.amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}`);
  const text = given.includes("://") ? given : `https://${given}`;
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
    throw usage(`names the endpoint ${given}: http:// or https:// and a host are wanted`);
  return new URL(text);
}

function encryption(query: URLSearchParams): Record<string, string> {
  const type = query.get("ssetype");
  const key = query.get("kmskeyid");
  return {
    ...(type === null ? {} : { "x-amz-server-side-encryption": type }),
    ...(key === null ? {} : { "x-amz-server-side-encryption-aws-kms-key-id": key }),
  };
}

const usage = (what: string): FleetError => new FleetError("USAGE", `PULUMI_BACKEND_URL (s3://) ${what}`, {});
