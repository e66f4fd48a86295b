import { Clock, serveSimulator } from "../kit.ts";
import type { SimulatedEntry, Simulator, SimulatorOptions } from "../simulator.ts";
import { Auth } from "./auth.ts";
import { Cluster } from "./cluster.ts";
import { SimulatedProxmox } from "./control.ts";
import { DEFAULT_PARTS, seed } from "./seed.ts";

/** "USER@REALM!ID=SECRET", as it stands in `Authorization: PVEAPIToken=…`. */
export const PROXMOX_TOKEN = "root@pam!fleetwright=5f0c9a3e-2b1d-4c47-8e6a-90d3b7f1c2a4";
export const PROXMOX_USERNAME = "root@pam";
export const PROXMOX_PASSWORD = "simulated-password";

interface ProxmoxOptions extends SimulatorOptions {
  password?: string;
  /** Default 2 hours, as the real one. */
  ticketLifetimeMs?: number;
}

/**
 * A Proxmox VE cluster of two nodes with templates, served on loopback under `/api2/json`. `provisionMs` (default 1500) is shared between a full
 * clone and the boot until the guest agent answers; there are no rate limits, as on a real one.
 */
export async function startProxmox(options: ProxmoxOptions = {}): Promise<Simulator> {
  const clock = new Clock();
  const provisionMs = options.provisionMs ?? 1500;
  const timing = {
    cloneMs: provisionMs / 2,
    bootMs: provisionMs / 2,
    actionMs: options.actionMs ?? 200,
    listLagMs: options.listLagMs ?? 0,
  };
  const cluster = new Cluster(DEFAULT_PARTS, timing, clock, options.seed);
  seed(cluster);
  const credentials = {
    token: options.token ?? PROXMOX_TOKEN,
    username: PROXMOX_USERNAME,
    password: options.password ?? PROXMOX_PASSWORD,
  };
  const auth = new Auth(credentials, clock, options.ticketLifetimeMs);
  return serveSimulator(new SimulatedProxmox(cluster, auth), options);
}

export const simulatedProxmox: SimulatedEntry = { start: startProxmox, credentials: { token: PROXMOX_TOKEN } };
