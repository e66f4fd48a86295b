import { type Context, Hono } from "hono";
import { gone, invalid } from "./errors.ts";
import { readBody, readString, requireString } from "./fields.ts";
import { answerList } from "./paging.ts";
import { keyView } from "./views.ts";
import type { AccountKey, VultrWorld } from "./world.ts";

const PUBLIC_KEY = /^(ssh-(rsa|dss|ed25519)|ecdsa-sha2-nistp\d+|sk-(ssh|ecdsa)-\S+) [A-Za-z0-9+/]+=*( .*)?$/;

/** `/ssh-keys`. A public key may be there several times. */
export function keyRoutes(world: VultrWorld): Hono {
  const app = new Hono();
  const of = (c: Context): AccountKey => {
    const key = world.keys.get(c.req.param("id") ?? "");
    if (!key) throw gone("key");
    return key;
  };
  const checked = (text: string): string => {
    if (!PUBLIC_KEY.test(text.trim())) throw invalid("Invalid SSH key.");
    return text.trim();
  };

  app.get("/", (c) => answerList(c, "ssh_keys", world.keys.listed(), keyView));
  app.post("/", async (c) => {
    const body = await readBody(c);
    const name = requireString(body, "name");
    const sshKey = checked(requireString(body, "ssh_key"));
    const key = world.keys.add({ id: world.ids.uuid(), name, sshKey, createdMs: world.clock.now() });
    return c.json({ ssh_key: keyView(key) }, 201);
  });
  app.get("/:id", (c) => c.json({ ssh_key: keyView(of(c)) }));
  app.patch("/:id", async (c) => {
    const key = of(c);
    const body = await readBody(c);
    const [name, sshKey] = [readString(body, "name"), readString(body, "ssh_key")];
    if (sshKey) key.sshKey = checked(sshKey);
    if (name) key.name = name;
    world.keys.changed(key);
    return c.body(null, 204);
  });
  app.delete("/:id", (c) => {
    world.keys.delete(of(c).id);
    return c.body(null, 204);
  });
  return app;
}
