import { describe, expect, it } from "vitest";
import { isSettled, matchAccounts, matchObjects } from "../../../controller/reconcile/match.ts";
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
