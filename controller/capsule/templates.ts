import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { load } from "js-yaml";
import type { Cloud } from "../../resources/cloud.ts";
import { type CloudName, clouds } from "../../resources/registry.ts";
import { dayOf } from "../catalog/ended.ts";
import { ResourceNotFoundError } from "./errors.ts";
import schema from "./templates/template.schema.json" with { type: "json" };

/** What `deploy` makes by a short id. */
export interface Template {
  id: string;
  provider: string;
  /** For people. */
  name: string;
  /** The provider's own word. */
  size: string;
  vcpus: number;
  /** GiB. */
  memory_gb: number;
  /** US dollars, the same in all of its regions. */
  price_hourly: number;
  image: string;
  /** Where it is sold at this price; the first one is the default. */
  regions: string[];
}

interface TemplatesFile extends Pick<Template, "provider" | "image" | "regions"> {
  templates: (Omit<Template, "provider" | "image" | "regions"> & Partial<Pick<Template, "image" | "regions">>)[];
}

const FOLDER = join(import.meta.dirname, "templates");

/** Every template of a folder, by its provider's name and as its file orders them. @throws {Error} for a file that the schema refuses: it is ours. */
export function readTemplates(folder = FOLDER): Template[] {
  const ajv = new Ajv2020({ allErrors: true });
  const isTemplates = ajv.compile<TemplatesFile>(schema);
  const names = readdirSync(folder).filter((name) => name.endsWith(".yaml"));
  const templates = names.sort().flatMap((name) => {
    const file = load(readFileSync(join(folder, name), "utf8"));
    if (!isTemplates(file)) throw new Error(`${name}: ${ajv.errorsText(isTemplates.errors)}`);
    const { provider, image, regions } = file;
    return file.templates.map((own) => ({ provider, image, regions, ...own }));
  });
  const twice = templates.find(({ id }, index) => templates.findIndex((other) => other.id === id) !== index);
  if (twice !== undefined) throw new Error(`${twice.id} is there twice`);
  return templates;
}

/** @throws {ResourceNotFoundError} naming those that the provider has */
export function templateOf(templates: readonly Template[], provider: string, id: string): Template {
  const own = templates.filter((template) => template.provider === provider);
  const found = own.find((template) => template.id === id);
  if (found !== undefined) return found;
  const ids = own.map((template) => template.id).join(", ");
  throw new ResourceNotFoundError(`${provider} has no template ${id}; there are ${ids}`, 404);
}

/** Those that do, the cheapest first. A provider that takes no new machines has none. */
export function fitting(
  templates: readonly Template[],
  { min_cpu, min_memory, max_price }: { min_cpu: number; min_memory: number; max_price: number },
): Template[] {
  return templates
    .filter(({ provider }) => !isEnded(provider))
    .filter(({ vcpus, memory_gb }) => vcpus >= min_cpu && memory_gb >= min_memory)
    .filter(({ price_hourly }) => price_hourly <= max_price)
    .sort((a, b) => a.price_hourly - b.price_hourly || (a.id < b.id ? -1 : 1));
}

/** Its cloud has closed its service. */
function isEnded(provider: string): boolean {
  const cloud: Cloud | undefined = Object.hasOwn(clouds, provider) ? clouds[provider as CloudName] : undefined;
  return cloud?.ended !== undefined && cloud.ended.on <= dayOf(Date.now());
}
