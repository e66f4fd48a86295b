import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { Registry } from "prom-client";
import { FLEET_ERRORS, FleetError } from "../../resources/errors.ts";
import type { ForgeSpec } from "../../resources/spec.ts";
import { readDelivery } from "../forge/webhook.ts";
import { isSigned } from "../signature.ts";
import type { RunRecord, Store } from "../store/types.ts";
import { noRoute } from "./no-route.ts";

export interface OperationsParts {
  store: Pick<Store, "runs" | "run" | "runEvents">;
  registry: Registry;
  /** Why it is not ready; undefined when it is. */
  unready(): Promise<string | undefined>;
  /** Has the repository looked at. */
  poke(): void;
  /** Of the webhook; without one there is none. */
  hookSecret?: string;
  /** Of the forge's webhook; absent without a secret for it. */
  forge?: {
    secret: string;
    /** What kind of forge the fleet names; undefined where it names none. */
    kind(): ForgeSpec["kind"] | undefined;
    /** False when it has come before. */
    isNew(keys: readonly string[]): Promise<boolean>;
    pulled(): Promise<void>;
    now(): number;
  };
  /** Documented services by their paths below `/api`, the first that has a path answers; each sees to it by itself whether the fleet has it. */
  dialects?: readonly { paths: readonly string[]; app: Hono }[];
  /** What people's programs ask, which has its own paths: `/fleet/…` and `/openapi.json`. */
  fleet?: Hono;
  /** The web page: `/ui`, and `/` that leads there. */
  page?: Hono;
}

/** As large as a push that a git host tells of may be. */
const HOOK_MAX_BYTES = 25 * 1024 * 1024;
const RUNS_SHOWN = 50;
const MOST_RUNS = 500;
const MOST_EVENTS = 10_000;

/** What an operator's tools ask a running controller. Nothing here changes a fleet: the webhook only makes it look at the repository. */
export function operationsApp({
  store,
  registry,
  unready,
  poke,
  hookSecret,
  forge,
  dialects = [],
  fleet,
  page,
}: OperationsParts): Hono {
  const app = new Hono();

  app.get("/healthz", (c) => c.json({ status: "ok" }));

  app.get("/readyz", async (c) => {
    const reason = await unready();
    return reason === undefined ? c.json({ status: "ready" }) : c.json({ status: "not ready", reason }, 503);
  });

  app.get("/metrics", async (c) => c.text(await registry.metrics(), 200, { "content-type": registry.contentType }));

  app.get("/runs", async (c) => {
    const limit = countOf(c.req.query("limit"), RUNS_SHOWN, MOST_RUNS);
    return c.json({ runs: (await store.runs(limit)).map(summary) });
  });

  app.get("/runs/:id", async (c) => {
    const run = await store.run(c.req.param("id"));
    if (run === undefined) throw new FleetError("NOT_FOUND", "there is no such run; old ones are removed", {});
    const events = await store.runEvents(run.id, MOST_EVENTS);
    return c.json({ run: { ...summary(run), objects: run.objects }, events });
  });

  if (hookSecret !== undefined) {
    app.post("/hooks/git", bodyLimit({ maxSize: HOOK_MAX_BYTES }), async (c) => {
      const body = new Uint8Array(await c.req.arrayBuffer());
      if (!isSigned(body, c.req.header("x-hub-signature-256"), hookSecret))
        return c.json({ error: { code: "USAGE", message: "the signature is missing or wrong" } }, 401);
      poke();
      return c.json({ status: "looking" }, 202);
    });
  }

  if (forge !== undefined) {
    const { secret, kind, isNew, pulled, now } = forge;
    app.post("/hooks/forge", bodyLimit({ maxSize: HOOK_MAX_BYTES }), async (c) => {
      const is = kind();
      if (is === undefined) throw new FleetError("NOT_FOUND", "fleet.yaml names no forge", {});
      const body = new Uint8Array(await c.req.arrayBuffer());
      const delivery = readDelivery(is, { header: (name) => c.req.header(name), body, secret, now: now() });
      if (delivery === undefined)
        return c.json({ error: { code: "USAGE", message: "the signature is missing or wrong" } }, 401);
      if (!(await isNew(delivery.keys)))
        return c.json({ error: { code: "CONFLICT", message: "this delivery has come before" } }, 409);
      if (delivery.pull === undefined) return c.json({ status: "nothing to do" }, 202);
      // The main line may have moved with it.
      poke();
      await pulled();
      return c.json({ status: "looking", pull: delivery.pull }, 202);
    });
  }

  if (fleet !== undefined)
    for (const path of ["/openapi.json", "/fleet/*"]) app.all(path, (c) => fleet.fetch(c.req.raw, c.env));

  for (const { paths, app: dialect } of dialects)
    for (const path of paths) app.all(path, (c) => dialect.fetch(c.req.raw, c.env));
  for (const path of ["/api", "/api/*"]) app.all(path, noRoute);

  if (page !== undefined) for (const path of ["/", "/ui", "/ui/*"]) app.all(path, (c) => page.fetch(c.req.raw, c.env));

  app.notFound((c) => c.json({ error: { code: "NOT_FOUND", message: `there is no ${c.req.path}` } }, 404));
  app.onError((error, c) => {
    if (!(error instanceof FleetError))
      return c.json({ error: { code: "BUG", message: "an error of Fleetwright" } }, 500);
    const { code, message } = error;
    return c.json({ error: { code, message } }, FLEET_ERRORS[code].http);
  });
  return app;
}

function summary({ id, stack, kind, startedAt, finishedAt, outcome, commit, objects }: RunRecord) {
  return {
    id,
    stack,
    kind,
    commit,
    startedAt,
    ...(finishedAt && { finishedAt }),
    outcome: outcome ?? "under way",
    changes: objects.length,
  };
}

function countOf(text: string | undefined, usual: number, most: number): number {
  if (text === undefined) return usual;
  if (!/^\d+$/.test(text) || Number(text) < 1)
    throw new FleetError("USAGE", "limit: a whole number from 1 is wanted", {});
  return Math.min(most, Number(text));
}
