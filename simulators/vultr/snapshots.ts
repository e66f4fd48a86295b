import { type Context, Hono } from "hono";
import { gone, invalid } from "./errors.ts";
import { readBody, readString, requireString } from "./fields.ts";
import { answerList } from "./paging.ts";
import { snapshotView } from "./views.ts";
import type { Snapshot, VultrWorld } from "./world.ts";

/** `/snapshots`: taken of an instance, and kept without it. */
export function snapshotRoutes(world: VultrWorld): Hono {
  const app = new Hono();
  const of = (c: Context): Snapshot => {
    const snapshot = world.snapshots.get(c.req.param("id") ?? "");
    if (!snapshot) throw gone("snapshot");
    return snapshot;
  };

  app.get("/", (c) => {
    const description = c.req.query("description");
    const all = world.snapshots.listed();
    const found = description === undefined ? all : all.filter((snapshot) => snapshot.description === description);
    return answerList(c, "snapshots", found, snapshotView);
  });
  app.post("/", async (c) => {
    const body = await readBody(c);
    const instance = world.instances.get(requireString(body, "instance_id"));
    if (!instance) throw invalid("Invalid instance ID.");
    if (instance.status !== "active") throw invalid("Server is not active: a snapshot cannot be taken of it now.");
    const snapshot = world.snapshots.add({
      id: world.ids.uuid(),
      description: readString(body, "description") ?? "",
      createdMs: world.clock.now(),
      status: "pending",
      sizeBytes: 0,
      plan: instance.plan,
      osId: instance.osId,
      appId: instance.appId,
    });
    world.clock.after(world.actionMs, () => {
      if (!world.snapshots.get(snapshot.id)) return;
      Object.assign(snapshot, { status: "complete", sizeBytes: world.diskBytes(instance.plan) });
      world.snapshots.changed(snapshot);
    });
    return c.json({ snapshot: snapshotView(snapshot) }, 201);
  });
  app.get("/:id", (c) => c.json({ snapshot: snapshotView(of(c)) }));
  app.put("/:id", async (c) => {
    const snapshot = of(c);
    snapshot.description = requireString(await readBody(c), "description");
    world.snapshots.changed(snapshot);
    return c.body(null, 204);
  });
  app.delete("/:id", (c) => {
    world.snapshots.delete(of(c).id);
    return c.body(null, 204);
  });
  return app;
}
