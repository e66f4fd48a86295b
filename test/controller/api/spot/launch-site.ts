import type { Hono } from "hono";
import { spotApp } from "../../../../controller/api/spot/app.ts";
import { openPeople, type People } from "../../../../controller/people/people.ts";
import { callOn } from "../../../../controller/reconcile/context.ts";
import type { RequestOptions } from "../../../../resources/http.ts";
import { openstack } from "../../../../resources/openstack/http.ts";
import type { Service } from "../../../../resources/openstack/services.ts";
import { SimulatorClient } from "../../../../simulators/client.ts";
import { addGpuHosts, addNetwork } from "../../../../simulators/gpu-cloud.ts";
import { HYPERSTACK_KEY, startHyperstack } from "../../../../simulators/hyperstack/index.ts";
import { OPENSTACK_CREDENTIALS, startOpenStack } from "../../../../simulators/openstack/index.ts";
import { addAggregate } from "../../../../simulators/openstack/seed.ts";
import type { World } from "../../../../simulators/openstack/world.ts";
import type { Simulator } from "../../../../simulators/simulator.ts";
import { Fleet, KEY } from "../../../e2e/fleet.ts";
import { Desk, signal } from "../../changes/desk.ts";
import { checkDescribed } from "./described.ts";

/** Hosts of L40 by their aggregate. */
const HOSTS: Readonly<Record<string, readonly string[]>> = {
  "L40-n3": ["gpu-host-002"],
  "L40-n3-runpod": ["gpu-host-001", "gpu-host-003", "gpu-host-004", "gpu-host-005"],
};

/** Hosts of class runpod and another one, and a network for storage. */
function world(openstack: World): void {
  for (const [name, hosts] of Object.entries(HOSTS)) {
    addGpuHosts(openstack, hosts);
    addAggregate(openstack, name, { hosts: [...hosts], metadata: { gpu: "L40" } });
  }
  addNetwork(openstack, "storage-network");
}

export interface SeenPort {
  id: string;
  name: string;
  description: string;
  network_id: string;
  device_id: string;
}

export interface Told {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the document says, which is checked.
  body: any;
}

/** A fleet on a simulated OpenStack and the Hyperstack above it, with a running service and the spot manager. */
export class LaunchSite {
  readonly fleet: Fleet;
  readonly desk: Desk;
  readonly openstack: SimulatorClient;
  readonly hyperstack: SimulatorClient;
  readonly app: Hono;
  readonly #simulators: Simulator[];

  private constructor(fleet: Fleet, desk: Desk, people: People, simulators: [Simulator, Simulator]) {
    this.fleet = fleet;
    this.desk = desk;
    this.#simulators = simulators;
    this.openstack = new SimulatorClient(simulators[0].url);
    this.hyperstack = new SimulatorClient(simulators[1].url);
    const { controller, service, lines } = desk;
    const logger = { error: (at: object) => lines.push(JSON.stringify(at)), warn: () => {} };
    this.app = spotApp({ controller, service, people, authenticate: async () => undefined, logger });
  }

  static async open(): Promise<LaunchSite> {
    let below: World | undefined;
    const openstack = await startOpenStack({
      provisionMs: 40,
      actionMs: 20,
      more: (one) => {
        below = one;
        world(one);
      },
    });
    const quick = { provisionMs: 400, actionMs: 20, rateScale: 0 };
    const hyperstack = await startHyperstack({ ...quick, openstack: below! });
    const fleet = new Fleet(undefined, {
      id: "launches",
      fleet: {
        approval: "auto",
        policies: { dialects: { spot: { moves: false, launches: 2, network: true } } },
      },
      environment: {
        FLEETWRIGHT_OS_ID: OPENSTACK_CREDENTIALS.applicationCredentialId,
        FLEETWRIGHT_OS_SECRET: OPENSTACK_CREDENTIALS.applicationCredentialSecret,
        FLEETWRIGHT_HYPERSTACK_KEY: HYPERSTACK_KEY,
      },
    });
    fleet.write(filesOf(openstack.url, hyperstack.url));
    fleet.commit("Begin");
    const desk = await Desk.start(fleet);
    const people = await openPeople({ ...desk.controller, fleetId: "launches" });
    const site = new LaunchSite(fleet, desk, people, [openstack, hyperstack]);
    await site.desk.until(async () => (await site.idOf("Server", "ci-1")) !== undefined);
    return site;
  }

  /** The cloud's id of an object. */
  async idOf(kind: "Server" | "Port" | "Firewall", name: string): Promise<string | undefined> {
    return (await this.desk.controller.store.objects({ kind, names: [name] }))[0]?.cloudId;
  }

  async ask(method: string, path: string, body?: object, signal?: AbortSignal): Promise<Told> {
    const headers = { host: "localhost:6969", ...(body && { "content-type": "application/json" }) };
    const init = { method, headers, ...(body && { body: JSON.stringify(body) }), ...(signal && { signal }) };
    const response = await this.app.request(`http://localhost:6969${path}`, init, { loopback: true });
    const answer = await response.json();
    checkDescribed(method, path, response.status, answer);
    return { status: response.status, headers: response.headers, body: answer };
  }

  async post(path: string, body: object): Promise<Told> {
    return await this.ask("POST", `/api/${path}`, body);
  }

  /** OpenStack itself, as somebody with its key asks it. */
  async stack<Body>(service: Service, method: RequestOptions["method"], path: string, json?: object): Promise<Body> {
    const { controller, service: running } = this.desk;
    const { spec } = running.desired!.accounts.get("stack-main")!;
    const answer = method === "DELETE" ? ({ answer: "none" } as const) : {};
    const { body } = await openstack<Body>(callOn(controller, spec, signal), service, {
      method,
      path,
      ...(json && { json }),
      ...answer,
    });
    return body as Body;
  }

  /** A port as OpenStack shows it; undefined when it has none of the name. */
  async port(name: string): Promise<SeenPort | undefined> {
    return (await this.stack<{ ports: SeenPort[] }>("network", "GET", "/ports")).ports.find((one) => one.name === name);
  }

  head(): string {
    return this.fleet.git("rev-parse", "main");
  }

  async close(): Promise<void> {
    await this.desk.close();
    await this.fleet.close();
    for (const simulator of this.#simulators) await simulator.close();
  }
}

function filesOf(openstack: string, hyperstack: string): Record<string, object> {
  const deadlines = { createSeconds: 60, settleSeconds: 1 };
  return {
    "accounts/stack-main.yaml": {
      kind: "Account",
      name: "stack-main",
      provider: "openstack",
      endpoint: openstack,
      credentials: {
        applicationCredentialId: { env: "FLEETWRIGHT_OS_ID" },
        applicationCredentialSecret: { env: "FLEETWRIGHT_OS_SECRET" },
      },
      options: { networks: ["private"] },
      deadlines,
    },
    "accounts/hyper-main.yaml": {
      kind: "Account",
      name: "hyper-main",
      provider: "hyperstack",
      endpoint: hyperstack,
      credentials: { apiKey: { env: "FLEETWRIGHT_HYPERSTACK_KEY" } },
      deadlines,
    },
    "keys/ops.yaml": KEY,
    "firewalls/runpod.yaml": { kind: "Firewall", name: "runpod", rules: [{ protocol: "tcp", ports: "22" }] },
    "aggregates/l40.yaml": {
      kind: "Aggregate",
      name: "L40-n3-runpod",
      account: "stack-main",
      gpuType: "L40",
      class: "runpod",
      adopt: 5,
      hosts: HOSTS["L40-n3-runpod"],
      runpod: {
        account: "hyper-main",
        region: "CANADA-1",
        key: "ops",
        flavor: "n3-L40x8",
        network: "storage-network",
        firewall: "runpod",
      },
    },
    "servers/ci-1.yaml": {
      kind: "Server",
      name: "ci-1",
      account: "stack-main",
      size: "m1.small",
      region: "nova",
      image: "debian-12",
      // Anybody may write this: it takes no place of a launch.
      owner: "spot-manager",
    },
  };
}
