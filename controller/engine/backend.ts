import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { fileBlobs } from "./file-blobs.ts";
import { postgresBlobs } from "./postgres-blobs.ts";
import { s3Blobs } from "./s3-blobs.ts";
import { s3Place } from "./s3-place.ts";
import { States } from "./states.ts";

/** Where a fleet's states are, for us and for the engine. */
export interface Backend {
  /** As the engine takes it. */
  url: string;
  /** Undefined where only the engine can read and write states. */
  states: States | undefined;
  /** What must show in no message. */
  secrets: string[];
  /** Text of the file that the engine finds its credentials in, where it needs one: for `AWS_SHARED_CREDENTIALS_FILE`. */
  credentialsFile?: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Where states are kept: in the data folder, or where the environment says. */
export const stateUrl = (dataDir: string, environment: Environment): string =>
  environment.PULUMI_BACKEND_URL ?? pathToFileURL(join(dataDir, "state")).href;

/**
 * The engine writes a note beside each file (`.attrs`: its content type), not in one piece. A kill within that moment leaves an empty one, and with that
 * the engine cannot read the file any more.
 */
const withoutNotes = (url: string): string =>
  /[?&]metadata=/.test(url) ? url : `${url}${url.includes("?") ? "&" : "?"}metadata=skip`;

/**
 * Opens the place that `PULUMI_BACKEND_URL` names. What it needs besides is in the environment: for `s3://` the usual AWS_ variables.
 * @throws {FleetError} USAGE for a URL that the engine could not take either, or when something is missing.
 */
export function openBackend(url: string, project: string, environment: Environment): Backend {
  if (url.startsWith("file://"))
    return { url: withoutNotes(url), states: new States(fileBlobs(fileURLToPath(url)), project), secrets: [] };
  const { password } = new URL(url);
  const secrets = password === "" ? [] : [password, decodeURIComponent(password)];
  if (url.startsWith("postgres://")) return { url, states: new States(postgresBlobs(url), project), secrets };
  if (!url.startsWith("s3://")) return { url, states: undefined, secrets };
  const place = s3Place(url, environment);
  const { secretAccessKey, sessionToken } = place.credentials;
  return {
    url: place.engineUrl,
    states: new States(s3Blobs(place), project),
    secrets: [...secrets, secretAccessKey, ...(sessionToken === undefined ? [] : [sessionToken])],
    credentialsFile: place.profileFile,
  };
}
