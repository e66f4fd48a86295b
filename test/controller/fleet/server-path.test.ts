import { dirname } from "node:path";
import { describe, expect, it } from "vitest";
import { serverPath } from "../../../controller/fleet/server-path.ts";

const names = (count: number) => Array.from({ length: count }, (_, index) => `web-${index}`);

/** How many entries each folder has, those on the way to it among them. */
function foldersOf(paths: readonly string[]): Map<string, number> {
  const entries = new Set<string>();
  for (const path of paths) for (let at = path; at !== "servers"; at = dirname(at)) entries.add(at);
  return new Map([...Map.groupBy(entries, dirname)].map(([folder, inside]) => [folder, inside.length]));
}

describe("a new server's file", () => {
  it("lies below its account while that is small, where a person looks for it", () => {
    expect(serverPath("main", "web-1", 200)).toBe("servers/main/web-1.yaml");
  });

  it("lies two folders deeper in an account that is large, always in the same ones", () => {
    const path = serverPath("main", "web-1", 201);

    expect(path).toMatch(/^servers\/main\/[0-9a-v]\/[0-9a-v]\/web-1\.yaml$/);
    expect(serverPath("main", "web-1", 50_000)).toBe(path);
    expect(serverPath("other", "web-1", 50_000)).toBe(path.replace("/main/", "/other/"));
  });

  it.each([201, 1_000, 10_000])("shares no folder with more than 200 others, of %i in one account", (count) => {
    const paths = names(count).map((name) => serverPath("main", name, count));

    expect(new Set(paths).size).toBe(count);
    expect(Math.max(...foldersOf(paths).values())).toBeLessThanOrEqual(200);
  });
});
