import type { Hono } from "hono";
import { FleetMemory } from "../../../../controller/api/fleet/memory.ts";
import { SpotApi } from "../../../../controller/api/spot/api.ts";
import { spotApp } from "../../../../controller/api/spot/app.ts";
import { openPeople, type People } from "../../../../controller/people/people.ts";
import type { Principal } from "../../../../controller/people/principal.ts";
import { pageApp } from "../../../../controller/ui/app.ts";
import { peopleGate } from "../../../../controller/ui/people-gate.ts";
import { SimulatorClient } from "../../../../simulators/client.ts";
import { NETBOX_TOKEN, startNetbox } from "../../../../simulators/netbox/index.ts";
import { OPENSTACK_CREDENTIALS, startOpenStack } from "../../../../simulators/openstack/index.ts";
import type { Simulator } from "../../../../simulators/simulator.ts";
import { Fleet } from "../../../e2e/fleet.ts";
import { Desk, OTTO } from "../../changes/desk.ts";
import { checkDescribed } from "./described.ts";
import { gpuWorld, NETBOX_WORLD } from "./world.ts";

const ADMIN: Principal = { ...OTTO, name: "Admin", role: "admin", via: "token" };

export interface Told {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the document says, which is checked.
  body: any;
}

/** A fleet on a simulated OpenStack and NetBox, with a running service and the spot manager. */
export class SpotSite {
  readonly fleet: Fleet;
  readonly desk: Desk;
  readonly app: Hono;
  readonly page: Hono;
  readonly people: People;
  readonly openstack: SimulatorClient;
  readonly netbox: SimulatorClient;
  readonly #simulators: Simulator[];

  private constructor(fleet: Fleet, desk: Desk, people: People, simulators: [Simulator, Simulator]) {
    this.people = people;
    this.fleet = fleet;
    this.desk = desk;
    this.#simulators = simulators;
    this.openstack = new SimulatorClient(simulators[0].url);
    this.netbox = new SimulatorClient(simulators[1].url);
    const { controller, service } = desk;
    const authenticate = async (headers: Headers) =>
      ({ "Bearer admin": ADMIN, "Bearer otto": { ...ADMIN, role: "operator" } as const })[
        headers.get("authorization") ?? ""
      ];
    const logger = { error: (at: object) => desk.lines.push(JSON.stringify(at)), warn: () => {} };
    const parts = { controller, service, people, authenticate, logger };
    const api = new SpotApi(parts);
    this.app = spotApp(parts, api);
    const memory = new FleetMemory(controller, service);
    const spot = { isOn: () => true, api };
    this.page = pageApp({ controller, memory, service, gate: peopleGate(people), people, logger, spot });
  }

  static async open(): Promise<SpotSite> {
    const openstack = await startOpenStack({ more: gpuWorld, provisionMs: 20, actionMs: 10 });
    const netbox = await startNetbox({ world: NETBOX_WORLD });
    const fleet = new Fleet(undefined, {
      id: "spot",
      fleet: {
        approval: "required",
        policies: { dialects: { spot: { moves: true } } },
        netbox: { url: netbox.url, token: { env: "FLEETWRIGHT_NETBOX_TOKEN" } },
      },
      environment: {
        FLEETWRIGHT_OS_ID: OPENSTACK_CREDENTIALS.applicationCredentialId,
        FLEETWRIGHT_OS_SECRET: OPENSTACK_CREDENTIALS.applicationCredentialSecret,
        FLEETWRIGHT_NETBOX_TOKEN: NETBOX_TOKEN,
      },
    });
    fleet.write({
      "accounts/stack-main.yaml": {
        kind: "Account",
        name: "stack-main",
        provider: "openstack",
        endpoint: openstack.url,
        credentials: {
          applicationCredentialId: { env: "FLEETWRIGHT_OS_ID" },
          applicationCredentialSecret: { env: "FLEETWRIGHT_OS_SECRET" },
        },
      },
    });
    fleet.commit("Begin");
    const desk = await Desk.start(fleet);
    const people = await openPeople({ ...desk.controller, fleetId: "spot" });
    return new SpotSite(fleet, desk, people, [openstack, netbox]);
  }

  /** As a program on this machine asks, unless `loopback` is false. */
  async ask(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
    loopback = true,
  ): Promise<Told> {
    const given = {
      host: "localhost:6969",
      ...(body !== undefined && { "content-type": "application/json" }),
      ...headers,
    };
    const init = { method, headers: given, ...(body !== undefined && { body: JSON.stringify(body) }) };
    const response = await this.app.request(`http://localhost:6969${path}`, init, { loopback });
    const text = await response.text();
    const answer = text === "" ? undefined : JSON.parse(text);
    checkDescribed(method, path, response.status, answer);
    return { status: response.status, headers: response.headers, body: answer };
  }

  async close(): Promise<void> {
    await this.desk.close();
    await this.fleet.close();
    for (const simulator of this.#simulators) await simulator.close();
  }
}
