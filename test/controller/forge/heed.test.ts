import { describe, expect, it, vi } from "vitest";
import type { Change } from "../../../controller/changes/types.ts";
import type { Command } from "../../../controller/forge/commands.ts";
import { type Heeding, heed } from "../../../controller/forge/heed.ts";
import type { ForgeComment } from "../../../controller/forge/types.ts";
import type { Role } from "../../../controller/people/principal.ts";

const { signal } = new AbortController();
const HASH = "a".repeat(64);
const AT = "2026-01-01T00:00:00.000Z";
const COMMENT: ForgeComment = { id: 1, author: { id: "7", name: "pat" }, body: "", createdAt: AT, updatedAt: AT };
const OVERRIDES = { allowReplace: ["web-1"], allowRemovals: 3 };

/** One command of somebody of this role, about a pull request's change in this state. */
async function said(command: Command, role: Role, over: Partial<Change> = {}, execute = "after-merge") {
  const approve = vi.fn();
  const executed = vi.fn();
  const merge = vi.fn();
  const audit = vi.fn();
  const user = { id: "u-1", name: "Pat", email: "pat@example.org", role, enabled: true, hash: "", signOuts: 0 };
  const store = { forgeLogin: async () => ({ user: "u-1" }), people: { user: async () => user, audit } };
  const heeding = {
    ground: { controller: { store, repo: {} } },
    changes: { approve, execute: executed },
    forge: { merge },
    spec: { execute },
    key: "forge",
  } as unknown as Heeding;
  const pull = { number: 1, url: "https://forge.test/1", head: "b".repeat(40) };
  const change = { id: "c-1", state: "approved", files: ["servers/a.yaml"], pull, ...over } as Change;
  const { refused } = await heed(heeding, command, { comment: COMMENT, change, number: 1 }, signal);
  return { refused, approve, executed, merge, audit };
}

describe("a command that lifts what guards refuse", () => {
  const command: Command = { verb: "approve", hash: HASH, overrides: OVERRIDES };

  it("is heeded of an approver, with exactly what it lifts, and on record with that", async () => {
    const { refused, approve, audit } = await said(command, "approver", { state: "previewed" });

    expect(refused).toBeUndefined();
    expect(approve).toHaveBeenCalledExactlyOnceWith(
      "c-1",
      { hashes: [HASH], overrides: OVERRIDES, by: expect.objectContaining({ email: "pat@example.org" }) },
      signal,
    );
    expect(audit.mock.calls[0]![0]).toMatchObject({ action: "pull-request.approve", data: { overrides: OVERRIDES } });
  });

  it("is refused of whoever may not approve", async () => {
    const { refused, approve, audit } = await said(command, "requester", { state: "previewed" });

    expect(refused).toContain("this is for the role approver, and yours is requester");
    expect(approve).not.toHaveBeenCalled();
    expect(audit.mock.calls[0]![0]).toMatchObject({ action: "pull-request.refused" });
  });
});

describe("a command that executes", () => {
  const command: Command = { verb: "execute" };
  const ahead = { by: "", since: AT, objects: [], hashes: [], begun: true } as const;

  it.each([
    ["merges, where merging executes", {}, "after-merge", "merge"],
    ["executes, where that comes before the merge", {}, "before-merge", "execute"],
    ["tries again what has failed before the merge", { state: "failed", ahead }, "before-merge", "execute"],
    ["merges what changes accounts, whatever is set", { files: ["accounts/a.yaml"] }, "before-merge", "merge"],
    ["does nothing with what is executed", { ahead: { ...ahead, done: AT } }, "before-merge", undefined],
    ["does nothing with what waits for an operator", { state: "draft" }, "before-merge", undefined],
    ["does nothing with what is not approved", { state: "needs-approval" }, "before-merge", undefined],
  ])("%s", async (_, over, execute, done) => {
    const { refused, executed, merge } = await said(command, "operator", over as Partial<Change>, execute);

    expect([merge.mock.calls.length, executed.mock.calls.length]).toEqual([
      done === "merge" ? 1 : 0,
      done === "execute" ? 1 : 0,
    ]);
    expect(refused === undefined).toBe(done !== undefined);
  });

  it("is refused of whoever has not opened it and is no operator", async () => {
    const { refused, executed } = await said(command, "approver", {}, "before-merge");

    expect(refused).toContain("for whoever has opened it");
    expect(executed).not.toHaveBeenCalled();
  });
});
