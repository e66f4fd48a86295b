import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Hono } from "hono";
import pino from "pino";
import { fleetApp } from "../../../../controller/api/fleet/app.ts";
import { pointedSchemas, pointerTo } from "../../../../controller/api/fleet/check.ts";
import { describe as describeRoutes } from "../../../../controller/api/fleet/openapi.ts";
import { ROUTES, TAGS } from "../../../../controller/api/fleet/routes.ts";
import { createLog } from "../../../../controller/jobs/log.ts";
import { Metrics } from "../../../../controller/jobs/metrics.ts";
import { Service } from "../../../../controller/jobs/service.ts";
import { type OpenController, openController } from "../../../../controller/open.ts";
import { openPeople, type People } from "../../../../controller/people/people.ts";
import type { Principal } from "../../../../controller/people/principal.ts";
import { ROLES } from "../../../../controller/people/principal.ts";
import { findFleetDrift } from "../../../../controller/reconcile/drift.ts";
import { standinPath } from "../../../../simulators/standins/index.ts";
import { Clouds } from "../../../e2e/clouds.ts";
import { FIREWALL, Fleet, KEY, server } from "../../../e2e/fleet.ts";

const idOf = (name: string): string =>
  `00000000-0000-4000-8000-${createHash("sha256").update(name).digest("hex").slice(0, 12)}`;

const principal = (name: string, more: Partial<Principal>): Principal => ({
  id: idOf(name),
  name,
  email: `${name}@example.org`,
  role: "viewer",
  via: "token",
  ...more,
});

/** By token: one for each role, and some who are not about everything. */
const PEOPLE: Readonly<Record<string, Principal>> = {
  ...Object.fromEntries(ROLES.map((role) => [role, principal(role, { role })])),
  acme: principal("acme", { role: "admin", owners: ["acme"] }),
  globex: principal("globex", { role: "admin", owners: ["globex"] }),
  linode: principal("linode", { role: "admin", accounts: ["linode-main"] }),
  nobody: principal("nobody", { role: "admin", owners: ["nobody"], accounts: [] }),
};

export const description = describeRoutes(ROUTES, TAGS);
const schemaAt = pointedSchemas(description);

export interface Told {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the description says, which is checked.
  body: any;
  text: string;
}

/** A converged fleet on simulated clouds, the service that follows it, and its API. */
export class Site {
  readonly clouds: Clouds;
  readonly fleet: Fleet;
  readonly controller: OpenController;
  readonly people: People;
  readonly service: Service;
  readonly app: Hono;
  readonly logged: string[] = [];
  /** Routes that were answered, by id, with the statuses. */
  readonly answered = new Set<string>();

  private constructor(clouds: Clouds, fleet: Fleet, controller: OpenController, people: People) {
    this.people = people;
    this.clouds = clouds;
    this.fleet = fleet;
    this.controller = controller;
    const log = createLog((line) => this.logged.push(line), "json");
    const settings = { branch: "main", pollMs: 100, driftMs: 0, keepDays: 90, retryMs: 1000, retryLimit: 1 };
    this.service = new Service(controller, settings, log, new Metrics(controller.store, () => []));
    const logger = pino({}, { write: (line: string) => void this.logged.push(line) });
    this.app = fleetApp({
      controller,
      service: this.service,
      logger,
      pollMs: 20,
      heartbeatMs: 60,
      people,
      authenticate: async (headers, source) => {
        const known = PEOPLE[headers.get("authorization")?.replace("Bearer ", "") ?? ""];
        return (
          known ??
          (/[._]/.test(headers.get("authorization") ?? "") ? await people.authenticate(headers, source) : undefined)
        );
      },
    });
  }

  /** @param more of fleet.yaml, and of the environment */
  static async open(more: { fleet?: object; environment?: Record<string, string> } = {}): Promise<Site> {
    const clouds = await Clouds.start();
    const fleet = new Fleet(clouds, {
      id: "api",
      fleet: { approval: "required", ...more.fleet },
      ...(more.environment && { environment: more.environment }),
    });
    fleet.write({
      "keys/ops.yaml": KEY,
      "firewalls/web.yaml": FIREWALL,
      "plans/small.yaml": PLAN,
      "servers/web-1.yaml": server("linode", "web-1", {
        owner: "acme",
        firewalls: ["web"],
        userData: { text: "#cloud-config\n# a secret of web-1\n" },
      }),
      "servers/web-2.yaml": server("linode", "web-2", { owner: "globex", labels: { env: "prod" } }),
      "servers/api-1.yaml": server("digitalocean", "api-1", { owner: "acme" }),
    });
    fleet.commit("Begin");
    await fleet.converge();
    const controller = await openController({
      fleetDir: fleet.dir,
      dataDir: fleet.dataDir,
      environment: { ...process.env, DATABASE_URL: undefined, ...fleet.environment },
      standIns: standinPath(),
    });
    const people = await openPeople({ ...controller, fleetId: "api" });
    const site = new Site(clouds, fleet, controller, people);
    await site.service.start();
    await site.service.look();
    return site;
  }

  /** Commits, and comes back once the service serves it. */
  async commit(files: Parameters<Fleet["write"]>[0], message?: string): Promise<string> {
    this.fleet.write(files);
    const commit = this.fleet.commit(message);
    for (const end = performance.now() + 60_000; performance.now() < end; await sleep(20)) {
      if (this.service.desired?.commit === commit) return commit;
      await this.service.look();
    }
    throw new Error(`the service does not serve ${commit}: ${this.logged.join("\n")}`);
  }

  /** A drift pass over all accounts. */
  async pass(): Promise<void> {
    await findFleetDrift(this.controller, this.service.desired!, new AbortController().signal);
  }

  /** Asks, and holds the answer against the description. */
  async ask(path: string, token: string | undefined = "viewer", init: RequestInit = {}): Promise<Told> {
    const headers = new Headers(init.headers);
    if (token !== undefined && token !== "") headers.set("authorization", `Bearer ${token}`);
    const response = await this.app.request(path, { ...init, headers });
    const text = await response.text();
    const type = response.headers.get("content-type")?.split(";")[0] ?? "";
    const body = /[/+]json$/.test(type) && text !== "" ? JSON.parse(text) : undefined;
    this.#expectDescribed(path, (init.method ?? "GET").toLowerCase(), response.status, type, body ?? text);
    return { status: response.status, headers: response.headers, body, text };
  }

  #expectDescribed(path: string, asked: string, status: number, type: string, body: unknown): void {
    const method = asked === "head" ? "get" : asked;
    const address = new URL(path, "http://x").pathname;
    const found = Object.entries(description.paths).find(
      ([template, methods]) =>
        method in methods && new RegExp(`^${template.replace(/\{\w+\}/g, "[^/]+")}$`).test(address),
    );
    if (found === undefined) {
      if (![204, 404, 405, 431, 414].includes(status)) throw new Error(`${asked} ${path} is not described: ${status}`);
      return;
    }
    const [template, methods] = found;
    const { responses, operationId } = methods[method]!;
    this.answered.add(`${operationId} ${status}`);
    const known = [String(status), `${String(status)[0]}XX`].find((one) => one in responses);
    if (known === undefined) throw new Error(`${asked} ${path}: ${status} is not described`);
    const answer = responses[known] as { $ref?: string; content?: Record<string, unknown> };
    const base = answer.$ref?.slice(1) ?? pointerTo("paths", template, method, "responses", known);
    const content = answer.$ref === undefined ? answer.content : { "application/problem+json": {} };
    if (asked === "head" || (content === undefined && type === "")) return;
    if (content?.[type] === undefined) throw new Error(`${asked} ${path}: ${status} with ${type} is not described`);
    const check = schemaAt(base + pointerTo("content", type, "schema"));
    // Of a stream each event is described.
    if (type === "text/event-stream") {
      for (const event of eventsIn(String(body)))
        if (!check(event))
          throw new Error(`${asked} ${path}: ${JSON.stringify(check.errors)} in ${JSON.stringify(event)}`);
      return;
    }
    if (!check(body)) throw new Error(`${asked} ${path}: ${JSON.stringify(check.errors)} in ${JSON.stringify(body)}`);
  }

  async close(): Promise<void> {
    await this.service.stop();
    await this.controller.close();
    await this.fleet.close();
    await this.clouds.close();
  }
}

/** Server-sent events by their fields; comments are none. */
function eventsIn(text: string): Record<string, string>[] {
  const blocks = text.split("\n\n").map((block) => block.split("\n").filter((line) => /^\w+: /.test(line)));
  return blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => Object.fromEntries(lines.map((line) => line.split(/: (.*)/s).slice(0, 2) as [string, string])));
}

const PLAN = {
  kind: "Plan",
  name: "small",
  vcpus: 1,
  memoryMiB: 1024,
  diskGiB: 25,
  basePrice: 4,
  markup: 1,
  currency: "USD",
  sizes: { linode: "g6-nanode-1", digitalocean: "s-1vcpu-1gb" },
};
