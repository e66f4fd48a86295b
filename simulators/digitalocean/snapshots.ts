import { Hono } from "hono";
import { notFound, unprocessable } from "./errors.ts";
import { answerList } from "./paging.ts";
import { listedSnapshotView, snapshotView } from "./views.ts";
import type { DigitalOceanWorld } from "./world.ts";

/** `/snapshots`: of droplets alone, since volumes are not simulated. */
export function snapshotRoutes(world: DigitalOceanWorld): Hono {
  const app = new Hono();
  app.get("/", (c) => {
    const type = c.req.query("resource_type");
    if (type !== undefined && type !== "droplet" && type !== "volume")
      throw unprocessable("resource_type must be droplet or volume");
    return answerList(c, "snapshots", type === "volume" ? [] : world.snapshots.listed(), snapshotView);
  });
  app.get("/:id", (c) => {
    const snapshot = world.snapshots.get(c.req.param("id"));
    if (!snapshot) throw notFound();
    return c.json({ snapshot: snapshotView(snapshot) });
  });
  app.delete("/:id", (c) => {
    const snapshot = world.snapshots.get(c.req.param("id"));
    if (!snapshot) throw notFound();
    world.snapshots.delete(snapshot.id);
    const droplet = world.droplets.get(snapshot.dropletId);
    if (droplet) droplet.snapshotIds = droplet.snapshotIds.filter((id) => id !== snapshot.id);
    return c.body(null, 204);
  });
  return app;
}

/** `/droplets/ID/snapshots`: images of their own kind. */
export function dropletSnapshotRoutes(world: DigitalOceanWorld): Hono {
  const app = new Hono();
  app.get("/:id/snapshots", (c) => {
    const id = c.req.param("id");
    if (!world.droplets.get(id)) throw notFound();
    return answerList(c, "snapshots", world.snapshots.withKey(id), listedSnapshotView);
  });
  return app;
}
