import { COUNT, FLAG, listOf, objectOf, TEXT } from "./route.ts";

const RATIO = { type: "string", pattern: "^\\d+/\\d+$" };
const PERCENTAGE = { type: "number", minimum: 0 };

export const OVERVIEW = objectOf({ gpu_usage_ratio: RATIO, gpu_usage_percentage: PERCENTAGE });

export const SUMMARY = objectOf({
  gpu_used: COUNT,
  gpu_capacity: COUNT,
  gpu_usage_ratio: RATIO,
  gpu_usage_percentage: PERCENTAGE,
});

export const HOST = objectOf({
  hostname: TEXT,
  status: TEXT,
  vm_count: COUNT,
  gpu_used: COUNT,
  gpu_capacity: COUNT,
  has_vms: FLAG,
  tenant: TEXT,
  owner_group: TEXT,
});

export const HOSTS = listOf(HOST);

export const VARIANTS = listOf(objectOf({ name: TEXT, hosts: HOSTS, gpu_summary: SUMMARY }));
