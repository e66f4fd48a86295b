import { createHash, generateKeyPairSync } from "node:crypto";
import { Hono } from "hono";
import { novaError } from "./errors.ts";
import { bodyOf, invalid, type NovaApp, type NovaContext } from "./nova-request.ts";
import { isoSeconds, pageOf } from "./wire.ts";
import type { KeyPair, World } from "./world.ts";

/** Keys belong to users, not to projects. */
export function keyRoutes(world: World): NovaApp {
  const app: NovaApp = new Hono();
  const userOf = (c: NovaContext) => c.get("token").user.id;
  const found = (c: NovaContext): KeyPair => {
    const name = c.req.param("name") ?? "";
    const key = world.keys.get(`${userOf(c)}/${name}`);
    if (!key) throw novaError(404, `Keypair ${name} not found for user ${userOf(c)}`);
    return key;
  };

  app.get("/os-keypairs", (c) => {
    const mine = [...world.keys.values()].filter((key) => key.user === userOf(c));
    const { page } = pageOf(mine, c.get("minor") >= 35 ? c.req.query() : {}, {
      maxLimit: 1000,
      idOf: ({ name }) => name,
      missing: (marker) => novaError(400, `marker [${marker}] not found`),
      invalid: (value) => invalid("limit", value, `'${value}' does not match '^[0-9]*$'`),
    });
    return c.json({ keypairs: page.map((key) => ({ keypair: brief(key, c) })) });
  });

  app.get("/os-keypairs/:name", (c) => {
    const key = found(c);
    const more = {
      created_at: isoSeconds(key.createdAt).replace("Z", ".000000"),
      deleted: false,
      deleted_at: null,
      id: 1,
      updated_at: null,
    };
    return c.json({ keypair: { ...brief(key, c), user_id: key.user, ...more } });
  });

  app.post("/os-keypairs", async (c) => {
    const { name, public_key: given, type = "ssh" } = await bodyOf(c, "keypair");
    const minor = c.get("minor");
    const pattern = minor >= 92 ? /^[\w\-@. ]+$/ : /^[\w\- ]+$/;
    if (typeof name !== "string" || name === "" || name.length > 255)
      throw invalid("name", name, `'${name}' is too short or too long`);
    if (!pattern.test(name)) throw novaError(400, `Keypair data is invalid: Keypair name contains unsafe characters`);
    if (given === undefined && minor >= 92) throw invalid("keypair", { name }, "'public_key' is a required property");
    if (world.keys.has(`${userOf(c)}/${name}`)) throw novaError(409, `Key pair '${name}' already exists.`);
    const mine = [...world.keys.values()].filter((key) => key.user === userOf(c));
    if (mine.length >= world.quota(c.get("token").project?.id ?? "").key_pairs) {
      throw novaError(403, "Quota exceeded, too many key pairs.");
    }
    const made = given === undefined ? generated() : undefined;
    const publicKey = made?.publicKey ?? String(given);
    const blob = /^(ssh-\S+|ecdsa-\S+|sk-\S+)\s+([A-Za-z0-9+/=]+)/.exec(publicKey)?.[2];
    if (blob === undefined) throw novaError(400, "Keypair data is invalid: failed to generate fingerprint");
    const digest = createHash("md5").update(Buffer.from(blob, "base64")).digest("hex");
    const key: KeyPair = {
      name,
      user: userOf(c),
      publicKey,
      fingerprint: digest.match(/../g)?.join(":") ?? "",
      type: String(type),
      createdAt: world.clock.now(),
    };
    world.keys.set(`${key.user}/${name}`, key);
    const secret = made ? { private_key: made.privateKey } : {};
    return c.json({ keypair: { ...brief(key, c), user_id: key.user, ...secret } }, minor >= 2 ? 201 : 200);
  });

  app.delete("/os-keypairs/:name", (c) => {
    const key = found(c);
    world.keys.delete(`${key.user}/${key.name}`);
    return c.body(null, c.get("minor") >= 2 ? 204 : 202);
  });
  return app;
}

function brief({ name, publicKey, fingerprint, type }: KeyPair, c: NovaContext): object {
  return { name, public_key: publicKey, fingerprint, ...(c.get("minor") >= 2 ? { type } : {}) };
}

/** Nova made keys itself until 2.92. */
function generated(): { publicKey: string; privateKey: string } {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const raw = publicKey.export({ type: "spki", format: "der" }).subarray(-32);
  const part = (bytes: Buffer) => Buffer.concat([Buffer.from([0, 0, 0, bytes.length]), bytes]);
  const blob = Buffer.concat([part(Buffer.from("ssh-ed25519")), part(raw)]).toString("base64");
  return {
    publicKey: `ssh-ed25519 ${blob} Generated-by-Nova`,
    privateKey: String(privateKey.export({ type: "pkcs8", format: "pem" })),
  };
}
