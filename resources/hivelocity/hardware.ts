import type { Stock } from "./answers.ts";

/** What Hivelocity writes of a product for people, as numbers; 0 where nothing can be read. */
export interface Hardware {
  vcpus: number;
  memoryMiB: number;
  diskGiB: number;
  transferGiB?: number;
  gpus?: number;
  gpuType?: string;
}

export function hardwareOf(stock: Stock): Hardware {
  const transferGiB = gibOf(/^\s*([\d.]+\s*[TG]B)/i.exec(stock.product_bandwidth ?? "")?.[1] ?? "");
  return {
    vcpus: vcpusOf(stock),
    memoryMiB: Math.round(gibOf(stock.product_memory ?? "") * 1024),
    diskGiB: Math.round(disksOf(stock.product_drive ?? "")),
    ...(transferGiB > 0 ? { transferGiB: Math.round(transferGiB) } : {}),
    ...gpusOf(stock.product_gpu ?? ""),
  };
}

/** Threads are what a system sees as processors. */
function vcpusOf({ processor_info, product_cpu_cores, product_cpu }: Stock): number {
  const info = Object.fromEntries(
    Object.entries(processor_info ?? {}).map(([name, value]) => [name.toLowerCase(), value]),
  );
  const told = ["vcpus", "vcpu", "threads", "cores"].map((name) => Number(info[name])).find((count) => count > 0);
  if (told !== undefined) return told;
  const text = `${product_cpu_cores ?? ""} ${product_cpu ?? ""}`.replace(/<[^>]*>/g, " ");
  const counted = /(\d+)\s*(?:threads?|vcpus?)/i.exec(text) ?? /(\d+)\s*-?\s*cores?/i.exec(text);
  return Number(counted?.[1] ?? 0);
}

/** `32GB DDR4`, `2 x 960GB SSD + 4TB HDD`: all parts together. Decimal and binary units are not told apart. */
function disksOf(text: string): number {
  return [...text.matchAll(/(?:(\d+)\s*x\s*)?([\d.]+\s*[TG]B)/gi)].reduce(
    (sum, [, count, size]) => sum + Number(count ?? 1) * gibOf(size!),
    0,
  );
}

function gibOf(text: string): number {
  const match = /([\d.]+)\s*([TG])B/i.exec(text);
  return match ? Number(match[1]) * (match[2]!.toUpperCase() === "T" ? 1024 : 1) : 0;
}

/** `2 x NVIDIA A100 40GB`, `NVIDIA L4`; nothing and `None` are no GPU. */
function gpusOf(text: string): Pick<Hardware, "gpus" | "gpuType"> {
  const match = /^\s*(?:(\d+)\s*x\s*)?(?:NVIDIA\s+)?(.+?)\s*$/i.exec(text);
  const name = match?.[2] ?? "";
  if (name === "" || /^(none|n\/a|no)\b/i.test(name)) return {};
  return { gpus: Number(match?.[1] ?? 1), gpuType: name };
}
