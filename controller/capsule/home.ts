import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { stringify } from "yaml";
import { schemaLine } from "../../schemas/index.ts";
import { initFleet } from "../init/init.ts";
import type { Person } from "../repo/commit.ts";
import { capsuleDir, type Environment } from "./credentials.ts";
import { ENV_PREFIXES } from "./variables.ts";

/** The fleet that what is deployed is written to. */
export interface Home {
  dir: string;
  /** Made by this package: then it writes accounts into it as well. */
  isOwn: boolean;
}

/** What the policy of a new fleet lets a caller have. Whoever needs more writes it into `fleet.yaml`. */
const POLICY = {
  servers: 25,
  monthly: { amount: 500, currency: "USD" },
  operations: ["create", "delete", "power", "snapshot"],
};

/** `fleet`, or FLEETWRIGHT_FLEET, or else `~/.capsule/fleet`. */
export function homeOf(environment: Environment, fleet?: string): Home {
  const given = fleet ?? (environment.FLEETWRIGHT_FLEET || undefined);
  return given === undefined
    ? { dir: join(capsuleDir(environment), "fleet"), isOwn: true }
    : { dir: resolve(given), isOwn: false };
}

/**
 * Makes the fleet where it is this package's own and not there yet. Several processes may come at once: each makes one aside, and the first that
 * puts it into its place wins.
 * @throws {FleetError} GIT_FAILED
 */
export async function ensureHome({ dir, isOwn }: Home, author: Person): Promise<void> {
  if (!isOwn || existsSync(join(dir, "fleet.yaml"))) return;
  const suffix = randomBytes(5).toString("hex");
  await mkdir(resolve(dir, ".."), { recursive: true, mode: 0o700 });
  const aside = `${dir}.${suffix}`;
  try {
    // Marks of machines are made from it: no two people's may be the same, on an account that they share.
    await initFleet(aside, {
      id: `capsule-${suffix}`,
      author,
      files: { "fleet.yaml": fleetFile(`capsule-${suffix}`) },
    });
    await rename(aside, dir);
  } catch (error) {
    if (!existsSync(join(dir, "fleet.yaml"))) throw error;
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

function fleetFile(id: string): string {
  const fields = {
    kind: "Fleet",
    id,
    approval: "required",
    envPrefixes: ENV_PREFIXES,
    policies: { dialects: { capsule: POLICY } },
  };
  return `${schemaLine("Fleet", "fleet.yaml")}\n${stringify(fields)}`;
}
