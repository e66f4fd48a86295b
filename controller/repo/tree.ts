import { isUtf8 } from "node:buffer";
import { KINDS } from "../../schemas/index.ts";
import { type FleetFile, kindOfPath } from "../fleet/file.ts";
import type { BlobReader } from "./blobs.ts";
import type { Git } from "./git.ts";

/** Where fleet files lie, for git's path arguments. */
export const FLEET_PLACES: readonly string[] = Object.values(KINDS).map(({ place }) => place.replace(/\/$/, ""));

/** No object comes near this; a larger file is there by accident and would only cost memory. */
const MAX_FILE_BYTES = 1 << 20;

/** The fleet files of a commit. */
export interface Listing {
  commit: string;
  /** By path, in git's order. */
  files: readonly FleetFile[];
}

interface TreeEntry {
  mode: string;
  blob: string;
  path: string;
}

/** Lists the fleet files of a commit. With an earlier listing only what differs is read. */
export async function listFiles(
  git: Git,
  blobs: BlobReader,
  commit: string,
  earlier?: Listing,
): Promise<readonly FleetFile[]> {
  if (earlier?.commit === commit) return earlier.files;
  if (earlier === undefined) {
    const output = await git.run("ls-tree", "-r", "-z", "--full-tree", commit, "--", ...FLEET_PLACES);
    return readEntries(blobs, output.split("\0").filter(Boolean).map(parseTreeLine));
  }
  const output = await git.run("diff-tree", "-r", "-z", "--no-renames", earlier.commit, commit, "--", ...FLEET_PLACES);
  const changes = parseChanges(output);
  if (changes.length === 0) return earlier.files;
  const present = changes.filter(({ mode }) => mode !== "000000");
  const read = new Map((await readEntries(blobs, present)).map((file) => [file.path, file]));
  return withFiles(earlier.files, new Map(changes.map(({ path }) => [path, read.get(path)])));
}

/** A listing with some files in the place of those of their paths, or without them. */
export function withFiles(
  files: readonly FleetFile[],
  changed: ReadonlyMap<string, FleetFile | undefined>,
): FleetFile[] {
  const left = new Map(changed);
  const found: FleetFile[] = [];
  for (const file of files) {
    const now = left.has(file.path) ? left.get(file.path) : file;
    left.delete(file.path);
    if (now !== undefined) found.push(now);
  }
  const added = [...left.values()].filter((file) => file !== undefined);
  return added.length === 0 ? found : [...found, ...added].sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** `MODE TYPE ID\tPATH`. */
function parseTreeLine(line: string): TreeEntry {
  const tab = line.indexOf("\t");
  const [mode = "", , blob = ""] = line.slice(0, tab).split(" ");
  return { mode, blob, path: line.slice(tab + 1) };
}

/** Pairs of `:OLDMODE NEWMODE OLDID NEWID STATUS` and `PATH`. */
function parseChanges(output: string): TreeEntry[] {
  const parts = output.split("\0");
  const entries: TreeEntry[] = [];
  for (let at = 0; at + 1 < parts.length; at += 2) {
    const [, mode = "", , blob = ""] = parts[at]!.split(" ");
    entries.push({ mode, blob, path: parts[at + 1]! });
  }
  return entries;
}

function isFleetFile({ mode, path }: TreeEntry): boolean {
  if (kindOfPath(path) === undefined) return mode === "120000" && (FLEET_PLACES as readonly string[]).includes(path);
  // A link or a submodule in the way of files could hide any number of them, whatever it is called.
  return mode === "120000" || mode === "160000" || /\.ya?ml$/.test(path);
}

async function readEntries(blobs: BlobReader, entries: TreeEntry[]): Promise<FleetFile[]> {
  return Promise.all(
    entries.filter(isFleetFile).map(async (entry): Promise<FleetFile> => {
      const { mode, path, blob } = entry;
      if (mode === "120000")
        return { path, blob, text: "", unreadable: "is a symbolic link; fleet files are plain files" };
      if (mode === "160000") return { path, blob, text: "", unreadable: "is a submodule; fleet files are plain files" };
      return toFleetFile(path, blob, await blobs.read(blob));
    }),
  );
}

/** A fleet file from the bytes of its content, which may not be what such a file can hold. */
export function toFleetFile(path: string, blob: string, content: Buffer | undefined): FleetFile {
  const unreadable = whyUnreadable(content);
  return unreadable === undefined
    ? { path, blob, text: content!.toString("utf8") }
    : { path, blob, text: "", unreadable };
}

function whyUnreadable(content: Buffer | undefined): string | undefined {
  if (content === undefined) return "is missing from the repository (a partial clone?)";
  if (content.length > MAX_FILE_BYTES) return `has ${content.length} bytes; a fleet file has at most ${MAX_FILE_BYTES}`;
  return isUtf8(content) ? undefined : "is not UTF-8";
}
