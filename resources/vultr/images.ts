/** What a new machine is made from, as the API and the plugin ask for it: one field of these. */
export type ImageSource =
  | { os: number }
  | { app: number }
  /** An application of the marketplace, by its `image_id`. */
  | { marketplace: string }
  | { snapshot: string };

/** Operating systems that stand for something else than themselves. */
const PLACEHOLDERS = new Set(["iso", "snapshot", "backup", "application"]);
/** Custom, Backup, Snapshot, Application. */
const PLACEHOLDER_IDS = new Set([159, 180, 164, 186]);

export const IMAGE_HELP =
  "is no image of Vultr: write os:NUMBER, app:NUMBER, marketplace:NAME or snapshot:ID, as the catalogue lists them";

/** The image of a server's file. Undefined for what is none. A bare number is an operating system. */
export function parseImage(image: string): ImageSource | undefined {
  const [, scheme = "os", name = ""] = /^(?:(os|app|marketplace|snapshot):)?(.+)$/.exec(image) ?? [];
  if (scheme === "os" || scheme === "app") {
    if (!/^[1-9]\d{0,8}$/.test(name)) return undefined;
    return scheme === "os" ? { os: Number(name) } : { app: Number(name) };
  }
  if (!/^[\w.-]+$/.test(name)) return undefined;
  return scheme === "marketplace" ? { marketplace: name } : { snapshot: name };
}

export function isPlaceholder({ id, family }: { id: number; family?: string }): boolean {
  return PLACEHOLDERS.has(family ?? "") || PLACEHOLDER_IDS.has(id);
}

/** The image that a machine was made from, in the words of a file; undefined where the cloud does not tell. */
export function imageOf(machine: {
  os_id?: number;
  app_id?: number;
  image_id?: string;
  snapshot_id?: string;
}): string | undefined {
  const { os_id: os, app_id: app, image_id: marketplace, snapshot_id: snapshot } = machine;
  if (snapshot) return `snapshot:${snapshot}`;
  if (marketplace) return `marketplace:${marketplace}`;
  if (app) return `app:${app}`;
  return os && !PLACEHOLDER_IDS.has(os) ? `os:${os}` : undefined;
}
