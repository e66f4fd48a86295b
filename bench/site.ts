import { chmodSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stopEmbedded } from "../controller/store/embedded.ts";

/** One fleet with its data folder, its cloud and the bare program's state. Plain data: jobs get it as it is. */
export interface Site {
  root: string;
  fleetDir: string;
  dataDir: string;
  /** The cloud of the product. */
  cloudFile: string;
  /** The bare program's backend, home and cloud. */
  peerDir: string;
}

/** A site in a folder, with whatever is there of it; by default a new one in the system's folder for temporary files. */
export function createSite(root = mkdtempSync(join(tmpdir(), "fw-bench-"))): Site {
  mkdirSync(root, { recursive: true });
  // As root the database runs as another user, who must be able to come to the data folder.
  chmodSync(root, 0o711);
  const site = {
    root,
    fleetDir: join(root, "fleet"),
    dataDir: join(root, "data"),
    cloudFile: join(root, "cloud.jsonl"),
    peerDir: join(root, "peer"),
  };
  mkdirSync(site.fleetDir, { recursive: true });
  mkdirSync(site.peerDir, { recursive: true });
  return site;
}

export async function removeSite(site: Site): Promise<void> {
  await stopEmbedded(site.dataDir);
  rmSync(site.root, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}

/** Uses a site and removes it, whatever happens. */
export async function withSite<T>(use: (site: Site) => Promise<T>): Promise<T> {
  const site = createSite();
  try {
    return await use(site);
  } finally {
    await removeSite(site);
  }
}
