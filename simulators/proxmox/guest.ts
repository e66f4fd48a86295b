import { macOf } from "./cards.ts";
import type { Cluster, Vm } from "./cluster.ts";
import { died } from "./errors.ts";
import { parseProperties } from "./formats.ts";

/** `GET /nodes/{node}/qemu/{vmid}/agent/network-get-interfaces`. @throws {PveError} 500 while nobody answers in the guest */
export function guestInterfaces(vm: Vm, cluster: Cluster): unknown[] {
  if (vm.config.agent === undefined) throw died("No QEMU guest agent configured");
  if (vm.power === "stopped") throw died(`VM ${vm.vmid} is not running`);
  const enabled = /^(1|on|yes|true)$/i.test(parseProperties(vm.config.agent, "enabled").get("enabled") ?? "");
  const answers = vm.agentAt !== undefined && vm.agentAt <= cluster.clock.now();
  if (!enabled || !answers || vm.power === "paused") throw died("QEMU guest agent is not running");
  const cards = Object.keys(vm.config)
    .filter((option) => /^net\d+$/.test(option))
    .sort();
  return [loopback(), ...cards.map((option) => card(vm, Number(option.slice(3))))];
}

function card(vm: Vm, index: number): unknown {
  const mac = (macOf(vm.config[`net${index}`] ?? "") ?? "02:00:00:00:00:00").toLowerCase();
  const wanted = parseProperties(vm.config[`ipconfig${index}`] ?? "").get("ip");
  const static4 = wanted && wanted !== "dhcp" ? wanted.split("/") : undefined;
  const [address, prefix] = static4 ?? [dhcpAddress(vm.vmid, index), "24"];
  return {
    name: `eth${index}`,
    "hardware-address": mac,
    "ip-addresses": [
      { "ip-address": address, "ip-address-type": "ipv4", prefix: Number(prefix) },
      { "ip-address": `fd00:10::${vm.vmid.toString(16)}`, "ip-address-type": "ipv6", prefix: 64 },
      { "ip-address": linkLocal(mac), "ip-address-type": "ipv6", prefix: 64 },
    ],
  };
}

function loopback(): unknown {
  return {
    name: "lo",
    "hardware-address": "00:00:00:00:00:00",
    "ip-addresses": [
      { "ip-address": "127.0.0.1", "ip-address-type": "ipv4", prefix: 8 },
      { "ip-address": "::1", "ip-address-type": "ipv6", prefix: 128 },
    ],
  };
}

function dhcpAddress(vmid: number, index: number): string {
  return `10.${10 + index}.${(vmid >> 8) & 255}.${vmid & 255}`;
}

/** The address that a machine gives itself from its card's address. */
function linkLocal(mac: string): string {
  const bytes = mac.split(":").map((part) => Number.parseInt(part, 16));
  bytes[0] = (bytes[0] ?? 0) ^ 2;
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = bytes;
  const groups = [(a << 8) | b, (c << 8) | 0xff, (0xfe << 8) | d, (e << 8) | f];
  return `fe80::${groups.map((group) => group.toString(16)).join(":")}`;
}
