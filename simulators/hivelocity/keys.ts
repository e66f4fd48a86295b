import { type Context, Hono } from "hono";
import { invalid, notFound } from "./errors.ts";
import { idIn, readBody, readString, requireString } from "./fields.ts";
import { keyView } from "./views.ts";
import type { AccountKey, HivelocityWorld } from "./world.ts";

const PUBLIC_KEY = /^ssh-(rsa|ed25519) [A-Za-z0-9+/]+=*( .*)?$/;

/** `/ssh_key`: RSA and Ed25519. */
export function keyRoutes(world: HivelocityWorld): Hono {
  const app = new Hono();
  const of = (c: Context): AccountKey => {
    const key = world.keys.get(idIn(c, "keyId"));
    if (!key) throw notFound("Public ssh key");
    return key;
  };
  const checked = (publicKey: string): string => {
    if (!PUBLIC_KEY.test(publicKey.trim())) throw invalid("publicKey must be an RSA or Ed25519 key.");
    return publicKey.trim();
  };

  app.get("/", (c) => c.json(world.keys.listed().map(keyView)));
  app.post("/", async (c) => {
    const body = await readBody(c);
    const name = requireString(body, "name");
    const publicKey = checked(requireString(body, "publicKey"));
    return c.json(keyView(world.keys.add({ id: world.ids.integer(), name, publicKey })), 201);
  });
  app.get("/:keyId", (c) => c.json(keyView(of(c))));
  app.put("/:keyId", async (c) => {
    const key = of(c);
    const body = await readBody(c);
    const publicKey = readString(body, "publicKey");
    key.name = readString(body, "name") ?? key.name;
    if (publicKey !== undefined) key.publicKey = checked(publicKey);
    world.keys.changed(key);
    return c.json(keyView(key));
  });
  app.delete("/:keyId", (c) => {
    world.keys.delete(of(c).id);
    return c.json({});
  });
  return app;
}
