import { createHash, randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { SealKey } from "../../../controller/credentials/keys.ts";
import { seal, unseal } from "../../../controller/credentials/seal.ts";
import type { SealedCredential } from "../../../controller/store/types.ts";

const VALUE = "a token that nobody sees ü";
const PLACE = { account: "linode-main", field: "token", endpoint: "https://api.linode.com" };

function newKey(): SealKey {
  const bytes = randomBytes(32);
  return { id: createHash("sha256").update(bytes).digest("hex").slice(0, 8), bytes };
}
const key = newKey();

function sealed(changes: Partial<SealedCredential> = {}): SealedCredential {
  return { ...PLACE, ...seal(VALUE, PLACE, key), by: "Ada", at: "2026-01-01T00:00:00.000Z", ...changes };
}

describe("a sealed credential", () => {
  it("opens for what it was sealed for, with a nonce of its own each time", () => {
    const [one, two] = [sealed(), sealed()];

    expect(unseal(one, [newKey(), key])).toBe(VALUE);
    expect(one.nonce).not.toBe(two.nonce);
    expect(one.sealed).not.toBe(two.sealed);
    expect(JSON.stringify(one)).not.toContain(VALUE);
  });

  it.each([
    { moved: "to another account", change: { account: "evil" } },
    { moved: "to another field", change: { field: "password" } },
    { moved: "to another address", change: { endpoint: "https://collect.example.net" } },
    { moved: "to a field that reads the same", change: { account: 'linode-main","token', field: "" } },
  ])("does not open when its row was moved $moved", ({ change }) => {
    expect(() => unseal(sealed(change), [key])).toThrow(/changed in the database.*or moved there/);
  });

  it("does not open when a bit of it was changed, or a part cut off", () => {
    const { nonce, sealed: text } = sealed();
    const flipped = (base: string, at: number) => {
      const bytes = Buffer.from(base, "base64url");
      bytes[at]! ^= 1;
      return bytes.toString("base64url");
    };

    for (const change of [
      { sealed: flipped(text, 0) },
      { sealed: flipped(text, Buffer.from(text, "base64url").length - 1) },
      { sealed: Buffer.from(text, "base64url").subarray(0, -1).toString("base64url") },
      { sealed: "" },
      { nonce: flipped(nonce, 0) },
      { nonce: "" },
    ])
      expect(() => unseal(sealed({ nonce, sealed: text, ...change }), [key])).toThrow(/changed in the database/);
  });

  it("names the key that is missing, and says what mends it", () => {
    expect(() => unseal(sealed(), [newKey()])).toThrow(
      new RegExp(`the key ${key.id}, which is not here.*FLEETWRIGHT_SEAL_KEY.*credentials set linode-main token`),
    );
  });

  it("does not take another key that says it is the one", () => {
    expect(() => unseal(sealed(), [{ ...newKey(), id: key.id }])).toThrow(/changed in the database/);
  });
});
