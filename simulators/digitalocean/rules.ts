import { isIP } from "node:net";
import { unprocessable } from "./errors.ts";
import { type Body, readIntegers, readList, readStrings, requireString } from "./fields.ts";
import type { DigitalOceanWorld, Rule, Targets } from "./world.ts";

const SIDES = { inbound: "sources", outbound: "destinations" } as const;

/** The rules of one direction. Tags and droplets that a rule names must exist. @throws {DigitalOceanError} 422 */
export function readRules(body: Body, direction: keyof typeof SIDES, world: DigitalOceanWorld): Rule[] {
  return readList(body, `${direction}_rules`).map((item) => {
    if (typeof item !== "object" || item === null) throw unprocessable(`${direction}_rules must hold objects`);
    const rule = item as Body;
    const protocol = requireString(rule, "protocol");
    if (protocol !== "tcp" && protocol !== "udp" && protocol !== "icmp") throw unprocessable("invalid protocol");
    const side = SIDES[direction];
    const targets = rule[side];
    if (typeof targets !== "object" || targets === null) throw unprocessable(`${side} is required`);
    return { protocol, ports: readPorts(rule, protocol), targets: readTargets(targets as Body, side, world) };
  });
}

function readPorts(rule: Body, protocol: Rule["protocol"]): string {
  // All ports, and the absence of ports, are "0" in answers.
  if (protocol === "icmp") return "0";
  const ports = requireString(rule, "ports");
  if (ports === "all" || ports === "0") return "0";
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(ports);
  const first = Number(match?.[1]);
  const last = Number(match?.[2] ?? match?.[1]);
  if (!match || first < 1 || last > 65_535 || first > last) throw unprocessable(`invalid ports ${ports}`);
  return ports;
}

function readTargets(body: Body, side: string, world: DigitalOceanWorld): Targets {
  const targets = {
    addresses: readStrings(body, "addresses"),
    droplet_ids: readIntegers(body, "droplet_ids"),
    load_balancer_uids: readStrings(body, "load_balancer_uids"),
    kubernetes_ids: readStrings(body, "kubernetes_ids"),
    tags: readStrings(body, "tags"),
  };
  for (const address of targets.addresses) if (!isBlock(address)) throw unprocessable(`invalid address ${address}`);
  checkTags(targets.tags, world);
  checkDroplets(targets.droplet_ids, world);
  const named = Object.entries(targets).filter(([, values]) => values.length > 0);
  if (named.length === 0) throw unprocessable(`${side} must name at least one address, Droplet, tag or balancer`);
  return Object.fromEntries(named);
}

/** Unlike a droplet, a firewall does not make the tags it names. */
export function checkTags(tags: readonly string[], world: DigitalOceanWorld): void {
  const missing = tags.find((tag) => !world.tags.has(tag.toLowerCase()));
  if (missing !== undefined) throw unprocessable(`tag ${missing} does not exist`);
}

export function checkDroplets(ids: readonly number[], world: DigitalOceanWorld): void {
  const missing = ids.find((id) => !world.droplets.get(id));
  if (missing !== undefined) throw unprocessable(`droplet ${missing} does not exist`);
}

function isBlock(text: string): boolean {
  const [address = "", prefix, ...rest] = text.split("/");
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128));
}
