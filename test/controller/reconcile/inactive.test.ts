import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { inactiveBy, inactiveVerdicts } from "../../../controller/reconcile/inactive.ts";
import type { Work } from "../../../controller/reconcile/types.ts";
import type { AccountSpec, ServerSpec } from "../../../resources/spec.ts";
import { accountSpec, accountsOf, desiredOf, serverSpec } from "./specs.ts";
import { workFor } from "./works.ts";

const OFF = { active: false } as const;

interface World {
  account?: Partial<AccountSpec>;
  /** Marks whose creates have left for the cloud. */
  sent?: string[];
}

async function verdictsOn(works: Work[], { account = OFF, sent = [] }: World = {}) {
  const file = stringify({ kind: "Server", name: "web-9", account: "main", size: "small" });
  const parts = {
    repo: { readBlob: async (commit: string, path: string) => (`${commit}:${path}` === "c1:web-9.yaml" ? file : "") },
    store: { intent: async (_: string, mark: string) => (sent.includes(mark) ? ({ key: mark } as never) : undefined) },
  };
  const objects = works.flatMap(({ desired }) => (desired === undefined ? [] : [desiredOf(desired as ServerSpec)]));
  const accounts = accountsOf(accountSpec("main", account), accountSpec("other"));
  const accountPaths = new Map([["main", "accounts/main.yaml"]]);
  return inactiveVerdicts(works, await inactiveBy(parts, works, { accounts, accountPaths, commit: "c1", objects }));
}

const server = (over: Partial<ServerSpec> = {}) => serverSpec("web-9", { account: "main", ...over });

describe("an account that is switched off", () => {
  it("takes no new server, which is told by the place in its file with what mends it, and nothing lifts it", async () => {
    expect(await verdictsOn([workFor(undefined, server())])).toEqual([
      {
        guard: "inactive",
        passed: false,
        message:
          "web-9.yaml:3:10: account: main is switched off and takes no new servers: name another account, or take `active: false` out of accounts/main.yaml",
        objects: ["web-9"],
      },
    ]);
  });

  it("takes none that comes from another account", async () => {
    expect(await verdictsOn([workFor(server({ account: "other" }), server())])).toHaveLength(1);
  });

  it.each([
    { what: "power", work: () => workFor(server(), server({ power: "stopped" })) },
    { what: "another size", work: () => workFor(server(), server({ size: "large" })) },
    { what: "a machine made anew", work: () => workFor(server(), server({ rebuild: 1 })) },
    { what: "a deletion", work: () => workFor(server(), undefined) },
    { what: "a way to another account", work: () => workFor(server(), server({ account: "other" })) },
    { what: "a machine that is taken over", work: () => workFor(undefined, server({ adopt: "17" })) },
  ])("lets servers that are there have $what", async ({ work }) => {
    expect(await verdictsOn([work()])).toEqual([]);
  });

  it("lets a create that has left for the cloud come to its end", async () => {
    const work = workFor(undefined, server());

    expect(await verdictsOn([work], { sent: [work.mark] })).toEqual([]);
  });

  it("is none while it is switched on", async () => {
    expect(await verdictsOn([workFor(undefined, server())], { account: {} })).toEqual([]);
  });
});
