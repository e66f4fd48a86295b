import { randomUUID } from "node:crypto";
import { novaError } from "./errors.ts";
import { bodyOf, invalid, type NovaContext, viewerOf } from "./nova-request.ts";
import type { SimServer, World } from "./world.ts";

/** Ways to a screen that nova knows; of these there is noVNC here. */
const PROTOCOLS: Readonly<Record<string, readonly string[]>> = {
  vnc: ["novnc", "xvpvnc"],
  spice: ["spice-html5"],
  rdp: ["rdp-html5"],
  serial: ["serial"],
  mks: ["webmks"],
};
const SINCE_MINOR = 6;

/** `POST /servers/ID/remote-consoles`: each asks for a session of its own. */
export async function remoteConsole(c: NovaContext, server: SimServer): Promise<Response> {
  if (viewerOf(c).minor < SINCE_MINOR) return c.text("404 Not Found\n\nThe resource could not be found.\n", 404);
  const { protocol, type } = await bodyOf(c, "remote_console");
  const types = PROTOCOLS[String(protocol)];
  if (types === undefined) throw invalid("protocol", protocol, "is not one of the protocols of consoles");
  if (!types.includes(String(type))) throw invalid("type", type, `is no type of ${protocol}`);
  if (type !== "novnc") throw novaError(400, `Unavailable console type ${type}.`);
  if (server.vm !== "active" || server.task !== null) throw novaError(409, `Instance ${server.id} is not ready`);
  const { origin } = viewerOf(c);
  const url = `${origin}/vnc_auto.html?path=%3Ftoken%3D${randomUUID()}`;
  return c.json({ remote_console: { protocol, type, url } });
}

/** What the machine has written since its start. */
export function consoleOutput(server: SimServer, length: unknown, world: World): string {
  if (server.launchedAt === null) throw novaError(409, `Instance ${server.id} is not ready`);
  const seconds = (world.clock.now() - server.launchedAt) / 1000;
  const lines = [
    "[    0.000000] Linux version 6.12.48-cloud-amd64",
    `[    1.204113] systemd[1]: Hostname set to <${server.hostname}>.`,
    ...(seconds > 1 ? ["[    4.880210] cloud-init[412]: Cloud-init v. 25.1 running 'modules:final'"] : []),
    `${server.hostname} login: `,
  ];
  const wanted = length === undefined || length === null ? -1 : Number(length);
  if (!Number.isInteger(wanted) || wanted < -1) throw invalid("length", length, "does not match '^-?[0-9]+$'");
  return (wanted < 0 ? lines : wanted === 0 ? [] : lines.slice(-wanted)).join("\n");
}
