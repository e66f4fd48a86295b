import { randomBytes } from "node:crypto";
import { readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { FleetError } from "../../resources/errors.ts";
import { secretFile } from "../keys.ts";

/** Names the file where it is not the data folder's own: the same on every machine. */
const VARIABLE = "FLEETWRIGHT_TOKEN_KEY_FILE";
const KEY_BYTES = 32;
const LINE = /^([0-9a-f]{16}) (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) ([A-Za-z0-9_-]{43})$/;

interface TokenKey {
  /** Names it in the tokens that it signs. */
  kid: string;
  /** When it begins to sign, in ms. Known before, so that machines can be given it one after another. */
  fromMs: number;
  secret: Uint8Array;
}

/** The keys that access tokens are signed with: a file (0600) of lines `KID FROM SECRET`. It is read again whenever it has changed. */
export class TokenKeys {
  readonly #file: string;
  readonly #now: () => number;
  #read: { version: string; keys: TokenKey[] } | undefined;

  private constructor(file: string, now: () => number) {
    this.#file = file;
    this.#now = now;
  }

  /** @throws {FleetError} STORE_FAILED when others may read the file, or it is damaged. */
  static async open(
    dataDir: string,
    environment: Readonly<Record<string, string | undefined>>,
    now: () => number,
  ): Promise<TokenKeys> {
    const keys = new TokenKeys(environment[VARIABLE] ?? join(dataDir, "token.keys"), now);
    await secretFile(keys.#file, "the keys of access tokens", () => lineOf(now()));
    await keys.#keys();
    return keys;
  }

  /** The newest whose time has come. */
  async signing(): Promise<TokenKey> {
    const keys = await this.#keys();
    const begun = keys.filter(({ fromMs }) => fromMs <= this.#now());
    // With clocks that disagree none may have begun: the oldest is known everywhere.
    return begun.at(-1) ?? keys[0]!;
  }

  async byId(kid: string): Promise<TokenKey | undefined> {
    return (await this.#keys()).find((key) => key.kid === kid);
  }

  /**
   * Adds a key that signs in `afterMs`. Those whose tokens have run out by now go: superseded for longer than `lifetimeMs`.
   * @throws {FleetError} STORE_FAILED
   */
  async rotate(afterMs: number, lifetimeMs: number): Promise<{ kid: string; from: string }> {
    const now = this.#now();
    const keys = await this.#keys();
    const kept = keys.filter((_, index) => (keys[index + 1]?.fromMs ?? Number.POSITIVE_INFINITY) > now - lifetimeMs);
    const added = lineOf(now + afterMs);
    const lines = [...kept.map(({ kid, fromMs, secret }) => lineOf(fromMs, kid, secret)), added];
    await replace(this.#file, lines.join(""));
    const { kid, fromMs } = parse(added, this.#file)[0]!;
    return { kid, from: new Date(fromMs).toISOString() };
  }

  async #keys(): Promise<TokenKey[]> {
    const { mtimeMs, size, ino } = await stat(this.#file);
    const version = `${mtimeMs} ${size} ${ino}`;
    if (this.#read?.version === version) return this.#read.keys;
    const keys = parse(await readFile(this.#file, "utf8"), this.#file);
    this.#read = { version, keys };
    return keys;
  }
}

function lineOf(fromMs: number, kid = randomBytes(8).toString("hex"), secret: Uint8Array = randomBytes(KEY_BYTES)) {
  return `${kid} ${new Date(fromMs).toISOString()} ${Buffer.from(secret).toString("base64url")}\n`;
}

/** Oldest first. */
function parse(text: string, file: string): TokenKey[] {
  const keys = text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => {
      const [, kid, from, secret] = LINE.exec(line.trim()) ?? [];
      if (kid === undefined || from === undefined || secret === undefined) throw damaged(file);
      return { kid, fromMs: Date.parse(from), secret: Buffer.from(secret, "base64url") };
    });
  if (keys.length === 0) throw damaged(file);
  return keys.sort((one, other) => one.fromMs - other.fromMs);
}

const damaged = (file: string) =>
  new FleetError(
    "STORE_FAILED",
    `${file} does not hold keys of access tokens: remove it, and a new one is made; people sign in anew`,
    { file },
  );

async function replace(file: string, text: string): Promise<void> {
  const next = `${file}.${process.pid}.${randomBytes(4).toString("hex")}`;
  try {
    await writeFile(next, text, { mode: 0o600, flag: "wx", flush: true });
    await rename(next, file);
  } catch (cause) {
    await rm(next, { force: true });
    throw new FleetError("STORE_FAILED", `${file} cannot be written: ${(cause as Error).message}`, { file }, { cause });
  }
}
