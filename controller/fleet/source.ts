import {
  isAlias,
  isCollection,
  isMap,
  isScalar,
  type Node,
  type Pair,
  parseDocument,
  type YAMLMap,
  type YAMLSeq,
} from "yaml";
import { FleetError } from "../../resources/errors.ts";

export interface Splice {
  start: number;
  end: number;
  insert: string;
}

/** A text of YAML with the places of its nodes. */
export class Source {
  readonly text: string;
  readonly root: YAMLMap;
  readonly #eol: string;
  /** Behind a byte order mark, which stays whatever else goes. */
  readonly #begin: number;

  /** @throws {FleetError} FLEET_INVALID when the text is no mapping. */
  constructor(text: string) {
    const document = parseDocument(text, { keepSourceTokens: true, prettyErrors: false });
    if (document.errors[0])
      throw new FleetError("FLEET_INVALID", `cannot edit a file that is not valid YAML: ${document.errors[0].message}`);
    if (!isMap(document.contents))
      throw new FleetError("FLEET_INVALID", "cannot edit a file that does not hold a mapping");
    this.text = text;
    this.root = document.contents;
    this.#eol = text.includes("\r\n") ? "\r\n" : "\n";
    this.#begin = text.startsWith("\uFEFF") ? 1 : 0;
  }

  /** The text with all splices done; line breaks in them become those of the file. */
  splice(...splices: Splice[]): string {
    return splices
      .toSorted((a, b) => b.start - a.start || b.end - a.end)
      .reduce(
        (text, { start, end, insert }) => text.slice(0, start) + insert.replaceAll("\n", this.#eol) + text.slice(end),
        this.text,
      );
  }

  lineStart(offset: number): number {
    return Math.max(this.#begin, this.text.lastIndexOf("\n", offset - 1) + 1);
  }

  /** Before the line break. */
  lineEnd(offset: number): number {
    const end = this.text.indexOf("\n", offset);
    if (end === -1) return this.text.length;
    return this.text[end - 1] === "\r" ? end - 1 : end;
  }

  /** Behind the line break, which the last line may lack. */
  nextLine(offset: number): number {
    const end = this.text.indexOf("\n", offset);
    return end === -1 ? this.text.length : end + 1;
  }

  column(offset: number): number {
    return offset - this.lineStart(offset);
  }

  /** Whether nothing but blanks stands before it on its line. */
  beginsLine(offset: number): boolean {
    return this.text.slice(this.lineStart(offset), offset).trim() === "";
  }

  /** Whole lines, to go below the line of `offset`. */
  below(offset: number, lines: string): Splice {
    const start = this.nextLine(offset);
    const hasBreak = start > 0 && this.text[start - 1] === "\n";
    return { start, end: start, insert: hasBreak ? `${lines}\n` : `\n${lines}` };
  }

  /** Where the last word of a node ends: behind its last leaf, before comments and blank lines. */
  contentEnd(node: Node | null): number {
    if (isCollection(node) && !node.flow && node.items.length > 0) {
      const last = node.items.at(-1);
      return isMap(node) ? this.pairEnd(last as Pair<Node, Node | null>, node) : this.contentEnd(last as Node);
    }
    const end = node?.range?.[1] ?? 0;
    const isBlockText = isScalar(node) && (node.type === "BLOCK_LITERAL" || node.type === "BLOCK_FOLDED");
    return isBlockText && this.text[end - 1] === "\n" ? this.lineEnd(end - 1) : end;
  }

  pairEnd(pair: Pair<Node, Node | null>, map: YAMLMap): number {
    const colon = this.colonEnd(pair, map);
    return Math.max(pair.key.range![1], colon ?? 0, isEmpty(pair.value) ? 0 : this.contentEnd(pair.value));
  }

  /** Behind the `:` of a pair; undefined where it has none, as in `{a}`. */
  colonEnd(pair: Pair<Node, Node | null>, map: YAMLMap): number | undefined {
    const token = map.srcToken as { items?: { sep?: { type: string; offset: number }[] }[] } | undefined;
    const mark = token?.items?.[itemIndex(map, pair)]?.sep?.find(({ type }) => type === "map-value-ind");
    return mark && mark.offset + 1;
  }

  /** Where the `-` of an item stands. */
  dashStart(seq: YAMLSeq, index: number): number | undefined {
    const token = seq.srcToken as { items?: { start: { type: string; offset: number }[] }[] } | undefined;
    return token?.items?.[index]?.start.find(({ type }) => type === "seq-item-ind")?.offset;
  }
}

/** Whether a value is only what is left out: `key:`. */
export function isEmpty(node: Node | null): boolean {
  return node === null || (isScalar(node) && node.value === null && (node.source ?? "") === "");
}

export function pairOf(map: YAMLMap, key: string): Pair<Node, Node | null> | undefined {
  return map.items.find((pair) => isScalar(pair.key) && String(pair.key.value) === key) as
    | Pair<Node, Node | null>
    | undefined;
}

/** @throws {FleetError} FLEET_INVALID for an alias, whose value stands elsewhere. */
export function refuseAlias(node: unknown): void {
  if (isAlias(node))
    throw new FleetError("FLEET_INVALID", `cannot edit the alias *${node.source}; write its value out first`);
}

// A token list can begin with an item that holds only comments.
function itemIndex(map: YAMLMap, pair: Pair<Node, Node | null>): number {
  const token = map.srcToken as { items?: { key?: unknown; sep?: unknown }[] } | undefined;
  const filled = (token?.items ?? []).flatMap((item, index) => (item.key || item.sep ? [index] : []));
  return filled[map.items.indexOf(pair as never)] ?? -1;
}
