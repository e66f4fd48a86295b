import { createHash } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { FleetError } from "../../resources/errors.ts";
import type { StateResource } from "./engine.ts";

/** Damaged files that are kept of each stack. */
const ASIDE_KEPT = 5;

/** A stack's state as a file has it. */
export interface Checkpoint {
  resources: StateResource[];
  /** A stack that was only made: no run has written it yet. */
  untouched: boolean;
}

/** A copy of a stack's state that the engine keeps. */
export interface StateCopy {
  file: string;
  text: string;
  /** ISO instant of the run that wrote this state; "" when it does not say. */
  at: string;
  checksum: string;
  resources: StateResource[];
}

/** Where states are kept: in the data folder, or where the environment says. */
export const stateUrl = (dataDir: string, environment: Readonly<Record<string, string | undefined>>): string =>
  environment.PULUMI_BACKEND_URL ?? pathToFileURL(join(dataDir, "state")).href;

/** Where the state of one stack lies, when it is kept in files. */
export interface StatePlace {
  /** The folder that holds `.pulumi`. */
  root: string;
  project: string;
  stack: string;
}

export const stateFile = ({ root, project, stack }: StatePlace): string =>
  join(root, ".pulumi", "stacks", project, `${stack}.json`);

export const historyFolder = ({ root, project, stack }: StatePlace): string =>
  join(root, ".pulumi", "history", project, stack);

export const checksumOf = (text: string): string => createHash("sha256").update(text).digest("hex");

/** The state in a file's text, or in one clause what is wrong with it. Never takes half a file for an empty stack. */
export function readCheckpoint(text: string, stack: string): Checkpoint | string {
  if (text === "") return "is empty";
  if (/^\0+$/.test(text)) return "holds nothing but zero bytes";
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    if (text.includes("\0")) return "holds zero bytes in place of text";
    return `is cut off or garbled (${error instanceof Error ? error.message : error})`;
  }
  const { checkpoint } = (content ?? {}) as { checkpoint?: { stack?: unknown; latest?: unknown } };
  if (typeof checkpoint?.stack !== "string") return "is no state of a stack";
  if (checkpoint.stack.split("/").at(-1) !== stack) return `is the state of another stack, ${checkpoint.stack}`;
  if (checkpoint.latest === undefined || checkpoint.latest === null) return { resources: [], untouched: true };
  const { resources = [] } = checkpoint.latest as { resources?: unknown };
  if (!Array.isArray(resources) || !resources.every(isResource)) return "has no list of resources";
  return { resources, untouched: false };
}

const isResource = (entry: unknown): entry is StateResource =>
  typeof (entry as StateResource | null)?.urn === "string" && typeof (entry as StateResource).type === "string";

/** The text of a stack's file; undefined when there is none. @throws {FleetError} ENGINE_FAILED when it cannot be read. */
export async function readState(place: StatePlace): Promise<string | undefined> {
  const file = stateFile(place);
  return await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw new FleetError("ENGINE_FAILED", `the state of ${place.stack} cannot be read: ${error.message}`, { file });
  });
}

/** Copies that are whole, the newest first: one of each finished run, and the one before the file was last written. */
export async function stateCopies(place: StatePlace): Promise<StateCopy[]> {
  const history = historyFolder(place);
  const names = (await readdir(history).catch(() => [])).filter((name) => name.endsWith(".checkpoint.json"));
  const files = [...names.map((name) => join(history, name)), `${stateFile(place)}.bak`];
  const copies = await Promise.all(
    files.map(async (file): Promise<StateCopy[]> => {
      const text = await readFile(file, "utf8").catch(() => undefined);
      const found = text === undefined ? "is not there" : readCheckpoint(text, place.stack);
      if (text === undefined || typeof found === "string" || found.untouched) return [];
      return [{ file, text, at: writtenAt(text), checksum: checksumOf(text), resources: found.resources }];
    }),
  );
  return copies.flat().sort((one, other) => (one.at < other.at ? 1 : one.at > other.at ? -1 : 0));
}

function writtenAt(text: string): string {
  const { checkpoint } = JSON.parse(text) as { checkpoint: { latest: { manifest?: { time?: string } } } };
  return checkpoint.latest.manifest?.time ?? "";
}

/** The same state with other resources. */
export function withResources(text: string, resources: StateResource[]): string {
  const content = JSON.parse(text);
  content.checkpoint.latest.resources = resources;
  return JSON.stringify(content);
}

/** The state of a stack that holds nothing, as the engine writes it. */
export const emptyState = ({ project, stack }: StatePlace): string =>
  JSON.stringify({ version: 0, checkpoint: { stack: `organization/${project}/${stack}` } });

/**
 * Puts a text in the place of a stack's file: all of it or nothing. What was there is kept beside the stacks, five of each stack.
 * Answers where; undefined when there was no file.
 * @throws {FleetError} ENGINE_FAILED
 */
export async function replaceState(place: StatePlace, text: string, at: Date): Promise<string | undefined> {
  const file = stateFile(place);
  try {
    const aside = join(place.root, "damaged", `${place.stack}-${at.toISOString().replaceAll(":", "-")}.json`);
    await mkdir(dirname(aside), { recursive: true, mode: 0o700 });
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    const damaged = await readFile(file).catch(() => undefined);
    if (damaged !== undefined) await writeWhole(aside, damaged);
    await writeWhole(file, text);
    // The engine's note about the old file.
    await rm(`${file}.attrs`, { force: true });
    await dropOldest(dirname(aside), place.stack);
    return damaged === undefined ? undefined : aside;
  } catch (error) {
    throw new FleetError(
      "ENGINE_FAILED",
      `the state of ${place.stack} could not be written, and is as it was: ${(error as Error).message}`,
      { file },
      { cause: error },
    );
  }
}

/** Beside its place, on disk, and then renamed: nobody ever sees half of it. */
async function writeWhole(file: string, content: string | Buffer): Promise<void> {
  const partial = `${file}.partial-${process.pid}`;
  try {
    const handle = await open(partial, "w", 0o600);
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(partial, file);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

async function dropOldest(folder: string, stack: string): Promise<void> {
  const own = (await readdir(folder)).filter((name) => name.startsWith(`${stack}-`)).sort();
  for (const name of own.slice(0, -ASIDE_KEPT)) await rm(join(folder, name), { force: true });
}
