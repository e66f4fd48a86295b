import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { createParsedCache } from "../../../controller/fleet/cache.ts";
import { canonicalJson } from "../../../controller/fleet/canonical.ts";
import { compile } from "../../../controller/fleet/compile.ts";
import { peek } from "../../../controller/fleet/incremental.ts";
import { parseText } from "../../../controller/fleet/parse.ts";
import { clouds, fleet, listing, step, whole } from "./edits.ts";
import { BASE, catalog, file } from "./fleet.ts";

const baseFiles = Object.entries(BASE).map(([path, text]) => file(path, text));
const readFile = () => "#!/bin/sh\nexit 0\n";
const compileServers = (files: ReturnType<typeof file>[]) => compile([...baseFiles, ...files], { clouds, readFile });
const hashes = (files: ReturnType<typeof file>[]) => {
  const { servers, shared, problems } = compileServers(files);
  expect(problems).toEqual([]);
  return [...servers.values(), ...shared.values()]
    .map(({ spec, hash, createHash }) => [spec.kind, spec.name, hash, createHash].join())
    .sort();
};

/** The same value in another order of keys and another dress. */
const reformat = (value: Record<string, unknown>, dress: number): string => {
  const shuffled = Object.fromEntries(
    Object.entries(value).sort(([a], [b]) => ((a.length * (dress + 7)) % 5) - ((b.length * (dress + 7)) % 5)),
  );
  if (dress % 3 === 0) return JSON.stringify(shuffled);
  const text = stringify(
    shuffled,
    dress % 3 === 1 ? { indent: 4, defaultStringType: "QUOTE_DOUBLE" } : { collectionStyle: "flow" },
  );
  return `# moved\n${text}`.replaceAll("\n", dress % 2 ? "\r\n" : "\n");
};

describe("hashes", () => {
  it("stay over moves, renames and reformatting of files", () => {
    fc.assert(
      fc.property(fleet, fc.array(fc.nat(100), { minLength: 5, maxLength: 5 }), (servers, dresses) => {
        const plain = Object.entries(servers).map(([name, given]) =>
          file(`servers/${name}.yaml`, stringify(whole(name, given))),
        );
        const moved = Object.entries(servers).map(([name, given], index) =>
          file(`servers/f${dresses[index]}/${index}.yml`, reformat(whole(name, given), dresses[index]!)),
        );

        expect(hashes(moved.reverse())).toEqual(hashes(plain));
      }),
      { numRuns: 60 },
    );
  });

  it("stay over what makes no work, and change with all else", () => {
    const policy = [
      { protect: true },
      { deletionPolicy: "orphan" },
      { expires: "2027-01-01" },
      { expired: "2027-01-01" },
      { suspend: { reason: "x" } },
      { owner: "x" },
      { adopt: "1" },
      { formerly: ["old"] },
    ];
    const createOnly = [{ image: "other" }, { keys: ["ops"] }, { userData: { text: "x" } }];
    const live = [
      { hostname: "x" },
      { labels: { a: "b" } },
      { firewalls: ["web"] },
      { power: "stopped" },
      { rebuild: 1 },
      { ipv6: true },
      { region: "us-west" },
    ];
    const hashesOf = (given: object) =>
      compileServers([file("servers/a.yaml", stringify(whole("a", { plan: "small", ...given })))]).servers.get("a")!;
    const { hash, createHash } = hashesOf({});

    for (const given of policy) expect(hashesOf(given), JSON.stringify(given)).toMatchObject({ hash, createHash });
    for (const given of createOnly) {
      expect(hashesOf(given).hash, JSON.stringify(given)).toBe(hash);
      expect(hashesOf(given).createHash).not.toBe(createHash);
    }
    for (const given of live) {
      expect(hashesOf(given).hash, JSON.stringify(given)).not.toBe(hash);
      expect(hashesOf(given).createHash).not.toBe(createHash);
    }
  });

  it("are of canonical texts: the same for any order of keys, different for different values", () => {
    const shuffle = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(shuffle);
      if (typeof value !== "object" || value === null) return value;
      return Object.fromEntries(
        Object.entries(value)
          .reverse()
          .map(([key, field]) => [key, shuffle(field)]),
      );
    };
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        expect(canonicalJson(shuffle(a))).toBe(canonicalJson(a));
        expect(JSON.parse(canonicalJson(a))).toEqual(JSON.parse(JSON.stringify(a)));
        if (canonicalJson(a) === canonicalJson(b))
          expect(JSON.parse(JSON.stringify(a))).toEqual(JSON.parse(JSON.stringify(b)));
      }),
    );
  });
});

describe("a cache", () => {
  it("changes nothing but the time that a compile takes", () => {
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 1, maxLength: 12 }),
        fc.boolean(),
        fc.constantFrom(3, 1000),
        (steps, withCatalog, maxFiles) => {
          const cache = createParsedCache({ maxFiles });
          let texts: Record<string, string | null> = { ...BASE, "user-data/a.sh": "echo 0" };
          const list = listing();
          for (const change of steps) {
            texts = { ...texts, ...change };
            const files = list(texts);
            const options = {
              clouds,
              readFile: (path: string) => texts[path] ?? undefined,
              ...(withCatalog && { catalogs: { main: catalog } }),
            };

            const fast = compile(files, { ...options, cache });
            const slow = compile(files, options);

            expect(fast).toEqual(slow);
            expect(cache.files.size).toBeLessThanOrEqual(Math.max(maxFiles, 0));
          }
        },
      ),
      {
        numRuns: 200,
        // A firewall whose file was wrong counted as one that there is, for good, in what was remembered of servers behind it.
        examples: [
          [
            [
              { "firewalls/web.yaml": "kind: Firewall\nname: web\nrules:\n  - {protocol: icmp, ports: 1}\n" },
              { "servers/a.yaml": stringify(whole("a", { plan: "small", firewalls: ["web"] })) },
              { "firewalls/web.yaml": null },
            ],
            false,
            1000,
          ],
        ],
      },
    );
  });
});

describe("any text", () => {
  it("compiles or is told to be wrong, and never throws", () => {
    const line = fc.oneof(
      fc.string(),
      fc.constantFrom(
        "kind: Server",
        "name: a",
        "  - x",
        "? y",
        "&a *a",
        "---",
        "\t",
        "!!x",
        "%YAML",
        "labels: {",
        "}",
        "<<: *a",
      ),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), (lines) => {
        const text = lines.join("\n");
        const compiled = compileServers([file("servers/x.yaml", text)]);

        expect(compiled.problems.length > 0 || compiled.servers.size === 1).toBe(true);
        for (const problem of compiled.problems) {
          expect(problem.line).toBeGreaterThanOrEqual(1);
          expect(problem.column).toBeGreaterThanOrEqual(1);
        }
        parseText(text);
      }),
      { numRuns: 300 },
    );
  });

  it("is peeked into only where that says what a compile of all files says", () => {
    let told = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 12 }), (steps) => {
        const cache = createParsedCache();
        let texts: Record<string, string | null> = { ...BASE, "user-data/a.sh": "echo 0" };
        const list = listing();
        const options = { clouds, readFile: (path: string) => texts[path] ?? undefined };
        let files = list(texts);
        compile(files, { ...options, cache });
        for (const change of steps) {
          const { last } = cache;
          const changed = new Map(
            Object.entries(change).map(([path, text]) => [path, text === null ? undefined : file(path, text)]),
          );
          const isCurrent = last?.files === files && Object.keys(change).every((path) => path.endsWith(".yaml"));
          const differing = isCurrent ? peek(last!, changed, cache) : undefined;
          texts = { ...texts, ...change };
          files = list(texts);
          const after = compile(files, options);
          if (differing !== undefined) {
            told += 1;
            const named = new Map(differing.map((one) => [one.after.name, one]));
            expect(after.problems).toEqual([]);
            expect(after.shared).toEqual(last!.compiled.shared);
            expect([...after.servers.keys()].sort()).toEqual([...last!.compiled.servers.keys()].sort());
            for (const [name, { spec }] of after.servers) {
              expect(named.get(name)?.after ?? last!.compiled.servers.get(name)!.spec).toEqual(spec);
              if (named.has(name)) expect(named.get(name)!.before).toEqual(last!.compiled.servers.get(name)!.spec);
            }
          }
          compile(files, { ...options, cache });
        }
      }),
      { numRuns: 60 },
    );
    expect(told).toBeGreaterThan(10);
  });
});
