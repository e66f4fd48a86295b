import { isIP } from "node:net";

/** A CIDR block as Vultr's rules have it: its own family, the network's address without host bits, and how many bits are fixed. */
export interface Block {
  ipType: "v4" | "v6";
  subnet: string;
  subnetSize: number;
}

/** Undefined for what is no block. A single address is a block that holds only it. */
export function parseBlock(text: string): Block | undefined {
  const [host = "", prefix, ...rest] = text.split("/");
  const version = isIP(host);
  if (version === 0 || rest.length > 0 || host.includes("%")) return undefined;
  const bits = version === 4 ? 32 : 128;
  const size = prefix === undefined ? bits : Number(prefix);
  if (!Number.isInteger(size) || size < 0 || size > bits) return undefined;
  const address = version === 4 ? fromV4(host) : fromV6(host);
  const network = (address >> BigInt(bits - size)) << BigInt(bits - size);
  const subnet = version === 4 ? toV4(network) : toV6(network);
  return { ipType: version === 4 ? "v4" : "v6", subnet, subnetSize: size };
}

export function blockText({ subnet, subnetSize }: Block): string {
  return `${subnet}/${subnetSize}`;
}

function fromV4(text: string): bigint {
  return text.split(".").reduce((sum, part) => (sum << 8n) | BigInt(part), 0n);
}

function toV4(value: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 255n)).join(".");
}

function fromV6(text: string): bigint {
  const [head = "", tail] = canonicalV6(text).split("::");
  const groups = (part: string | undefined) => (part ? part.split(":") : []);
  const before = groups(head);
  const after = groups(tail);
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => "0");
  return [...before, ...zeros, ...after].reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n);
}

function toV6(value: bigint): string {
  const groups = Array.from({ length: 8 }, (_, index) => ((value >> BigInt((7 - index) * 16)) & 0xffffn).toString(16));
  return canonicalV6(groups.join(":"));
}

/** The shortest form, as the URL standard (and RFC 5952) writes it. */
function canonicalV6(text: string): string {
  return new URL(`http://[${text}]/`).hostname.slice(1, -1);
}
