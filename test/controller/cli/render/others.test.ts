import { describe, expect, it } from "vitest";
import { beingMadeText, renderBeingMade } from "../../../../controller/cli/render/being-made.ts";
import { renderDrift } from "../../../../controller/cli/render/drift.ts";
import { renderExecution } from "../../../../controller/cli/render/execution.ts";
import { aligned, wrapped } from "../../../../controller/cli/render/text.ts";
import type { AccountDrift } from "../../../../controller/reconcile/drift.ts";
import type { Execution, Outcome } from "../../../../controller/reconcile/execute.ts";
import { clipped, counted, listed } from "../../../../controller/words/text.ts";
import { seconds } from "../../../../controller/words/time.ts";
import { fakeIo } from "../fake-io.ts";

const account = (rest: Partial<AccountDrift>): AccountDrift => ({
  account: "linode-main",
  servers: 1,
  firewalls: 0,
  ports: 0,
  drifted: [],
  awaited: [],
  orphans: [],
  foreign: 0,
  causes: [],
  started: [],
  ended: [],
  ...rest,
});

describe("drift", () => {
  it("says as desired, with machines that are not ours counted", () => {
    expect(renderDrift([account({ servers: 3, foreign: 1 })], fakeIo())).toBe(
      "linode-main  3 servers, as desired, 1 machine not ours",
    );
  });

  it("tells one field beside its server and several below it", () => {
    const one = { object: "Server", name: "web-1", account: "linode-main", id: "7", kind: "changed" } as const;
    const power = { path: "power", desired: "running", actual: "stopped" };
    const shown = renderDrift(
      [
        account({
          servers: 2,
          drifted: [
            { ...one, fields: [power] },
            { ...one, name: "web-2", fields: [power, { path: "labels", desired: ["a"], actual: [] }] },
          ],
        }),
      ],
      fakeIo(),
    );

    expect(shown.split("\n")).toEqual([
      "linode-main  2 servers, 2 of them not as desired",
      "  ! web-1 7  power is stopped, wanted running",
      "  ! web-2 7",
      "      power is stopped, wanted running",
      '      labels is [], wanted ["a"]',
    ]);
  });

  it("folds what one cause has done to 40 servers into one row, with since when and who wanted it", () => {
    const names = Array.from({ length: 40 }, (_, index) => `web-${String(index).padStart(2, "0")}`);
    const power = { path: "power", desired: "running", actual: "stopped" };
    const wanted = {
      name: "Ada",
      email: "ada@example.org",
      commit: "0123456789abcdef",
      at: "2026-01-01T00:00:00.000Z",
    };
    const shown = renderDrift(
      [
        account({
          servers: 40,
          drifted: names.map((name) => ({
            object: "Server",
            name,
            account: "linode-main",
            id: name,
            kind: "changed",
            fields: [power],
          })),
          causes: [
            { account: "linode-main", object: "Server", ...power, names, since: "2026-01-01T00:00:00.000Z", wanted },
          ],
        }),
      ],
      fakeIo(),
      Date.parse("2026-01-01T02:05:00Z"),
    );

    expect(shown.split("\n")).toEqual([
      "linode-main  40 servers, 40 of them not as desired",
      "  ! 40 servers  power is stopped, wanted running  web-00, web-01, web-02 and 37 more  since 2 h 05 min, wanted by Ada in 0123456789",
    ]);
  });

  it("tells rules one by one", () => {
    const fields = [
      { path: "inboundPolicy", desired: "drop", actual: "accept" },
      { path: "rules[-0]", desired: "accept tcp 80 from anywhere" },
      { path: "rules[+0]", actual: "accept tcp 22 from anywhere" },
    ];
    const drifted = [
      { object: "Firewall", name: "web", account: "linode-main", id: "7", kind: "changed", fields },
    ] as const;

    expect(renderDrift([account({ firewalls: 2, drifted: [...drifted] })], fakeIo()).split("\n")).toEqual([
      "linode-main  1 server and 2 firewalls, 1 of them not as desired",
      "  ! firewall web 7",
      "      inboundPolicy is accept, wanted drop",
      "      rules: - accept tcp 80 from anywhere",
      "      rules: + accept tcp 22 from anywhere",
    ]);
  });

  it("says that it is suspended, and why", () => {
    const suspended = { what: "server web-1", reason: "a move" };
    const fields = [{ path: "power", desired: "running", actual: "stopped" }];
    const drifted = [
      {
        object: "Server" as const,
        name: "web-1",
        account: "linode-main",
        id: "7",
        kind: "changed" as const,
        fields,
        suspended,
      },
    ];

    expect(renderDrift([account({ drifted })], fakeIo()).split("\n")[1]).toBe(
      "  ! web-1 7 (server web-1 is suspended: a move)  power is stopped, wanted running",
    );
  });

  it("says gone, orphans and accounts that could not be read, each as what it is", () => {
    const shown = renderDrift(
      [
        account({
          drifted: [{ object: "Server", name: "web-1", account: "linode-main", id: "7", kind: "gone", fields: [] }],
          orphans: [
            { object: "Server", id: "9", name: "old", mark: "fw-abc" },
            { object: "Firewall", id: "8", name: "old-web", mark: "fw-abd" },
          ],
        }),
        account({ account: "do-main", error: "401 Unauthorized" }),
      ],
      fakeIo(),
    );

    expect(shown.split("\n").slice(1)).toEqual([
      "  ! web-1 7  is gone from the cloud",
      "  ? old 9 fw-abc  has an owner mark that no record names",
      "  ? firewall old-web 8 fw-abd  has an owner mark that no record names",
      "do-main  could not be read: 401 Unauthorized",
    ]);
  });
});

describe("an execution", () => {
  const effects = ["Server", "Server", "Firewall"].map((kind, index) => ({ hash: `h${index}`, object: { kind } }));
  const ended = (states: Outcome["state"][]) =>
    ({
      preview: { effects },
      outcomes: states.map((state, index) => ({ name: "x", op: "create", effectHash: `h${index}`, state })),
      converged: states.filter((state) => state === "converged").length,
      provisioning: states.filter((state) => state === "provisioning").length,
      failed: states.filter((state) => state === "failed").length,
      engineRuns: 1,
    }) as unknown as Execution;

  it.each([
    { states: [], text: "Converged: nothing had to be done." },
    { states: ["converged", "converged", "converged"], text: "✓ 2 servers and 1 shared object converged" },
    { states: ["failed", "failed"], text: "✗ 2 failed; the next apply goes on with what is left" },
    {
      states: ["converged", "failed"],
      text: "✓ 1 server converged, ✗ 1 failed; the next apply goes on with what is left",
    },
    {
      states: ["converged", "provisioning"],
      text: "✓ 1 server converged, ◌ 1 server ordered and being made ready; `fleetwright status` tells how far, `apply --wait` waits",
    },
    {
      states: ["provisioning", "failed"],
      text: "◌ 1 server ordered and being made ready, ✗ 1 failed; the next apply goes on with what is left",
    },
  ] as { states: Outcome["state"][]; text: string }[])("says: $text", ({ states, text }) => {
    expect(renderExecution(ended(states), fakeIo())).toBe(text);
  });

  it("says what was not begun, why, and how to go on", () => {
    const left = ["web-3", "web-4"].map((name) => ({
      name,
      op: "update",
      effectHash: name,
      why: "web-2 failed in wave 2 of 4",
    }));

    expect(renderExecution({ ...ended(["converged", "failed"]), left }, fakeIo()).split("\n")).toEqual([
      "✓ 1 server converged, ✗ 1 failed",
      "… 2 objects not begun (web-2 failed in wave 2 of 4): web-3, web-4",
      "They stay approved: mend what failed and `fleetwright apply` goes on with what is left; another commit changes or drops it",
    ]);
  });

  it("does not say that it converged where all of it is held", () => {
    const none = ended([]);

    expect(renderExecution({ ...none, preview: { ...none.preview, held: [] } }, fakeIo())).toBe(
      "Nothing was done: all of it is held.",
    );
  });
});

describe("a machine that is being made", () => {
  const now = Date.parse("2026-01-01T00:12:00Z");
  const machine = {
    name: "metal-1",
    account: "hive-main",
    id: "7/9",
    percent: 40,
    step: "PROVISION_STARTED",
    since: "2026-01-01T00:00:00.000Z",
    deadline: "2026-01-01T01:00:00.000Z",
  };

  it.each([
    { more: {}, text: "being made: 40 %, PROVISION_STARTED, since 12 min, deadline in 48 min" },
    { more: { percent: undefined, step: "queued" }, text: "being made: queued, since 12 min, deadline in 48 min" },
    { more: { deadline: "2026-01-01T03:30:10.000Z" }, text: /deadline in 3 h 18 min$/ },
    { more: { problem: "503" }, text: /deadline in 48 min, could not be looked at now \(503\)$/ },
    {
      more: { deadline: "2026-01-01T00:07:00.000Z", overdue: true as const },
      text: /^overdue by 5 min: 40 %, .*support.*neither deleted nor ordered again/,
    },
    { more: { step: "FAILED", failed: true as const }, text: /^the cloud has given up on it \(FAILED\)/ },
  ])("is told as $text", ({ more, text }) => {
    const { percent, ...rest } = { ...machine, ...more };
    const told = beingMadeText({ ...rest, ...(percent === undefined ? {} : { percent }) }, now);

    if (typeof text === "string") expect(told).toBe(text);
    else expect(told).toMatch(text);
  });

  it("has a line with its id", () => {
    const [line] = renderBeingMade([machine], fakeIo(), now);

    expect(line).toContain("metal-1 7/9  being made: 40 %");
  });
});

describe("words", () => {
  it("has plurals and lists", () => {
    expect([counted(1, "server"), counted(0, "server"), counted(2, "key")]).toEqual([
      "1 server",
      "0 servers",
      "2 keys",
    ]);
    expect([listed([]), listed(["a"]), listed(["a", "b", "c"])]).toEqual(["", "a", "a, b and c"]);
  });

  it("cuts to a width, and breaks between words", () => {
    expect([clipped("abcdef", 6), clipped("abcdefg", 6)]).toEqual(["abcdef", "abcde…"]);
    expect(wrapped(["aa", "bb", "cccccccccc", "d"], " · ", 8)).toEqual(["aa · bb", "cccccccccc", "d"]);
  });

  it("aligns columns, gives what ends a row all the room, and leaves out what no row has", () => {
    expect(
      aligned([
        ["a", "", "x", "1"],
        ["bb", "", "this one ends its row", ""],
        ["c", "", "yy", "2"],
      ]),
    ).toEqual(["a   x   1", "bb  this one ends its row", "c   yy  2"]);
  });

  it("tells times as people do", () => {
    expect([850, 12_340, 125_000].map(seconds)).toEqual(["850 ms", "12.3 s", "2 min 05 s"]);
  });
});
