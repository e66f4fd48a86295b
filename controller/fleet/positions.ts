import { type Document, isCollection, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml";
import type { FieldPath } from "./problem.ts";

export interface Position {
  /** From 1. */
  line: number;
  /** From 1, in characters. */
  column: number;
}

/** Where the fields of one text stand. Parses with positions, which takes five times as long as without: only made once something is wrong. */
export class Positions {
  readonly document: Document.Parsed;
  readonly #lines = new LineCounter();

  constructor(text: string) {
    this.document = parseDocument(text, {
      lineCounter: this.#lines,
      prettyErrors: false,
      keepSourceTokens: true,
      logLevel: "error",
    });
  }

  atOffset(offset: number): Position {
    const { line, col } = this.#lines.linePos(offset);
    // Offset 0 of an empty text is line 0 of the counter.
    return { line: Math.max(1, line), column: Math.max(1, col) };
  }

  /** Of the field's value or of its key. Where the path leads to nothing, that of what it last led to. */
  at(path: FieldPath, which: "key" | "value" = "value"): Position {
    let node: unknown = this.document.contents;
    let key: unknown;
    for (const step of path) {
      const next = stepInto(node, step);
      if (next === undefined) return this.atOffset(startOf(node));
      ({ key, value: node } = next);
    }
    return this.atOffset(which === "key" && key !== undefined ? startOf(key) : startOf(node ?? key));
  }
}

function stepInto(node: unknown, step: string | number): { key: unknown; value: unknown } | undefined {
  if (isMap(node)) {
    const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(step));
    return pair && { key: pair.key, value: pair.value };
  }
  if (isSeq(node)) {
    const value = node.items[Number(step)];
    return value === undefined ? undefined : { key: undefined, value };
  }
  return undefined;
}

function startOf(node: unknown): number {
  const range = (node as Node | null | undefined)?.range;
  if (range) return range[0];
  if (isCollection(node)) return startOf(node.items[0]);
  return 0;
}
