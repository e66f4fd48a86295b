import { Hono } from "hono";
import { CUSTOM, IMAGES, ONE_CLICKS, REGIONS } from "./catalog.ts";
import { notFound, unprocessable } from "./errors.ts";
import { answerList } from "./paging.ts";
import { imageView, regionView, sizeView, vpcView } from "./views.ts";
import { type DigitalOceanWorld, imageOf } from "./world.ts";

/** Sizes, regions, images, one-click applications and the default VPCs. */
export function saleRoutes(world: DigitalOceanWorld): Hono {
  const app = new Hono();
  app.get("/sizes", (c) => answerList(c, "sizes", world.sale.sizes(), sizeView));
  app.get("/regions", (c) => answerList(c, "regions", [...REGIONS.values()], regionView));
  app.get("/images", (c) => {
    const { type, private: isPrivate } = c.req.query();
    if (type !== undefined && type !== "distribution" && type !== "application") {
      throw unprocessable("type must be distribution or application");
    }
    const own = [CUSTOM, ...world.snapshots.listed().map(imageOf)];
    const all = isPrivate === "true" ? own : [...IMAGES, ...own];
    const images = all.filter(({ kind }) => type === undefined || kind === type);
    return answerList(c, "images", images, imageView);
  });
  app.get("/images/:image", (c) => {
    const image = world.findImage(c.req.param("image"));
    if (!image) throw notFound();
    return c.json({ image: imageView(image) });
  });
  app.get("/1-clicks", (c) => {
    const { type } = c.req.query();
    return c.json({ "1_clicks": ONE_CLICKS.filter((app) => type === undefined || app.type === type) });
  });
  app.get("/vpcs", (c) => answerList(c, "vpcs", [...world.vpcs.values()], vpcView));
  app.get("/vpcs/:id", (c) => {
    const vpc = [...world.vpcs.values()].find(({ id }) => id === c.req.param("id"));
    if (!vpc) throw notFound();
    return c.json({ vpc: vpcView(vpc) });
  });
  return app;
}
