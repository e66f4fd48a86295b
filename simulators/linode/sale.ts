import { Hono } from "hono";
import { IMAGES, REGIONS, type Sale, TYPES } from "./catalog.ts";
import { notFound } from "./errors.ts";
import { answerList } from "./paging.ts";
import { imageView, regionView, typeView } from "./views.ts";
import type { LinodeWorld } from "./world.ts";

/** The catalogue: types, regions, images, kernels and the account's own scripts. All but the last need no token. */
export function saleRoutes({ sale }: LinodeWorld): Hono {
  const app = new Hono();
  const one = <T>(items: ReadonlyMap<string, T>, id: string): T => {
    const item = items.get(id);
    if (!item) throw notFound();
    return item;
  };

  app.get("/linode/types", (c) =>
    answerList(c, sale.types(), {
      filterable: ["class", "disk", "gpus", "label", "memory", "network_out", "transfer", "vcpus"],
      view: typeView,
    }),
  );
  app.get("/linode/types/:type", (c) => c.json(typeView(sale.type(one(TYPES, c.req.param("type")).id)!)));

  app.get("/regions", (c) => answerList(c, [...REGIONS.values()], { filterable: ["country"], view: regionView }));
  app.get("/regions/availability", (c) =>
    answerList(c, availability(sale, [...REGIONS.keys()]), {
      filterable: ["available", "plan", "region"],
      view: (entry) => entry,
    }),
  );
  app.get("/regions/:region", (c) => c.json(regionView(one(REGIONS, c.req.param("region")))));
  app.get("/regions/:region/availability", (c) => {
    const region = one(REGIONS, c.req.param("region"));
    return c.json(availability(sale, [region.id]));
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

  app.get("/linode/stackscripts", (c) =>
    answerList(c, STACKSCRIPTS, {
      filterable: ["deployments_total", "description", "is_public", "label", "mine", "rev_note"],
      view: (script) => script,
    }),
  );

  app.get("/linode/kernels", (c) => answerList(c, KERNELS, { filterable: ["label"], view: (kernel) => kernel }));
  app.get("/linode/kernels/:owner/:kernel", (c) => {
    const id = `${c.req.param("owner")}/${c.req.param("kernel")}`;
    return c.json(one(new Map<string, object>(KERNELS.map((kernel) => [kernel.id, kernel])), id));
  });
  return app;
}

const availability = (sale: Sale, regions: readonly string[]) =>
  regions.flatMap((id) => {
    const region = REGIONS.get(id);
    return [...TYPES.values()].map((type) => ({
      region: id,
      plan: type.id,
      available: region !== undefined && sale.isSold(type, region),
    }));
  });

/** Some of the account's own, and one of the thousands that others have made public. */
export const STACKSCRIPTS = (
  [
    [10079, "join-cluster", "Joins our cluster", true, []],
    [
      12345,
      "set-hostname",
      "Names the machine",
      true,
      [
        { name: "hostname", label: "What the machine is called", example: "myserver" },
        { name: "timezone", label: "Its clock", example: "UTC", default: "UTC", oneOf: "UTC,Europe/Berlin" },
      ],
    ],
    [401697, "wordpress-by-somebody", "Somebody's WordPress", false, []],
  ] as const
).map(([id, label, description, mine, fields]) => ({
  id,
  label,
  description,
  mine,
  username: mine ? "simulated" : "somebody",
  user_gravatar_id: "",
  is_public: !mine,
  images: ["any/all"],
  script: "#!/bin/bash\ntrue\n",
  rev_note: "",
  deployments_active: 0,
  deployments_total: 1,
  created: "2026-01-01T00:00:00",
  updated: "2026-01-01T00:00:00",
  user_defined_fields: fields,
}));

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
