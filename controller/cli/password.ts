import { readFile } from "node:fs/promises";
import { FleetError } from "../../resources/errors.ts";
import type { Io } from "./io.ts";

/**
 * A password, from a file or from whoever is asked, twice where it is new; never from the command line, which every process can read.
 * @throws {FleetError} USAGE
 */
export async function readPassword(file: string | undefined, io: Io, { isNew } = { isNew: true }): Promise<string> {
  const text = file === undefined ? await io.secret("Password: ", isNew ? "Again: " : undefined) : await readIn(file);
  if (text) return text;
  throw new FleetError("USAGE", "a password is wanted: on standard input, or in the file that --password-file names");
}

async function readIn(file: string): Promise<string> {
  try {
    return (await readFile(file, "utf8")).replace(/\r?\n$/, "");
  } catch (cause) {
    throw new FleetError("USAGE", `${file} cannot be read: ${(cause as Error).message}`, { file }, { cause });
  }
}
