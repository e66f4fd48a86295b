import type { Call } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import { poll } from "../poll.ts";
import type { NovaServer } from "./answers.ts";
import { setGroups } from "./groups.ts";
import { openstack } from "./http.ts";
import type { Machine } from "./make.ts";
import { metadataOf } from "./names.ts";
import { act, existing, stepTowards } from "./power.ts";
import { flavorId } from "./resolve.ts";
import { serverPath, taskOf } from "./servers.ts";

const MOST_REFUSALS = 5;

/** Brings name, metadata, groups and size of a server to what is declared. Each step looks first, so that all of it may be repeated. */
export async function changeServer(
  id: string,
  before: Pick<Machine, "securityGroups">,
  machine: Machine,
  call: Call,
): Promise<void> {
  const server = await idle(id, call);
  if (server.name !== machine.name) {
    await openstack(call, "compute", { method: "PUT", path: serverPath(id), json: { server: { name: machine.name } } });
  }
  const metadata = metadataOf([...machine.tags, machine.mark]);
  if (!sameEntries(server.metadata, metadata)) {
    await openstack(call, "compute", { method: "PUT", path: `${serverPath(id)}/metadata`, json: { metadata } });
  }
  if (machine.securityGroups.length > 0 || before.securityGroups.length > 0) {
    await setGroups(call, id, machine.securityGroups);
  }
  if (server.flavor.original_name !== machine.flavor || server.status === "VERIFY_RESIZE") {
    await resize(id, machine.flavor, call);
  }
}

/** The server once nova does nothing with it. */
function idle(id: string, call: Call): Promise<NovaServer> {
  return poll(call, `server ${id} to be idle`, async () => {
    const server = await existing(id, call);
    return taskOf(server) === undefined && server.status !== "BUILD" ? server : undefined;
  });
}

/**
 * Another flavor, and its confirmation: nova keeps the old disk until then. What a killed run left half done is finished. A server that is
 * suspended goes on first, because nova resizes only those that run or are off; the Power beside it puts it back.
 *
 * @throws {FleetError} CLOUD_OUT_OF_STOCK when nova gives it up and leaves the server as it was
 */
async function resize(id: string, flavor: string, call: Call): Promise<void> {
  const flavorRef = await flavorId(call, flavor);
  let asked = false;
  let refusals = 0;
  await poll(call, `server ${id} to be resized to ${flavor}`, async () => {
    const server = await existing(id, call);
    if (taskOf(server) !== undefined || server.status === "RESIZE") return undefined;
    if (server.status === "ERROR") {
      throw new FleetError(
        "CLOUD_REFUSED",
        `the resize of server ${id} failed: ${server.fault?.message ?? "nova does not say why"}`,
        {
          server: id,
        },
      );
    }
    const done = server.flavor.original_name === flavor;
    if (done && server.status !== "VERIFY_RESIZE") return true;
    const resizable = server.status === "ACTIVE" || server.status === "SHUTOFF";
    if (resizable && asked) {
      const message = `openstack gave up the resize of server ${id} to ${flavor}, and left it as it was: no host may have room for it`;
      throw new FleetError("CLOUD_OUT_OF_STOCK", message, { server: id, size: flavor });
    }
    const body =
      server.status === "VERIFY_RESIZE"
        ? { confirmResize: null }
        : resizable
          ? { resize: { flavorRef } }
          : stepTowards("running", server);
    const refusal = body && (await act(id, body, call));
    if (refusal && ++refusals >= MOST_REFUSALS) throw refusal;
    asked ||= resizable && !refusal;
    return undefined;
  });
}

function sameEntries(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}
