import { Clock } from "../clock.ts";
import { Collection } from "../collection.ts";
import { Ids } from "../ids.ts";
import type { SimulatorOptions } from "../simulator.ts";
import { METROS, type Metro, type OperatingSystem, PLANS, type Plan } from "./catalog.ts";

/** The project that the simulated token has. */
export const EQUINIX_PROJECT = "52123fb2-ee46-4673-93a8-de2c2bdba33b";

export type DeviceState =
  | "queued"
  | "provisioning"
  | "active"
  | "inactive"
  | "failed"
  | "powering_on"
  | "powering_off"
  | "reinstalling"
  | "deprovisioning";

/** One line of a device's history; without a time it is a step still to come. */
export interface DeviceEvent {
  id: string;
  type: string;
  body: string;
  atMs: number | undefined;
}

export interface Address {
  id: string;
  address: string;
  family: 4 | 6;
  cidr: number;
  public: boolean;
}

export interface Device {
  id: string;
  hostname: string;
  description: string;
  state: DeviceState;
  plan: Plan;
  metro: Metro;
  system: OperatingSystem;
  billingCycle: string;
  tags: string[];
  userdata: string;
  keyIds: string[];
  alwaysPxe: boolean;
  ipxeScriptUrl: string;
  locked: boolean;
  reservation: string | undefined;
  addresses: Address[];
  ports: { bond: string; members: { id: string; mac: string }[] };
  createdMs: number;
  updatedMs: number;
  /** While it is made ready: when that began, and how long it takes. */
  provisioning: { fromMs: number; ms: number } | undefined;
  events: DeviceEvent[];
}

export interface ProjectKey {
  id: string;
  label: string;
  key: string;
  fingerprint: string;
  createdMs: number;
  updatedMs: number;
}

export interface Reservation {
  id: string;
  plan: Plan;
  metro: Metro;
  /** The device on it. */
  device: string | undefined;
}

/** Bare metal is not ready at once; the real one takes minutes. */
const DEFAULT_PROVISION_MS = 6_000;
const DEFAULT_ACTION_MS = 400;
const RESERVATIONS = [
  ["c3.small.x86", "da"],
  ["m3.large.x86", "fr"],
] as const;

/** Everything the simulated project has. */
export class EquinixWorld {
  readonly clock = new Clock();
  readonly ids: Ids;
  readonly provisionMs: number;
  readonly actionMs: number;
  readonly devices: Collection<Device>;
  readonly keys: Collection<ProjectKey>;
  readonly reservations: readonly Reservation[];
  readonly createdMs: number;
  #taken = new Map<string, number>();
  #addresses = 0;

  constructor(options: SimulatorOptions) {
    const { clock } = this;
    this.ids = new Ids(options.seed);
    this.provisionMs = options.provisionMs ?? DEFAULT_PROVISION_MS;
    this.actionMs = options.actionMs ?? DEFAULT_ACTION_MS;
    this.createdMs = clock.now();
    const keysOf = (device: Device) => device.tags.map(tagKey);
    this.devices = new Collection({ clock, lagMs: options.listLagMs, idOf: (device: Device) => device.id, keysOf });
    this.keys = new Collection({
      clock,
      lagMs: options.listLagMs,
      idOf: (key: ProjectKey) => key.id,
      keysOf: (key) => [key.fingerprint],
    });
    this.reservations = RESERVATIONS.map(([plan, metro]) => ({
      id: this.ids.uuid(),
      plan: PLANS.get(plan)!,
      metro: METROS.get(metro)!,
      device: undefined,
    }));
  }

  /** Machines that can be had now; undefined where the metro does not have the plan at all. */
  available(plan: Plan, metro: Metro): number | undefined {
    const stock = plan.stock[metro.code];
    return stock === undefined ? undefined : Math.max(0, stock - (this.#taken.get(placeKey(plan, metro)) ?? 0));
  }

  take(plan: Plan, metro: Metro, count: 1 | -1): void {
    const key = placeKey(plan, metro);
    this.#taken.set(key, (this.#taken.get(key) ?? 0) + count);
  }

  /** The next addresses of networks that are used for benchmarks and documentation only. */
  address(family: 4 | 6, isPublic: boolean): Address {
    this.#addresses += 1;
    const n = this.#addresses;
    const low = `${(n >> 8) & 255}.${n & 255}`;
    const address =
      family === 6
        ? `2001:db8:4641::${(n >> 16).toString(16)}:${(n & 0xffff).toString(16)}`
        : isPublic
          ? `198.${18 + ((n >> 16) & 1)}.${low}`
          : `10.${64 + ((n >> 16) & 15)}.${low}`;
    return { id: this.ids.uuid(), address, family, cidr: family === 6 ? 127 : 31, public: isPublic };
  }
}

export const tagKey = (tag: string): string => `tag:${tag}`;
const placeKey = (plan: Plan, metro: Metro): string => `${plan.slug}\n${metro.code}`;
