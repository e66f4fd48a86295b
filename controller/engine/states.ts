import { FleetError } from "../../resources/errors.ts";
import type { Blobs } from "./blobs.ts";
import { type Checkpoint, checksumOf, emptyState, readCheckpoint, writtenAt } from "./checkpoint.ts";
import type { StateResource } from "./engine.ts";

/** A copy of a stack's state that the engine keeps. */
export interface StateCopy {
  /** Where it lies, for a person. */
  file: string;
  text: string;
  /** ISO instant of the run that wrote this state; "" when it does not say. */
  at: string;
  checksum: string;
  resources: StateResource[];
}

/** The version of a state that does not exist. */
export const NO_STATE = "0:0";

/** History entries that are kept of each stack, each with a copy of its state; the engine never deletes one. */
const HISTORY_KEPT = 10;
/** Damaged files that are kept of each stack. */
const ASIDE_KEPT = 5;
/** Outside the engine's own folder, so that it takes none for a stack. */
const DAMAGED = "damaged/";
const META = { key: ".pulumi/meta.yaml", text: "version: 1\n" };

/** The one place that knows how the engine lays out state. Everything but `text` of a state is told without reading it. */
export class States {
  readonly #blobs: Blobs;
  readonly #project: string;
  readonly #folder: string;
  /** What was read last: one run looks at the state of its stack some ten times, and it has not changed for most of them. */
  #last: { stack: string; text: string; found: Checkpoint | string } | undefined;

  constructor(blobs: Blobs, project: string) {
    this.#blobs = blobs;
    this.#project = project;
    this.#folder = `.pulumi/stacks/${project}/`;
  }

  /** What changes whenever a state does, of all stacks that have one. */
  async versions(): Promise<Map<string, string>> {
    const files = [...(await this.#blobs.list(this.#folder))].filter(([key]) => key.endsWith(".json"));
    return new Map(files.map(([key, version]) => [key.slice(this.#folder.length, -".json".length), version]));
  }

  /** `NO_STATE` where there is none. */
  async version(stack: string): Promise<string> {
    return (await this.#blobs.version(this.#key(stack))) ?? NO_STATE;
  }

  /** The state's text; undefined where the stack has none. @throws {FleetError} ENGINE_FAILED when it cannot be read. */
  async read(stack: string): Promise<string | undefined> {
    return await this.#blobs.read(this.#key(stack));
  }

  /** The state, or in one clause what is wrong with it; undefined where the stack has none. Read each time, and only parsed again when it differs. */
  async checkpoint(stack: string): Promise<Checkpoint | string | undefined> {
    const text = await this.read(stack);
    if (text === undefined) return undefined;
    if (this.#last?.stack !== stack || this.#last.text !== text)
      this.#last = { stack, text, found: readCheckpoint(text, stack) };
    return this.#last.found;
  }

  /** Where a stack's state lies, for a person. */
  place(stack: string): string {
    return this.#blobs.place(this.#key(stack));
  }

  /** Copies that are whole, the newest first: one of each finished run, and the one before the state was last written. */
  async copies(stack: string): Promise<StateCopy[]> {
    const history = [...(await this.#blobs.list(this.#history(stack))).keys()];
    const keys = [...history.filter((key) => key.endsWith(".checkpoint.json")), `${this.#key(stack)}.bak`];
    const copies = await Promise.all(
      keys.map(async (key): Promise<StateCopy[]> => {
        // A copy that cannot be read is none.
        const text = await this.#blobs.read(key).catch(() => undefined);
        const found = text === undefined ? "is not there" : readCheckpoint(text, stack);
        if (text === undefined || typeof found === "string" || found.untouched) return [];
        const file = this.#blobs.place(key);
        return [{ file, text, at: writtenAt(text), checksum: checksumOf(text), resources: found.resources }];
      }),
    );
    return copies.flat().sort((one, other) => (one.at < other.at ? 1 : one.at > other.at ? -1 : 0));
  }

  /**
   * Puts a text in the place of a stack's state, by default one that holds nothing. What was there is kept beside the stacks, five of each stack.
   * Answers where; undefined when there was none.
   * @throws {FleetError} ENGINE_FAILED
   */
  async replace(stack: string, text: string | undefined, at: Date): Promise<string | undefined> {
    const aside = `${DAMAGED}${stack}-${at.toISOString().replaceAll(":", "-")}.json`;
    const isKept = await this.#blobs.copy(this.#key(stack), aside);
    await this.#blobs.write(this.#key(stack), text ?? emptyState(this.#project, stack));
    const all = [...(await this.#blobs.list(DAMAGED)).keys()].filter((key) => isAsideOf(stack, key)).sort();
    await this.#blobs.remove(all.slice(0, -ASIDE_KEPT));
    return isKept ? this.#blobs.place(aside) : undefined;
  }

  /**
   * Puts a fleet's states where none of that fleet are yet. Answers what takes them out again; what fails leaves nothing behind.
   * @throws {FleetError} USAGE when some are there, ENGINE_FAILED
   */
  async fill(states: ReadonlyMap<string, string>): Promise<() => Promise<void>> {
    const there = [...(await this.versions()).keys()];
    if (there.length > 0)
      throw new FleetError(
        "USAGE",
        `${this.#blobs.place(this.#folder)} has states of this fleet already (${there.slice(0, 3).join(", ")}): name an empty place`,
        {},
      );
    const undo = () => this.#blobs.remove([...states.keys()].map((stack) => this.#key(stack)));
    try {
      // By this the engine knows its own layout.
      if ((await this.#blobs.version(META.key)) === undefined) await this.#blobs.write(META.key, META.text);
      for (const [stack, text] of states) await this.#blobs.write(this.#key(stack), text);
    } catch (error) {
      await undo().catch(() => undefined);
      throw error;
    }
    return undo;
  }

  /** Deletes all but the newest entries of a stack's history: each holds a full copy of the state. */
  async prune(stack: string): Promise<void> {
    // An update leaves NAME.history.json and NAME.checkpoint.json, and in files a note of the engine about each.
    const updates = Map.groupBy((await this.#blobs.list(this.#history(stack))).keys(), updateOf);
    const old = [...updates.keys()].sort().slice(0, -HISTORY_KEPT);
    if (old.length > 0) await this.#blobs.remove(old.flatMap((update) => updates.get(update)!));
  }

  async close(): Promise<void> {
    await this.#blobs.close();
  }

  #key(stack: string): string {
    return `${this.#folder}${stack}.json`;
  }

  #history(stack: string): string {
    return `.pulumi/history/${this.#project}/${stack}/`;
  }
}

const updateOf = (key: string): string => key.replace(/\.(history|checkpoint)\.json.*$/, "");

/** A stack's name may be the beginning of another one's. */
const isAsideOf = (stack: string, key: string): boolean =>
  key.startsWith(`${DAMAGED}${stack}-`) && /^\d{4}-\d\d-\d\dT/.test(key.slice(DAMAGED.length + stack.length + 1));
