import { Hono } from "hono";
import { IMAGES, isSold, REGIONS, TYPES } from "./catalog.ts";
import { notFound } from "./errors.ts";
import { answerList } from "./paging.ts";
import { imageView, regionView, typeView } from "./views.ts";

/** The catalogue: types, regions, images and kernels. These need no token. */
export function saleRoutes(): Hono {
  const app = new Hono();
  const one = <T>(items: ReadonlyMap<string, T>, id: string): T => {
    const item = items.get(id);
    if (!item) throw notFound();
    return item;
  };

  app.get("/linode/types", (c) =>
    answerList(c, [...TYPES.values()], {
      filterable: ["class", "disk", "gpus", "label", "memory", "network_out", "transfer", "vcpus"],
      view: typeView,
    }),
  );
  app.get("/linode/types/:type", (c) => c.json(typeView(one(TYPES, c.req.param("type")))));

  app.get("/regions", (c) => answerList(c, [...REGIONS.values()], { filterable: ["country"], view: regionView }));
  app.get("/regions/availability", (c) =>
    answerList(c, availability([...REGIONS.keys()]), {
      filterable: ["available", "plan", "region"],
      view: (entry) => entry,
    }),
  );
  app.get("/regions/:region", (c) => c.json(regionView(one(REGIONS, c.req.param("region")))));
  app.get("/regions/:region/availability", (c) => {
    const region = one(REGIONS, c.req.param("region"));
    return c.json(availability([region.id]));
  });

  app.get("/images", (c) =>
    answerList(c, [...IMAGES.values()], {
      filterable: ["deprecated", "is_public", "label", "size", "status", "tags", "type", "vendor"],
      view: imageView,
    }),
  );
  // Image ids hold a slash, which the official client sends as it is.
  app.get("/images/:owner/:image", (c) =>
    c.json(imageView(one(IMAGES, `${c.req.param("owner")}/${c.req.param("image")}`))),
  );
  app.get("/images/:image", (c) => c.json(imageView(one(IMAGES, c.req.param("image")))));

  app.get("/linode/kernels", (c) => answerList(c, KERNELS, { filterable: ["label"], view: (kernel) => kernel }));
  app.get("/linode/kernels/:owner/:kernel", (c) => {
    const id = `${c.req.param("owner")}/${c.req.param("kernel")}`;
    return c.json(one(new Map<string, object>(KERNELS.map((kernel) => [kernel.id, kernel])), id));
  });
  return app;
}

const availability = (regions: readonly string[]) =>
  regions.flatMap((id) => {
    const region = REGIONS.get(id);
    return [...TYPES.values()].map((type) => ({
      region: id,
      plan: type.id,
      available: region !== undefined && isSold(type, region),
    }));
  });

const KERNELS = (
  [
    ["linode/grub2", "GRUB 2"],
    ["linode/direct-disk", "Direct Disk"],
    ["linode/latest-64bit", "Latest 64 bit"],
  ] as const
).map(([id, label]) => ({
  id,
  label,
  version: "2.06",
  kvm: true,
  architecture: "x86_64",
  pvops: false,
  deprecated: false,
  built: "2024-01-01T00:00:00",
}));
