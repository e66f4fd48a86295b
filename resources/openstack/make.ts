import type { Call } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import { poll } from "../poll.ts";
import type { NovaServer } from "./answers.ts";
import { invalidAnswer, openstack } from "./http.ts";
import type { ServerInputs } from "./inputs.ts";
import { metadataOf } from "./names.ts";
import { existing } from "./power.ts";
import { flavorId, imageId, networkId } from "./resolve.ts";
import { readServer, serverPath, taskOf } from "./servers.ts";

export type Machine = ServerInputs & { securityGroups: string[] };

/** Sends the request that makes a server, once. @throws {FleetError} FLEET_INVALID for names that the cloud does not have, and what `request` throws */
export async function postServer(machine: Machine, call: Call): Promise<{ id: string }> {
  const [flavorRef, image, networks] = await Promise.all([
    flavorId(call, machine.flavor),
    imageId(call, machine.image),
    Promise.all(machine.networks.map((network) => networkId(call, network))),
  ]);
  const ports = [...machine.ports.map((port) => ({ port })), ...networks.map((uuid) => ({ uuid }))];
  const server = {
    name: machine.name,
    flavorRef,
    ...bootFrom(image, machine.bootVolumeGiB),
    // From 2.37 on nova wants to be told; "auto" takes the project's one network.
    networks: ports.length > 0 ? ports : "auto",
    metadata: metadataOf([...machine.tags, machine.mark]),
    availability_zone: machine.availabilityZone,
    ...(machine.keyName === undefined ? {} : { key_name: machine.keyName }),
    ...(machine.userData === undefined ? {} : { user_data: Buffer.from(machine.userData).toString("base64") }),
    ...(machine.securityGroups.length > 0 ? { security_groups: machine.securityGroups.map((name) => ({ name })) } : {}),
    ...(machine.configDrive ? { config_drive: true } : {}),
  };
  const path = "/servers";
  // The answer holds a password that nova has made up: nothing of it is kept but the id.
  const { body } = await openstack<{ server?: { id?: unknown } } | null>(call, "compute", {
    method: "POST",
    path,
    json: { server },
    idempotent: false,
  });
  const id = body?.server?.id;
  if (typeof id !== "string") throw invalidAnswer(call, "POST", path, "it does not name the new server");
  return { id };
}

function bootFrom(image: string, volumeGiB: number | undefined): Record<string, unknown> {
  if (volumeGiB === undefined) return { imageRef: image };
  return {
    block_device_mapping_v2: [
      {
        boot_index: 0,
        uuid: image,
        source_type: "image",
        destination_type: "volume",
        volume_size: volumeGiB,
        delete_on_termination: true,
      },
    ],
  };
}

/**
 * Waits until a new server is there. One that nova could not make (no host has room for it) never ran: it is removed, so that the same file can
 * be tried again.
 *
 * @throws {FleetError} CLOUD_OUT_OF_STOCK or CLOUD_REFUSED with nova's reason
 */
export async function untilBuilt(id: string, call: Call): Promise<NovaServer> {
  const server = await poll(call, `server ${id} to be built`, async () => {
    const seen = await existing(id, call);
    return seen.status === "BUILD" || taskOf(seen) !== undefined ? undefined : seen;
  });
  if (server.status !== "ERROR" || server["OS-EXT-STS:power_state"] !== 0) return server;
  const reason = server.fault?.message ?? "nova does not say why";
  await destroy(id, call);
  const code = /No valid host|exceeded max|not enough|Insufficient/i.test(reason)
    ? "CLOUD_OUT_OF_STOCK"
    : "CLOUD_REFUSED";
  throw new FleetError(code, `openstack could not make the server, and it is removed again: ${reason}`, {
    server: id,
    removed: true,
  });
}

/** Removes a server and waits until nova no longer has it. */
export async function destroy(id: string, call: Call): Promise<void> {
  await openstack(call, "compute", { method: "DELETE", path: serverPath(id), answer: "none", ok: [404] });
  await poll(call, `server ${id} to be gone`, async () => ((await readServer(call, id)) ? undefined : true));
}
