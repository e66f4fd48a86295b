import type { Cost } from "../store/types.ts";
import type { Needs } from "./offers.ts";
import { memoryWords } from "./units.ts";

/** `the cloud did not answer (…); this is its catalogue of 3 h ago`. */
export const staleWords = (ageMs: number, reason: string): string =>
  `the catalogue could not be read (${reason}); the last one, ${ageWords(ageMs)} old, takes its place`;

/** `40 s`, `12 min`, `3 h`, `2 d`. */
export function ageWords(ms: number): string {
  const minutes = ms / 60_000;
  if (minutes < 1) return `${Math.max(0, Math.round(ms / 1000))} s`;
  if (minutes < 90) return `${Math.round(minutes)} min`;
  const hours = minutes / 60;
  return hours < 48 ? `${Math.round(hours)} h` : `${Math.round(hours / 24)} d`;
}

/** `2 vCPU, 4 GiB memory in us-east`. */
export function needWords({ vcpus, memoryMiB, diskGiB, gpus, gpuType, kind, regions }: Needs): string {
  const parts = [
    vcpus && `${vcpus} vCPU`,
    memoryMiB && `${memoryWords(memoryMiB)} memory`,
    diskGiB && `${diskGiB} GiB disk`,
    (gpus || gpuType) && `${gpus ?? 1} GPU${gpuType ? ` ${gpuType}` : ""}`,
    kind && `kind ${kind}`,
  ].filter(Boolean);
  const where = regions && regions.length > 0 ? ` in ${regions.join(", ")}` : "";
  return `${parts.join(", ") || "anything"}${where}`;
}

/** `5.00 USD a month (0.0075 an hour)`. */
export const priceWords = ({ monthlyMicro, hourlyMicro, currency }: Cost): string =>
  `${(monthlyMicro / 1e6).toFixed(2)} ${currency} a month (${hourlyMicro / 1e6} an hour)`;
