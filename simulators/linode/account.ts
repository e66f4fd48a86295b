import { type Context, Hono } from "hono";
import { notFound } from "./errors.ts";
import { Fields, readBody, SSH_KEY } from "./fields.ts";
import { answerList } from "./paging.ts";
import { eventView, linodeView, sshKeyView } from "./views.ts";
import { type LinodeWorld, type SshKey, tagKey } from "./world.ts";

const EVENT_FIELDS = ["action", "created", "entity.id", "entity.type", "id", "status", "username"];

/** `/account` and its events. */
export function accountRoutes(world: LinodeWorld): Hono {
  const app = new Hono();
  app.get("/", (c) =>
    c.json({
      email: "simulated@example.com",
      company: "Simulated",
      country: "US",
      balance: 0,
      balance_uninvoiced: 0,
      active_since: "2024-01-01T00:00:00",
      billing_source: "linode",
      capabilities: ["Linodes", "Cloud Firewall", "Vlans", "Block Storage"],
      euuid: "00000000-0000-4000-8000-000000000001",
    }),
  );
  app.get("/events", (c) =>
    answerList(c, (filter) => world.events.list(filter.equals("entity.id")), {
      filterable: EVENT_FIELDS,
      view: (event) => eventView(event, world.events),
    }),
  );
  app.get("/events/:id", (c) => {
    const event = world.events.get(c.req.param("id"));
    if (!event) throw notFound();
    return c.json(eventView(event, world.events));
  });
  return app;
}

/** `/profile` and its SSH keys. */
export function profileRoutes(world: LinodeWorld): Hono {
  const app = new Hono();
  const keyOf = (c: Context): SshKey => {
    const key = world.sshKeys.get(c.req.param("id") ?? "");
    if (!key) throw notFound();
    return key;
  };
  const entity = (key: SshKey) => ({ id: key.id, label: key.label, type: "user_ssh_key" as const });

  app.get("/", (c) =>
    c.json({
      uid: 1,
      username: "simulated",
      email: "simulated@example.com",
      timezone: "GMT",
      email_notifications: false,
      two_factor_auth: false,
      restricted: false,
      authentication_type: "password",
      authorized_keys: null,
      lish_auth_method: "keys_only",
    }),
  );
  app.get("/sshkeys", (c) => answerList(c, world.sshKeys.listed(), { filterable: ["label"], view: sshKeyView }));
  app.post("/sshkeys", async (c) => {
    const fields = new Fields(await readBody(c));
    fields.require("label");
    fields.require("ssh_key");
    const label = fields.string("label", { min: 1, max: 64 });
    const sshKey = fields.string("ssh_key");
    if (sshKey !== undefined && !SSH_KEY.test(sshKey.trim())) fields.fail("ssh_key", "ssh_key is not a public key");
    fields.done();
    const key = world.sshKeys.add({
      id: world.ids.integer(),
      label: label as string,
      sshKey: (sshKey as string).trim(),
      createdMs: world.clock.now(),
    });
    world.events.notify("user_ssh_key_add", entity(key));
    return c.json(sshKeyView(key));
  });
  app.get("/sshkeys/:id", (c) => c.json(sshKeyView(keyOf(c))));
  app.put("/sshkeys/:id", async (c) => {
    const key = keyOf(c);
    const fields = new Fields(await readBody(c));
    const label = fields.string("label", { min: 1, max: 64 });
    fields.done();
    if (label !== undefined) key.label = label;
    world.sshKeys.changed(key);
    world.events.notify("user_ssh_key_update", entity(key));
    return c.json(sshKeyView(key));
  });
  app.delete("/sshkeys/:id", (c) => {
    const key = keyOf(c);
    world.sshKeys.delete(key.id);
    world.events.notify("user_ssh_key_delete", entity(key));
    return c.json({});
  });
  return app;
}

/** `/tags`: all that were ever put on something, and what carries them. */
export function tagRoutes(world: LinodeWorld): Hono {
  const app = new Hono();
  const known = (c: Context): string => {
    const tag = world.tags.get((c.req.param("label") ?? "").toLowerCase());
    if (tag === undefined) throw notFound();
    return tag;
  };

  app.get("/", (c) => answerList(c, [...world.tags.values()], { view: (label) => ({ label }) }));
  app.post("/", async (c) => {
    const fields = new Fields(await readBody(c));
    fields.require("label");
    const label = fields.string("label", { min: 3, max: 50 });
    const linodes = (fields.integers("linodes") ?? []).map((id) => {
      const linode = world.linodes.get(id);
      if (!linode) fields.fail("linodes", `Linode ${id} not found`);
      return linode;
    });
    if (label !== undefined && world.tags.has(label.toLowerCase())) fields.fail("label", "Tag already exists");
    fields.done();
    world.knowTags([label as string]);
    for (const linode of linodes) {
      linode?.tags.push(label as string);
      if (linode) world.touch(linode);
    }
    return c.json({ label });
  });
  app.get("/:label", (c) =>
    answerList(c, world.linodes.listedWithKey(tagKey(known(c))), {
      view: (linode) => ({ type: "linode", data: linodeView(linode) }),
    }),
  );
  app.delete("/:label", (c) => {
    const tag = known(c);
    for (const linode of world.linodes.withKey(tagKey(tag))) {
      linode.tags = linode.tags.filter((other) => other.toLowerCase() !== tag.toLowerCase());
      world.touch(linode);
    }
    world.tags.delete(tag.toLowerCase());
    return c.json({});
  });
  return app;
}
