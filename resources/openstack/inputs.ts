import type { ServerContext } from "../cloud.ts";
import { refuseProblems } from "../problems.ts";
import type { ServerSpec } from "../spec.ts";
import { problems, tagsOf } from "./names.ts";
import { accountOptions, serverOptions } from "./schemas.ts";

/** Inputs of a Server in plain values; the names are those of the resource. */
export interface ServerInputs {
  mark: string;
  name: string;
  flavor: string;
  image: string;
  availabilityZone: string;
  tags: string[];
  keyName?: string;
  userData?: string;
  networks: string[];
  ports: string[];
  configDrive: boolean;
  bootVolumeGiB?: number;
}

/**
 * What a server's document means as a server of nova; networks that its own `provider:` leaves open come from the account.
 * @throws {FleetError} FLEET_INVALID for what `problems` tells
 */
export function serverInputs(
  server: ServerSpec,
  context: Pick<ServerContext, "mark" | "userData" | "accountOptions" | "keyIds">,
): ServerInputs {
  refuseProblems(server, "openstack", problems(server));
  const own = serverOptions(server.options);
  const { networks } = accountOptions(context.accountOptions ?? {});
  const { image, keys } = server.createOnly;
  const [first] = keys;
  const keyName = first && context.keyIds[first.name];
  const userData = context.userData ?? keysAsUserData(keys.slice(1).map((key) => key.publicKey));
  return {
    mark: context.mark,
    name: server.hostname,
    flavor: server.size,
    image,
    availabilityZone: server.region,
    tags: tagsOf(server, context.mark),
    ...(keyName === undefined ? {} : { keyName }),
    ...(userData === undefined ? {} : { userData }),
    networks: own.networks ?? (own.ports ? [] : (networks ?? [])),
    ports: own.ports ?? [],
    configDrive: own.configDrive ?? false,
    ...(own.bootVolumeGiB === undefined ? {} : { bootVolumeGiB: own.bootVolumeGiB }),
  };
}

/** Nova puts one key into a machine. Further ones go in by cloud-init, which adds them to its default user as it does nova's. */
function keysAsUserData(keys: readonly string[]): string | undefined {
  if (keys.length === 0) return undefined;
  return `#cloud-config\n${JSON.stringify({ ssh_authorized_keys: keys.map((key) => key.trim()) })}\n`;
}
