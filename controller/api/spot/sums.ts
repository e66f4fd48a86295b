export interface Gpus {
  gpu_used: number;
  gpu_capacity: number;
}

export interface Summary extends Gpus {
  /** `24/80` */
  gpu_usage_ratio: string;
  /** Of a hundred, with two decimals; 0 of nothing. */
  gpu_usage_percentage: number;
}

/** Sums hosts, each once. */
export function summaryOf(hosts: readonly Gpus[]): Summary {
  const used = hosts.reduce((sum, { gpu_used }) => sum + gpu_used, 0);
  const capacity = hosts.reduce((sum, { gpu_capacity }) => sum + gpu_capacity, 0);
  return { gpu_used: used, gpu_capacity: capacity, ...usageOf(used, capacity) };
}

export const usageOf = (used: number, capacity: number) => ({
  gpu_usage_ratio: `${used}/${capacity}`,
  gpu_usage_percentage: capacity === 0 ? 0 : Math.round((used / capacity) * 10_000) / 100,
});
