import { describe, expect, it } from "vitest";
import { steadyAccounts } from "../../controller/accounts.ts";
import { resolveAccount } from "../../resources/account.ts";
import { linode } from "../../resources/linode/index.ts";
import { accountSpec } from "../resources/fixtures.ts";

const spec = accountSpec({ credentials: { token: { env: "FLEET_TOKEN" } } });

describe("an account of a controller", () => {
  it("is the same object for as long as its file and its credentials stay the same", () => {
    const account = steadyAccounts((each) => resolveAccount(each, linode, { FLEET_TOKEN: "one" }));

    expect(account(structuredClone(spec))).toBe(account(spec));
    expect(account({ ...spec, name: "other" })).not.toBe(account(spec));
  });

  it("is another one at once when its credential, its address or a setting is another", () => {
    const env = { FLEET_TOKEN: "one", FLEET_TOKEN_ENDPOINT: "https://elsewhere.example.net" };
    const account = steadyAccounts((each) => resolveAccount(each, linode, env));
    const first = account(spec);
    env.FLEET_TOKEN = "two";
    const second = account(spec);

    expect(second).not.toBe(first);
    expect(second.credentials.token).toBe("two");
    expect(account({ ...spec, endpoint: "https://elsewhere.example.net" })).not.toBe(second);
    expect(account({ ...spec, options: { project: "a" } }).spec.options).toEqual({ project: "a" });
  });

  it("is refused when its credential is gone, also where it was there before", () => {
    const env: Record<string, string | undefined> = { FLEET_TOKEN: "one" };
    const account = steadyAccounts((each) => resolveAccount(each, linode, env));
    account(spec);
    delete env.FLEET_TOKEN;

    expect(() => account(spec)).toThrow(/FLEET_TOKEN/);
  });
});
