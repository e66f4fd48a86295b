import { describe, expect, it } from "vitest";
import { isSettled, matchAccounts, matchObjects, supersededRecords } from "../../../controller/reconcile/match.ts";
import { accountSpec, accountsOf, appliedOf, desiredOf, firewallSpec, serverSpec } from "./specs.ts";

const accounts = accountsOf(accountSpec("linode-main", { cells: 4 }));

describe("matching files with records", () => {
  it("finds a renamed server by the name it had", () => {
    const [match] = matchObjects(
      [desiredOf(serverSpec("shop", { formerly: ["web-1"] }))],
      [appliedOf(serverSpec("web-1"))],
      accounts,
    );

    expect(match).toMatchObject({ identity: "web-1", stack: "linode-main.0", applied: { name: "web-1" } });
  });

  it("gives a new server that takes an old name an identity of its own", () => {
    const files = [desiredOf(serverSpec("web-1")), desiredOf(serverSpec("shop", { formerly: ["web-1"] }))];
    const renamed = appliedOf(serverSpec("shop"), { identity: "web-1" });

    const matches = matchObjects(files, [renamed], accounts);

    expect(matches.map(({ key, identity }) => [key, identity])).toEqual([
      ["Server//web-1", "web-1~2"],
      ["Server//shop", "web-1"],
    ]);
  });

  it("leaves a record without a file as a removal", () => {
    const [match] = matchObjects([], [appliedOf(serverSpec("web-1"))], accounts);

    expect(match?.desired).toBeUndefined();
    expect(match?.applied?.name).toBe("web-1");
  });

  it("keeps a server in its recorded stack whatever the count of cells is", () => {
    const [match] = matchObjects(
      [desiredOf(serverSpec("web-1"))],
      [appliedOf(serverSpec("web-1"), { stack: "linode-main.3" })],
      accounts,
    );

    expect(match?.stack).toBe("linode-main.3");
  });

  it("puts what servers share into the account's base stack", () => {
    const [match] = matchObjects([desiredOf(firewallSpec("web"))], [], accounts);

    expect(match?.stack).toBe("linode-main.base");
  });

  it("takes an account's recorded cells, and its identity over a rename", () => {
    const matched = matchAccounts(
      [accountSpec("main", { formerly: ["linode-main"], cells: 8 })],
      [{ identity: "linode-main", name: "linode-main", cells: 2 }],
    );

    expect(matched.get("main")).toMatchObject({ identity: "linode-main", cells: 2, recorded: true });
  });
});

describe("matching that must never mix two up", () => {
  it("gives a new account that takes an old name stacks of its own", () => {
    const recorded = [{ identity: "linode-main", name: "shop", cells: 1 }];

    const matched = matchAccounts([accountSpec("shop"), accountSpec("linode-main")], recorded);

    expect(matched.get("shop")?.identity).toBe("linode-main");
    expect(matched.get("linode-main")).toMatchObject({ identity: "linode-main_2", recorded: false });
  });

  it("takes the newer of two records that a cut-off move has left, and tells the older as superseded", () => {
    const both = accountsOf(accountSpec("linode-main"), accountSpec("linode-other"));
    const old = appliedOf(serverSpec("web-1"));
    const moved = appliedOf(serverSpec("web-1", { account: "linode-other" }), { generation: 1 });

    for (const applied of [
      [old, moved],
      [moved, old],
    ]) {
      const matches = matchObjects([desiredOf(serverSpec("web-1", { account: "linode-other" }))], applied, both);
      expect(matches).toHaveLength(1);
      expect(matches[0]?.applied).toBe(moved);
      expect(supersededRecords(applied)).toEqual([old]);
    }
  });

  it("keeps a firewall and a server of one name apart, also as removals", () => {
    const keys = matchObjects([], [appliedOf(serverSpec("web")), appliedOf(firewallSpec("web"))], accounts);

    expect(new Set(keys.map(({ key }) => key)).size).toBe(2);
  });

  it("is at rest when a counter was lowered", () => {
    const record = appliedOf(serverSpec("web-1", { rebuild: 2 }), { hash: desiredOf(serverSpec("web-1")).hash });
    const [match] = matchObjects([desiredOf(serverSpec("web-1"))], [record], accounts);

    expect(isSettled(match!)).toBe(true);
  });
});

describe("what is settled", () => {
  it.each([
    { name: "an equal pair", record: {}, settled: true },
    { name: "a suspect", record: { refresh: true }, settled: false },
    { name: "another hash", record: { hash: "other" }, settled: false },
    { name: "another name", record: { name: "web-0" }, settled: false },
  ])("$name: $settled", ({ record, settled }) => {
    const web = serverSpec("web-1", { formerly: ["web-0"] });
    const [match] = matchObjects([desiredOf(web)], [appliedOf(web, record)], accounts);

    expect(isSettled(match!)).toBe(settled);
  });
});
