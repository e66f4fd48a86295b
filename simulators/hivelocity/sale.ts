import { Hono } from "hono";
import { notFound } from "./errors.ts";
import { idIn } from "./fields.ts";
import { FACILITIES, type Product, SYSTEMS } from "./products.ts";
import { stockView } from "./views.ts";
import type { HivelocityWorld } from "./world.ts";

const systemOption = ({ id, name }: (typeof SYSTEMS)[number]) => ({
  id,
  name,
  currency: "USD",
  monthlyPrice: name.startsWith("Windows") ? 25 : 0,
  tags: [],
  expressions: [],
  operatingSystemFeatures: { sshKey: !name.startsWith("Windows"), cloudInit: true, postInstall: true },
});
const optionsOf = () => ({ "Operating System": SYSTEMS.map(systemOption) });

/** What is on sale: `/inventory` and `/product`. */
export function saleRoutes(world: HivelocityWorld): Hono {
  const app = new Hono();
  const product = (id: number): Product => {
    const found = world.products.get(id);
    if (!found) throw notFound("Product");
    return found;
  };

  app.get("/inventory/product", (c) => {
    const byFacility = c.req.query("group_by") === "facility";
    const groups: Record<string, ReturnType<typeof stockView>[]> = {};
    for (const { code, city } of FACILITIES) {
      const sold = [...world.products.values()].filter(({ stock }) => code in stock).map((one) => stockView(one, code));
      const group = byFacility ? code : city;
      groups[group] = [...(groups[group] ?? []), ...sold];
    }
    return c.json(groups);
  });
  app.get("/inventory/product/:productId", (c) => {
    const found = product(idIn(c, "productId"));
    return c.json(stockView(found, Object.keys(found.stock)[0] ?? ""));
  });
  app.get("/inventory/locations", (c) =>
    c.json(
      FACILITIES.map(({ id, code, title, city, state, country, edge }) => ({
        id,
        code,
        title,
        location: { city, state, country },
        core: !edge,
        edge,
        location_option_ids: [id * 100],
      })),
    ),
  );

  app.get("/product/options", (c) =>
    c.json([...world.products.values()].map(({ id }) => ({ productId: id, options: optionsOf(), pricing: {} }))),
  );
  app.get("/product/:productId/operating-systems", (c) => {
    product(idIn(c, "productId"));
    return c.json(SYSTEMS.map(systemOption));
  });
  app.get("/product/:productId/options", (c) => {
    product(idIn(c, "productId"));
    return c.json(optionsOf());
  });
  return app;
}
