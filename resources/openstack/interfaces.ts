import type { Call } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import { poll } from "../poll.ts";
import type { Port } from "./answers.ts";
import { openstack } from "./http.ts";
import { markOfPort, readPort } from "./ports.ts";
import { existing } from "./power.ts";
import { serverPath, taskOf } from "./servers.ts";

/** Ids of a server and of a port that it is plugged into. */
export interface Plug {
  server: string;
  port: string;
}

/** A Power beside it may be at work on the server: nova then refuses for a moment. */
const MOST_REFUSALS = 5;

/** Waits while the server is being made. @throws {FleetError} CLOUD_REFUSED for a port that is another's or plugged in elsewhere, and with nova's reason */
export async function plugIn({ server, port }: Plug, call: Call): Promise<void> {
  let refusals = 0;
  await poll(call, `port ${port} to be at server ${server}`, async () => {
    const found = await ourPort(port, call);
    if (found.device_id === server) return true;
    if (found.device_id) {
      const message = `port ${port} is plugged into ${found.device_id}, and is left there`;
      throw new FleetError("CLOUD_REFUSED", message, { port, server: found.device_id });
    }
    const { status, ...seen } = await existing(server, call);
    if (status === "BUILD" || taskOf({ status, ...seen }) !== undefined) return undefined;
    try {
      const json = { interfaceAttachment: { port_id: port } };
      await openstack(call, "compute", { method: "POST", path: `${serverPath(server)}/os-interface`, json });
    } catch (error) {
      const isBusy = error instanceof FleetError && error.at.status === 409;
      if (!isBusy || ++refusals >= MOST_REFUSALS) throw error;
    }
    return undefined;
  });
}

/** @throws {FleetError} NOT_FOUND, CLOUD_REFUSED for one without our mark */
export async function ourPort(id: string, call: Call): Promise<Port> {
  const port = await readPort(call, id);
  if (!port) throw new FleetError("NOT_FOUND", `there is no port ${id}`, { port: id });
  if (markOfPort(port) !== undefined) return port;
  throw new FleetError("CLOUD_REFUSED", `port ${id} carries no mark of ours, and is left alone`, { port: id });
}

/** Takes the port out of the server, and waits for it to be out. One that is not in there is left as it is. */
export async function unplug({ server, port }: Plug, call: Call): Promise<void> {
  if ((await readPort(call, port))?.device_id !== server) return;
  const path = `${serverPath(server)}/os-interface/${encodeURIComponent(port)}`;
  await openstack(call, "compute", { method: "DELETE", path, answer: "none", ok: [404] });
  await poll(call, `port ${port} to leave server ${server}`, async () =>
    (await readPort(call, port))?.device_id === server ? undefined : true,
  );
}
