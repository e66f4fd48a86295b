import { ANSWERS_KEPT_DAYS } from "../store/commits.ts";
import type { Git } from "./git.ts";

/** A commit of the queue, as history tells it. */
export interface LandedRequest {
  key: string;
  fingerprint: string;
  commit: string;
}

const KEY = "Request-Id";
const FINGERPRINT = "Request-Hash";

/** The lines that tie a commit to its request for good: they are written with it, so no crash can come between. */
export function requestTrailers(key: string, fingerprint: string): Record<string, string> {
  return { [KEY]: key, [FINGERPRINT]: fingerprint };
}

/**
 * The requests whose commits `head` has and `known` has not. Without a `known` that the repository has: those of as long as answers are kept.
 * @throws {FleetError} GIT_FAILED
 */
export async function landedRequests(git: Git, known: string | undefined, head: string): Promise<LandedRequest[]> {
  const value = (name: string) => `%(trailers:key=${name},valueonly,separator=%x20)`;
  const format = `--format=%x01%H%x00${value(KEY)}%x00${value(FINGERPRINT)}`;
  const log = (...range: string[]) => ["log", format, ...range, "--"];
  const newer = known === undefined ? undefined : await git.ask(...log(`${known}..${head}`));
  const output = newer ?? (await git.run(...log(`--since=${ANSWERS_KEPT_DAYS} days ago`, head)));
  return output.split("\x01").flatMap((text): LandedRequest[] => {
    const [commit = "", key = "", fingerprint = ""] = text.trim().split("\0");
    return key === "" || fingerprint === "" ? [] : [{ key, fingerprint, commit }];
  });
}
