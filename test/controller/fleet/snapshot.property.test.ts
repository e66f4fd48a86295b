import fc from "fast-check";
import { expect, it } from "vitest";
import { createParsedCache } from "../../../controller/fleet/cache.ts";
import { compile } from "../../../controller/fleet/compile.ts";
import { catalogsDigest, programDigest } from "../../../controller/fleet/program.ts";
import { resume } from "../../../controller/fleet/resume.ts";
import { decodeSnapshot, encodeSnapshot } from "../../../controller/fleet/snapshot.ts";
import { clouds, listing, step } from "./edits.ts";
import { BASE, catalog } from "./fleet.ts";

it("is gone on from to what a compile from scratch gives: documents, hashes, faults and their places", async () => {
  let resumed = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(step, fc.boolean()), { minLength: 1, maxLength: 12 }),
      fc.boolean(),
      async (steps, withCatalog) => {
        let texts: Record<string, string | null> = { ...BASE, "user-data/a.sh": "echo 0" };
        let list = listing();
        let cache = createParsedCache();
        const catalogs = withCatalog ? { main: catalog } : undefined;
        const given = { clouds, ...(catalogs && { catalogs }) };
        for (const [change, restarts] of steps) {
          const { last } = cache;
          if (restarts && last !== undefined) {
            const bytes = await encodeSnapshot({
              commit: "c",
              program: programDigest(clouds),
              catalogs: catalogsDigest(catalogs),
              files: [...last.files],
              servers: last.compiled.servers,
              texts: new Map(last.texts),
            });
            cache = createParsedCache();
            list = listing();
            resume((await decodeSnapshot(bytes))!, given, cache);
            expect(cache.last?.compiled).toEqual(last.compiled);
            resumed += 1;
          }
          texts = { ...texts, ...change };
          const options = { ...given, readFile: (path: string) => texts[path] ?? undefined };

          const fast = compile(list(texts), { ...options, cache });

          expect(fast).toEqual(compile(list(texts), options));
        }
      },
    ),
    { numRuns: 150 },
  );
  expect(resumed).toBeGreaterThan(50);
});
