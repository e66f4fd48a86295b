import { isMap, isSeq, type Node, type YAMLMap, type YAMLSeq } from "yaml";
import { FleetError } from "../../resources/errors.ts";
import { KINDS, type Kind } from "../../schemas/index.ts";
import { type FieldPath, formatPath } from "./problem.ts";
import { renderItem, renderKey, renderPair, renderValue } from "./render.ts";
import { isEmpty, pairOf, refuseAlias, Source } from "./source.ts";

/** Replaces the value at the path, or puts it where the path ends in nothing. */
export function place(text: string, path: FieldPath, value: unknown): string {
  const source = new Source(text);
  let node: Node = source.root;
  for (const [depth, step] of path.entries()) {
    refuseAlias(node);
    const rest = path.slice(depth + 1);
    if (isMap(node)) {
      const pair = pairOf(node, String(step));
      if (pair === undefined) return insertPair(source, node, String(step), nested(rest, value), depth === 0);
      if (rest.length === 0 || isEmpty(pair.value)) return replacePair(source, node, String(step), nested(rest, value));
      node = pair.value!;
    } else if (isSeq(node)) {
      const item = node.items[Number(step)] as Node | undefined;
      if (item === undefined) return insertItem(text, path.slice(0, depth), Number(step), nested(rest, value));
      if (rest.length === 0) return replaceItem(source, node, Number(step), value);
      node = item;
    } else throw new FleetError("FLEET_INVALID", `${formatPath(path.slice(0, depth))} holds no fields`);
  }
  return text;
}

function nested(path: FieldPath, value: unknown): unknown {
  return path.reduceRight<unknown>((inner, step) => (typeof step === "number" ? [inner] : { [step]: inner }), value);
}

function replacePair(source: Source, map: YAMLMap, key: string, value: unknown): string {
  const pair = pairOf(map, key)!;
  const old = pair.value;
  refuseAlias(old);
  const colon = source.colonEnd(pair, map);
  if (colon === undefined)
    return source.splice(after(pair.key.range![1], `: ${renderValue(value, { flow: true, indent: 0 })}`));
  const indent = source.column(pair.key.range![0]) + 2;
  const text = renderValue(value, { flow: map.flow ?? false, indent, ...quotesOf(old) });
  const end = isEmpty(old) ? colon : source.contentEnd(old);
  const oldIsBlock = (isMap(old) || isSeq(old)) && !old.flow && old.items.length > 0;
  // What stays on the key's line (`|`, or all of it), and the lines below.
  const [, inline = "", body = ""] = /^([^\n]*)([\s\S]*)$/.exec(text) ?? [];
  const head = inline === "" ? "" : ` ${inline}`;
  // Behind the colon of a block there is at most a comment, which stays.
  if (oldIsBlock) return source.splice(after(colon, head), { start: source.lineEnd(colon), end, insert: body });
  if (body !== "") return source.splice({ start: colon, end, insert: head }, after(source.lineEnd(end), body));
  return source.splice({ start: isEmpty(old) ? colon : old!.range![0], end, insert: isEmpty(old) ? ` ${text}` : text });
}

function replaceItem(source: Source, seq: YAMLSeq, index: number, value: unknown): string {
  const old = seq.items[index] as Node;
  refuseAlias(old);
  const start = seq.flow ? old.range![0] : source.dashStart(seq, index)!;
  const text = seq.flow
    ? renderValue(value, { flow: true, indent: 0, ...quotesOf(old) })
    : renderItem(value, source.column(start));
  const isSimple = !text.includes("\n") && !isEmpty(old) && !isMap(value) && !isMap(old) && !isSeq(old);
  if (isSimple && !seq.flow) {
    const scalar = renderValue(value, { flow: false, indent: source.column(start) + 2, ...quotesOf(old) });
    return source.splice({ start: old.range![0], end: source.contentEnd(old), insert: scalar });
  }
  return source.splice({ start, end: Math.max(start + 1, source.contentEnd(old)), insert: text });
}

function insertPair(source: Source, map: YAMLMap, key: string, value: unknown, isRoot: boolean): string {
  if (map.flow) {
    const text = `${renderKey(key, true)}: ${renderValue(value, { flow: true, indent: 0 })}`;
    const last = map.items.at(-1) as Parameters<Source["pairEnd"]>[0] | undefined;
    return source.splice(after(last ? source.pairEnd(last, map) : map.range![0] + 1, last ? `, ${text}` : text));
  }
  const indent = source.column((map.items[0]!.key as Node).range![0]);
  const before = isRoot ? precedingKey(map, key) : undefined;
  const anchor = (before === undefined ? map.items.at(-1) : pairOf(map, before)) as Parameters<Source["pairEnd"]>[0];
  return source.splice(
    source.below(source.pairEnd(anchor, map), `${" ".repeat(indent)}${renderPair(key, value, indent)}`),
  );
}

/** The last field present of those that the schema lists before this one. */
function precedingKey(root: YAMLMap, key: string): string | undefined {
  const kind = root.get("kind") as Kind;
  const order = Object.keys(KINDS[kind]?.schema.properties ?? {});
  const place = order.indexOf(key);
  return place === -1 ? undefined : order.slice(0, place).findLast((name) => root.has(name));
}

/** Puts an item before the one at `index`, or behind the last. */
export function insertItem(text: string, path: FieldPath, index: number, value: unknown): string {
  const source = new Source(text);
  const seq = source.root.getIn(path, true);
  refuseAlias(seq);
  if (!isSeq(seq)) throw new FleetError("FLEET_INVALID", `${formatPath(path)} is no list`);
  const before = seq.items[index - 1] as Node | undefined;
  if (seq.flow) {
    const item = renderValue(value, { flow: true, indent: 0 });
    if (before) return source.splice(after(source.contentEnd(before), `, ${item}`));
    const first = seq.items[0] as Node | undefined;
    return source.splice(after(first ? first.range![0] : seq.range![0] + 1, first ? `${item}, ` : item));
  }
  const dash = source.dashStart(seq, Math.max(0, index - 1))!;
  const indent = source.column(dash);
  const line = `${" ".repeat(indent)}${renderItem(value, indent)}`;
  if (before) return source.splice(source.below(Math.max(dash, source.contentEnd(before)), line));
  return source.splice(after(source.lineStart(dash), `${line}\n`));
}

/** Takes out a field or an item; the same text when there is none. */
export function remove(text: string, path: FieldPath): string {
  const source = new Source(text);
  const parent = path.length === 1 ? source.root : source.root.getIn(path.slice(0, -1), true);
  const step = path.at(-1)!;
  refuseAlias(parent);
  if (isMap(parent)) {
    const index = parent.items.indexOf(pairOf(parent, String(step)) as never);
    return index === -1 ? text : removeAt(source, parent, index, "{}");
  }
  if (isSeq(parent)) return Number(step) < parent.items.length ? removeAt(source, parent, Number(step), "[]") : text;
  return text;
}

function removeAt(source: Source, parent: YAMLMap | YAMLSeq, index: number, empty: string): string {
  const startOf = (at: number): number => {
    if (isMap(parent)) return (parent.items[at]!.key as Node).range![0];
    return parent.flow ? (parent.items[at] as Node).range![0] : source.dashStart(parent, at)!;
  };
  const endOf = (at: number): number => {
    if (isMap(parent)) return source.pairEnd(parent.items[at] as Parameters<Source["pairEnd"]>[0], parent);
    return Math.max(startOf(at) + 1, source.contentEnd(parent.items[at] as Node));
  };
  const [start, end] = [startOf(index), endOf(index)];
  const isLast = index === parent.items.length - 1;
  if (parent.items.length === 1) {
    if (parent.flow) return source.splice({ start: parent.range![0], end: parent.range![1], insert: empty });
    // A list may stand below its key without being indented; an empty one may not.
    if (isSeq(parent)) return source.splice({ start, end, insert: `  ${empty}` });
    return source.splice({ start, end, insert: empty });
  }
  if (parent.flow) {
    return source.splice(
      isLast ? { start: endOf(index - 1), end, insert: "" } : { start, end: startOf(index + 1), insert: "" },
    );
  }
  if (source.beginsLine(start))
    return source.splice({ start: source.lineStart(start), end: source.nextLine(end), insert: "" });
  return source.splice({ start, end: startOf(index + 1), insert: "" });
}

function quotesOf(node: Node | null): { quotes?: "single" | "double" } {
  const type = (node as { type?: string } | null)?.type;
  if (type === "QUOTE_DOUBLE") return { quotes: "double" };
  return type === "QUOTE_SINGLE" ? { quotes: "single" } : {};
}

function after(offset: number, insert: string) {
  return { start: offset, end: offset, insert };
}
