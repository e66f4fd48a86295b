import { isIP } from "node:net";

/** Every address there is, as clouds write it. */
export const EVERYWHERE: readonly string[] = ["0.0.0.0/0", "::/0"];

const BITS = { 4: 32, 6: 128 } as const;

/**
 * A CIDR block in the words that all clouds answer with: lower case, IPv6 compressed, no bits beyond the prefix (`10.1.2.3/8` is `10.0.0.0/8`).
 * A single address becomes the block that holds only it. Undefined for anything else.
 */
export function toBlock(text: string): string | undefined {
  const [host = "", prefix, ...rest] = text.split("/");
  const version = isIP(host);
  if ((version !== 4 && version !== 6) || rest.length > 0 || host.includes("%")) return undefined;
  const bits = BITS[version];
  if (prefix !== undefined && !/^(0|[1-9]\d{0,2})$/.test(prefix)) return undefined;
  const length = prefix === undefined ? bits : Number(prefix);
  if (length > bits) return undefined;
  const free = BigInt(bits - length);
  const network = (toNumber(host, version) >> free) << free;
  return `${toAddress(network, version)}/${length}`;
}

/** 4 or 6, of a block as `toBlock` gives it. */
export function familyOf(block: string): 4 | 6 {
  return block.includes(":") ? 6 : 4;
}

/** Whether these blocks leave nobody out. None are none, and not everybody. */
export function isEverywhere(blocks: readonly string[]): boolean {
  return EVERYWHERE.every((block) => blocks.includes(block));
}

function toNumber(host: string, version: 4 | 6): bigint {
  if (version === 4)
    return BigInt(
      `0x${host
        .split(".")
        .map((part) => hex(Number(part), 2))
        .join("")}`,
    );
  const [head = "", tail] = compressed(host).split("::");
  const groups = (part: string) => (part === "" ? [] : part.split(":"));
  const [first, last] = [groups(head), groups(tail ?? "")];
  const zeros = Array<string>(8 - first.length - last.length).fill("0");
  return BigInt(`0x${[...first, ...zeros, ...last].map((group) => group.padStart(4, "0")).join("")}`);
}

function toAddress(value: bigint, version: 4 | 6): string {
  const digits = value.toString(16).padStart(version === 4 ? 8 : 32, "0");
  if (version === 4)
    return digits
      .match(/../g)!
      .map((part) => Number.parseInt(part, 16))
      .join(".");
  return compressed(digits.match(/.{4}/g)!.join(":"));
}

/** Addresses of IPv6 have one shortest form, which URLs use; it has no dotted part. */
function compressed(host: string): string {
  return new URL(`http://[${host}]`).hostname.slice(1, -1);
}

function hex(value: number, width: number): string {
  return value.toString(16).padStart(width, "0");
}
