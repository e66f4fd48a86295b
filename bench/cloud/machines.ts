import { appendFileSync, existsSync, readFileSync } from "node:fs";
import type { ActualServer } from "../../resources/actual.ts";

/** One change of the benchmark cloud, as its file tells it. */
type Entry = { id: string; machine: ActualServer } | { id: string; gone: true };

/**
 * What the benchmark cloud has, in a file that only grows: a machine is there once its line is, however the process ends that asked for it.
 * One process at a time has the file open.
 */
export class Machines {
  readonly #file: string;
  readonly #byId = new Map<string, ActualServer>();
  #lastId = 0;

  constructor(file: string) {
    this.#file = file;
    if (!existsSync(file)) return;
    for (const line of linesOf(readFileSync(file, "utf8"))) this.#take(JSON.parse(line) as Entry);
  }

  all(): ActualServer[] {
    return [...this.#byId.values()];
  }

  get(id: string): ActualServer | undefined {
    return this.#byId.get(id);
  }

  /** Makes another machine, whatever marks there are already. */
  add(machine: Omit<ActualServer, "id">): ActualServer {
    const made = { id: String(this.#lastId + 1), ...machine };
    this.#write({ id: made.id, machine: made });
    return made;
  }

  put(machine: ActualServer): void {
    this.#write({ id: machine.id, machine });
  }

  remove(id: string): void {
    if (this.#byId.has(id)) this.#write({ id, gone: true });
  }

  #write(entry: Entry): void {
    appendFileSync(this.#file, `${JSON.stringify(entry)}\n`);
    this.#take(entry);
  }

  #take(entry: Entry): void {
    this.#lastId = Math.max(this.#lastId, Number(entry.id));
    if ("gone" in entry) this.#byId.delete(entry.id);
    else this.#byId.set(entry.id, entry.machine);
  }
}

/** Whole lines only: what a kill cut off never happened. */
export function linesOf(text: string): string[] {
  return text.split("\n").slice(0, -1);
}
