import { randomBytes } from "node:crypto";
import { link, mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { FleetError } from "../resources/errors.ts";

/** Names the file that holds the state's passphrase where it is not the data folder's own. */
const VARIABLE = "FLEETWRIGHT_STATE_KEY_FILE";

/**
 * The file (0600) with the passphrase of the state's secrets; made with a random one when it is not there. It is given to the engine as a
 * file, so that the passphrase stands in no environment and no process list.
 * @throws {FleetError} STORE_FAILED when others may read it.
 */
export async function stateKeyFile(
  dataDir: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  const file = environment[VARIABLE] ?? join(dataDir, "state.key");
  return await secretFile(file, "the key of the state", () => `${randomBytes(32).toString("base64url")}\n`);
}

/**
 * A file (0600) that holds `what`; made with a first text when it is not there, whole or not at all: several processes may want it at once.
 * @throws {FleetError} STORE_FAILED when others may read it.
 */
export async function secretFile(file: string, what: string, first: () => string): Promise<string> {
  const isThere = await stat(file).then(
    () => true,
    () => false,
  );
  if (!isThere) await make(file, first());
  const { mode } = await stat(file);
  if ((mode & 0o077) !== 0) {
    throw new FleetError("STORE_FAILED", `${file} holds ${what} and others may read it: chmod 600 ${file}`, {
      file,
    });
  }
  return file;
}

async function make(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const own = `${file}.${process.pid}.${randomBytes(4).toString("hex")}`;
  try {
    await writeFile(own, text, { mode: 0o600, flag: "wx", flush: true });
    await link(own, file);
  } catch (error) {
    // Another process has made it meanwhile: that one counts.
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    await rm(own, { force: true });
  }
}

/** The key itself. */
export async function readKey(file: string): Promise<string> {
  return (await readFile(file, "utf8")).trim();
}
