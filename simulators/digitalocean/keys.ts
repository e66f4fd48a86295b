import { createHash } from "node:crypto";
import { type Context, Hono } from "hono";
import { notFound, unprocessable } from "./errors.ts";
import { readBody, requireString } from "./fields.ts";
import { answerList } from "./paging.ts";
import { keyView } from "./views.ts";
import type { AccountKey, DigitalOceanWorld } from "./world.ts";

const PUBLIC_KEY = /^(ssh-(rsa|dss|ed25519)|ecdsa-sha2-nistp\d+|sk-(ssh|ecdsa)-\S+) ([A-Za-z0-9+/]+=*)( .*)?$/;

/** `/account` and its SSH keys, which go by id or fingerprint. A public key is on the account once. */
export function accountRoutes(world: DigitalOceanWorld): Hono {
  const app = new Hono();
  const of = (c: Context): AccountKey => {
    const id = decodeURIComponent(c.req.param("key") ?? "");
    const key = world.keys.get(id) ?? world.keys.withKey(id)[0];
    if (!key) throw notFound();
    return key;
  };

  app.get("/", (c) =>
    c.json({
      account: {
        droplet_limit: 10_000,
        floating_ip_limit: 5,
        email: "simulated@example.com",
        name: "Simulated",
        uuid: "00000000-0000-4000-8000-000000000001",
        email_verified: true,
        status: "active",
        status_message: "",
        team: { uuid: "00000000-0000-4000-8000-000000000002", name: "Simulated" },
      },
    }),
  );
  app.get("/keys", (c) => answerList(c, "ssh_keys", world.keys.listed(), keyView));
  app.post("/keys", async (c) => {
    const body = await readBody(c);
    const name = requireString(body, "name", { max: 255 });
    const publicKey = requireString(body, "public_key").trim();
    const fingerprint = fingerprintOf(publicKey);
    if (world.keys.withKey(fingerprint).length > 0) throw unprocessable("SSH Key is already in use on your account");
    const key = world.keys.add({ id: world.ids.integer(), name, publicKey, fingerprint });
    return c.json({ ssh_key: keyView(key) }, 201);
  });
  app.get("/keys/:key", (c) => c.json({ ssh_key: keyView(of(c)) }));
  app.put("/keys/:key", async (c) => {
    const key = of(c);
    key.name = requireString(await readBody(c), "name", { max: 255 });
    world.keys.changed(key);
    return c.json({ ssh_key: keyView(key) });
  });
  app.delete("/keys/:key", (c) => {
    world.keys.delete(of(c).id);
    return c.body(null, 204);
  });
  return app;
}

/** MD5 of the key's binary part, in pairs with colons. */
function fingerprintOf(publicKey: string): string {
  const blob = PUBLIC_KEY.exec(publicKey)?.[4];
  if (!blob) throw unprocessable("Key invalid, key should be of the format `type key [comment]`");
  const digest = createHash("md5").update(Buffer.from(blob, "base64")).digest("hex");
  return (digest.match(/../g) ?? []).join(":");
}
