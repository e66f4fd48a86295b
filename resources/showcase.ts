import type { Call } from "./cloud.ts";

/**
 * What a cloud sells, as somebody who chooses is shown it: each list by itself, with the cloud's own words, where `Catalog` has only what the core
 * decides by. Read anew at each call; whoever asks keeps it.
 */
export interface Showcase {
  sizes(call: Call): Promise<ShownSize[]>;
  images(call: Call): Promise<ShownImage[]>;
  regions(call: Call): Promise<ShownRegion[]>;
  /** One-click applications, where the cloud has some. */
  apps?(call: Call): Promise<ShownApp[]>;
  /** The account's own start scripts, where the cloud has some. */
  scripts?(call: Call): Promise<ShownScript[]>;
}

export interface ShownSize {
  id: string;
  label: string;
  vcpus: number;
  memoryMiB: number;
  diskGiB: number;
  /** A month; 0 where the cloud tells none. */
  transferGiB: number;
  /** Whole micro-units of US dollars, of the list. */
  perHourMicro: number;
  perMonthMicro: number;
  /** That sell it now. */
  regions: string[];
}

export interface ShownImage {
  /** The cloud's own id. */
  id: string;
  /** What a server's `image` is; the id where the cloud has no word. */
  slug: string;
  label: string;
  description: string;
  /** "Ubuntu"; empty where the cloud tells none. */
  distribution: string;
  isPublic: boolean;
  minDiskGiB: number;
  /** `custom`: the account's own. */
  kind: "distribution" | "application" | "custom";
}

export interface ShownRegion {
  id: string;
  label: string;
  isAvailable: boolean;
  capabilities: string[];
}

export interface ShownApp {
  /** The same for all versions of the application. */
  slug: string;
  name: string;
  description: string;
  category: string;
  /** What a server's `image` is when it is made from this. */
  image: string;
  /** Slugs of plain images of the system that it stands on. */
  compatibleImages: string[];
}

export interface ShownScript {
  id: number;
  label: string;
  description: string;
  isPublic: boolean;
  /** Ids of images that it is for; `any/all` for all. */
  images: string[];
  fields: ScriptField[];
}

/** What a script asks for when a machine is made with it. */
export interface ScriptField {
  name: string;
  label: string;
  /** Empty where it has none. */
  default: string;
  example: string;
  /** One of these, where there are some. */
  oneOf: string[];
  /** Any of these, where there are some. */
  manyOf: string[];
  /** It has no default. */
  isRequired: boolean;
}
