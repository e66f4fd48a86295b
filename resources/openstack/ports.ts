import type { Call } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import { markWithin } from "../mark.ts";
import { isPort, type Port } from "./answers.ts";
import { invalidAnswer, openstack } from "./http.ts";
import { listAll } from "./lists.ts";
import { describe } from "./names.ts";
import { neutronSaysGone } from "./words.ts";

const portPath = (id: string): string => `/ports/${encodeURIComponent(id)}`;

/** One port; undefined only when Neutron itself says that there is none. @throws {FleetError} CLOUD_ANSWER_INVALID */
export async function readPort(call: Call, id: string): Promise<Port | undefined> {
  const path = portPath(id);
  const { status, body } = await openstack<{ port?: unknown } | null>(call, "network", {
    method: "GET",
    path,
    ok: [404],
  });
  if (status === 404 && neutronSaysGone(body)) return undefined;
  if (!isPort(body?.port)) throw invalidAnswer(call, "GET", path, "it is no port");
  return body.port;
}

/** The ports that the account may see, all or those of one network. */
export async function listPorts(call: Call, network?: string): Promise<Port[]> {
  const query = network === undefined ? {} : { network_id: network };
  return await listAll(call, { service: "network", path: "/ports", key: "ports", query, isItem: isPort });
}

/** The ports on a network that carry the mark in their description. */
export async function portsWithMark(call: Call, network: string, mark: string): Promise<Port[]> {
  return (await listPorts(call, network)).filter((port) => markOfPort(port) === mark);
}

export const markOfPort = ({ description }: Port): string | undefined => markWithin(description ?? "");

/** What a port is for: its description without our mark. */
export function textOfPort(port: Port): string {
  const mark = markOfPort(port);
  return (port.description ?? "").replace(mark === undefined ? "" : describe(mark), "").trim();
}

/** Sends the request that makes a port, once. */
export async function postPort(
  port: { name: string; network_id: string; description: string },
  call: Call,
): Promise<Port> {
  const path = "/ports";
  const { body } = await openstack<{ port?: unknown } | null>(call, "network", {
    method: "POST",
    path,
    json: { port },
    idempotent: false,
  });
  if (!isPort(body?.port)) throw invalidAnswer(call, "POST", path, "it does not show the new port");
  return body.port;
}

/** Writes what differs of a port. */
export async function putPort(
  port: Port,
  wanted: Partial<Pick<Port, "name" | "description" | "security_groups">>,
  call: Call,
): Promise<void> {
  const text = (value: unknown) => JSON.stringify(Array.isArray(value) ? [...value].sort() : (value ?? ""));
  const differing = Object.entries(wanted).filter(([field, value]) => text(port[field as keyof Port]) !== text(value));
  if (differing.length === 0) return;
  const json = { port: Object.fromEntries(differing) };
  await openstack(call, "network", { method: "PUT", path: portPath(port.id), json });
}

/** @throws {FleetError} VERIFY_FAILED when it is still there */
export async function deletePort(call: Call, id: string): Promise<void> {
  await openstack(call, "network", { method: "DELETE", path: portPath(id), answer: "none", ok: [404] });
  if (await readPort(call, id))
    throw new FleetError("VERIFY_FAILED", `port ${id} is still there after its removal`, { id });
}

/** The port with our mark; undefined when it is gone. @throws {FleetError} CLOUD_REFUSED when it is not ours */
export async function findOurPort(call: Call, id: string, mark: unknown): Promise<Port | undefined> {
  const port = await readPort(call, id);
  if (port && typeof mark === "string" && markOfPort(port) !== mark) {
    const message = `port ${id} does not carry our mark ${mark}: it may be another's, and is left alone`;
    throw new FleetError("CLOUD_REFUSED", message, { id, mark });
  }
  return port;
}
