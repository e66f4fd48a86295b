import { Hono } from "hono";
import { FLAVORS, IMAGES, PRICEBOOK, PROTOCOLS, REGIONS } from "./catalog.ts";
import { flavorView, imageView, regionView } from "./views.ts";

/** What is on sale, and who asks: below `/v1`. */
export function saleRoutes(): Hono {
  const app = new Hono();
  const ok = <T extends object>(answer: T) => ({ status: true, message: "Success", ...answer });

  app.get("/core/regions", (c) => c.json(ok({ regions: REGIONS.map(regionView) })));
  app.get("/core/flavors", (c) => c.json(ok({ data: flavorGroups(c.req.query("region")) })));
  app.get("/core/images", (c) => c.json(ok({ images: imageGroups(c.req.query("region")) })));
  app.get("/core/gpus", (c) => c.json(ok({ gpu_list: gpus() })));
  app.get("/core/stocks", (c) => c.json({ stocks: stocks() }));
  app.get("/core/sg-rules-protocols", (c) => c.json(ok({ protocols: PROTOCOLS })));
  // The one answer that is a bare list.
  app.get("/pricebook", (c) =>
    c.json(PRICEBOOK.map(([name, value], index) => ({ id: index + 1, name, value, original_value: value }))),
  );
  app.get("/auth/me", (c) => {
    const user = { name: "Simulated", username: "simulated", email: "simulated@example.com" };
    return c.json(ok({ user: { ...user, created_at: "2026-01-01T00:00:00" } }));
  });
  return app;
}

const regionNames = (wanted: string | undefined): string[] =>
  REGIONS.map(({ name }) => name).filter((name) => wanted === undefined || name === wanted);

/** By GPU and region. */
function flavorGroups(wanted: string | undefined): object[] {
  const names = [...new Set([...FLAVORS.values()].map(({ gpu }) => gpu))];
  return regionNames(wanted).flatMap((region) =>
    names.flatMap((gpu) => {
      const flavors = [...FLAVORS.values()].filter((flavor) => flavor.gpu === gpu && flavor.stock.has(region));
      if (flavors.length === 0) return [];
      return [{ gpu, region_name: region, flavors: flavors.map((flavor) => flavorView(flavor, region)) }];
    }),
  );
}

function imageGroups(wanted: string | undefined): object[] {
  return regionNames(wanted).flatMap((region) => {
    const here = IMAGES.filter((image) => image.region === region);
    return [...new Set(here.map(({ type }) => type))].map((type) => ({
      region_name: region,
      type,
      logo: "",
      images: here.filter((image) => image.type === type).map(imageView),
    }));
  });
}

function gpus(): object[] {
  const withGpu = [...FLAVORS.values()].filter(({ gpuCount }) => gpuCount > 0);
  return [...new Set(withGpu.map(({ gpu }) => gpu))].map((name, index) => ({
    id: index + 1,
    name,
    example_metadata: "",
    regions: REGIONS.filter((region) =>
      withGpu.some((flavor) => flavor.gpu === name && flavor.stock.has(region.name)),
    ).map(({ id, name: region }) => ({ id, name: region })),
    created_at: "2026-01-01T00:00:00",
    updated_at: "2026-01-01T00:00:00",
  }));
}

function stocks(): object[] {
  return REGIONS.map((region) => ({
    region: region.name,
    "stock-type": "GPU",
    models: [...new Set([...FLAVORS.values()].map(({ gpu }) => gpu))]
      .filter((gpu) => gpu !== "")
      .flatMap((model) => {
        const here = [...FLAVORS.values()].filter((flavor) => flavor.gpu === model && flavor.stock.has(region.name));
        if (here.length === 0) return [];
        const count = (gpuCount: number) =>
          here.some((flavor) => flavor.gpuCount === gpuCount && flavor.stock.get(region.name)) ? 4 : 0;
        return [
          {
            model,
            available: here.some((flavor) => flavor.stock.get(region.name)) ? "10+" : "0",
            planned_7_days: "0",
            planned_30_days: "0",
            planned_100_days: "0",
            configurations: { "1x": count(1), "2x": count(2), "4x": count(4), "8x": count(8), "10x": count(10) },
          },
        ];
      }),
  }));
}
