import type { Plan } from "./answers.ts";

const GIB = 2 ** 30;
const FACTORS: Readonly<Record<string, number>> = { MB: 1e6, GB: 1e9, TB: 1e12 };

/**
 * What a plan's machine has: cores of all processors, memory, and all drives together. Memory of "32GB" is 32 GiB; drives are sold by powers of ten,
 * so "480GB" is 447 GiB.
 */
export function hardwareOf({ specs }: Plan): { vcpus: number; memoryMiB: number; diskGiB: number } {
  const sum = <T>(items: readonly T[] | undefined, of: (item: T) => number) =>
    (items ?? []).reduce((total, item) => total + of(item), 0);
  return {
    vcpus: sum(specs?.cpus, ({ count = 1, type = "" }) => count * coresOf(type)),
    memoryMiB: memoryMiB(specs?.memory?.total ?? ""),
    diskGiB: Math.floor(sum(specs?.drives, ({ count = 1, size = "" }) => count * bytesOf(size)) / GIB),
  };
}

/** "AMD EPYC 7402P 24-Core Processor @ 2.80GHz" has 24; one whose name does not say it counts as one. */
function coresOf(type: string): number {
  return Number(/(\d+)[ -]?cores?\b/i.exec(type)?.[1] ?? 1);
}

function memoryMiB(text: string): number {
  const [, number, unit = ""] = /^\s*([\d.]+)\s*(MB|GB|TB)\s*$/i.exec(text) ?? [];
  const factor = { MB: 1, GB: 1024, TB: 1024 ** 2 }[unit.toUpperCase()];
  return number === undefined || factor === undefined ? 0 : Math.round(Number(number) * factor);
}

function bytesOf(text: string): number {
  const [, number, unit = ""] = /^\s*([\d.]+)\s*(MB|GB|TB)\s*$/i.exec(text) ?? [];
  return number === undefined ? 0 : Number(number) * (FACTORS[unit.toUpperCase()] ?? 0);
}

/** Dollars as whole micro-dollars. */
export function microOf(dollars: number | string | undefined): number | undefined {
  const value = typeof dollars === "string" && dollars.trim() !== "" ? Number(dollars) : dollars;
  return typeof value === "number" && Number.isFinite(value) ? Math.round(value * 1e6) : undefined;
}
