import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { isConfigured, withCredentials } from "../../../controller/capsule/credentials.ts";
import { AuthenticationError } from "../../../controller/capsule/errors.ts";
import { homeOf } from "../../../controller/capsule/home.ts";
import { ENV_PREFIXES } from "../../../controller/capsule/variables.ts";

let home: string;
const keep = (path: string, text: string, mode = 0o600) => {
  mkdirSync(join(home, path, ".."), { recursive: true });
  writeFileSync(join(home, path), text);
  chmodSync(join(home, path), mode);
};
const environment = (more: Record<string, string> = {}) => withCredentials({ HOME: home, ...more });

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "fw-capsule-home-"));
});

describe("withCredentials", () => {
  it("takes what no variable has from ~/.capsule/providers.yml", () => {
    const file =
      "vultr:\n  api_key: of-the-file\ndigitalocean:\n  api_key: of-the-file\naws:\n  access_key_id: AK\n  secret_access_key: SK\n";
    keep(".capsule/providers.yml", `${file}equinix:\n  api_key: of-the-file\n  project_id: P\n`);

    const found = environment({ DIGITALOCEAN_API_KEY: "of-the-variable" });

    expect(found).toMatchObject({
      VULTR_API_KEY: "of-the-file",
      DIGITALOCEAN_API_KEY: "of-the-variable",
      AWS_ACCESS_KEY_ID: "AK",
      AWS_SECRET_ACCESS_KEY: "SK",
      EQUINIX_API_KEY: "of-the-file",
      EQUINIX_PROJECT_ID: "P",
    });
    expect(["vultr", "aws", "hivelocity"].map((name) => isConfigured(name, found))).toEqual([true, true, false]);
  });

  it.each([0o644, 0o640])("refuses a file that others may read (%o)", (mode) => {
    keep(".capsule/providers.yml", "vultr:\n  api_key: of-the-file\n", mode);

    expect(() => environment()).toThrow(AuthenticationError);
  });

  it.each([
    { text: "vultr: [", words: "it is no YAML" },
    { text: "a-key-by-itself", words: "PROVIDER: { api_key: KEY } is wanted" },
    { text: "scaleway:\n  api_key: x", words: "there is no provider scaleway" },
  ])("refuses $text, and repeats nothing of it", ({ text, words }) => {
    keep(".capsule/providers.yml", text);

    expect(() => environment()).toThrow(words);
    expect(() => environment()).not.toThrow("a-key-by-itself");
  });

  it("takes AWS's own profile where nothing else has a pair, and never half of two", () => {
    const profile =
      "[default]\naws_access_key_id = D\naws_secret_access_key = S\n[work]\naws_access_key_id=W\naws_secret_access_key=T\n";
    keep(".aws/credentials", profile);

    expect(environment()).toMatchObject({ AWS_ACCESS_KEY_ID: "D", AWS_SECRET_ACCESS_KEY: "S" });
    expect(environment({ AWS_PROFILE: "work" })).toMatchObject({ AWS_ACCESS_KEY_ID: "W", AWS_SECRET_ACCESS_KEY: "T" });
    expect(environment({ AWS_ACCESS_KEY_ID: "E" })).not.toHaveProperty("AWS_SECRET_ACCESS_KEY");
  });

  it("lets all fields of an account go where the first may", () => {
    const url = "http://127.0.0.1:1";

    expect(environment({ AWS_ACCESS_KEY_ID_ENDPOINT: url })).toMatchObject({ AWS_SECRET_ACCESS_KEY_ENDPOINT: url });
  });
});

it("finds the fleet: as told, by FLEETWRIGHT_FLEET, else in ~/.capsule", () => {
  const FLEETWRIGHT_FLEET = "/of/the/variable";

  expect(homeOf({ HOME: home, FLEETWRIGHT_FLEET }, "/told")).toEqual({ dir: "/told", isOwn: false });
  expect(homeOf({ HOME: home, FLEETWRIGHT_FLEET })).toEqual({ dir: "/of/the/variable", isOwn: false });
  expect(homeOf({ HOME: home })).toEqual({ dir: join(home, ".capsule/fleet"), isOwn: true });
});

it("lets accounts name the documented variables", () => {
  expect(ENV_PREFIXES).toEqual([
    "FLEETWRIGHT_",
    "HIVELOCITY_",
    "DIGITALOCEAN_",
    "VULTR_",
    "AWS_",
    "EQUINIX_",
    "LINODE_",
  ]);
});
