import type { ServerContext } from "../cloud.ts";
import { refuseProblems } from "../problems.ts";
import type { ServerSpec } from "../spec.ts";
import { environmentOf } from "./environments.ts";
import { problems, tagsOf } from "./names.ts";
import { serverOptions } from "./schemas.ts";

/** Inputs of a VirtualMachine in plain values, but for the ids of firewalls and key, which a first preview does not know. */
export interface MachineInputs {
  mark: string;
  name: string;
  region: string;
  environment: string;
  flavor: string;
  image: string;
  keyName?: string;
  userData?: string;
  publicIp: boolean;
  portRandomization: boolean;
  bootableVolume: boolean;
  labels: string[];
}

/**
 * What a server's document means as a machine; what its own `provider:` leaves open comes from the account.
 * @throws {FleetError} FLEET_INVALID for what `problems` tells
 */
export function machineInputs(
  server: ServerSpec,
  context: Pick<ServerContext, "mark" | "userData" | "accountOptions">,
): MachineInputs {
  refuseProblems(server, "hyperstack", problems(server));
  const own = serverOptions(server.options);
  const userData = context.userData ?? furtherKeys(server);
  return {
    mark: context.mark,
    name: server.hostname,
    region: server.region,
    environment: own.environment ?? environmentOf(context.accountOptions ?? {}, server.region),
    flavor: server.size,
    image: server.createOnly.image,
    ...(own.keyName === undefined ? {} : { keyName: own.keyName }),
    ...(userData === undefined ? {} : { userData }),
    publicIp: own.publicIp ?? true,
    portRandomization: own.portRandomization ?? false,
    bootableVolume: own.bootableVolume ?? false,
    labels: tagsOf(server, context.mark),
  };
}

/** A machine is made with one key; cloud-init puts the others beside it. */
function furtherKeys({ createOnly, options }: ServerSpec): string | undefined {
  const others = createOnly.keys.slice(serverOptions(options).keyName === undefined ? 1 : 0);
  if (others.length === 0) return undefined;
  // JSON is YAML, so no key can break out of its place.
  return `#cloud-config\n${JSON.stringify({ ssh_authorized_keys: others.map((key) => key.publicKey.trim()) })}\n`;
}
