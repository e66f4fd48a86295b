import type { RunEvent } from "../engine/events.ts";
import type { NewEvent, Store } from "../store/types.ts";
import { EventBuffer } from "./event-buffer.ts";

/** A message of a plugin may be a page. */
const LONGEST_TEXT = 2_000;

/** Keeps what an engine run does in the store's event log. */
export class RunLog {
  readonly #buffer: EventBuffer;
  readonly #run: string;
  readonly #nameOf: (urn: string) => string | undefined;

  constructor(store: Pick<Store, "putEvents">, run: string, nameOf: (urn: string) => string | undefined) {
    this.#buffer = new EventBuffer(store);
    this.#run = run;
    this.#nameOf = nameOf;
  }

  take(event: RunEvent): void {
    const entry = entryOf(event, this.#nameOf);
    if (entry !== undefined) this.#buffer.put({ run: this.#run, ...entry });
  }

  /** Resolves when all is written. */
  async close(): Promise<void> {
    await this.#buffer.close();
  }
}

function entryOf(event: RunEvent, nameOf: (urn: string) => string | undefined): Omit<NewEvent, "run"> | undefined {
  const about = (urn: string | undefined) => {
    const object = urn === undefined ? undefined : nameOf(urn);
    return object === undefined ? {} : { object };
  };
  if (event.kind === "started" && event.op !== "same")
    return { kind: "started", ...about(event.urn), data: { op: event.op, urn: event.urn } };
  if (event.kind === "outcome" && event.outcome.op !== "same") {
    const { op, urn, failed, id } = event.outcome;
    return { kind: "outcome", ...about(urn), data: { op, urn, failed, ...(id === undefined ? {} : { id }) } };
  }
  if (event.kind === "message" && event.severity !== "info")
    return {
      kind: event.severity,
      ...about(event.urn),
      data: { text: event.text.slice(0, LONGEST_TEXT), ...(event.urn === undefined ? {} : { urn: event.urn }) },
    };
  if (event.kind === "summary") return { kind: "summary", data: { changes: event.changes } };
  return undefined;
}
