import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { stopEmbedded } from "../../../controller/store/embedded.ts";
import type { AppliedObject } from "../../../controller/store/types.ts";

/** A folder for one test file's database. Open to pass through, because as root the server runs as another user. */
export function makeDataDir(): string {
  const parent = mkdtempSync(path.join(tmpdir(), "fw-store-"));
  chmodSync(parent, 0o711);
  return path.join(parent, "data");
}

export async function removeDataDir(dataDir: string): Promise<void> {
  await stopEmbedded(dataDir);
  rmSync(path.dirname(dataDir), { recursive: true, force: true });
}

export function appliedServer(name: string, changes: Partial<AppliedObject> = {}): AppliedObject {
  return {
    account: "linode-main",
    kind: "Server",
    name,
    identity: name,
    stack: "linode-main.0",
    generation: 0,
    mark: `fw-${name}`,
    hash: `hash-${name}`,
    document: {
      kind: "Server",
      name,
      formerly: [],
      account: "linode-main",
      provider: "linode",
      hostname: name,
      size: "g6-nanode-1",
      resources: {},
      region: "eu-central",
      labels: { team: "web" },
      firewalls: [],
      power: "running",
      restarts: { reboot: 0, reset: 0 },
      rebuild: 0,
      ipv6: true,
      monitoring: false,
      backups: false,
      protect: false,
      deletionPolicy: "delete",
      createOnly: { image: "debian-13", keys: [], userData: { text: "#!/bin/sh\n# \u0000 ü 機\n" } },
      options: {},
    },
    commit: "0123456789abcdef0123456789abcdef01234567",
    refresh: false,
    ...changes,
  };
}
