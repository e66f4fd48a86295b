import type { Call } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import { type ConsoleReader, isWebAddress, type ServerConsole } from "../insight.ts";
import { invalidAnswer, openstack } from "./http.ts";
import { serverPath } from "./servers.ts";
import { novaSaysGone, wordsOf } from "./words.ts";

/** Lines from the end of what the machine has written. */
const LINES = 500;

/** By noVNC; where the operator offers none, what the machine has written. @see https://docs.openstack.org/api-ref/compute/#create-console */
export const console: ConsoleReader = {
  async open(id, call) {
    const path = `${serverPath(id)}/remote-consoles`;
    const { status, body } = await openstack<{ remote_console?: { url?: unknown } } | null>(call, "compute", {
      method: "POST",
      path,
      json: { remote_console: { protocol: "vnc", type: "novnc" } },
      ok: [400, 404, 409, 501],
      // Each opens a session of its own, which ends by itself.
      idempotent: true,
    });
    if (status === 400 || status === 501) return await written(id, call);
    if (status >= 400) throw refused(id, status, body);
    const url = body?.remote_console?.url;
    if (!isWebAddress(url)) throw invalidAnswer(call, "POST", path, "it names no address");
    return { url };
  },
};

async function written(id: string, call: Call): Promise<ServerConsole> {
  const path = `${serverPath(id)}/action`;
  const { status, body } = await openstack<{ output?: unknown } | null>(call, "compute", {
    method: "POST",
    path,
    json: { "os-getConsoleOutput": { length: LINES } },
    ok: [404, 409, 501],
    idempotent: true,
  });
  if (status >= 400) throw refused(id, status, body);
  if (typeof body?.output !== "string") throw invalidAnswer(call, "POST", path, "it has no text");
  return { text: body.output };
}

function refused(id: string, status: number, body: unknown): FleetError {
  const at = { cloud: "openstack", server: id, status };
  if (status === 404 && novaSaysGone(body)) return new FleetError("NOT_FOUND", `there is no server ${id}`, at);
  if (status === 501) return new FleetError("CLOUD_UNSUPPORTED", "this OpenStack offers no console", at);
  return new FleetError("CLOUD_REFUSED", `OpenStack opens no console of ${id}: ${wordsOf(body) ?? status}`, at);
}
