import { Clock } from "../clock.ts";
import { Collection } from "../collection.ts";
import { Ids } from "../ids.ts";
import type { SimulatorOptions } from "../simulator.ts";
import { type Product, products } from "./products.ts";

export interface Device {
  id: number;
  orderId: number;
  serviceId: number;
  hostname: string;
  /** As `/compute/` keeps it: what was ordered, whatever was changed since. */
  orderedHostname: string;
  productId: number;
  location: string;
  osName: string;
  tags: string[];
  period: string;
  publicSshKeyId: number | undefined;
  vlanId: number | undefined;
  script: string;
  power: "ON" | "OFF" | "PENDING";
  ip: string;
  orderedMs: number;
  /** When it is ready, or was. */
  readyMs: number;
  /** Until then it is installed anew. */
  reloadedMs: number;
  failed: boolean;
  events: { time: number; action: string }[];
}

export interface Order {
  id: number;
  deviceId: number;
  total: number;
  cancelled: boolean;
}

export interface Cancellation {
  id: number;
  deviceId: number;
  serviceId: number;
  startMs: number;
  endMs: number;
  reason: string;
  done: boolean;
}

export interface AccountKey {
  id: number;
  name: string;
  publicKey: string;
}

export interface Vlan {
  id: number;
  facilityCode: string;
  type: "public" | "private";
  tag: number;
}

const DEFAULT_PROVISION_MS = 2_000;
const DEFAULT_ACTION_MS = 200;

/** Everything the simulated account has. */
export class HivelocityWorld {
  readonly clock = new Clock();
  readonly ids: Ids;
  readonly provisionMs: number;
  readonly actionMs: number;
  readonly products = new Map<number, Product>();
  readonly devices: Collection<Device>;
  readonly orders: Collection<Order>;
  readonly keys: Collection<AccountKey>;
  readonly cancellations = new Map<number, Cancellation>();
  readonly vlans = new Map<number, Vlan>();
  #addresses = 0;

  constructor(options: SimulatorOptions) {
    const { clock } = this;
    const lagMs = options.listLagMs;
    this.ids = new Ids(options.seed);
    this.provisionMs = options.provisionMs ?? DEFAULT_PROVISION_MS;
    this.actionMs = options.actionMs ?? DEFAULT_ACTION_MS;
    for (const product of products()) this.products.set(product.id, product);
    this.devices = new Collection({ clock, lagMs, idOf: (device: Device) => device.id });
    this.orders = new Collection({ clock, idOf: (order: Order) => order.id });
    this.keys = new Collection({ clock, lagMs, idOf: (key: AccountKey) => key.id });
  }

  /** The next address of networks that are used for benchmarks only. */
  address(): string {
    this.#addresses += 1;
    const n = this.#addresses;
    return `198.${18 + ((n >> 16) & 1)}.${(n >> 8) & 255}.${n & 255}`;
  }
}
