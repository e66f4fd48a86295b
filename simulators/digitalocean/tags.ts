import { type Context, Hono } from "hono";
import { notFound, unprocessable } from "./errors.ts";
import { type Body, readBody, readList, requireString, TAG } from "./fields.ts";
import { answerList } from "./paging.ts";
import { tagView } from "./views.ts";
import { type DigitalOceanWorld, type Droplet, tagKey } from "./world.ts";

/** Tags and what carries them. Case does not count. */
export function tagRoutes(world: DigitalOceanWorld): Hono {
  const app = new Hono();
  const of = (c: Context): string => {
    const tag = world.tags.get((c.req.param("tag") ?? "").toLowerCase());
    if (tag === undefined) throw notFound();
    return tag;
  };
  const view = (c: Context) => (tag: string) => tagView(tag, world, new URL(c.req.url).origin);

  app.get("/", (c) => answerList(c, "tags", [...world.tags.values()], view(c)));
  app.post("/", async (c) => {
    const [tag] = world.knowTags([requireString(await readBody(c), "name", { pattern: TAG })]);
    return c.json({ tag: view(c)(tag as string) }, 201);
  });
  app.get("/:tag", (c) => c.json({ tag: view(c)(of(c)) }));
  app.delete("/:tag", (c) => {
    const tag = of(c);
    for (const droplet of world.droplets.withKey(tagKey(tag))) untag(droplet, tag, world);
    world.tags.delete(tag.toLowerCase());
    return c.body(null, 204);
  });

  app.post("/:tag/resources", async (c) => {
    const tag = of(c);
    for (const droplet of readResources(await readBody(c), world)) {
      if (droplet.tags.some((other) => tagKey(other) === tagKey(tag))) continue;
      droplet.tags = [...droplet.tags, tag];
      world.droplets.changed(droplet);
    }
    return c.body(null, 204);
  });
  app.delete("/:tag/resources", async (c) => {
    const tag = of(c);
    for (const droplet of readResources(await readBody(c), world)) untag(droplet, tag, world);
    return c.body(null, 204);
  });
  return app;
}

function untag(droplet: Droplet, tag: string, world: DigitalOceanWorld): void {
  droplet.tags = droplet.tags.filter((other) => tagKey(other) !== tagKey(tag));
  world.droplets.changed(droplet);
}

function readResources(body: Body, world: DigitalOceanWorld): Droplet[] {
  const resources = readList(body, "resources");
  if (resources.length === 0) throw unprocessable("resources is required");
  return resources.map((resource) => {
    const { resource_id: id, resource_type: type } = (resource ?? {}) as Body;
    if (type !== "droplet") throw unprocessable("Only resources of type droplet are simulated");
    if (typeof id !== "string") throw unprocessable("resource_id must be a string");
    const droplet = world.droplets.get(id);
    if (!droplet) throw notFound();
    return droplet;
  });
}
