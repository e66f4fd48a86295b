import { randomBytes } from "node:crypto";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { KeyRing } from "../../../controller/credentials/keys.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "fw-keys-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

const ids = async (ring: KeyRing) => (await ring.read()).map(({ id }) => id);

describe("the keys of sealed credentials", () => {
  it("begin with a file that only its owner reads, once something is to be sealed", async () => {
    const ring = new KeyRing(dir, {});
    expect(await ring.read()).toEqual([]);
    expect(readdirSync(dir)).toEqual([]);

    const key = await ring.newest();

    expect(readdirSync(dir)).toEqual(["seal.key"]);
    expect(statSync(join(dir, "seal.key")).mode & 0o777).toBe(0o600);
    expect(key.bytes).toHaveLength(32);
    expect((await new KeyRing(dir, {}).newest()).id).toBe(key.id);
    expect(readFileSync(join(dir, "seal.key"), "utf8")).not.toContain(key.id);
  });

  it("are several while they change, and the newest seals", async () => {
    const ring = new KeyRing(dir, {});
    const first = await ring.newest();
    const second = await ring.add();

    expect(await ids(ring)).toEqual([first.id, second.id]);
    expect((await ring.newest()).id).toBe(second.id);
    expect(await ring.remove(new Set([first.id]))).toEqual([first.id]);
    expect(await ids(ring)).toEqual([second.id]);
    expect(readdirSync(dir)).toEqual(["seal.key"]);
  });

  it("come from the environment of many machines, which comes after a file that is left", async () => {
    const old = await new KeyRing(dir, {}).newest();
    const [one, two] = [randomBytes(32), randomBytes(32)];
    const ring = new KeyRing(dir, {
      FLEETWRIGHT_SEAL_KEY: `${one.toString("base64")}, ${two.toString("base64url")}`,
    });

    expect((await ring.read()).map(({ bytes }) => bytes)).toEqual([old.bytes, one, two]);
    expect((await ring.newest()).bytes).toEqual(two);
  });

  it("are in the file that FLEETWRIGHT_SEAL_KEY_FILE names", async () => {
    const file = join(dir, "elsewhere/keys");

    await new KeyRing(dir, { FLEETWRIGHT_SEAL_KEY_FILE: file }).newest();

    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it("are refused in a file that others may read", async () => {
    const ring = new KeyRing(dir, {});
    await ring.newest();
    chmodSync(ring.file, 0o640);

    await expect(ring.read()).rejects.toThrow(/others may read it: chmod 600/);
  });

  it.each(["short", randomBytes(31).toString("base64"), "a passphrase of many words"])(
    "are refused where %s is no key, without telling it",
    async (word) => {
      const ring = new KeyRing(dir, { FLEETWRIGHT_SEAL_KEY: word });

      await expect(ring.read()).rejects.toThrow(/FLEETWRIGHT_SEAL_KEY: key 1 is not the base64 of 32 bytes/);
      const message = await ring.read().catch((error: Error) => error.message);
      expect(message).not.toContain(word);
    },
  );

  it("stay as they were when the file cannot be written", async () => {
    const blocked = join(dir, "file");
    writeFileSync(blocked, "");

    const ring = new KeyRing(dir, { FLEETWRIGHT_SEAL_KEY_FILE: join(blocked, "keys") });

    await expect(ring.add()).rejects.toThrow();
    expect(await ring.read()).toEqual([]);
  });
});
