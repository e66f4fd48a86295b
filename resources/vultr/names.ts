import type { ServerProblem } from "../problems.ts";
import type { ServerSpec } from "../spec.ts";
import { createTagCodec } from "../tags.ts";
import { fitsSize, isMetal } from "./ids.ts";
import { IMAGE_HELP, parseImage } from "./images.ts";
import type { VultrOptions } from "./schemas.ts";

/** Vultr does not say how long a tag may be; this is what we send at most. */
export const TAG_LENGTH = 255;
export const tags = createTagCodec(/[a-z0-9._:/@-]/);

/** Tags as `observe` reports them once the server is as desired. */
export function tagsOf(server: ServerSpec, mark: string): string[] {
  return [...tags.tagsOf(server.labels), mark].sort();
}

/** Keys and firewall groups have no tags, so the mark ends their name or description. */
export function markedName(name: string, mark: string): string {
  return `${name} ${mark}`;
}

/** What Vultr cannot take, by path in the server's file. */
export function problems(server: ServerSpec): ServerProblem[] {
  const found: ServerProblem[] = [];
  const refuse = (path: string, message: string) => void found.push({ path, message });
  for (const [key, value] of Object.entries(server.labels)) {
    const { length } = tags.tagOf(key, value);
    if (length > TAG_LENGTH)
      refuse(`labels.${key}`, `makes a tag of ${length} characters; ${TAG_LENGTH} are sent at most`);
  }
  if (parseImage(server.createOnly.image) === undefined) refuse("image", `"${server.createOnly.image}" ${IMAGE_HELP}`);
  if (server.adopt !== undefined && !fitsSize(server.adopt, server.size)) {
    const form = isMetal(server.size) ? "bare-metal/UUID, as this is a size of bare metal" : "a UUID";
    refuse("adopt", `must be the machine's id, ${form}`);
  }
  if (isMetal(server.size)) refuseForMetal(server, refuse);
  else refuseForInstance(server, refuse);
  return found;
}

function refuseForMetal(server: ServerSpec, refuse: (path: string, message: string) => void): void {
  const options: VultrOptions = server.options;
  if (server.firewalls.length > 0)
    refuse("firewalls.0", "cannot be: Vultr has no firewalls in front of bare metal; leave `firewalls` out");
  if (server.backups) refuse("backups", "cannot be: Vultr makes no backups of bare metal");
  if (server.power !== "running")
    refuse("power", "must be running: Vultr does not tell whether bare metal is switched on, so it cannot be kept off");
  for (const name of ["ddosProtection", "disablePublicIpv4", "backupSchedule"] as const)
    if (options[name] !== undefined) refuse(`provider.${name}`, "is for cloud compute, not for bare metal");
}

function refuseForInstance(server: ServerSpec, refuse: (path: string, message: string) => void): void {
  const options: VultrOptions = server.options;
  if (server.firewalls.length > 1)
    refuse(
      "firewalls.1",
      "is one too many: a machine at Vultr is in one firewall group; join the rules in one firewall",
    );
  if (options.persistentPxe !== undefined) refuse("provider.persistentPxe", "is for bare metal only");
  if (options.backupSchedule !== undefined && !server.backups)
    refuse("provider.backupSchedule", "has no meaning without `backups: true`");
  if (options.disablePublicIpv4 && !server.ipv6)
    refuse("provider.disablePublicIpv4", "needs `ipv6: true`: the machine would have no address");
}
