import { FleetError } from "../../resources/errors.ts";
import { insidePath } from "../fleet/server.ts";
import type { BlobReader } from "./blobs.ts";
import type { PlannedCommit } from "./stream.ts";

export interface Person {
  name: string;
  email: string;
}

export interface CommitRequest {
  /** New text by path from the top; null removes the file. */
  files: Readonly<Record<string, string | null>>;
  message: string;
  /** Who asked for it. */
  author: Person;
  /** Default: the branch that HEAD is on. */
  branch?: string;
  /** Lines at the end of the message: `Approved-by: NAME`. */
  trailers?: Readonly<Record<string, string>>;
  /** Default: now. */
  at?: Date;
}

/**
 * What a request changes against a commit; undefined when nothing differs.
 * @throws {FleetError} USAGE for a path outside the repository or an author that git cannot write.
 */
export async function planCommit(
  blobs: BlobReader,
  parent: string | undefined,
  request: CommitRequest,
): Promise<PlannedCommit | undefined> {
  const files = Object.entries(request.files);
  for (const [path] of files) checkPath(path);
  checkPerson(request.author);
  const before = await Promise.all(files.map(([path]) => (parent ? blobs.read(`${parent}:${path}`) : undefined)));
  const changes = files.filter(([, text], index) => text !== (before[index]?.toString("utf8") ?? null));
  if (changes.length === 0 && parent !== undefined) return undefined;
  const message = withTrailers(request.message, request.trailers ?? {});
  return { author: request.author, message, at: request.at ?? new Date(), changes };
}

export function withTrailers(message: string, trailers: Readonly<Record<string, string>>): string {
  const lines = Object.entries(trailers).map(([name, value]) => `${name}: ${value.replace(/\s+/g, " ")}`);
  return `${[message.trim(), lines.join("\n")].filter(Boolean).join("\n\n")}\n`;
}

/** @throws {FleetError} USAGE */
export function checkPath(path: string): void {
  const isPlain = insidePath(path) === path && !/[\x00-\x1f\x7f"]/.test(path);
  if (!isPlain || path.split("/").some((step) => step.toLowerCase() === ".git")) {
    throw new FleetError("USAGE", "not a path inside the fleet repository", { path: path.slice(0, 200) });
  }
}

/** @throws {FleetError} USAGE */
export function checkPerson({ name, email }: Person): void {
  if (name.trim() === "" || /[<>\n\0]/.test(name) || /[<>\s\0]/.test(email)) {
    throw new FleetError("USAGE", "an author needs a name and an e-mail address that git can write");
  }
}
