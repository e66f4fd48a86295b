import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { resolveAccount } from "../../resources/account.ts";
import { clouds } from "../../resources/registry.ts";
import { accountSpec } from "./fixtures.ts";

const cloud = clouds.linode;
const env = { FLEETWRIGHT_TOKEN: "very-secret-token" };
const spec = accountSpec({ credentials: { token: { env: "FLEETWRIGHT_TOKEN" } } });

describe("resolveAccount", () => {
  it("reads credentials from the environment and goes to the cloud's public address", () => {
    const account = resolveAccount(spec, cloud, env);

    expect(account.credentials.token).toBe("very-secret-token");
    expect(account.endpoint).toBe("https://api.linode.com");
  });

  it("names the variable and the file when it is not set", () => {
    expect(() => resolveAccount(spec, cloud, {}, { file: "accounts/main.yaml" })).toThrow(
      expect.objectContaining({
        code: "CREDENTIAL_MISSING",
        message: expect.stringMatching(/accounts\/main\.yaml.*FLEETWRIGHT_TOKEN/),
      }),
    );
  });

  it("names the field when the file has none", () => {
    expect(() => resolveAccount(accountSpec({ credentials: {} }), cloud, env)).toThrow(/credentials\.token is missing/);
  });

  it("refuses a field that the cloud does not have", () => {
    const typo = accountSpec({
      credentials: { token: { env: "FLEETWRIGHT_TOKEN" }, tokne: { env: "FLEETWRIGHT_TOKEN" } },
    });

    expect(() => resolveAccount(typo, cloud, env)).toThrow(expect.objectContaining({ code: "FLEET_INVALID" }));
  });

  it("reads no variable without the allowed prefix", () => {
    const stolen = accountSpec({ credentials: { token: { env: "HOME" } } });

    expect(() => resolveAccount(stolen, cloud, { HOME: "/home/op" }, { envPrefixes: ["FLEETWRIGHT_"] })).toThrow(
      /HOME.*FLEETWRIGHT_/,
    );
  });

  it("sends a credential to no address that only git names", () => {
    const elsewhere = accountSpec({ ...spec, endpoint: "https://collect.example.net" });

    expect(() => resolveAccount(elsewhere, cloud, env)).toThrow(
      /may not be sent to https:\/\/collect\.example\.net.*FLEETWRIGHT_TOKEN_ENDPOINT/,
    );
    const allowed = { ...env, FLEETWRIGHT_TOKEN_ENDPOINT: "https://a.example.net, https://collect.example.net/" };
    expect(resolveAccount(elsewhere, cloud, allowed).endpoint).toBe("https://collect.example.net");
  });

  it.each([
    "http://127.0.0.1:9001",
    "http://localhost:9001/",
    "https://api.linode.com.example.net",
    "http://api.linode.com",
  ])("goes to %s only where an operator allows it", (endpoint) => {
    const elsewhere = accountSpec({ ...spec, endpoint });

    expect(() => resolveAccount(elsewhere, cloud, env)).toThrow(/credentials bind main --endpoint/);
    const allowed = { ...env, FLEETWRIGHT_ENDPOINTS: `other=https://x.example, ${spec.name}=${endpoint}` };
    expect(resolveAccount(elsewhere, cloud, allowed).endpoint).toBe(endpoint.replace(/\/$/, ""));
  });

  it("takes another spelling of the cloud's own address for that address", () => {
    const { endpoint } = resolveAccount(accountSpec({ ...spec, endpoint: "https://API.linode.com:443/" }), cloud, env);

    expect(endpoint).toBe("https://API.linode.com:443");
  });

  it("reads nothing for an account that may not send it", () => {
    const elsewhere = accountSpec({ ...spec, endpoint: "https://x.example", credentials: { token: { file: "/f" } } });
    const opened: string[] = [];
    const safe = {
      isBound: () => false,
      unseal: () => "",
      readFile: (path: string) => {
        opened.push(path);
        return "a-token";
      },
    };

    expect(() => resolveAccount(elsewhere, cloud, env, { safe })).toThrow(/file:\/f.*may not be sent/);
    expect(opened).toEqual([]);
    expect(resolveAccount(elsewhere, cloud, env, { safe: { ...safe, isBound: () => true } }).credentials.token).toBe(
      "a-token",
    );
  });

  it("says that only the controller reads what is sealed or in a file", () => {
    const sealed = accountSpec({ credentials: { token: { sealed: true } } });

    expect(() => resolveAccount(sealed, cloud, env)).toThrow(/only by the controller/);
  });

  it("shares one budget among the accounts of one token", () => {
    const first = resolveAccount(spec, cloud, env);
    const second = resolveAccount(accountSpec({ ...spec, name: "second" }), cloud, env);
    const other = resolveAccount(spec, cloud, { FLEETWRIGHT_TOKEN: "another-token" });

    expect(second.budget).toBe(first.budget);
    expect(other.budget).not.toBe(first.budget);
  });

  it("shows no credential to a logger", () => {
    const account = resolveAccount(spec, cloud, env);

    expect(JSON.stringify(account.credentials) + inspect(account, { depth: 9 })).not.toContain("very-secret-token");
  });
});
