import { load } from "js-yaml";
import { describe, expect, it } from "vitest";
import { editsOf, type Wish } from "../../../controller/changes/wishes.ts";
import { removeField, setField } from "../../../controller/fleet/edit.ts";
import type { Desired } from "../../../controller/reconcile/desired.ts";

const desired = (servers: string[] = []) =>
  ({
    objects: servers.map((name) => ({ spec: { kind: "Server", name, account: "main" } })),
    accounts: new Map([["main", {}]]),
    plans: [{ name: "small" }],
  }) as unknown as Desired;
const edits = (wish: Wish, servers?: string[]) => editsOf([wish], desired(servers));

/** What a file holds after the edits. */
function fileAfter(text: string, patch: Record<string, unknown>): unknown {
  let edited = text;
  for (const edit of edits({ kind: "Server", name: "a", patch })) {
    if ("set" in edit) edited = setField(edited, edit.set, edit.value);
    else if ("remove" in edit) edited = removeField(edited, edit.remove);
  }
  return load(edited);
}

describe("a wish for a new object", () => {
  it("becomes a file where such files lie, which must not be there yet", () => {
    const [edit] = edits({
      kind: "Server",
      name: "a",
      create: { account: "main", labels: { env: "prod" }, size: "s" },
    });

    expect(edit).toEqual({
      path: "servers/main/a.yaml",
      ifBlob: null,
      text: "# yaml-language-server: $schema=../../.fleetwright/schemas/server.schema.json\nkind: Server\nname: a\naccount: main\nlabels:\n  env: prod\nsize: s\n",
    });
    expect(edits({ kind: "Firewall", name: "web", create: {} })).toMatchObject([{ path: "firewalls/web.yaml" }]);
  });

  it("goes two levels deeper where the account has many", () => {
    const many = Array.from({ length: 200 }, (_, index) => `s${index}`);

    expect(edits({ kind: "Server", name: "a", create: { account: "main" } }, many)).toMatchObject([
      { path: expect.stringMatching(/^servers\/main\/[0-9a-v]\/[0-9a-v]\/a\.yaml$/) },
    ]);
  });

  it("is refused where the name is taken, or is none", () => {
    const refused = (kind: "Server" | "Account" | "Plan", name: string) => () =>
      edits({ kind, name, create: {} }, ["a"]);

    for (const [kind, name] of [
      ["Server", "a"],
      ["Account", "main"],
      ["Plan", "small"],
    ] as const)
      expect(refused(kind, name)).toThrow(expect.objectContaining({ code: "COMMIT_CONFLICT" }));
    for (const name of ["../x", "A", "", "a/b", "-a", "a".repeat(64), "a\n"])
      expect(refused("Server", name)).toThrow(expect.objectContaining({ code: "FLEET_INVALID" }));
  });

  it("does not take its path from an account that is none", () => {
    expect(edits({ kind: "Server", name: "a", create: { account: "../../etc" } })).toMatchObject([
      { path: "servers/a.yaml" },
    ]);
  });
});

describe("a wish to patch one", () => {
  const FILE = "kind: Server\nname: a\nlabels: {env: test, tier: front}\nkeys: [ops]\n";

  it("merges objects, takes out what is null, and replaces anything else", () => {
    expect(fileAfter(FILE, { labels: { env: "prod", tier: null }, keys: ["x", "y"], size: "s" })).toEqual({
      kind: "Server",
      name: "a",
      labels: { env: "prod" },
      keys: ["x", "y"],
      size: "s",
    });
  });

  it("is bound to the text that it was made for", () => {
    expect(edits({ kind: "Server", name: "a", patch: { size: "s" }, ifBlob: "b1" })).toEqual([
      { kind: "Server", name: "a", ifBlob: "b1", set: ["size"], value: "s" },
    ]);
    expect(edits({ kind: "Server", name: "a", delete: true, ifBlob: "b1" })).toEqual([
      { kind: "Server", name: "a", ifBlob: "b1", text: null },
    ]);
  });

  it("cannot make it another object, nor nest without end", () => {
    for (const patch of [{ name: "b" }, { kind: "Plan" }])
      expect(() => edits({ kind: "Server", name: "a", patch })).toThrow(expect.objectContaining({ code: "USAGE" }));
    let deep: Record<string, unknown> = { end: 1 };
    for (let level = 0; level < 1000; level++) deep = { deep };
    expect(() => edits({ kind: "Server", name: "a", patch: { labels: deep } })).toThrow(
      expect.objectContaining({ code: "USAGE" }),
    );
  });

  it("cannot reach a prototype", () => {
    const patch = JSON.parse('{"labels": {"__proto__": {"polluted": true}}}') as Record<string, unknown>;
    try {
      fileAfter(FILE, patch);
    } catch {
      // It may be refused as well.
    }
    expect(({} as { polluted?: true }).polluted).toBeUndefined();
  });
});
