import { createHash, randomBytes } from "node:crypto";
import { mkdir, open, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { FleetError } from "../../resources/errors.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Keys themselves, for several machines: the same on each. */
export const KEYS_VARIABLE = "FLEETWRIGHT_SEAL_KEY";
/** Names the file of keys where it is not the data folder's own. */
const FILE_VARIABLE = "FLEETWRIGHT_SEAL_KEY_FILE";
const KEY_BYTES = 32;

export interface SealKey {
  /** Eight hexadecimal digits made from the key: it tells keys apart and gives nothing of them away. */
  id: string;
  bytes: Buffer;
}

/**
 * The keys that credentials are sealed with, oldest first: the last one seals, all of them open. They stand in FLEETWRIGHT_SEAL_KEY, parted by
 * commas, and in a file (0600), a key a line. With the variable set, the file is only read.
 */
export class KeyRing {
  readonly #environment: Environment;
  readonly file: string;

  constructor(dataDir: string, environment: Environment) {
    this.#environment = environment;
    this.file = environment[FILE_VARIABLE] ?? join(dataDir, "seal.key");
  }

  /** Whether keys come from the environment, which nobody but its operator changes. */
  get isGiven(): boolean {
    return (this.#environment[KEYS_VARIABLE] ?? "").trim() !== "";
  }

  /** @throws {FleetError} CREDENTIAL_MISSING for what is no key, and for a file that others may read. */
  async read(): Promise<SealKey[]> {
    const given = this.isGiven ? this.#environment[KEYS_VARIABLE]! : "";
    const all = [...(await this.#readFile()), ...parsed(given, /[\s,]+/, KEYS_VARIABLE)];
    return [...new Map(all.map((key) => [key.id, key])).values()];
  }

  /** The key that seals; made with the file where there is none yet. */
  async newest(): Promise<SealKey> {
    return (await this.read()).at(-1) ?? (await this.add());
  }

  /** A new key that seals from now on. It is on the disk when this resolves. */
  async add(): Promise<SealKey> {
    const key = keyOf(randomBytes(KEY_BYTES));
    await this.#write([...(await this.#readFile()), key]);
    return key;
  }

  /** Takes keys out of the file for good; answers their ids. */
  async remove(ids: ReadonlySet<string>): Promise<string[]> {
    const keys = await this.#readFile();
    const gone = keys.filter(({ id }) => ids.has(id));
    if (gone.length > 0) await this.#write(keys.filter(({ id }) => !ids.has(id)));
    return gone.map(({ id }) => id);
  }

  async #readFile(): Promise<SealKey[]> {
    const status = await stat(this.file).catch(() => undefined);
    if (status === undefined) return [];
    if ((status.mode & 0o077) !== 0)
      throw new FleetError(
        "CREDENTIAL_MISSING",
        `${this.file} holds the keys of sealed credentials and others may read it: chmod 600 ${this.file}`,
        { file: this.file },
      );
    return parsed(await readFile(this.file, "utf8"), /\s+/, this.file);
  }

  /** As a whole or not at all: a kill leaves the keys that were there. */
  async #write(keys: readonly SealKey[]): Promise<void> {
    const folder = dirname(this.file);
    await mkdir(folder, { recursive: true });
    const beside = `${this.file}.new-${process.pid}`;
    try {
      const handle = await open(beside, "w", 0o600);
      await handle.writeFile(keys.map(({ bytes }) => `${bytes.toString("base64url")}\n`).join(""));
      await handle.sync();
      await handle.close();
      await rename(beside, this.file);
      const directory = await open(folder, "r");
      await directory.sync().finally(() => directory.close());
    } catch (cause) {
      await rm(beside, { force: true });
      const message = `${this.file} could not be written: ${(cause as Error).message}`;
      throw new FleetError("STORE_FAILED", message, { file: this.file }, { cause });
    }
  }
}

function parsed(text: string, between: RegExp, where: string): SealKey[] {
  return text
    .split(between)
    .filter((word) => word !== "")
    .map((word, index) => {
      const bytes = Buffer.from(word, "base64");
      if (/^[A-Za-z0-9+/_-]+=*$/.test(word) && bytes.length === KEY_BYTES) return keyOf(bytes);
      throw new FleetError(
        "CREDENTIAL_MISSING",
        `${where}: key ${index + 1} is not the base64 of ${KEY_BYTES} bytes, such as \`openssl rand -base64 ${KEY_BYTES}\` makes`,
        {},
      );
    });
}

const keyOf = (bytes: Buffer): SealKey => ({
  id: createHash("sha256").update("fleetwright seal key").update(bytes).digest("hex").slice(0, 8),
  bytes,
});
