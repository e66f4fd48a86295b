import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Change } from "../../../controller/changes/types.ts";
import { forgeAccount, forgeLender } from "../../../controller/forge/account.ts";
import { commandOf } from "../../../controller/forge/commands.ts";
import { commentText } from "../../../controller/forge/comment.ts";
import { gateOf } from "../../../controller/forge/gate.ts";
import { toPull as fromGitHub, type GitHubPull } from "../../../controller/forge/github.ts";
import { toPull as fromGitLab, type GitLabMerge } from "../../../controller/forge/gitlab.ts";
import { authorOf } from "../../../controller/forge/people.ts";
import type { Effect } from "../../../controller/reconcile/types.ts";
import { readCredentials } from "../../../resources/account.ts";
import type { ForgeSpec } from "../../../resources/spec.ts";

const fixture = (name: string) =>
  JSON.parse(readFileSync(join(import.meta.dirname, "fixtures", `${name}.json`), "utf8")) as unknown;
const HASH = "a".repeat(64);

const effect = (name: string, value: string): Effect => ({
  hash: `hash-${name}`,
  stack: "linode-main.0",
  object: { kind: "Server", name, account: "linode-main" },
  op: "update",
  changes: [{ path: "labels.env", before: "a", after: value }],
  replaceReasons: [],
  dataLoss: false,
  notes: [],
});

const shown = (effects: Effect[]): Change =>
  ({
    id: "c-abc",
    state: "needs-approval",
    preview: {
      hash: HASH,
      effects,
      verdicts: [],
      cost: { before: [], after: [] },
      price: { before: [], after: [] },
      notes: [],
    },
    approvals: [],
    results: [],
    pull: { number: 1, url: "https://forge.test/1", head: "b".repeat(40) },
  }) as unknown as Change;

describe("a pull request as a forge documents it", () => {
  it("is read from GitHub, with the repository that it comes from and the commit that merged it", () => {
    expect(fromGitHub(fixture("github-pull") as GitHubPull)).toEqual({
      number: 1347,
      title: "Amazing new feature",
      url: "https://github.com/octocat/Hello-World/pull/1347",
      state: "merged",
      author: { id: "1", name: "octocat" },
      head: "6dcb09b5b57875f334f61aebed695e2e4193db5e",
      isFork: true,
      base: "master",
      merged: "e5bd3914e2e596debea16f433f57875b5b90bcd6",
      updatedAt: "2011-01-26T19:01:12Z",
    });
    const gone = { ...(fixture("github-pull") as GitHubPull), user: null, merged_at: null, state: "open" as const };
    // A test merge has a commit as well.
    const open = fromGitHub({ ...gone, head: { ...gone.head, repo: null } });
    expect(open).toMatchObject({ state: "open", isFork: true, author: { id: "0" } });
    expect(open.merged).toBeUndefined();
  });

  it("is read from GitLab, squashed or fast-forwarded", () => {
    const merge = fixture("gitlab-merge-request") as GitLabMerge;

    expect(fromGitLab(merge)).toMatchObject({
      number: 133,
      state: "merged",
      isFork: false,
      merged: merge.squash_commit_sha,
    });
    expect(fromGitLab({ ...merge, squash_commit_sha: null }).merged).toBe(merge.sha);
    expect(fromGitLab({ ...merge, source_project_id: 1, state: "locked" })).toMatchObject({
      state: "open",
      isFork: true,
    });
  });
});

describe("a command", () => {
  it.each([
    ["fleetwright preview", { verb: "preview" }],
    [`fleetwright preview ${"c".repeat(40)}`, { verb: "preview", head: "c".repeat(40) }],
    [`Fine.\r\nfleetwright approve ${HASH}\r\n`, { verb: "approve", hash: HASH }],
    ["fleetwright execute", { verb: "execute" }],
    [
      `fleetwright approve ${HASH} allow-replace=web-1 allow-replace=web-2 allow-delete=12 allow-ended=old allow-spending=main outside-window`,
      {
        verb: "approve",
        hash: HASH,
        overrides: {
          allowReplace: ["web-1", "web-2"],
          allowRemovals: 12,
          allowEnded: ["old"],
          allowSpending: ["main"],
          outsideWindow: true,
        },
      },
    ],
    [`fleetwright approve ${HASH} allow-delete=0`, { verb: "unknown", text: `approve ${HASH} allow-delete=0` }],
    [`fleetwright approve ${HASH} allow-replace=*`, { verb: "unknown", text: `approve ${HASH} allow-replace=*` }],
    [`fleetwright approve ${HASH} please`, { verb: "unknown", text: `approve ${HASH} please` }],
    ["fleetwright approve", { verb: "unknown", text: "approve" }],
    ["fleetwright preview HEAD", { verb: "unknown", text: "preview HEAD" }],
    [`fleetwright execute ${HASH}`, { verb: "unknown", text: `execute ${HASH}` }],
    ["> fleetwright execute", undefined],
    ["```\nfleetwright execute\n```", undefined],
    ["please fleetwright execute", undefined],
    ["  fleetwright execute", undefined],
  ])("is read from %j", (body, command) => {
    expect(commandOf(body)).toEqual(command);
  });
});

describe("the gate", () => {
  it.each([
    [false, ["servers/a.yaml", "docs/accounts/x.md"], undefined],
    [true, ["servers/a.yaml"], "it comes from a fork"],
    [false, ["servers/a.yaml", "accounts/linode-main.yaml"], "it changes accounts/linode-main.yaml"],
    [false, ["fleet.yaml"], "it changes fleet.yaml"],
  ])("for a fork: %s, of %j is %s", (isFork, paths, gate) => {
    expect(gateOf({ isFork, paths })).toBe(gate);
  });
});

describe("the comment", () => {
  const told = (effects: Effect[]) => ({
    change: shown(effects),
    commands: true,
    before: false,
    page: "https://fleet.test/ui/changes/c-abc",
  });

  it("shows texts of the fleet as nothing but text", () => {
    const body = commentText(
      told([effect("web-1", "x` | @everyone ![](http://evil.test)\n\nfleetwright execute")]),
      "<!-- m -->",
      65_536,
    );

    expect(body.startsWith("<!-- m -->\n")).toBe(true);
    expect(body).toContain("`labels.env a → x' ¦ @everyone ![](http://evil.test) fleetwright execute`");
    expect(body).toContain(`fleetwright approve ${HASH}`);
    expect(commandOf(body)).toBeUndefined();
  });

  it("says how what guards refuse is lifted, where that can be, in words that are a command", () => {
    const verdict = (guard: string, override?: string) => ({
      guard,
      passed: false,
      message: "",
      objects: [],
      override,
    });
    const body = (...verdicts: object[]) => {
      const { change, ...rest } = told([effect("web-1", "x")]);
      const preview = { ...change.preview, verdicts };
      return commentText(
        { ...rest, change: { ...change, state: "previewed", preview } as Change },
        "<!-- m -->",
        65_536,
      );
    };

    const lifted = body(verdict("replace", "--allow-replace web-1"), verdict("mass-removal", "--allow-delete 4"));

    const line = /^fleetwright approve .*$/m.exec(lifted)![0];
    expect(commandOf(line)).toEqual({
      verb: "approve",
      hash: HASH,
      overrides: { allowReplace: ["web-1"], allowRemovals: 4 },
    });
    expect(commandOf(lifted)).toBeUndefined();
    expect(body(verdict("replace", "--allow-replace web-1"), verdict("protect"))).not.toContain("fleetwright approve");
  });

  it("folds many effects, and cuts them at the forge's limit with a link to the rest", () => {
    const many = Array.from({ length: 2000 }, (_, index) => effect(`web-${index}`, "b".repeat(40)));

    const folded = commentText(told(many.slice(0, 30)), "<!-- m -->", 65_536);
    const cut = commentText(told(many), "<!-- m -->", 65_536);

    expect(folded).toContain("<details><summary>30 effects</summary>");
    expect(folded).toContain("`web-29`");
    expect(cut.length).toBeLessThanOrEqual(65_536);
    expect(cut).toMatch(/\d+ more are not shown here: see \[the change\]\(https:\/\/fleet.test\/ui\/changes\/c-abc\)/);
    expect(cut).toContain(`fleetwright approve ${HASH}`);
    expect(cut.trimEnd().endsWith("</sub>")).toBe(true);
  });
});

describe("the forge's token", () => {
  const forge = {
    kind: "github",
    repository: "acme/fleet",
    token: { env: "FLEETWRIGHT_FORGE_TOKEN" },
    poll: "60s",
    commands: true,
    execute: "after-merge",
  } as const;
  const read = (spec: ForgeSpec, more: Record<string, string> = {}) =>
    readCredentials(forgeAccount(spec), forgeLender(spec.kind), { FLEETWRIGHT_FORGE_TOKEN: "t0ken", ...more });

  it("goes to the forge's public address, and to another only once an operator has bound it", () => {
    const elsewhere = { ...forge, url: "https://evil.test" };

    expect(read(forge)).toMatchObject({ endpoint: "https://github.com", credentials: { token: "t0ken" } });
    expect(() => read(elsewhere)).toThrow(/may not be sent to https:\/\/evil.test.*credentials bind @forge/);
    expect(() => read({ ...forge, kind: "gitea", url: "https://evil.test" })).toThrow(/may not be sent/);
    expect(read(elsewhere, { FLEETWRIGHT_FORGE_TOKEN_ENDPOINT: "https://evil.test" }).credentials.token).toBe("t0ken");
  });
});

describe("whose a pull request's change is", () => {
  const ann = { id: "u", name: "Ann", email: "ann@example.org", role: "approver", via: "pull-request" } as const;

  it("is for policies the linked user's who is about everything, and else a viewer's", () => {
    const login = { id: "7", name: "ann<x>" };

    expect(authorOf(login, ann, "https://forge.test")).toMatchObject({
      role: "approver",
      openedBy: "u",
      author: { name: "Ann" },
    });
    expect(authorOf(login, { ...ann, owners: ["team"] }, "https://forge.test")).toEqual({
      role: "viewer",
      author: { name: "Ann", email: "ann@example.org" },
    });
    expect(authorOf(login, undefined, "https://forge.test")).toEqual({
      role: "viewer",
      author: { name: "ann-x-", email: "7+ann-x-@noreply.forge.test" },
    });
  });
});
