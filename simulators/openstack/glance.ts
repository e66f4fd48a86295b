import { Hono } from "hono";
import { ApiError, glanceError } from "./errors.ts";
import type { Identity, Token } from "./identity.ts";
import { answerError, originOf, pageOf } from "./wire.ts";
import type { Image, World } from "./world.ts";

const VERSIONS = ["v2.16", "v2.15", "v2.9", "v2.7", "v2.6", "v2.5", "v2.4", "v2.3", "v2.2", "v2.1", "v2.0"];

/** Glance, at `/image`. Images are only read. */
export function glance(world: World, identity: Identity): Hono {
  const app: Hono<{ Variables: { token: Token } }> = new Hono();
  app.onError((error, c) => answerError(c, error instanceof ApiError ? error : glanceError(500, String(error))));
  app.notFound((c) => answerError(c, glanceError(404, "The resource could not be found.")));

  app.get("/", (c) => {
    const links = [{ rel: "self", href: `${originOf(c.req.raw)}/image/v2/` }];
    const versions = VERSIONS.map((id, index) => ({ id, status: index === 0 ? "CURRENT" : "SUPPORTED", links }));
    return c.json({ versions }, 300);
  });
  app.use("/v2/*", async (c, next) => {
    c.set("token", identity.check(c.req.header("x-auth-token")));
    await next();
  });

  app.get("/v2/images", (c) => {
    const query = c.req.query();
    const hidden = query.os_hidden === "true";
    const found = [...world.images.values()].filter(
      (image) =>
        (image.hidden ?? false) === hidden &&
        (query.name === undefined || image.name === query.name.replace(/^in:/, "")) &&
        (query.visibility === undefined || query.visibility === "all" || image.visibility === query.visibility) &&
        (query.status === undefined || query.status === "active") &&
        (query.owner === undefined || image.owner === query.owner) &&
        (query.id === undefined || query.id.replace(/^in:/, "").split(",").includes(image.id)),
    );
    const { page, nextMarker } = pageOf(found, query, {
      maxLimit: 1000,
      defaultLimit: 25,
      idOf: ({ id }) => id,
      missing: (marker) => glanceError(400, `Invalid marker: Image ${marker} could not be found.`),
      invalid: (limit) => glanceError(400, `limit param must be an integer: ${limit}`),
    });
    const address = (marker?: string) => {
      const search = new URLSearchParams(query);
      search.delete("marker");
      if (marker) search.set("marker", marker);
      return `/v2/images${search.size > 0 ? `?${search}` : ""}`;
    };
    const next = nextMarker ? { next: address(nextMarker) } : {};
    return c.json({
      images: page.map((image) => view(image, world)),
      first: address(),
      ...next,
      schema: "/v2/schemas/images",
    });
  });
  app.get("/v2/images/:id", (c) => {
    const image = world.images.get(c.req.param("id"));
    if (!image) throw glanceError(404, `No image found with ID ${c.req.param("id")}`);
    return c.json(view(image, world));
  });
  return app as unknown as Hono;
}

function view({ id, name, minDisk, sizeBytes, visibility, owner, hidden = false }: Image, world: World) {
  return {
    id,
    name,
    status: "active",
    visibility,
    protected: false,
    os_hidden: hidden,
    container_format: "bare",
    disk_format: "qcow2",
    min_disk: minDisk,
    min_ram: 0,
    size: sizeBytes,
    virtual_size: sizeBytes,
    checksum: id.replaceAll("-", ""),
    os_hash_algo: "sha512",
    os_hash_value: id.replaceAll("-", "").repeat(4),
    owner,
    tags: [],
    created_at: "2026-01-01T00:00:00Z",
    updated_at: "2026-01-01T00:00:00Z",
    self: `/v2/images/${id}`,
    file: `/v2/images/${id}/file`,
    schema: "/v2/schemas/image",
    stores: world.images.size > 0 ? "simulated" : "",
  };
}
