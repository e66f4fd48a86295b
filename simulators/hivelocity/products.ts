import type { Variety } from "../fill.ts";

export interface Product {
  id: number;
  name: string;
  cpu: string;
  cores: number;
  threads: number;
  memory: string;
  drive: string;
  gpu: string;
  bandwidth: string;
  hourly: number;
  monthly: number;
  /** Periods that cannot be ordered. */
  disabled: string[];
  /** Devices in stock by facility. */
  stock: Record<string, number>;
  /** Surcharge by facility: hourly and monthly. */
  premiums: Record<string, { hourly: number; monthly: number }>;
  isVps: boolean;
  /** The order is answered before a device is chosen: 201, and no id. */
  chosenLater: boolean;
}

export interface Facility {
  id: number;
  code: string;
  title: string;
  city: string;
  state: string;
  country: string;
  edge: boolean;
}

export const FACILITIES: readonly Facility[] = [
  { id: 1, code: "TPA2", title: "Tampa 2", city: "Tampa", state: "FL", country: "US", edge: false },
  { id: 2, code: "NYC1", title: "New York 1", city: "New York", state: "NY", country: "US", edge: false },
  { id: 3, code: "LAX2", title: "Los Angeles 2", city: "Los Angeles", state: "CA", country: "US", edge: false },
  { id: 4, code: "AMS1", title: "Amsterdam 1", city: "Amsterdam", state: "NH", country: "NL", edge: true },
];

export const SYSTEMS: readonly { id: number; name: string }[] = [
  { id: 68, name: "Ubuntu 22.04" },
  { id: 69, name: "Ubuntu 24.04" },
  { id: 71, name: "Debian 12" },
  { id: 74, name: "AlmaLinux 9" },
  { id: 80, name: "Flatcar" },
  { id: 90, name: "Windows Server 2022" },
];

const PLAIN = { gpu: "", disabled: [], premiums: {}, isVps: false, chosenLater: false };

/** Made anew for each simulator, because stock is taken from it. */
export function products(): Product[] {
  return [
    {
      ...PLAIN,
      id: 504,
      name: "E3-1230v6.16G",
      cpu: "Intel E3-1230v6 3.5GHz Kaby Lake",
      cores: 4,
      threads: 8,
      memory: "16GB",
      drive: "960GB SSD",
      bandwidth: "20TB / 1Gbps",
      hourly: 0.13,
      monthly: 79,
      stock: { TPA2: 1_000, NYC1: 40, LAX2: 2, AMS1: 12 },
      premiums: { AMS1: { hourly: 0.02, monthly: 10 } },
    },
    {
      ...PLAIN,
      id: 525,
      name: "E-2288G.64G",
      cpu: "Intel E-2288G 3.7GHz Coffee Lake",
      cores: 8,
      threads: 16,
      memory: "64GB",
      drive: "2 x 960GB SSD",
      bandwidth: "20TB / 10Gbps",
      hourly: 0.32,
      monthly: 199,
      stock: { TPA2: 1_000, NYC1: 1_000, LAX2: 0 },
    },
    {
      ...PLAIN,
      id: 610,
      name: "EPYC-7452.256G",
      cpu: "AMD EPYC 7452 2.35GHz",
      cores: 32,
      threads: 64,
      memory: "256GB",
      drive: "1TB NVMe + 2 x 4TB HDD",
      bandwidth: "40TB / 10Gbps",
      hourly: 0,
      monthly: 459,
      disabled: ["hourly"],
      stock: { NYC1: 3 },
    },
    {
      ...PLAIN,
      id: 702,
      name: "GPU-A100.512G",
      cpu: "AMD EPYC 7543 2.8GHz",
      cores: 32,
      threads: 64,
      memory: "512GB",
      drive: "2 x 3.84TB NVMe",
      gpu: "2 x NVIDIA A100 80GB",
      bandwidth: "40TB / 10Gbps",
      hourly: 4.9,
      monthly: 2_990,
      stock: { TPA2: 4 },
      chosenLater: true,
    },
    {
      ...PLAIN,
      id: 801,
      name: "VPS-2.4G",
      cpu: "2 vCPU",
      cores: 2,
      threads: 2,
      memory: "4GB",
      drive: "80GB SSD",
      bandwidth: "5TB / 10Gbps",
      hourly: 0.02,
      monthly: 12,
      stock: { TPA2: 500, NYC1: 500 },
      isVps: true,
    },
  ];
}

/** What is sold by the hour. */
export const VARIETY: Variety = {
  sizes: products()
    .filter(({ disabled, gpu }) => gpu === "" && !disabled.includes("hourly"))
    .map(({ id, stock }) => ({ size: String(id), regions: Object.keys(stock) })),
  images: SYSTEMS.map(({ name }) => name),
};
