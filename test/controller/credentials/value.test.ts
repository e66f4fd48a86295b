import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { credentialValue, MOST_BYTES, readCredentialFile } from "../../../controller/credentials/value.ts";

let dir: string;
let fleet: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "fw-value-"));
  fleet = join(dir, "fleet");
  mkdirSync(fleet);
});
afterEach(() => rmSync(dir, { recursive: true }));

function file(text: string | Buffer, path = join(dir, "token"), mode = 0o600): string {
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}
const read = (path: string) => readCredentialFile(path, [fleet]);

describe("a credential's file", () => {
  it.each(["secret-1\n", "secret-1\r\n", "secret-1"])("is read without one line break: %j", (text) => {
    expect(read(file(text))).toBe("secret-1");
  });

  it("is read through the link that mounts it, and by a group that may", () => {
    const path = join(dir, "link");
    symlinkSync(file("secret-2\n", undefined, 0o640), path);

    expect(read(path)).toBe("secret-2");
  });

  it("is read anew each time", () => {
    const path = file("secret-1\n");
    expect(read(path)).toBe("secret-1");
    file("secret-2\n");

    expect(read(path)).toBe("secret-2");
  });

  it.each([
    { what: "everybody may read", make: () => file("secret-3", undefined, 0o644), says: /everybody: chmod o-rwx/ },
    {
      what: "lies in the fleet",
      make: () => file("secret-3", join(fleet, "token")),
      says: /lies in .*keep it elsewhere/,
    },
    {
      what: "is a link into the fleet",
      make: () => {
        symlinkSync(file("secret-3", join(fleet, "token")), join(dir, "link"));
        return join(dir, "link");
      },
      says: /lies in/,
    },
    { what: "is not there", make: () => join(dir, "nowhere"), says: /cannot be read \(ENOENT\)/ },
    { what: "is a folder", make: () => dir, says: /is no file/ },
    {
      what: "is a pipe that nobody writes to",
      make: () => {
        execFileSync("mkfifo", ["-m", "600", join(dir, "pipe")]);
        return join(dir, "pipe");
      },
      says: /is no file/,
    },
    { what: "is empty", make: () => file("\n"), says: /is empty/ },
    { what: "has several lines", make: () => file("secret-3\nsecret-3\n"), says: /line break/ },
    { what: "is too large", make: () => file(Buffer.alloc(MOST_BYTES + 1, "x")), says: /larger than a credential/ },
  ])("is refused when it $what, without telling what it holds", ({ make, says }) => {
    const path = make();

    expect(() => read(path)).toThrow(says);
    expect(() => read(path)).toThrow(expect.objectContaining({ code: "CREDENTIAL_MISSING" }));
    expect(() => read(path)).not.toThrow(/secret-3/);
  });
});

describe("a typed credential", () => {
  it.each(["", "\n", " x", "x ", "a\u0000b", "a\nb", "a\tb"])("is refused as %j", (text) => {
    expect(() => credentialValue(text, "the value")).toThrow(expect.objectContaining({ code: "USAGE" }));
  });
});
