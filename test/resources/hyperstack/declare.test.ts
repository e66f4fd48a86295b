import { describe, expect, it } from "vitest";
import { declarations } from "../../../resources/hyperstack/declare.ts";
import { hyperstack } from "../../../resources/hyperstack/index.ts";
import type { FirewallRule, ServerSpec } from "../../../resources/spec.ts";
import { declaredBy, declareServer, declareShared, firewallSpec, keySpec, MARK, PUBLIC_KEY } from "../declared.ts";
import { serverSpec } from "../fixtures.ts";

const OTHER_KEY = PUBLIC_KEY.replace("IJ3v", "IK4w");
const server = (partial: Partial<ServerSpec> = {}) =>
  serverSpec({
    provider: "hyperstack",
    size: "n3-L40x1",
    region: "CANADA-1",
    firewalls: ["web", "ops"],
    createOnly: { image: "Debian 12", keys: [{ name: "ops", publicKey: `${PUBLIC_KEY}\n` }] },
    ...partial,
  });
const context = {
  keyIds: { ops: "81" },
  firewallIds: { web: "71", ops: "72" },
  userData: "#cloud-config\n",
  rebuild: 3,
};
const keys = [
  { name: "ops", publicKey: PUBLIC_KEY },
  { name: "dev", publicKey: OTHER_KEY },
];

describe("a machine on Hyperstack as declared", () => {
  it("carries its mark among the labels, its firewalls and key by id, and user data as a secret", async () => {
    const [machine] = await declareServer(declarations, server(), context);

    expect(machine).toMatchObject({
      type: "fleetwright:hyperstack:VirtualMachine",
      name: "web-1",
      secrets: ["userData"],
    });
    expect(machine?.inputs).toEqual({
      mark: MARK,
      name: "web-1.example.net",
      region: "CANADA-1",
      environment: "default-CANADA-1",
      flavor: "n3-L40x1",
      image: "Debian 12",
      key: "81",
      userData: "#cloud-config\n",
      publicIp: true,
      portRandomization: false,
      bootableVolume: false,
      labels: [MARK, "role:web", "tier:_46_ront_20__45_nd"],
      firewalls: ["71", "72"],
    });
  });

  it("is replaced by `rebuild`, deleting first, and not by what applies to new machines only", async () => {
    const [machine] = await declareServer(declarations, server(), context);

    expect(machine?.opts).toMatchObject({ replacementTrigger: 3, deleteBeforeReplace: true });
    expect(machine?.opts.ignoreChanges).toEqual(expect.arrayContaining(["image", "key", "userData", "environment"]));
  });

  it("takes its environment from its own options, then by region, then from the account", async () => {
    const environment = async (accountOptions: Record<string, unknown>, options = {}) =>
      (await declareServer(declarations, server({ options, firewalls: [] }), { ...context, accountOptions }))[0]?.inputs
        .environment;
    const both = { environment: "fleet", environments: { "CANADA-1": "fleet-canada" } };

    expect(await environment(both, { environment: "mine", keyName: "by-hand" })).toBe("mine");
    expect(await environment(both)).toBe("fleet-canada");
    expect(await environment({ environment: "fleet" })).toBe("fleet");
  });

  it("puts further keys beside the first by cloud-init, where there is no other user data", async () => {
    const several = server({ createOnly: { image: "Debian 12", keys } });

    const [machine] = await declareServer(declarations, several, { ...context, userData: undefined as never });

    expect(machine?.inputs.userData).toBe(`#cloud-config\n{"ssh_authorized_keys":["${OTHER_KEY}"]}\n`);
    expect(machine?.inputs.key).toBe("81");
  });

  it("is declared without a key that the base stack has lost: only a new machine needs one", async () => {
    const [machine] = await declareServer(declarations, server(), { ...context, keyIds: {} });

    expect(machine?.inputs).not.toHaveProperty("key");
  });

  it("waits for a firewall that is not there", async () => {
    await expect(declareServer(declarations, server(), { ...context, firewallIds: {} })).rejects.toMatchObject({
      code: "FLEET_INVALID",
      message: expect.stringContaining("the firewall web has not been made yet"),
    });
  });

  it.each<{ name: string; change: Partial<ServerSpec>; path: string }>([
    { name: "a long name", change: { hostname: `${"a".repeat(51)}` }, path: "hostname" },
    { name: "no key", change: { createOnly: { image: "x", keys: [] } }, path: "keys" },
    {
      name: "several keys beside user data",
      change: { createOnly: { image: "x", keys, userData: { text: "#!/bin/sh" } } },
      path: "keys.1",
    },
    {
      name: "another environment without its key",
      change: { options: { environment: "e" }, firewalls: [] },
      path: "provider.environment",
    },
    {
      name: "another environment with firewalls",
      change: { options: { environment: "e", keyName: "k" } },
      path: "firewalls",
    },
  ])("is refused with $name", async ({ change, path }) => {
    expect(hyperstack.problems(server(change)).map((problem) => problem.path)).toEqual([path]);
    await expect(declareServer(declarations, server(change), context)).rejects.toMatchObject({ code: "FLEET_INVALID" });
  });

  it("has no problems otherwise", () => {
    expect(hyperstack.problems(server())).toEqual([]);
    expect(hyperstack.problems(server({ options: { environment: "e", keyName: "k" }, firewalls: [] }))).toEqual([]);
  });
});

describe("what machines on Hyperstack share, as declared", () => {
  const region = "CANADA-1";

  it("is a firewall of the region's environment, with a rule for each address", async () => {
    const [firewall] = await declareShared(declarations, firewallSpec({ name: `web@${region}`, region }));

    expect(firewall).toMatchObject({ type: "fleetwright:hyperstack:Firewall", name: "firewall.web" });
    expect(firewall?.inputs).toMatchObject({
      mark: MARK,
      name: "web-CANADA-1",
      region,
      environment: "default-CANADA-1",
    });
    expect(firewall?.inputs.rules).toHaveLength(8);
    expect(firewall?.opts).toMatchObject({ deleteBeforeReplace: true, ignoreChanges: ["environment"] });
  });

  it("is a key pair whose name ends in its mark and has at most 50 characters", async () => {
    const named = (name: string) => declareShared(declarations, { ...keySpec(), name: `${name}@${region}`, region });

    const [short] = await named("ops");
    const [long] = await named("o".repeat(63));

    expect(short?.inputs).toMatchObject({
      name: `ops-${MARK}`,
      publicKey: PUBLIC_KEY,
      environment: "default-CANADA-1",
    });
    expect(long?.inputs.name).toBe(`${"o".repeat(26)}-${MARK}`);
  });

  it("finds its environment in the account's options", async () => {
    const accountOptions = { environments: { [region]: "fleet-canada" } };
    const key = { ...keySpec(), region };
    const [pair] = await declaredBy((opts) =>
      declarations.declareShared(key, { identity: "ops", mark: MARK, accountOptions, opts }),
    );

    expect(pair?.inputs.environment).toBe("fleet-canada");
  });

  it("drops nothing silently", async () => {
    const rules: FirewallRule[] = [{ direction: "inbound", action: "drop", protocol: "tcp", addresses: ["0.0.0.0/0"] }];

    await expect(declareShared(declarations, firewallSpec({ region, rules }))).rejects.toMatchObject({
      code: "FLEET_INVALID",
      message: expect.stringContaining("rules.0.action"),
    });
  });
});
