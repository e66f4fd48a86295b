import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Context } from "hono";

const own = (name: string): Buffer => readFileSync(new URL(`static/${name}`, import.meta.url));
const HTMX = createRequire(import.meta.url).resolve("htmx.org/dist/htmx.min.js");

/** By what they hold: another content is another address, so a browser may keep them for good. */
const FILES = {
  "style.css": { body: own("style.css"), type: "text/css; charset=utf-8" },
  "page.js": { body: own("page.js"), type: "text/javascript; charset=utf-8" },
  "icon.svg": { body: own("icon.svg"), type: "image/svg+xml" },
  "htmx.js": { body: readFileSync(HTMX), type: "text/javascript; charset=utf-8" },
};

const HASH_LENGTH = 16;

const PATHS = new Map(
  Object.entries(FILES).map(([name, { body }]) => {
    const hash = createHash("sha256").update(body).digest("hex").slice(0, HASH_LENGTH);
    return [name, `/ui/assets/${hash}/${name}`];
  }),
);

/** Where a page finds it. */
export const asset = (name: keyof typeof FILES): string => PATHS.get(name)!;

/** Undefined when there is none of this content. */
export function sendAsset(c: Context): Response | undefined {
  const name = c.req.path.split("/").at(-1)!;
  if (PATHS.get(name) !== c.req.path) return undefined;
  const { body, type } = FILES[name as keyof typeof FILES];
  return c.body(new Uint8Array(body), 200, {
    "content-type": type,
    "cache-control": "public, max-age=31536000, immutable",
  });
}
