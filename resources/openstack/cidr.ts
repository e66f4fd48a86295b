import { isIP } from "node:net";

/** A block as Neutron keeps it: with a length, without the bits behind it, IPv6 in its shortest form. What is no address stays as it is. */
export function normalCidr(text: string): string {
  const [address = "", length] = text.split("/");
  const version = isIP(address);
  if (version === 0) return text;
  const bits = version === 4 ? 32 : 128;
  const kept = length === undefined ? bits : Number(length);
  if (!Number.isInteger(kept) || kept < 0 || kept > bits) return text;
  const size = BigInt(bits - kept);
  const value = ((version === 4 ? valueOf4(address) : valueOf6(address)) >> size) << size;
  return `${version === 4 ? textOf4(value) : textOf6(value)}/${kept}`;
}

function valueOf4(address: string): bigint {
  return address.split(".").reduce((value, part) => (value << 8n) | BigInt(part), 0n);
}

function textOf4(value: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 255n)).join(".");
}

function valueOf6(address: string): bigint {
  const [head = "", tail = ""] = shortest6(address).split("::");
  const parts = (text: string) => (text === "" ? [] : text.split(":"));
  const gap = 8 - parts(head).length - parts(tail).length;
  const all = [...parts(head), ...Array.from({ length: gap }, () => "0"), ...parts(tail)];
  return all.reduce((value, part) => (value << 16n) | BigInt(`0x${part}`), 0n);
}

function textOf6(value: bigint): string {
  const parts = Array.from({ length: 8 }, (_, index) => ((value >> BigInt(112 - 16 * index)) & 0xffffn).toString(16));
  return shortest6(parts.join(":"));
}

/** As the URL standard writes an address, which is as RFC 5952 does. */
function shortest6(address: string): string {
  return new URL(`http://[${address}]`).hostname.slice(1, -1);
}
