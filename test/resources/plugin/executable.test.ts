import { describe, expect, it } from "vitest";
import { packageFromEnvironment } from "../../../resources/plugin/executable.ts";

const account = {
  kind: "Account",
  name: "lab",
  provider: "proxmox",
  endpoint: "http://127.0.0.1:8006",
  credentials: { token: { env: "FLEET_PVE_TOKEN" } },
  deadlines: { createSeconds: 60, settleSeconds: 10 },
  budgets: {},
  options: {},
};
const complete = {
  FLEETWRIGHT_ACCOUNT: JSON.stringify(account),
  FLEETWRIGHT_ENDPOINTS: "lab=http://127.0.0.1:8006",
  FLEET_PVE_TOKEN: "root@pam!t=secret",
};

describe("the package of an executable", () => {
  it("has the types of the account's cloud", async () => {
    const types = (await packageFromEnvironment(complete, "1.0.0")).handlers.map(({ type }) => type);

    expect(types).toEqual(["fleetwright:index:Power", "fleetwright:proxmox:VirtualMachine"]);
  });

  it("has only the Power where the cloud has an official plugin", async () => {
    const linode = { ...account, provider: "linode", endpoint: undefined };

    const { handlers } = await packageFromEnvironment(
      { ...complete, FLEETWRIGHT_ACCOUNT: JSON.stringify(linode) },
      "1.0.0",
    );

    expect(handlers.map(({ type }) => type)).toEqual(["fleetwright:index:Power"]);
  });

  it.each([
    { name: "no account", env: {}, says: /FLEETWRIGHT_ACCOUNT is not set/ },
    {
      name: "an account that is no JSON",
      env: { ...complete, FLEETWRIGHT_ACCOUNT: "{" },
      says: /not the JSON of an account/,
    },
    {
      name: "half an account",
      env: { ...complete, FLEETWRIGHT_ACCOUNT: '{"name":"lab"}' },
      says: /not the JSON of an account/,
    },
    {
      name: "an unknown cloud",
      env: { ...complete, FLEETWRIGHT_ACCOUNT: JSON.stringify({ ...account, provider: "lab" }) },
      says: /"lab" is no cloud/,
    },
    {
      name: "a credential that is not set",
      env: { ...complete, FLEET_PVE_TOKEN: undefined },
      says: /FLEET_PVE_TOKEN, which is not set/,
    },
    {
      name: "a journal on another machine",
      env: { ...complete, FLEETWRIGHT_JOURNAL: "http://10.0.0.1" },
      says: /loopback/,
    },
  ])("says so when it is configured with $name", async ({ env, says }) => {
    const { handlers, configure } = await packageFromEnvironment(env, "1.0.0");

    expect(handlers).toEqual([]);
    await expect(configure?.({})).rejects.toThrow(says);
  });
});
