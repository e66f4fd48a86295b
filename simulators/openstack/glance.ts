import { Hono } from "hono";
import { ApiError, glanceError } from "./errors.ts";
import type { Identity, Token } from "./identity.ts";
import { answerError, originOf, pageOf } from "./wire.ts";
import type { Image, World } from "./world.ts";

const VERSIONS = ["v2.16", "v2.15", "v2.9", "v2.7", "v2.6", "v2.5", "v2.4", "v2.3", "v2.2", "v2.1", "v2.0"];

/** Glance, at `/image`. Images are read, described anew and removed; new ones are made by Nova. */
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
        (query.status === undefined || query.status === statusOf(image)) &&
        Object.entries(query).every(([key, value]) => KNOWN.has(key) || image.properties?.[key] === value) &&
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
  const found = (id: string): Image => {
    const image = world.images.get(id);
    if (!image) throw glanceError(404, `No image found with ID ${id}`);
    return image;
  };
  app.get("/v2/images/:id", (c) => c.json(view(found(c.req.param("id")), world)));
  app.patch("/v2/images/:id", async (c) => {
    const image = found(c.req.param("id"));
    if (c.req.header("content-type") !== "application/openstack-images-v2.1-json-patch")
      throw glanceError(415, "The server does not support the media type of this patch.");
    const steps: unknown = await c.req.json().catch(() => undefined);
    if (!Array.isArray(steps)) throw glanceError(400, "Request body must be a JSON array of operation objects.");
    const properties = { ...image.properties };
    for (const step of steps as { op?: unknown; path?: unknown; value?: unknown }[]) {
      const key = typeof step.path === "string" ? step.path.slice(1) : "";
      if (key === "" || key.includes("/")) throw glanceError(400, `Invalid path: ${step.path}`);
      const isThere = Object.hasOwn(properties, key);
      if (step.op === "add" || (step.op === "replace" && isThere)) properties[key] = String(step.value);
      else if (step.op === "remove" && isThere) delete properties[key];
      else throw glanceError(409, `Property ${key} does not exist.`);
    }
    image.properties = properties;
    return c.json(view(image, world));
  });
  app.delete("/v2/images/:id", (c) => {
    const image = found(c.req.param("id"));
    if (image.visibility === "public" && !c.get("token").roles.includes("admin"))
      throw glanceError(403, "You are not authorized to complete delete_image action.");
    world.images.delete(image.id);
    return c.body(null, 204);
  });
  return app as unknown as Hono;
}

/** What a list may be asked for besides properties. */
const KNOWN: ReadonlySet<string> = new Set([
  "name",
  "visibility",
  "status",
  "owner",
  "id",
  "os_hidden",
  "limit",
  "marker",
  "sort",
  "sort_key",
  "sort_dir",
]);

const statusOf = ({ status = "active" }: Image): string => status;

function view(image: Image, world: World) {
  const { id, name, minDisk, sizeBytes, visibility, owner, hidden = false, createdAt } = image;
  const status = statusOf(image);
  const made = createdAt === undefined ? "2026-01-01T00:00:00Z" : `${new Date(createdAt).toISOString().slice(0, 19)}Z`;
  const isReady = status === "active";
  return {
    ...image.properties,
    id,
    name,
    status,
    visibility,
    protected: false,
    os_hidden: hidden,
    container_format: "bare",
    disk_format: "qcow2",
    min_disk: minDisk,
    min_ram: 0,
    size: isReady ? sizeBytes : null,
    virtual_size: isReady ? sizeBytes : null,
    checksum: isReady ? id.replaceAll("-", "") : null,
    os_hash_algo: isReady ? "sha512" : null,
    os_hash_value: isReady ? id.replaceAll("-", "").repeat(4) : null,
    owner,
    tags: [],
    created_at: made,
    updated_at: made,
    self: `/v2/images/${id}`,
    file: `/v2/images/${id}/file`,
    schema: "/v2/schemas/image",
    stores: world.images.size > 0 ? "simulated" : "",
  };
}
