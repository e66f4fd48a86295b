import { Clock, Ids, serveSimulator } from "../kit.ts";
import type { SimulatedEntry, Simulator, SimulatorOptions } from "../simulator.ts";
import { SimulatedOpenStack } from "./control.ts";
import { Identity } from "./identity.ts";
import { identityParts, seed } from "./seed.ts";
import { World } from "./world.ts";

export const OPENSTACK_USERNAME = "fleetwright";
/** A member of the same project who is no administrator; the same password. */
export const OPENSTACK_MEMBER = "member";
export const OPENSTACK_PASSWORD = "simulated-password";
export const OPENSTACK_PROJECT = "fleet";
export const OPENSTACK_CREDENTIALS = {
  applicationCredentialId: "21dced0fd20347869b93710d2b98aae0",
  applicationCredentialSecret: "simulated-application-credential-secret",
};

interface OpenStackOptions extends SimulatorOptions {
  password?: string;
  /** Default one hour. */
  tokenLifetimeMs?: number;
  /** What stands there besides. */
  more?(world: World): void;
}

/**
 * An OpenStack of seven hosts in two availability zones, served on loopback: `/identity`, `/compute`, `/network`, `/image`, `/placement`. The catalogue
 * names these at the address that the login came to. There are no rate limits, as on a real one.
 */
export async function startOpenStack(options: OpenStackOptions = {}): Promise<Simulator> {
  const clock = new Clock();
  const ids = new Ids(options.seed);
  const timing = {
    provisionMs: options.provisionMs ?? 1500,
    actionMs: options.actionMs ?? 200,
    listLagMs: options.listLagMs ?? 0,
  };
  const world = new World(timing, clock, ids);
  seed(world);
  options.more?.(world);
  const secrets = {
    password: options.password ?? OPENSTACK_PASSWORD,
    ...OPENSTACK_CREDENTIALS,
    ...(options.token === undefined ? {} : { applicationCredentialSecret: options.token }),
  };
  const identity = new Identity(identityParts(secrets), clock, ids, options.tokenLifetimeMs);
  return serveSimulator(new SimulatedOpenStack(world, identity), options);
}

export const simulatedOpenStack: SimulatedEntry = {
  start: startOpenStack,
  credentials: OPENSTACK_CREDENTIALS,
  // OpenStack has no prices, so the account names them.
  accountOptions: {
    prices: {
      "m1.tiny": { hourly: 0.005 },
      "m1.small": { hourly: 0.02 },
      "m1.medium": { hourly: 0.04 },
      "m1.large": { hourly: 0.08 },
      "c1.large": { hourly: 0.12 },
      "v1.medium": { hourly: 0.035 },
      "g1.a100": { hourly: 1.35 },
      "g1.vgpu": { hourly: 0.5 },
    },
  },
};
