import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { removeField, setField } from "../../../controller/fleet/edit.ts";
import { parseText } from "../../../controller/fleet/parse.ts";

const SERVER = `# yaml-language-server: $schema=../.fleetwright/schemas/server.schema.json
kind: Server   # a machine
name: web-1

account: 'linode-main'
plan: "small" # ordered in May
region: us-east
keys:
# the team
- ops
- backup   # until June
firewalls: [web, ssh]
labels:
  # shown on the page
  role: web # front
  tier: "1"
userData:
  text: |
    #cloud-config
    packages: [nginx]

restarts: {reboot: 1}
# the end
`;

const parsed = (text: string) => parseText(text).value;

describe("setField", () => {
  it.each([
    {
      name: "keeps double quotes and the comment",
      path: ["plan"],
      value: "large",
      line: 'plan: "large" # ordered in May',
    },
    { name: "keeps single quotes", path: ["account"], value: "do-main", line: "account: 'do-main'" },
    { name: "changes a plain word", path: ["region"], value: "eu-central", line: "region: eu-central" },
    { name: "changes a field of a mapping", path: ["labels", "role"], value: "db", line: "  role: db # front" },
    { name: "changes a field in braces", path: ["restarts", "reboot"], value: 2, line: "restarts: {reboot: 2}" },
    { name: "changes an item of a block list", path: ["keys", 1], value: "night", line: "- night   # until June" },
    { name: "changes an item in brackets", path: ["firewalls", 0], value: "db", line: "firewalls: [db, ssh]" },
    { name: "adds an item in brackets", path: ["firewalls", 2], value: "db", line: "firewalls: [web, ssh, db]" },
    { name: "adds a field in braces", path: ["restarts", "reset"], value: 1, line: "restarts: {reboot: 1, reset: 1}" },
  ])("$name", ({ path, value, line }) => {
    const edited = setField(SERVER, path, value);

    const before = SERVER.split("\n");
    const changed = edited.split("\n").flatMap((text, index) => (text === before[index] ? [] : [text]));
    expect(changed).toEqual([line]);
    expect(edited.split("\n")).toHaveLength(before.length);
  });

  it("puts a new field behind the one that the schema lists before it", () => {
    expect(setField(SERVER, ["image"], "linode/debian12")).toBe(
      SERVER.replace("region: us-east\n", "region: us-east\nimage: linode/debian12\n"),
    );
  });

  it("makes the mapping that a new field needs", () => {
    expect(parsed(setField("kind: Server\nlabels:\n", ["labels", "role"], "web"))).toEqual({
      kind: "Server",
      labels: { role: "web" },
    });
    expect(setField("kind: Server\n", ["restarts", "reboot"], 1)).toBe("kind: Server\nrestarts:\n  reboot: 1\n");
  });

  it("changes only what differs in a mapping and in a list", () => {
    const edited = setField(SERVER, ["labels"], { role: "web", tier: "2", zone: "a" });

    expect(edited).toBe(SERVER.replace('  tier: "1"\n', '  tier: "2"\n  zone: a\n'));
    expect(setField(SERVER, ["keys"], ["first", "ops", "backup"])).toBe(
      SERVER.replace("# the team\n- ops", "# the team\n- first\n- ops"),
    );
  });

  it("returns the same text when nothing differs", () => {
    expect(setField(SERVER, ["labels"], { tier: "1", role: "web" })).toBe(SERVER);
    expect(removeField(SERVER, ["owner"])).toBe(SERVER);
  });

  it("keeps CRLF, a byte order mark and a last line without an end", () => {
    expect(setField("\uFEFFkind: Server\r\nname: a # x\r\n", ["rebuild"], 1)).toBe(
      "\uFEFFkind: Server\r\nname: a # x\r\nrebuild: 1\r\n",
    );
    expect(setField("kind: Server\nname: a", ["rebuild"], 1)).toBe("kind: Server\nname: a\nrebuild: 1");
  });

  it("replaces a list by a mapping, a text by a block and a block by a text", () => {
    expect(setField("a: 1 # x\nb: 2\n", ["a"], { c: [1, 2] })).toBe("a: # x\n  c: [1, 2]\nb: 2\n");
    expect(setField("a: # x\n  c: 1\nb: 2\n", ["a"], "z")).toBe("a: z # x\nb: 2\n");
    expect(setField("a: old # x\nb: 2\n", ["a"], "one\ntwo\n")).toBe("a: | # x\n  one\n  two\nb: 2\n");
    expect(setField("a: |\n  one\n  two\n\nb: 2\n", ["a"], "z")).toBe("a: z\n\nb: 2\n");
  });

  it("quotes what would be read as something else", () => {
    for (const value of [
      "yes",
      "1",
      "",
      " a",
      "a: b",
      "a #b",
      "- a",
      "~",
      "\u2028",
      "{x}",
      "*a",
      "2.0",
      "null",
      "0x1f",
      "a\tb",
      "\u0007",
    ]) {
      expect(parsed(setField("a: 1\n", ["b"], value))).toEqual({ a: 1, b: value });
    }
  });

  it("refuses to edit through an alias, a broken file and a single value", () => {
    expect(() => setField("a: &x {b: 1}\nc: *x\n", ["c", "b"], 2)).toThrow(/alias/);
    expect(() => setField("a: [", ["a"], 2)).toThrow(/not valid YAML/);
    expect(() => setField("a: 1\n", ["a", "b"], 2)).toThrow(/no place b/);
  });
});

describe("removeField", () => {
  it("takes out the field's lines and no other", () => {
    const without = (...lines: string[]) =>
      SERVER.split("\n")
        .filter((line) => !lines.includes(line))
        .join("\n");

    expect(removeField(SERVER, ["region"])).toBe(without("region: us-east"));
    expect(removeField(SERVER, ["keys", 0])).toBe(without("- ops"));
    expect(removeField(SERVER, ["labels", "role"])).toBe(without("  role: web # front"));
    expect(removeField(SERVER, ["userData"])).toBe(
      without("userData:", "  text: |", "    #cloud-config", "    packages: [nginx]"),
    );
    expect(removeField(SERVER, ["restarts", "reboot"])).toBe(SERVER.replace("{reboot: 1}", "{}"));
  });

  it("leaves an empty mapping or list where the last one goes", () => {
    expect(parsed(removeField("a:\n  b: 1\nc: 2\n", ["a", "b"]))).toEqual({ a: {}, c: 2 });
    expect(parsed(removeField("a:\n- b\nc: 2\n", ["a", 0]))).toEqual({ a: [], c: 2 });
    expect(parsed(removeField("a:\n- b: 1\n  c: 2\n", ["a", 0, "b"]))).toEqual({ a: [{ c: 2 }] });
  });
});

const word = fc.oneof(
  fc.constantFrom("web", "yes", "", "a: b", "#x", "1", "line\nline\n", "it's", "é"),
  fc.string({ maxLength: 12 }),
);
const scalar = fc.oneof(word, fc.integer({ min: -9, max: 99 }), fc.boolean());
const key = fc.constantFrom("kind", "role", "tier", "a b", "x-1", "yes");
const value: fc.Arbitrary<unknown> = fc.oneof(
  scalar,
  fc.array(scalar, { maxLength: 3 }),
  fc.dictionary(key, scalar, { maxKeys: 3 }),
  fc.array(fc.dictionary(key, scalar, { minKeys: 1, maxKeys: 2 }), { maxLength: 2 }),
);

/** Fields of a file in one of the ways that people write them, each with its own lines. */
const field = fc.oneof(
  fc
    .tuple(fc.constantFrom("plain", "two words", "7", "true", "'q'", '"d"'), fc.constantFrom("", " # note"))
    .map(([text, note]) => [`KEY: ${text}${note}`]),
  fc.constantFrom(
    ["KEY:"],
    ["KEY: [a, 'b', 3]"],
    ["KEY: {role: web, tier: {x: 1}} # note"],
    ["KEY: {}"],
    ["KEY:", "- a", "# between", "- b"],
    ["KEY:", "  - role: web", "    tier: 1", "  -   role: db # note"],
    ["KEY: # head", "  role: web", "", "  # inner", "  tier: [1, 2]"],
    ["KEY: |", "  text", "", "   more"],
    ["KEY: >-", "  folded", "  text", ""],
    ['KEY: "long', '  text"'],
    ["KEY:", "  role:", "    tier:", "      - 1"],
  ),
);
const file = fc
  .tuple(fc.array(field, { minLength: 1, maxLength: 6 }), fc.constantFrom("\n", "\r\n"), fc.boolean())
  .map(([fields, eol, ends]) => {
    const blocks = fields.map((lines, index) => [
      `# about f${index}`,
      ...lines.map((line) => line.replace("KEY", `f${index}`)),
    ]);
    return { blocks, eol, text: blocks.flat().join(eol) + (ends ? eol : "") };
  });

/** Paths to a field of the file, to something inside it, and to nothing yet. */
const pathIn = (count: number) =>
  fc.tuple(
    fc.integer({ min: 0, max: count }).map((index) => `f${index}`),
    fc.option(fc.oneof(key, fc.constantFrom(0, 1, 2)), { nil: undefined }),
  );

describe("every edit", () => {
  it("gives the value that was asked for and keeps all lines of the other fields", () => {
    fc.assert(
      fc.property(
        file.chain((made) =>
          fc.tuple(fc.constant(made), pathIn(made.blocks.length), fc.option(value, { nil: undefined })),
        ),
        ([made, [top, inner], wanted]) => {
          const before = parsed(made.text) as Record<string, unknown>;
          const holder = before[top];
          const fits =
            typeof inner === "number"
              ? Array.isArray(holder) && inner <= holder.length
              : typeof holder === "object" && !Array.isArray(holder);
          const path = inner !== undefined && fits ? [top, inner] : [top];

          const edit = () => (wanted === undefined ? removeField(made.text, path) : setField(made.text, path, wanted));
          // The parser does not see where a text of several lines ends when a comment follows it and lines end in CRLF: the edit is refused.
          if (made.eol === "\r\n" && /\n/.test(JSON.stringify(wanted ?? "").replaceAll("\\n", "\n"))) {
            try {
              edit();
            } catch (error) {
              expect(error).toMatchObject({ code: "FLEET_INVALID" });
              return;
            }
          }
          const edited = edit();

          const lines = edited.split(made.eol);
          for (const [index, block] of made.blocks.entries()) {
            if (top === `f${index}`) continue;
            const content = block.findLastIndex((line) => line !== "") + 1;
            const start = lines.indexOf(block[0]!);
            expect(lines.slice(start, start + content)).toEqual(block.slice(0, content));
          }
          const after = parsed(edited) as Record<string, unknown>;
          for (const name of Object.keys(before)) if (name !== top) expect(after[name]).toEqual(before[name]);
          const at =
            path.length === 1 ? after[top] : (after[top] as Record<string, unknown> | undefined)?.[inner as string];
          if (wanted !== undefined) expect(at).toEqual(structuredClone(wanted));
          else if (path.length === 1) expect(after).not.toHaveProperty(top);
        },
      ),
      { numRuns: 600 },
    );
  });
});

it("puts a new field behind the last one of its mapping, whatever blank lines and remarks stand between", () => {
  const text =
    "labels:\n  env: dev\n\n  # its place\n  role: web\n# of the whole\n  tier: front\n\n# the end\nregion: here\n";

  expect(setField(text, ["labels", "team"], "a")).toBe(text.replace("tier: front\n", "tier: front\n  team: a\n"));
});

it("edits a field whose alias is told elsewhere", () => {
  const text = "first: &one {a: x}\nlabels:\n  all: *one\n  role: web\nname: web-1\n";

  expect(setField(text, ["labels", "role"], "db")).toBe(text.replace("role: web", "role: db"));
});
