import { describe, expect, it } from "vitest";
import { canonicalEndpoint, isAllowedByEnvironment } from "../../resources/endpoints.ts";

const allows = (setting: string, account: string, endpoint: string) =>
  isAllowedByEnvironment(account, endpoint, { FLEETWRIGHT_ENDPOINTS: setting });

describe("an address", () => {
  it.each([
    { text: "https://API.Example.net:443/", is: "https://api.example.net" },
    { text: "http://127.0.0.1:9001/v1//", is: "http://127.0.0.1:9001/v1" },
    { text: "https://a@example.net", is: undefined },
    { text: "https://example.net?to=x", is: undefined },
    { text: "file:///etc/passwd", is: undefined },
    { text: "example.net", is: undefined },
  ])("$text is compared as $is", ({ text, is }) => {
    expect(canonicalEndpoint(text)).toBe(is);
  });
});

describe("FLEETWRIGHT_ENDPOINTS", () => {
  it("allows an account its addresses, and no other account", () => {
    const setting = "pve-lab=https://pve.example:8006, pve-lab=https://two.example/,do-main=https://do.example";

    expect(allows(setting, "pve-lab", "https://pve.example:8006")).toBe(true);
    expect(allows(setting, "pve-lab", "https://two.example")).toBe(true);
    expect(allows(setting, "do-main", "https://two.example")).toBe(false);
    expect(allows(setting, "pve-lab", "https://pve.example:8006/other")).toBe(false);
    expect(allows(setting, "pve-lab", "http://pve.example:8006")).toBe(false);
    expect(allows("", "pve-lab", "https://pve.example:8006")).toBe(false);
  });

  it("allows every account with *, and any port of this machine", () => {
    expect(allows("*=https://proxy.example", "a", "https://proxy.example")).toBe(true);
    expect(allows("*=http://127.0.0.1:*", "a", "http://127.0.0.1:40123")).toBe(true);
    expect(allows("*=http://127.0.0.1:*", "a", "http://127.0.0.1.example.net:40123")).toBe(false);
    expect(allows("*=http://127.0.0.1:*", "a", "https://127.0.0.1:40123")).toBe(false);
  });

  it.each([
    "https://x.example",
    "a=x.example",
    "a=https://u:p@x.example",
    "a=https://x.example:*",
    "A b=https://x.example",
  ])("is refused where an entry cannot be read: %s", (setting) => {
    expect(() => allows(setting, "a", "https://x.example")).toThrow(/FLEETWRIGHT_ENDPOINTS/);
  });
});
