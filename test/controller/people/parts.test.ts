import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { secretFile } from "../../../controller/keys.ts";
import { withoutSecrets } from "../../../controller/people/audit.ts";
import { concerns, mayAs, ROLES } from "../../../controller/people/principal.ts";
import { isSameHash, mint, readSecret } from "../../../controller/people/secrets.ts";
import { sourceKey } from "../../../controller/people/source.ts";
import { isWithin, leastOf } from "../../../controller/people/standing.ts";
import { TokenKeys } from "../../../controller/people/token-keys.ts";
import type { Standing } from "../../../controller/people/types.ts";

const names = fc.option(fc.subarray(["a", "b", "c"]), { nil: undefined });
const standings: fc.Arbitrary<Standing> = fc
  .record({ role: fc.constantFrom(...ROLES), accounts: names, owners: names })
  .map(({ role, accounts, owners }) => ({ role, ...(accounts && { accounts }), ...(owners && { owners }) }));
const objects = fc.record({ account: fc.constantFrom("a", "b", "c", "d"), owner: fc.constantFrom("a", "b", "c", "d") });

describe("a standing", () => {
  it("of two is what both may do, no more and no less", () => {
    fc.assert(
      fc.property(standings, standings, fc.constantFrom(...ROLES), objects, (one, other, role, object) => {
        const may = (standing: Standing) => mayAs(standing, role) && concerns(standing, object);
        expect(may(leastOf(one, other))).toBe(may(one) && may(other));
        expect(isWithin(leastOf(one, other), one)).toBe(true);
      }),
    );
  });

  it("is within another only when the other may do all of it", () => {
    fc.assert(
      fc.property(standings, standings, fc.constantFrom(...ROLES), objects, (less, more, role, object) => {
        const may = (standing: Standing) => mayAs(standing, role) && concerns(standing, object);
        fc.pre(isWithin(less, more));
        if (may(less)) expect(may(more)).toBe(true);
      }),
    );
  });
});

describe("a secret", () => {
  it("is read back as it was made, of its own kind only, and never when a character is changed", () => {
    for (const kind of ["api-key", "refresh", "session"] as const) {
      const { text, ...kept } = mint(kind);

      expect(readSecret(kind, text)).toEqual(kept);
      for (const other of ["api-key", "refresh", "session"] as const)
        if (other !== kind) expect(readSecret(other, text)).toBeUndefined();
      const at = text.length - 20;
      const changed = text.slice(0, at) + (text[at] === "x" ? "y" : "x") + text.slice(at + 1);
      expect(isSameHash(kept.hash, readSecret(kind, changed)!.hash)).toBe(false);
      expect(isSameHash(kept.hash, kept.hash)).toBe(true);
      expect(isSameHash(kept.hash, "")).toBe(false);
    }
  });

  it("is taken out of any text of an entry by its shape", () => {
    for (const kind of ["api-key", "refresh", "session"] as const) {
      const { text } = mint(kind);
      const entry = withoutSecrets({ action: "x", object: `a ${text}`, data: [`(${text})`], source: text });
      expect(JSON.stringify(entry)).not.toContain(text.slice(-43));
    }
  });
});

describe("a source", () => {
  it.each([
    ["192.0.2.1", "192.0.2.1"],
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:DB8:1:2::1", "2001:db8:1:2::/64"],
    ["2001:0db8:0001:0002::", "2001:db8:1:2::/64"],
    ["::1", "0:0:0:0::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
    ["1::2:3:4:5:6:7", "1:0:2:3::/64"],
    ["unix", "unix"],
  ])("%s counts as %s", (address, key) => {
    expect(sourceKey(address)).toBe(key);
  });
});

describe("the file of token keys", () => {
  const folder = mkdtempSync(join(tmpdir(), "fw-people-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const open = (file: string) => TokenKeys.open(folder, { FLEETWRIGHT_TOKEN_KEY_FILE: join(folder, file) }, Date.now);

  it("is made once, also when many open it at the same time", async () => {
    const opened = Array.from({ length: 8 }, async () => (await (await open("new/many.keys")).signing()).kid);

    const kids = await Promise.all(opened);
    expect(new Set(kids).size).toBe(1);
  });

  it("is the one that another process has made meanwhile", async () => {
    const file = join(folder, "raced.keys");
    const ours = () => {
      writeFileSync(file, "theirs", { mode: 0o600 });
      return "ours";
    };

    expect(readFileSync(await secretFile(file, "a key", ours), "utf8")).toBe("theirs");
    expect(readdirSync(folder).filter((name) => name.startsWith("raced"))).toEqual(["raced.keys"]);
  });

  it("is refused when others may read it, or it is damaged", async () => {
    await open("open.keys");
    chmodSync(join(folder, "open.keys"), 0o640);
    await expect(open("open.keys")).rejects.toThrow("others may read it: chmod 600");

    writeFileSync(join(folder, "damaged.keys"), "0123456789abcdef now short\n", { mode: 0o600 });
    await expect(open("damaged.keys")).rejects.toMatchObject({
      code: "STORE_FAILED",
      message: expect.stringContaining("remove it"),
    });
  });

  it("keeps a key that nobody could be signing with any more no longer than its tokens", async () => {
    let now = Date.parse("2026-01-01T00:00:00Z");
    const keys = await TokenKeys.open(folder, { FLEETWRIGHT_TOKEN_KEY_FILE: join(folder, "turn.keys") }, () => now);
    const first = (await keys.signing()).kid;
    await keys.rotate(0, 1000);
    await keys.rotate(500, 1000);
    expect(await keys.byId(first)).toBeDefined();

    now += 1001;
    await keys.rotate(0, 1000);
    expect(await keys.byId(first)).toBeUndefined();
  });
});
