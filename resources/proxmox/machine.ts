import type { ActualServer } from "../actual.ts";
import type { Call } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import { readFirewall } from "./firewall.ts";
import { pve } from "./http.ts";
import { markInDescription, markOf, splitTags } from "./marks.ts";
import {
  idOf,
  memoryMiBOf,
  powerOf,
  readConfig,
  readStatus,
  text,
  type VmConfig,
  type VmPlace,
  vcpusOf,
  vmPath,
} from "./vms.ts";

const GIB = 1024 ** 3;

/** One machine from its configuration and its status, read from its node. @throws {FleetError} NOT_FOUND */
export async function readServer(call: Call, place: VmPlace): Promise<ActualServer> {
  const [config, status] = await Promise.all([readConfig(call, place), readStatus(call, place)]);
  const tags = splitTags(text(config.tags));
  const mark = markOf(tags) ?? markInDescription(text(config.description));
  const lock = status.lock ?? text(config.lock);
  const word = status.qmpstatus ?? status.status;
  const power = powerOf(word, lock);
  const agent = power === "running" && agentEnabled(config);
  const [addresses, firewall] = await Promise.all([
    agent ? guestAddresses(call, place) : { ipv4: [], ipv6: [] },
    readFirewall(call, place, config),
  ]);
  const { rules, inboundPolicy, outboundPolicy } = firewall;
  return {
    id: idOf(place),
    name: text(config.name) ?? `VM ${place.vmid}`,
    ...(mark ? { mark } : {}),
    power,
    status: lock ? `${word} (${lock})` : word,
    region: place.node,
    ...addresses,
    vcpus: vcpusOf(config),
    memoryMiB: memoryMiBOf(config),
    ...(status.maxdisk ? { diskGiB: Math.round(status.maxdisk / GIB) } : {}),
    tags,
    rules: { rules, inboundPolicy, outboundPolicy },
  };
}

interface Interface {
  name?: string;
  "ip-addresses"?: { "ip-address"?: string; "ip-address-type"?: string }[];
}

/** What the guest's agent tells, without loopback and link-local addresses; nothing while no agent answers. */
async function guestAddresses(call: Call, place: VmPlace): Promise<{ ipv4: string[]; ipv6: string[] }> {
  const path = `${vmPath(place)}/agent/network-get-interfaces`;
  let answer: { result?: Interface[] } | null;
  try {
    answer = await pve(call, { method: "GET", path, timeoutMs: 10_000, idempotent: false });
  } catch (error) {
    // The address is a courtesy: no agent, a busy one and one that hangs are all the same here.
    const absent = error instanceof FleetError && ["CLOUD_REFUSED", "CLOUD_UNAVAILABLE"].includes(error.code);
    if (!absent || call.signal.aborted) throw error;
    return { ipv4: [], ipv6: [] };
  }
  const all = (answer?.result ?? []).flatMap((card) => card["ip-addresses"] ?? []);
  const of = (type: string) =>
    all.flatMap((entry) => (entry["ip-address-type"] === type && entry["ip-address"] ? [entry["ip-address"]] : []));
  return {
    ipv4: of("ipv4").filter((ip) => !/^(127\.|169\.254\.)/.test(ip)),
    ipv6: of("ipv6").filter((ip) => ip !== "::1" && !/^fe[89ab]/i.test(ip)),
  };
}

function agentEnabled(config: VmConfig): boolean {
  return /^(enabled=)?(1|on|yes|true)\b/i.test(text(config.agent) ?? "");
}
