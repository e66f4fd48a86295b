import { setTimeout as sleep } from "node:timers/promises";
import type { Hono } from "hono";
import pino from "pino";
import { VpsApi } from "../../../../controller/api/vps/api.ts";
import { vpsApp } from "../../../../controller/api/vps/app.ts";
import { PROVIDER_ENDPOINTS_VARIABLE } from "../../../../controller/api/vps/provider-types.ts";
import { createLog } from "../../../../controller/jobs/log.ts";
import { Metrics } from "../../../../controller/jobs/metrics.ts";
import { Service } from "../../../../controller/jobs/service.ts";
import { type OpenController, openController } from "../../../../controller/open.ts";
import { openPeople, type People } from "../../../../controller/people/people.ts";
import type { Principal } from "../../../../controller/people/principal.ts";
import { pageApp } from "../../../../controller/ui/app.ts";
import { peopleGate } from "../../../../controller/ui/people-gate.ts";
import { standinPath } from "../../../../simulators/standins/index.ts";
import { Clouds } from "../../../e2e/clouds.ts";
import { Fleet } from "../../../e2e/fleet.ts";

const person = (name: string, digit: number, more: Partial<Principal>): Principal => ({
  id: `00000000-0000-4000-8000-00000000000${digit}`,
  name,
  email: `${name}@example.org`,
  role: "requester",
  via: "token",
  ...more,
});

/** By token. */
export const PEOPLE: Readonly<Record<string, Principal>> = {
  admin: person("admin", 1, { role: "admin" }),
  ada: person("ada", 2, { owners: ["ada"] }),
  bob: person("bob", 3, { owners: ["bob"] }),
  partly: person("partly", 4, { role: "admin", owners: ["ada"] }),
};

/** Has providers of each type reached at the simulators. */
export const providerEndpoints = (clouds: Clouds): Record<string, string> => ({
  [PROVIDER_ENDPOINTS_VARIABLE]: (["linode", "digitalocean"] as const)
    .map((cloud) => `${cloud}=${clouds.url(cloud)}`)
    .join(","),
});

export interface Told {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the document says, which is checked.
  body: any;
  text: string;
}

/** A fleet on simulated clouds with the dialect's policy, and the dialect in front of it. */
export class VpsSite {
  readonly clouds: Clouds;
  readonly fleet: Fleet;
  readonly controller: OpenController;
  readonly service: Service;
  readonly api: VpsApi;
  readonly app: Hono;
  readonly page: Hono;
  readonly people: People;
  readonly logged: string[] = [];

  private constructor({ clouds, fleet, controller }: Pick<VpsSite, "clouds" | "fleet" | "controller">, people: People) {
    this.clouds = clouds;
    this.fleet = fleet;
    this.controller = controller;
    const log = createLog((line) => this.logged.push(line), "json");
    const settings = { branch: "main", pollMs: 100, driftMs: 0, keepDays: 90, retryMs: 1000, retryLimit: 10 };
    this.service = new Service(controller, settings, log, new Metrics(controller.store, () => []));
    const parts = {
      controller,
      service: this.service,
      people,
      // A loaded machine is no reason for another answer.
      patience: { createMs: 240_000, actionMs: 240_000, deadlineMs: 300_000 },
      logger: pino({}, { write: (line: string) => void this.logged.push(line) }),
      authenticate: async (headers: Headers) => PEOPLE[headers.get("authorization")?.replace("Bearer ", "") ?? ""],
    };
    this.api = new VpsApi(parts);
    const { api } = this;
    this.people = people;
    this.app = vpsApp(parts, api);
    this.page = pageApp({
      controller,
      memory: api.memory,
      service: this.service,
      gate: peopleGate(people),
      people,
      logger: parts.logger,
      vps: { isOn: () => true, api },
    });
  }

  /** @param files of the fleet, beside its accounts */
  static async open(files: Parameters<Fleet["write"]>[0] = {}): Promise<VpsSite> {
    const clouds = await Clouds.start();
    const fleet = new Fleet(clouds, {
      id: "vps",
      fleet: { approval: "required", policies: { dialects: { vps: { servers: 10 } } } },
      environment: providerEndpoints(clouds),
    });
    fleet.write(files);
    fleet.commit("Begin");
    return await VpsSite.over(clouds, fleet);
  }

  /** The dialect in front of a fleet that is there. */
  static async over(clouds: Clouds, fleet: Fleet): Promise<VpsSite> {
    const controller = await openController({
      fleetDir: fleet.dir,
      dataDir: fleet.dataDir,
      environment: { ...process.env, DATABASE_URL: undefined, ...fleet.environment },
      standIns: standinPath(),
    });
    const people = await openPeople({ ...controller, fleetId: "vps" });
    const site = new VpsSite({ clouds, fleet, controller }, people);
    await site.service.start();
    await site.service.look();
    return site;
  }

  async ask(method: string, path: string, token: string | undefined = "ada", body?: unknown): Promise<Told> {
    const response = await this.app.request(path, {
      method,
      headers: { ...(token && { authorization: `Bearer ${token}` }), "content-type": "application/json" },
      ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: JSON.parse(text), text };
  }

  get(path: string, token?: string): Promise<Told> {
    return this.ask("GET", path, token);
  }

  /** Comes back once the service serves what the main line has. */
  async served(): Promise<void> {
    const head = this.fleet.git("rev-parse", "HEAD");
    for (const end = performance.now() + 60_000; performance.now() < end; await sleep(20)) {
      if (this.service.desired?.commit === head) return;
      await this.service.look();
    }
    throw new Error(`the service does not serve ${head}: ${this.logged.join("\n")}`);
  }

  /** What a cloud was asked since the counts were last forgotten, by `METHOD ROUTE`. */
  async calls(cloud: "linode" | "digitalocean"): Promise<string[]> {
    const calls = await this.clouds.of(cloud).calls();
    return calls.flatMap(({ method, route, count }) => Array<string>(count).fill(`${method} ${route}`));
  }

  async close(): Promise<void> {
    await this.service.stop();
    await this.controller.close();
    await this.fleet.close();
    await this.clouds.close();
  }
}
