import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type PropertyMap, type PropertyValue, UNKNOWN } from "../../../resources/plugin/handler.ts";
import { child, formatPath, isMap, type Path, parsePath } from "../../../resources/plugin/paths.ts";
import { fromStruct, toStruct } from "../../../resources/plugin/proto.ts";
import { decode, encode } from "../../../resources/plugin/values.ts";

const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";
const name = fc.string({ minLength: 1, maxLength: 6 }).filter((text) => text !== "__proto__");

const { map } = fc.letrec<{ value: PropertyValue; map: PropertyMap }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom<PropertyValue>(null, true, false, UNKNOWN, "", "secret"),
    fc.string(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => (Object.is(number, -0) ? 0 : number)),
    fc.array(tie("value"), { maxLength: 3 }),
    tie("map"),
  ),
  map: fc.dictionary(name, tie("value"), { maxKeys: 4, noNullPrototype: true }),
}));

/** Every path of maps, without going into lists: where a secret may be marked. */
function pathsOf(value: PropertyValue, path: Path = []): Path[] {
  const below = isMap(value) ? Object.keys(value).flatMap((step) => pathsOf(child(value, step)!, [...path, step])) : [];
  return path.length > 0 ? [path, ...below] : below;
}

describe("property values on the wire", () => {
  it("come back as they went, through the protobuf", () => {
    fc.assert(
      fc.property(map, (values) => {
        const back = decode(fromStruct(toStruct(encode(values))));
        expect(back).toEqual({ values, secrets: [], refused: [] });
      }),
    );
  });

  it("come back with their secrets, and none of a secret's leaves is outside a mark", () => {
    fc.assert(
      fc.property(map, fc.array(fc.nat(), { maxLength: 3 }), (values, choices) => {
        const all = pathsOf(values);
        const secrets = all.length === 0 ? [] : choices.map((choice) => all[choice % all.length]!);

        const back = decode(fromStruct(toStruct(encode(values, secrets))));

        expect(back.values).toEqual(values);
        for (const path of secrets) {
          const covered = back.secrets.some((found) => found.every((step, i) => step === path[i]));
          expect(covered, formatPath(path)).toBe(true);
        }
      }),
    );
  });

  it("hides the whole property when the value no longer has the secret's path", () => {
    expect(encode({ a: "now a text" }, [["a", "password"]])).toEqual({
      a: { [SIGNATURE]: SECRET, value: "now a text" },
    });
    expect(encode({ a: { other: 1 } }, [["a", "password"]])).toEqual({
      a: { [SIGNATURE]: SECRET, value: { other: 1 } },
    });
  });

  it("hides a list as a whole, as its items may move", () => {
    const { secrets } = decode({ users: [{ name: "x", key: { [SIGNATURE]: SECRET, value: "k" } }] });

    expect(secrets).toEqual([["users"]]);
  });

  it("drops what is undefined", () => {
    expect(encode({ a: undefined as unknown as PropertyValue, b: 1 })).toEqual({ b: 1 });
  });

  it("unwraps output values, known or not, and references to resources", () => {
    const output = (more: object) => ({ [SIGNATURE]: "d0e6a833031e9bbcd3f4e8bde6ca49a4", ...more });
    const reference = (more: object) => ({ [SIGNATURE]: "5cf8f73096256a8f31e491e813e4eb8e", urn: "urn:x", ...more });

    const { values, secrets } = decode({
      known: output({ value: "v", secret: true, dependencies: [] }),
      unknown: output({}),
      resource: reference({ id: "17" }),
      unmade: reference({ id: "" }),
      component: reference({}),
    });

    expect(values).toEqual({ known: "v", unknown: UNKNOWN, resource: "17", unmade: UNKNOWN, component: "urn:x" });
    expect(secrets).toEqual([["known"]]);
  });

  it("refuses assets and what it does not know, by path", () => {
    const asset = { [SIGNATURE]: "c44067f5952c0a294b673a41bacd8c17", text: "x" };

    const { refused } = decode({ files: [{ content: asset }], odd: { [SIGNATURE]: "0" } });

    expect(refused.map(({ path }) => path)).toEqual(["files[0].content", "odd"]);
  });
});

describe("property paths", () => {
  it("come back as they were written", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.nat(99), name), { maxLength: 5 }), (path) => {
        expect(parsePath(formatPath(path))).toEqual(path);
      }),
    );
  });

  it("are read as the engine writes them", () => {
    expect(parsePath('networks[0].bridge["a.b"][*]')).toEqual(["networks", 0, "bridge", "a.b", "*"]);
    expect(() => parsePath("a[b")).toThrow(SyntaxError);
  });
});
