import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ownStack, serverStack } from "../../../controller/reconcile/cells.ts";
import { cellMoves, cellProposals, fewestCells, serversOfCells } from "../../../controller/reconcile/reshard-plan.ts";

const record = (name: string, stack: string, kind: "Server" | "Firewall" = "Server") => ({
  account: "acc",
  kind,
  name,
  identity: name,
  stack,
});
const servers = (count: number, cells = 1) =>
  Array.from({ length: count }, (_, index) => record(`web-${index}`, serverStack("acc", `web-${index}`, cells)));

describe("moves to another count of cells", () => {
  it("bring each server to where its name has it, and no other", () => {
    fc.assert(
      fc.property(
        fc.nat(60),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 9 }),
        (count, before, cells) => {
          const records = servers(count, before);
          const moves = new Map(cellMoves(records, cells).map((move) => [move.identity, move]));

          for (const { identity, stack } of records) {
            const to = serverStack("acc", identity, cells);
            expect(moves.get(identity)).toEqual(
              to === stack ? undefined : { identity, name: identity, from: stack, to },
            );
          }
        },
      ),
      { numRuns: 100 },
    );
  });

  it("leave machines in stacks of their own, and what servers share", () => {
    const others = [record("metal", ownStack("acc", "metal")), record("web", "acc.base", "Firewall")];

    expect(cellMoves([...others, ...servers(40)], 5).length).toBeGreaterThan(20);
    expect(cellMoves(others, 5)).toEqual([]);
  });
});

describe("a proposal of cells", () => {
  it("is made for the account of a stack with more than 500 servers: about 250 in each, with the command that does it", () => {
    const accounts = [
      { identity: "acc", name: "linode-main", cells: 1 },
      { identity: "other", name: "other", cells: 1 },
    ];
    const [proposal, ...more] = cellProposals(accounts, servers(1200));

    expect(more).toEqual([]);
    expect(proposal).toMatchObject({ account: "linode-main", cells: 1, stack: "acc.0", servers: 1200 });
    expect(proposal!.command).toBe(`fleetwright reshard linode-main --cells ${proposal!.proposed}`);
    const after = serversOfCells(
      "acc",
      servers(1200).map(({ identity }) => identity),
      proposal!.proposed,
    );
    expect(Math.max(...after.values())).toBeLessThanOrEqual(250);
    expect(proposal!.proposed).toBeLessThanOrEqual(7);
  });

  it("is not made while no stack has more, whatever the account has in all", () => {
    const accounts = [{ identity: "acc", name: "acc", cells: 3 }];

    expect(cellProposals(accounts, servers(500))).toEqual([]);
    expect(cellProposals(accounts, servers(1200, 3))).toEqual([]);
  });

  it("is the lowest count that does", () => {
    const names = Array.from({ length: 100 }, (_, index) => `web-${index}`);
    const cells = fewestCells(names, 10);
    const fullest = (count: number) => Math.max(...serversOfCells("acc", names, count).values());

    expect(fullest(cells)).toBeLessThanOrEqual(10);
    for (let fewer = 1; fewer < cells; fewer++) expect(fullest(fewer)).toBeGreaterThan(10);
  });
});
