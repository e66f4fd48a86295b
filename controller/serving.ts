import { fleetApp } from "./api/fleet/app.ts";
import { FleetMemory } from "./api/fleet/memory.ts";
import { operationsApp } from "./api/operations.ts";
import { SpotApi, spotPolicyOf } from "./api/spot/api.ts";
import { SPOT_PATHS, spotApp } from "./api/spot/app.ts";
import { VpsApi } from "./api/vps/api.ts";
import { VPS_PATHS, vpsApp } from "./api/vps/app.ts";
import { VpsTables } from "./api/vps/tables.ts";
import { fleetIdOf } from "./fleet-id.ts";
import type { ServiceLog } from "./jobs/log.ts";
import { Metrics } from "./jobs/metrics.ts";
import { Service, type ServiceSettings } from "./jobs/service.ts";
import { type Address, type Listener, listen } from "./listener.ts";
import type { OpenController } from "./open.ts";
import { openPeople, type People } from "./people/people.ts";
import { pageApp } from "./ui/app.ts";
import { peopleGate } from "./ui/people-gate.ts";

export interface ServingOptions {
  settings: ServiceSettings;
  log: ServiceLog;
  /** That the git host signs its calls with. */
  hookSecret?: string;
  /** That the forge's webhook is signed with. */
  forgeSecret?: string;
}

/** A controller as a service, with its API and its page. */
export class Serving {
  readonly service: Service;
  readonly metrics: Metrics;
  readonly people: People;
  readonly #app: ReturnType<typeof operationsApp>;
  readonly #spot: ReturnType<typeof spotApp>;
  readonly #tables: VpsTables;
  readonly #stopping: AbortController;
  readonly #listeners: Listener[] = [];

  private constructor(
    { service, metrics, people }: Pick<Serving, "service" | "metrics" | "people">,
    {
      app,
      spot,
      tables,
    }: { app: ReturnType<typeof operationsApp>; spot: ReturnType<typeof spotApp>; tables: VpsTables },
    stopping: AbortController,
  ) {
    this.service = service;
    this.metrics = metrics;
    this.people = people;
    this.#app = app;
    this.#spot = spot;
    this.#tables = tables;
    this.#stopping = stopping;
  }

  /** @throws {FleetError} STORE_FAILED, USAGE when it cannot be made; nothing runs yet. */
  static async open(
    controller: OpenController,
    { settings, log, hookSecret, forgeSecret }: ServingOptions,
  ): Promise<Serving> {
    controller.commits.follow(settings.branch);
    const { store } = controller;
    const metrics: Metrics = new Metrics(store, () => service.budgets());
    const service = new Service(controller, settings, log, metrics);
    const people = await openPeople({ ...controller, fleetId: await fleetIdOf(controller) });
    const memory = new FleetMemory(controller, service);
    const stopping = new AbortController();
    const { logger } = log;
    const { authenticate } = people;
    const spotParts = { controller, service, people, authenticate, logger, stopping: stopping.signal };
    const spotApi = new SpotApi(spotParts);
    const spot = spotApp(spotParts, spotApi);
    const vpsParts = {
      controller,
      memory,
      service,
      people,
      authenticate: people.welcome,
      logger,
      stopping: stopping.signal,
    };
    const vpsApi = new VpsApi(vpsParts);
    const tables = new VpsTables(controller);
    service.onCommit((desired) => {
      if (desired.fleet.policies.dialects?.vps === undefined) return;
      tables.follow(desired).catch((error) => logger.error({ error: error.message }, "the VPS tables are not current"));
    });
    const app = operationsApp({
      store,
      registry: metrics.registry,
      unready: () => service.unready(),
      poke: () => service.poke(),
      ...(hookSecret === undefined ? {} : { hookSecret }),
      ...(forgeSecret !== undefined && {
        forge: {
          secret: forgeSecret,
          kind: () => service.desired?.fleet.forge?.kind,
          isNew: (keys) => store.noteDelivery(keys),
          pulled: () => service.pulled(),
          now: controller.now,
        },
      }),
      fleet: fleetApp({ controller, memory, service, people, authenticate, logger, stopping: stopping.signal }),
      page: pageApp({
        controller,
        memory,
        service,
        gate: peopleGate(people),
        people,
        logger,
        spot: { isOn: () => spotPolicyOf(service.desired) !== undefined, api: spotApi },
        vps: { isOn: () => service.desired?.fleet.policies.dialects?.vps !== undefined, api: vpsApi },
        stopping: stopping.signal,
      }),
      dialects: [
        { paths: SPOT_PATHS, app: spot },
        {
          paths: VPS_PATHS,
          app: vpsApp(vpsParts, vpsApi),
        },
      ],
    });
    return new Serving({ service, metrics, people }, { app, spot, tables }, stopping);
  }

  /** Where the spot manager answers besides, once it does. */
  get spotUrl(): string | undefined {
    return this.#listeners[1]?.url;
  }

  /** What requests are answered by, for whoever listens in another way. */
  get fetch(): ReturnType<typeof operationsApp>["fetch"] {
    return this.#app.fetch;
  }

  /**
   * Answers first, then works.
   * @param spot where the spot manager answers besides, at its documented port
   * @returns the address that it answers at
   * @throws {FleetError} USAGE, GIT_FAILED, STORE_FAILED
   */
  async start(address: Address, spot?: Address): Promise<string> {
    const main = await listen(this.#app.fetch, address);
    this.#listeners.push(main);
    if (spot !== undefined) this.#listeners.push(await listen(this.#spot.fetch, spot));
    await this.service.start();
    return main.url;
  }

  /** Finishes what is under way, then answers no more. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    try {
      await this.service.stop();
      await this.#tables.settled();
    } finally {
      for (const listener of this.#listeners) await listener.close();
    }
  }
}
