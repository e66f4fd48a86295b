import { closeSync, constants, fstatSync, openSync, readSync, realpathSync } from "node:fs";
import { relative, sep } from "node:path";
import { FleetError } from "../../resources/errors.ts";

/** More than any token, and little enough to be read at once. */
export const MOST_BYTES = 64 * 1024;

const CONTROL = /[\u0000-\u001f\u007f]/;

/**
 * A credential as it was typed, piped or read: without one line break at its end.
 * @throws {FleetError} USAGE saying what is wrong, never the value.
 */
export function credentialValue(text: string, where: string): string {
  const value = text.replace(/\r?\n$/, "");
  if (value.trim() === "") throw new FleetError("USAGE", `${where} is empty`, {});
  if (Buffer.byteLength(value) > MOST_BYTES)
    throw new FleetError("USAGE", `${where} is larger than a credential can be (${MOST_BYTES} bytes)`, {});
  if (CONTROL.test(value) || value.trim() !== value)
    throw new FleetError("USAGE", `${where} has a line break, a control character or blanks around it`, {});
  return value;
}

/**
 * A credential from a file of this machine. Read anew each time, so that one that was changed or taken away counts at once.
 *
 * @param kept Folders that no file of the fleet may name: the fleet's repository, and the controller's own with its keys.
 * @throws {FleetError} CREDENTIAL_MISSING saying what is wrong with the file, never what it holds.
 */
export function readCredentialFile(path: string, kept: readonly string[]): string {
  const refuse = (why: string) =>
    new FleetError("CREDENTIAL_MISSING", `the credential's file ${path} ${why}`, { file: path });
  let real: string;
  try {
    // Secrets are often mounted as links: what counts is where they lead.
    real = realpathSync(path);
  } catch (cause) {
    throw refuse(`cannot be read (${(cause as NodeJS.ErrnoException).code})`);
  }
  for (const folder of kept)
    if (isInside(real, realpathSync(folder))) throw refuse(`lies in ${folder}: keep it elsewhere`);
  let file: number;
  try {
    // Without O_NONBLOCK a pipe without a writer would hold up the whole process.
    file = openSync(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (cause) {
    throw refuse(`cannot be read (${(cause as NodeJS.ErrnoException).code})`);
  }
  try {
    const status = fstatSync(file);
    if (!status.isFile()) throw refuse("is no file");
    if ((status.mode & 0o007) !== 0) throw refuse(`may be read or changed by everybody: chmod o-rwx ${path}`);
    const bytes = Buffer.alloc(MOST_BYTES + 3);
    const text = bytes.subarray(0, readSync(file, bytes, 0, bytes.length, 0)).toString("utf8");
    return credentialValue(text, "it");
  } catch (error) {
    if (error instanceof FleetError && error.code === "USAGE") throw refuse(error.message.replace(/^it /, ""));
    throw error;
  } finally {
    closeSync(file);
  }
}

function isInside(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way === "" || (way !== ".." && !way.startsWith(`..${sep}`));
}
