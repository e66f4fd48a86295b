import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { scopesOf } from "../../../resources/linode/http.ts";
import { firewallLabel, instanceLabel, keyLabel } from "../../../resources/linode/names.ts";

const ALLOWED = /^[a-zA-Z]((?!--|__|\.\.)[a-zA-Z0-9_.-])+$/;
const part = fc.stringMatching(/^[A-Za-z0-9]([A-Za-z0-9-]{0,20}[A-Za-z0-9])?$/);
const hostname = fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join("."));

describe("a Linode's label", () => {
  it("is the hostname where Linode takes it", () => {
    expect(instanceLabel("web-1.example.net")).toBe("web-1.example.net");
    expect(firewallLabel("web")).toBe("web");
  });

  it("is always one that Linode takes, and another for another hostname", () => {
    fc.assert(
      fc.property(hostname, hostname, (one, other) => {
        for (const label of [instanceLabel(one), firewallLabel(one)]) expect(label).toMatch(ALLOWED);
        expect(instanceLabel(one).length).toBeGreaterThanOrEqual(3);
        expect(instanceLabel(one).length).toBeLessThanOrEqual(50);
        expect(firewallLabel(one).length).toBeLessThanOrEqual(32);
        if (one !== other) expect(instanceLabel(one)).not.toBe(instanceLabel(other));
      }),
    );
  });

  it.each(["1web", "a", "ab", "web--1", `${"long-".repeat(11)}er`, "1.2.3.4"])("is bent for %s", (name) => {
    expect(instanceLabel(name)).toMatch(/-[0-9a-f]{8}$/);
    expect(instanceLabel(name)).toMatch(ALLOWED);
  });

  it("leaves a key's label room for the mark", () => {
    const mark = "fw-abcdefghijklmnopqrst";

    expect(keyLabel("k".repeat(63), mark)).toHaveLength(64);
    expect(keyLabel("k".repeat(63), mark).endsWith(` ${mark}`)).toBe(true);
  });
});

describe("Linode's limits", () => {
  it.each([
    ["GET", "/v4/linode/instances", ["list"]],
    ["GET", "/v4/linode/instances/12", ["other"]],
    ["GET", "/v4/linode/instances/12/disks", ["list"]],
    ["GET", "/v4/linode/instances/12/ips", ["other"]],
    ["GET", "/v4/account/events", ["list"]],
    ["GET", "/v4/account/events/7", ["other"]],
    ["GET", "/v4/linode/types/g6-nanode-1", ["other"]],
    ["GET", "/v4/networking/firewalls/3/rules", ["other"]],
    ["GET", "/v4/images", ["images", "list"]],
    ["POST", "/v4/linode/instances", ["create", "other"]],
    ["POST", "/v4beta/linode/instances", ["create", "other"]],
    ["POST", "/v4/linode/instances/12/boot", ["other"]],
    ["PUT", "/v4/linode/instances/12", ["other"]],
  ])("count %s %s towards %j", (method, path, scopes) => {
    expect(scopesOf(method, path)).toEqual([...scopes, "account"]);
  });
});
