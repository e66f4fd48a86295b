import {
  type ChangeKind,
  type Diff,
  type PropertyMap,
  type PropertyValue,
  UNKNOWN,
} from "../../resources/plugin/handler.ts";
import { comparable, type Field, type Fields, isUnset } from "./fields.ts";

/**
 * What a bridged plugin plans: the outputs in state against the declared inputs. An absent computed input keeps what is there, a set is
 * compared without order.
 */
export function planDiff(fields: Fields, state: PropertyMap, news: PropertyMap): Diff {
  const changes: Diff["changes"] = {};
  for (const [name, field] of Object.entries(fields)) {
    if (field.unsupported) continue;
    const replace =
      typeof field.replace === "function" ? field.replace(state[name], news[name]) : field.replace === true;
    for (const [path, kind] of fieldChanges(name, field, state, news))
      changes[path] = replace ? { kind, replace } : { kind };
  }
  if (Object.keys(changes).length > 0) {
    for (const [name, field] of Object.entries(fields)) {
      if (field.silentDefault !== undefined && isUnset(state[name]) && isUnset(news[name]))
        changes[name] = { kind: "add" };
    }
  }
  return { changes };
}

function fieldChanges(name: string, field: Field, state: PropertyMap, news: PropertyMap): [string, ChangeKind][] {
  const before = state[name];
  const after = news[name];
  if (isUnset(after)) {
    if (field.computed) return field.unknownWhenUnset && before === undefined ? [[name, "add"]] : [];
    const wanted = field.silentDefault ?? null;
    return comparable(field, before) === comparable(field, wanted) ? [] : [[name, "delete"]];
  }
  if (after === UNKNOWN) return [[name, isUnset(before) ? "add" : "update"]];
  if (!isUnset(before) && field.matches?.(before, after)) return [];
  if (isUnset(before) && isZero(after) && !field.nullDiffers) return [];
  if (isUnset(before)) return [[name, "add"]];
  if (comparable(field, before) !== undefined && comparable(field, before) === comparable(field, after)) return [];
  if (Array.isArray(before) && Array.isArray(after)) return itemChanges(name, field, before, after);
  return [[name, "update"]];
}

/** Null against the zero value of a type is no change. */
function isZero(value: PropertyValue): boolean {
  return value === false || value === "" || value === 0 || (Array.isArray(value) && value.length === 0);
}

/** Lists change item by item, sets by what is only in one of both; an index is that of the side the item is on. */
function itemChanges(
  name: string,
  field: Field,
  before: PropertyValue[],
  after: PropertyValue[],
): [string, ChangeKind][] {
  const key = (item: PropertyValue) => comparable({ ...field, set: true }, [item]) ?? Symbol("unknown");
  const old = before.map(key);
  const wanted = after.map(key);
  const kinds = new Map<number, ChangeKind>();
  const mark = (index: number, kind: ChangeKind) => kinds.set(index, kinds.has(index) ? "update" : kind);
  old.forEach((item, i) => {
    if (field.set ? !wanted.includes(item) : item !== wanted[i]) mark(i, "delete");
  });
  wanted.forEach((item, i) => {
    if (field.set ? !old.includes(item) : item !== old[i]) mark(i, "add");
  });
  return [...kinds].sort(([a], [b]) => a - b).map(([index, kind]) => [`${name}[${index}]`, kind]);
}

/** Names of the fields that differ, for an update that sends only what changed. */
export function changedNames(fields: Fields, state: PropertyMap, news: PropertyMap): Set<string> {
  return new Set(Object.keys(planDiff(fields, state, news).changes).map((path) => path.split("[", 1)[0]!));
}
