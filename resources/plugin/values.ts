import { type PropertyMap, type PropertyValue, UNKNOWN } from "./handler.ts";
import { formatPath, isMap, type Path } from "./paths.ts";
import type { WireMap, WireValue } from "./proto.ts";

/** The key whose value says what an object on the wire really is, and the values it can have. */
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";
const ASSET = "c44067f5952c0a294b673a41bacd8c17";
const ARCHIVE = "0def7320c3a5731c473e5ecbe6d01bc7";
const RESOURCE = "5cf8f73096256a8f31e491e813e4eb8e";
const OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4";

const UNKNOWN_ON_WIRE = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
/** The engine has a token of its own for an unknown of each type; all mean the same to a handler. */
const UNKNOWNS = new Set([
  UNKNOWN_ON_WIRE,
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
  "030794c1-ac77-496b-92df-f27374a8bd58",
  "e48ece36-62e2-4504-bad9-02848725956a",
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
]);

export interface Decoded {
  values: PropertyMap;
  /** Where a secret stood. A path ends at the first list, because the items of a list may move. */
  secrets: Path[];
  /** What no handler takes: assets and archives. `values` has null there. */
  refused: { path: string; reason: string }[];
}

/** Properties as the engine sends them, in the words of `handler.ts`. */
export function decode(wire: WireMap): Decoded {
  const decoded: Decoded = { values: {}, secrets: [], refused: [] };
  decoded.values = decodeMap(wire, [], decoded);
  return decoded;
}

function decodeMap(wire: WireMap, path: Path, into: Decoded): PropertyMap {
  return Object.fromEntries(
    Object.entries(wire).map(([name, value]) => [name, decodeValue(value, [...path, name], into)]),
  );
}

function decodeValue(wire: WireValue, path: Path, into: Decoded): PropertyValue {
  if (typeof wire === "string") return UNKNOWNS.has(wire) ? UNKNOWN : wire;
  if (typeof wire !== "object" || wire === null) return wire;
  if (Array.isArray(wire)) return wire.map((item, index) => decodeValue(item, [...path, index], into));
  const signature = Object.hasOwn(wire, SIGNATURE) ? wire[SIGNATURE] : undefined;
  switch (signature) {
    case undefined:
      return decodeMap(wire, path, into);
    case SECRET:
      markSecret(path, into);
      return decodeValue(wire.value ?? null, path, into);
    case OUTPUT:
      if (wire.secret === true) markSecret(path, into);
      return wire.value === undefined ? UNKNOWN : decodeValue(wire.value, path, into);
    case RESOURCE:
      // A reference to a resource with an id is used like the id; to a component, which has none, like its URN.
      return decodeValue(wire.id === "" ? UNKNOWN_ON_WIRE : (wire.id ?? wire.urn ?? null), path, into);
    case ASSET:
    case ARCHIVE:
      into.refused.push({
        path: formatPath(path),
        reason: `takes no ${signature === ASSET ? "asset" : "archive"}; give the content as a string`,
      });
      return null;
    default:
      into.refused.push({ path: formatPath(path), reason: "has a value of a kind that this provider does not know" });
      return null;
  }
}

function markSecret(path: Path, into: Decoded): void {
  const list = path.findIndex((step) => typeof step === "number");
  into.secrets.push(list === -1 ? path : path.slice(0, list));
}

/**
 * Properties as the engine takes them. What stands at or below a path of `secrets` is marked secret; where the path ends early because the
 * value has another shape now, everything from there on is. `undefined` properties are left out.
 */
export function encode(values: PropertyMap, secrets: readonly Path[] = []): WireMap {
  return encodeMap(values, secrets);
}

function encodeMap(values: PropertyMap, secrets: readonly Path[]): WireMap {
  const wire: WireMap = {};
  for (const [name, value] of Object.entries(values) as [string, PropertyValue | undefined][]) {
    if (value === undefined) continue;
    const below = secrets.filter((path) => path[0] === name).map((path) => path.slice(1));
    Object.defineProperty(wire, name, {
      value: encodeValue(value, below),
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
  return wire;
}

function encodeValue(value: PropertyValue, secrets: readonly Path[]): WireValue {
  const hidden = secrets.some((path) => !reaches(value, path));
  const wire = encodePlain(value, hidden ? [] : secrets);
  return hidden ? { [SIGNATURE]: SECRET, value: wire } : wire;
}

/** Whether a secret at `path` can be marked further down; false when this value itself has to be. */
function reaches(value: PropertyValue, path: Path): boolean {
  const [step] = path;
  return step !== undefined && isMap(value) && Object.hasOwn(value, step) && value[step] !== undefined;
}

function encodePlain(value: PropertyValue, secrets: readonly Path[]): WireValue {
  if (value === UNKNOWN) return UNKNOWN_ON_WIRE;
  if (Array.isArray(value)) return value.map((item) => encodePlain(item ?? null, []));
  if (isMap(value)) return encodeMap(value, secrets);
  return value;
}
