import { createHash } from "node:crypto";
import { type Context, Hono } from "hono";
import { notFound, unprocessable } from "./errors.ts";
import { readBody, readString, requireString } from "./fields.ts";
import { keyView } from "./views.ts";
import type { EquinixWorld, ProjectKey } from "./world.ts";

const PUBLIC_KEY = /^(ssh-(?:rsa|dss|ed25519)|ecdsa-sha2-nistp\d+|sk-(?:ssh|ecdsa)-\S+) ([A-Za-z0-9+/]+=*)( .*)?$/;

/** Keys of the project, below `/projects/:project/ssh-keys`. The list has no pages. */
export function projectKeyRoutes(world: EquinixWorld): Hono {
  const app = new Hono();
  app.get("/", (c) => {
    const query = c.req.query("query");
    const keys = world.keys.listed().filter(({ label }) => query === undefined || label.includes(query));
    return c.json({ ssh_keys: keys.map(keyView) });
  });
  app.post("/", async (c) => {
    const body = await readBody(c);
    const label = requireString(body, "label");
    const text = requireString(body, "key").trim();
    const fingerprint = fingerprintOf(text);
    if (world.keys.withKey(fingerprint).length > 0) throw unprocessable("Key has already been taken");
    const now = world.clock.now();
    const id = world.ids.uuid();
    const key = world.keys.add({ id, label, key: text, fingerprint, createdMs: now, updatedMs: now });
    return c.json(keyView(key), 201);
  });
  return app;
}

/** One key, below `/ssh-keys`. The description has PUT; the official plugin sends PATCH. */
export function keyRoutes(world: EquinixWorld): Hono {
  const app = new Hono();
  const of = (c: Context): ProjectKey => {
    const key = world.keys.get(c.req.param("id") ?? "");
    if (!key) throw notFound();
    return key;
  };
  app.get("/:id", (c) => c.json(keyView(of(c))));
  app.on(["PUT", "PATCH"], "/:id", async (c) => {
    const key = of(c);
    key.label = readString(await readBody(c), "label") ?? key.label;
    key.updatedMs = world.clock.now();
    world.keys.changed(key);
    return c.json(keyView(key));
  });
  app.delete("/:id", (c) => {
    world.keys.delete(of(c).id);
    return c.body(null, 204);
  });
  return app;
}

/** MD5 of the key's binary part, in pairs with colons. */
function fingerprintOf(publicKey: string): string {
  const blob = PUBLIC_KEY.exec(publicKey)?.[2];
  if (!blob) throw unprocessable("Key is invalid");
  const digest = createHash("md5").update(Buffer.from(blob, "base64")).digest("hex");
  return (digest.match(/../g) ?? []).join(":");
}
