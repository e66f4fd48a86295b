import "../../resources/lean-sdk.ts";
import { readFileSync } from "node:fs";
import { Hono } from "hono";
import { createLog } from "../../controller/jobs/log.ts";
import { listen } from "../../controller/listener.ts";
import type { People } from "../../controller/people/people.ts";
import type { Role } from "../../controller/people/principal.ts";
import { Serving } from "../../controller/serving.ts";
import { openProduct } from "../product.ts";
import type { Site } from "../site.ts";

/** Where it listens, and what its callers come with. */
export interface Served {
  kind: "serving";
  url: string;
  /** API keys, one for each who writes. */
  writers: string[];
  /** API key of somebody who only reads. */
  reader: string;
  /** Cookie of somebody who has signed in to the page. */
  session: string;
}

/** The most memory that this process has held at once. */
export interface Held {
  kind: "held";
  peakMiB: number;
}

/** As `serve` has them by default. */
const SETTINGS = {
  branch: "main",
  pollMs: 10_000,
  driftMs: 3600_000,
  expireAt: 180,
  keepDays: 90,
  retryMs: 10_000,
  retryLimit: 10,
};
const OPERATOR = { email: "bench@example.net", via: "command-line" } as const;

/**
 * The product on a site as `serve` has it, and beside it an empty route in the same process: `server.ts SITE WRITERS`. Its parent is told of where it
 * listens, asks what it has held, and ends it by ending the channel between them.
 */
async function main(site: Site, writers: number): Promise<void> {
  const log = createLog((line) => console.error(line), "json", "warn");
  const { controller } = await openProduct(site);
  const serving = await Serving.open(controller, { settings: SETTINGS, log });
  const app = new Hono();
  app.get("/empty", (c) => c.body(null));
  app.all("*", (c) => serving.fetch(c.req.raw, c.env));
  const { url, close } = await listen(app.fetch, { hostname: "127.0.0.1", port: 0 });
  await serving.service.start();
  await serving.service.look();
  process.on("message", () => process.send?.({ kind: "held", peakMiB: peakMiB() } satisfies Held));
  process.once("disconnect", async () => {
    await close();
    await serving.stop();
    await controller.close();
    process.exit(0);
  });
  const served: Served = { kind: "serving", url, ...(await guests(serving.people, writers)) };
  process.send?.(served);
}

async function guests(people: People, writers: number): Promise<Pick<Served, "writers" | "reader" | "session">> {
  const add = async (name: string, role: Role) =>
    await people.users.create({ name, email: `${name}@example.net`, role }, OPERATOR);
  const keyOf = async (user: string) => (await people.keys.create({ user, name: "bench" }, OPERATOR)).text;
  const reader = await add("reader", "viewer");
  const keys: string[] = [];
  for (let writer = 0; writer < writers; writer++)
    keys.push(await keyOf((await add(`writer-${writer}`, "requester")).id));
  const { cookie } = await people.sessions.start({ id: reader.id, signOuts: 0 }, "127.0.0.1");
  return { writers: keys, reader: await keyOf(reader.id), session: cookie };
}

function peakMiB(): number {
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? Number.NaN) / 1024;
}

const [site = "{}", writers = "1"] = process.argv.slice(2);
await main(JSON.parse(site) as Site, Number(writers));
