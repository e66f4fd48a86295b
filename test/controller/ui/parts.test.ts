import { html } from "hono/html";
import { describe, expect, it } from "vitest";
import { refuseForged, tokenOf } from "../../../controller/ui/forgery.ts";
import { placeToGo } from "../../../controller/ui/pages/sign-in.ts";
import { shown } from "../../../controller/ui/parts/file-diff.ts";
import { schemaErrors } from "../../../controller/ui/parts/form-errors.ts";
import { lineDiff, nearChanges } from "../../../controller/ui/parts/line-diff.ts";
import { liftsOf, overridesOf } from "../../../controller/ui/parts/overrides.ts";
import { paged } from "../../../controller/ui/parts/pager.ts";
import { givenOf } from "../../../controller/ui/parts/schema-form.ts";
import { moneyChange, value } from "../../../controller/ui/parts/words.ts";
import { GROUPS, LEFT_OUT, SCHEMA } from "../../../controller/ui/reads/new-server.ts";
import { filtered, type ServerRow, syncWord } from "../../../controller/ui/reads/servers.ts";

const HOST = "fleet.example.org";

describe("a form", () => {
  const cookie = "fws_0123456789abcdefabcd_secret";
  const token = tokenOf(cookie);

  it.each([
    { name: "is taken from a page of the same site", headers: { "sec-fetch-site": "same-origin" }, isTaken: true },
    { name: "is taken from an older browser's page", headers: { origin: `https://${HOST}` }, isTaken: true },
    { name: "of another site is refused", headers: { "sec-fetch-site": "cross-site", origin: `https://${HOST}` } },
    { name: "of a neighbouring site is refused", headers: { "sec-fetch-site": "same-site" } },
    { name: "of another origin is refused", headers: { origin: "https://evil.example.org" } },
    { name: "of a page without an origin is refused", headers: { origin: "null" } },
    { name: "that does not say where it comes from is refused", headers: {} },
    { name: "without the token is refused", headers: { "sec-fetch-site": "same-origin" }, given: null },
    {
      name: "with another session's token is refused",
      headers: { "sec-fetch-site": "same-origin" },
      given: tokenOf("x"),
    },
    { name: "without a session is refused", headers: { "sec-fetch-site": "same-origin" }, of: undefined },
  ])("$name", ({ headers, isTaken = false, ...rest }) => {
    const given = "given" in rest ? rest.given! : token;
    const of = "of" in rest ? rest.of : cookie;

    const attempt = () => refuseForged(new Headers(headers as Record<string, string>), HOST, of, given);

    if (isTaken) expect(attempt).not.toThrow();
    else expect(attempt).toThrow(/not of this page/);
  });

  it.each([
    "https://evil.example",
    "//evil.example/ui/",
    "/\\evil.example",
    "/ui/\\..",
    "/ui/ x",
    "/api",
    "",
    undefined,
  ])("never leads to %s after signing in", (to) => expect(placeToGo(to)).toBe("/ui/fleet"));

  it("leads to the page that was asked for", () =>
    expect(placeToGo("/ui/changes?list=done")).toBe("/ui/changes?list=done"));
});

describe("the form of a new server", () => {
  it("has each field of the schema, or leaves it out on purpose", () => {
    expect([...Object.values(GROUPS).flat(), ...LEFT_OUT].sort()).toEqual(Object.keys(SCHEMA).sort());
  });

  it("gives fields in the types of the schema, and what makes no sense as it was typed", () => {
    const form = new URLSearchParams([
      ["name", " web-9 "],
      ["keys", "ops"],
      ["keys", "deploy"],
      ["labels", "role: web\n\nplain\nurl=a:b"],
      ["backups", "true"],
      ["resources.vcpus", "2"],
      ["resources.memoryMiB", "much"],
      ["owner", ""],
    ]);
    const of = (name: string) => givenOf(name, SCHEMA[name]!, form);

    expect(of("name")).toBe("web-9");
    expect(of("keys")).toEqual(["ops", "deploy"]);
    expect(of("labels")).toEqual({ role: "web", plain: null, url: "a:b" });
    expect([of("backups"), of("protect"), of("owner")]).toEqual([true, undefined, undefined]);
    expect(of("resources")).toEqual({ vcpus: 2, memoryMiB: "much" });
  });

  it("has what is wrong at the field that it is wrong at", () => {
    const errors = schemaErrors("kind: Server\nname: Web 1\naccount: a\nregion: r\nimage: i\nsize: s\npower: runing\n");

    expect([...errors.keys()].sort()).toEqual(["name", "power"]);
    expect(errors.get("power")).toContain('did you mean "running"?');
  });
});

describe("texts beside each other", () => {
  it("have the lines that differ, with some around them", () => {
    const lines = Array.from({ length: 30 }, (_, index) => `line ${index}`);
    const after = lines.with(15, "another").toSpliced(20, 1);

    const diff = lineDiff(lines.join("\n"), after.join("\n"))!;

    expect(diff.filter(({ sign }) => sign !== " ").map(({ sign, text }) => sign + text)).toEqual([
      "-line 15",
      "+another",
      "-line 20",
    ]);
    expect(nearChanges(diff).at(0)).toBe("gap");
    expect(nearChanges(diff)).toHaveLength(15);
  });

  it("that are very long are not compared", () => {
    const long = (word: string) => Array.from({ length: 5_000 }, (_, index) => `${word} ${index}`).join("\n");

    expect(lineDiff(long("a"), long("b"))).toBeUndefined();
  });

  const server = "kind: Server\nname: web-1\n";
  it.each([
    { name: "as a block", text: `${server}userData:\n  text: |\n    #cloud-config\n    password: geheim\nregion: r\n` },
    {
      name: "as a block with empty lines",
      text: `${server}userData:\n  text: |\n    one\n\n    password: geheim\nregion: r\n`,
    },
    { name: "on one line", text: `${server}userData: {text: "password: geheim"}\nregion: r\n` },
    { name: "at the end of the file", text: `region: r\n${server}userData:\n  text: "password: geheim"` },
    {
      name: "within one line of all",
      text: `{kind: Server, name: web-1, region: r, userData: {text: "password: geheim"}}`,
    },
    { name: "under a quoted name", text: `${server}"userData":\n  text: "password: geheim"\nregion: r\n` },
  ])("never show user data $name", ({ text }) => {
    expect(shown(text) ?? "").not.toContain("geheim");
  });

  it("show what stands around user data", () => {
    expect(shown(`${server}userData:\n  env: FLEETWRIGHT_X\nregion: r\n`)).toBe(
      `${server}userData: (hidden)\nregion: r\n`,
    );
  });
});

describe("what a guard refuses", () => {
  const refused = (guard: "replace" | "mass-removal" | "protect" | "spending", override?: string) => ({
    guard,
    passed: false,
    message: "no",
    objects: ["web-1"],
    ...(override && { override }),
  });
  const preview = {
    verdicts: [
      refused("replace", "--allow-replace web-1"),
      refused("mass-removal", "--allow-delete 7"),
      refused("protect"),
    ],
    effects: [],
  };

  it("can be lifted where the guard says how, and nothing else", () => {
    expect(liftsOf(preview).map(({ field }) => field)).toEqual(["lift-replace", "lift-removals"]);
  });

  it("is lifted as far as it was ticked, and only what was shown", () => {
    const form = new URLSearchParams({ "lift-removals": "on", "lift-window": "on" });

    expect(overridesOf(preview, form)).toEqual({ allowReplace: [], allowRemovals: 7 });
    expect(overridesOf(preview, new URLSearchParams())).toBeUndefined();
  });

  it("lets an account cost more that was shown, and no other", () => {
    const dear = { verdicts: [refused("spending", "--allow-spending main")], effects: [] };

    expect(liftsOf(dear)).toEqual([{ field: "lift-spending", words: "main may come above what it may cost a month" }]);
    expect(overridesOf(dear, new URLSearchParams({ "lift-spending": "on" }))).toEqual({
      allowReplace: [],
      allowSpending: ["main"],
    });
  });
});

describe("a list of servers", () => {
  const row = (name: string, more: Partial<ServerRow> = {}): ServerRow => ({
    ...{
      name,
      account: "a",
      provider: "linode",
      region: "us-east",
      size: "s",
      power: "running",
      sync: "in sync",
    },
    drift: 0,
    text: name,
    ...more,
  });
  const rows = Array.from({ length: 10_000 }, (_, index) =>
    row(`web-${index}`, { text: `web-${index} ${index % 2 ? "role db" : ""}` }),
  );

  it("shows one page of ten thousand, and the last one where there are not so many", () => {
    expect(paged(rows, undefined, 50).items).toHaveLength(50);
    expect(paged(rows, "999999", 50)).toMatchObject({ page: 200, pages: 200 });
    expect(paged(rows, "-3", 50).page).toBe(1);
    expect(paged(rows, "x", 50).items[0]!.name).toBe("web-0");
  });

  it("finds by every word, wherever it stands", () => {
    const found = filtered(rows, { text: "DB web-99" }).map(({ name }) => name);
    expect(found).toHaveLength(56);
    expect(found.every((name) => name.startsWith("web-99") && Number(name.slice(4)) % 2 === 1)).toBe(true);
    expect(filtered(rows, { text: "nowhere" })).toEqual([]);
    expect(filtered(rows, { sync: "drifted" })).toEqual([]);
  });

  it("says of each how it stands to its file", () => {
    const known = { isMade: true, isMaking: false, isSuspended: false };

    expect(syncWord("synced", known)).toBe("in sync");
    expect(syncWord("pending", known)).toBe("to be changed");
    expect(syncWord("pending", { ...known, isMade: false })).toBe("to be made");
    expect(syncWord("drifted", { ...known, isSuspended: true })).toBe("suspended");
    expect(syncWord("synced", { ...known, isMaking: true })).toBe("being made");
  });
});

describe("words", () => {
  it("are escaped wherever they come from", () => {
    expect(String(html`<p title="${'"><script>'}">${"<script>"}</p>`)).toBe(
      '<p title="&quot;&gt;&lt;script&gt;">&lt;script&gt;</p>',
    );
  });

  it("tell money that comes and goes", () => {
    const usd = (monthlyMicro: number) => ({ monthlyMicro, hourlyMicro: 0, currency: "USD" });

    expect(moneyChange([usd(5_000_000)], [usd(12_000_000)])).toBe("+7.00 USD");
    expect(moneyChange([usd(5_000_000)], [])).toBe("−5.00 USD");
    expect(moneyChange([usd(5_000_000)], [usd(5_000_000)])).toBe("");
  });

  it("tell nothing as a dash", () =>
    expect([value(undefined), value([]), value({}), value(false)]).toEqual(["—", "—", "—", "no"]));
});
