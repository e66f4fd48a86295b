import { stringify } from "yaml";
import { FleetMemory } from "../../../controller/api/fleet/memory.ts";
import { openPeople, type People } from "../../../controller/people/people.ts";
import type { Role } from "../../../controller/people/principal.ts";
import { findFleetDrift } from "../../../controller/reconcile/drift.ts";
import { pageApp } from "../../../controller/ui/app.ts";
import { peopleGate } from "../../../controller/ui/people-gate.ts";
import { Clouds } from "../../e2e/clouds.ts";
import { FIREWALL, Fleet, KEY, server } from "../../e2e/fleet.ts";
import { Desk, signal } from "../changes/desk.ts";
import { addUser, PASSWORD } from "../people/support.ts";
import { Visitor } from "./visitor.ts";

/** A fleet with a running service, people and the page; clouds are simulated, all else is real. */
export class Site {
  readonly clouds: Clouds;
  readonly fleet: Fleet;
  readonly desk: Desk;
  readonly people: People;
  readonly app: ReturnType<typeof pageApp>;
  readonly errors: string[];

  private constructor(parts: Pick<Site, "clouds" | "fleet" | "desk" | "people" | "app" | "errors">) {
    this.clouds = parts.clouds;
    this.fleet = parts.fleet;
    this.desk = parts.desk;
    this.people = parts.people;
    this.app = parts.app;
    this.errors = parts.errors;
  }

  /** `isBare`: nothing of the fleet is on any cloud yet, which saves the time. `more`: further files of it. */
  static async start(
    id: string,
    {
      environment = {},
      isBare = false,
      more = {},
    }: { environment?: Record<string, string>; isBare?: boolean; more?: Record<string, string> } = {},
  ): Promise<Site> {
    const clouds = await Clouds.start();
    const fleet = new Fleet(clouds, { id });
    fleet.write({
      "keys/ops.yaml": KEY,
      "firewalls/web.yaml": FIREWALL,
      "plans/small.yaml": stringify({
        ...{ kind: "Plan", name: "small", vcpus: 1, memoryMiB: 1024, diskGiB: 25 },
        sizes: { linode: "g6-nanode-1", digitalocean: "s-1vcpu-1gb" },
        ...{ basePrice: 8, markup: 1.5, currency: "USD" },
      }),
      "servers/web-1.yaml": stringify(server("linode", "web-1", { owner: "team-web" })),
      "servers/web-2.yaml": stringify(
        server("linode", "web-2", { owner: "team-web", labels: { env: "test", role: "web" } }),
      ),
      "servers/db-1.yaml": stringify(server("digitalocean", "db-1", { owner: "team-db" })),
      ...more,
    });
    fleet.commit("Begin");
    fleet.edit("servers/web-2.yaml", (text) => text.replace("env: test", "env: live"));
    fleet.commit("Call web-2 live");
    if (!isBare) await fleet.converge();
    const desk = await Desk.start(fleet);
    const { controller, service } = desk;
    const people = await openPeople({
      ...controller,
      environment: { ...controller.environment, ...environment },
      fleetId: id,
    });
    const errors: string[] = [];
    const logger = { error: (what: object, text: string) => void errors.push(`${text} ${JSON.stringify(what)}`) };
    const app = pageApp({
      controller,
      memory: new FleetMemory(controller, service),
      service,
      gate: peopleGate(people),
      people,
      logger,
    });
    return new Site({ clouds, fleet, desk, people, app, errors });
  }

  /** Somebody who may do so much, and is about some accounts or owners only. */
  async add(name: string, role: Role, about: { accounts?: string[]; owners?: string[] } = {}): Promise<void> {
    await addUser(this.people, `${name.toLowerCase()}@example.org`, { name, role, ...about });
  }

  /** The same, signed in without a browser. */
  async visitor(name: string): Promise<Visitor> {
    const visitor = new Visitor(this.app);
    await visitor.signIn(`${name.toLowerCase()}@example.org`, PASSWORD);
    return visitor;
  }

  /** Has every account read, as a service does at times. */
  async look(): Promise<void> {
    await findFleetDrift(this.desk.controller, this.desk.service.desired!, signal);
  }

  /** What accounts have cost on days before this one, by identity. */
  async remember(account: string, days: readonly { day: string; monthlyMicro: number }[]): Promise<void> {
    for (const { day, monthlyMicro } of days)
      await this.desk.controller.store.jobs.executeSql(
        `insert into cost_day (day, account, owner, class, currency, servers, monthly_micro)
         values ($1, $2, '', 'managed', 'USD', 1, $3) on conflict do nothing`,
        [day, account, monthlyMicro],
      );
  }

  /** Runs that a page follows: nothing of an engine, only what one would write. */
  async startRun(id: string, stack: string): Promise<void> {
    const { repo, store, now } = this.desk.controller;
    const controller = { pid: process.pid, startTime: "0", host: "test" };
    const startedAt = new Date(now()).toISOString();
    await store.startRun({ id, stack, kind: "up", controller, startedAt, objects: [], commit: await repo.head() });
  }

  async close(): Promise<void> {
    await this.desk.close();
    await this.fleet.close();
    await this.clouds.close();
  }
}
