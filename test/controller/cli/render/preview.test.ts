import { describe, expect, it } from "vitest";
import { renderPreview } from "../../../../controller/cli/render/preview.ts";
import type { Change, Effect, EffectOp, Preview } from "../../../../controller/reconcile/types.ts";
import { fakeIo } from "../fake-io.ts";

const USD = (units: number) => ({ monthlyMicro: units * 1_000_000, hourlyMicro: units * 1_500, currency: "USD" });

function effect(op: EffectOp, name: string, rest: Partial<Effect> = {}): Effect {
  return {
    hash: `hash-${name}`,
    stack: "linode-main.0",
    object: { kind: "Server", name, account: "linode-main" },
    op,
    changes: [],
    replaceReasons: [],
    dataLoss: false,
    notes: [],
    ...rest,
  };
}

function preview(effects: Effect[], rest: Partial<Preview> = {}): Preview {
  return {
    commit: "0123456789abcdef",
    hash: effects.length === 0 ? "" : "approve-me",
    effects,
    verdicts: [],
    notes: [],
    cost: { before: [], after: [] },
    price: { before: [], after: [] },
    engineRuns: 0,
    ...rest,
  };
}

const NEW: Change[] = [
  { path: "account", after: "linode-main" },
  { path: "hostname", after: "web-1" },
  { path: "image", after: "linode/debian12" },
  { path: "keys", after: ["ops", "deploy"] },
  { path: "labels", after: { role: "web" } },
  { path: "power", after: "running" },
  { path: "region", after: "us-east" },
  { path: "size", after: "g6-nanode-1" },
  { path: "userData", secret: true },
];

const lines = (shown: Preview, width?: number) => renderPreview(shown, fakeIo(width ? { width } : {})).split("\n");

describe("a preview on the terminal", () => {
  it("tells a new server in two lines: what it is, and what else it gets", () => {
    const shown = lines(preview([effect("create", "web-1", { changes: NEW, cost: { after: USD(5) } })]));

    expect(shown).toEqual([
      "Preview of 0123456789",
      "",
      "linode-main",
      "  + web-1  g6-nanode-1  us-east  linode/debian12  5.00 USD a month",
      "      keys ops, deploy · role=web · userData (hidden)",
      "",
      "1 server to create",
      "Approval hash approve-me",
    ]);
  });

  it("says what differs from the usual: another hostname, a power that is not on, a flag", () => {
    const changes: Change[] = [
      { path: "hostname", after: "www.example.net" },
      { path: "power", after: "stopped" },
      { path: "backups", after: true },
      { path: "size", after: "g6-nanode-1" },
    ];

    expect(lines(preview([effect("create", "web-1", { changes })]))).toContain(
      "      hostname www.example.net · power stopped · backups",
    );
  });

  it("tells resources where a cloud has no sizes", () => {
    const changes = [{ path: "resources", after: { vcpus: 2, memoryMiB: 2048, diskGiB: 20 } }];

    expect(lines(preview([effect("create", "lab-1", { changes })]))).toContain(
      "  + lab-1  2 vCPU, 2048 MiB, 20 GiB disk",
    );
  });

  it("tells one change beside the name and several below it, each with what it was", () => {
    const one: Change[] = [{ path: "size", before: "a", after: "b" }];
    const two: Change[] = [
      { path: "power", before: "stopped", after: "running", drift: true },
      { path: "labels.tier", before: "front" },
    ];

    const shown = lines(
      preview([
        effect("update", "web-1", { changes: one, cost: { before: USD(5), after: USD(10) } }),
        effect("update", "web-2", { changes: two }),
      ]),
    );

    expect(shown).toContain("  ~ web-1  size a → b  5.00 USD → 10.00 USD a month");
    expect(shown.slice(4, 7)).toEqual([
      "  ~ web-2",
      "      power stopped → running (changed by hand)",
      "      labels.tier front → (none)",
    ]);
  });

  it("tells a delete in a word, with what is lost, and not field by field", () => {
    const changes: Change[] = [
      { path: "image", before: "linode/debian12" },
      { path: "labels", before: { role: "web" } },
      { path: "region", before: "us-east" },
      { path: "size", before: "g6-nanode-1" },
    ];
    const shown = lines(preview([effect("delete", "web-1", { changes, dataLoss: true, cost: { before: USD(5) } })]));

    expect(shown.slice(3, 6)).toEqual([
      "  - web-1  deleted  g6-nanode-1  us-east  5.00 USD → 0 a month",
      "      everything on its disks is lost",
      "",
    ]);
  });

  it("tells why a server is made anew, and that its data go", () => {
    const changes: Change[] = [{ path: "region", before: "us-east", after: "eu-central" }];
    const shown = lines(preview([effect("replace", "web-1", { changes, replaceReasons: ["region"], dataLoss: true })]));

    expect(shown.slice(3, 6)).toEqual([
      "  ± web-1  made anew: region",
      "      everything on its disks is lost",
      "      region us-east → eu-central",
    ]);
  });

  it("tells what servers share in a line, after the servers, and no public key at full length", () => {
    const firewall = effect("create", "web", { object: { kind: "Firewall", name: "web", account: "linode-main" } });
    firewall.changes = [
      { path: "inboundPolicy", after: "drop" },
      { path: "rules[+0]", after: "accept tcp 80,443 from anywhere" },
      { path: "rules[+1]", after: "accept tcp 22 from 203.0.113.0/24" },
      { path: "…", after: "3 more fields" },
    ];
    const key = effect("create", "ops", { object: { kind: "SshKey", name: "ops", account: "linode-main" } });
    key.changes = [{ path: "publicKey", after: `ssh-ed25519 ${"A".repeat(60)}12345678 ops@example.net` }];

    const shown = lines(preview([firewall, key, effect("create", "web-1", { changes: NEW })]));

    expect(shown[3]).toContain("+ web-1");
    expect(shown.slice(5, 7)).toEqual([
      "  + firewall web  accept tcp 80,443 from anywhere; accept tcp 22 from 203.0.113.0/24; 3 more fields",
      "  + key ops       ssh-ed25519 …12345678 ops@example.net",
    ]);
    expect(shown).toContain("1 server and 2 shared objects to create");
  });

  it("tells an edited firewall rule by rule", () => {
    const firewall = effect("update", "web", { object: { kind: "Firewall", name: "web", account: "linode-main" } });
    firewall.changes = [
      { path: "inboundPolicy", before: "accept", after: "drop" },
      { path: "rules[-1]", before: "accept tcp 22 from anywhere", drift: true },
      { path: "rules[+1]", after: "accept tcp 443 from anywhere" },
    ];

    expect(lines(preview([firewall])).slice(3, 7)).toEqual([
      "  ~ firewall web",
      "      inboundPolicy accept → drop",
      "      rules: - accept tcp 22 from anywhere (changed by hand)",
      "      rules: + accept tcp 443 from anywhere",
    ]);
  });

  it("groups by account and aligns within one", () => {
    const other = { kind: "Server", name: "a-much-longer-name", account: "do-main" } as const;
    const shown = lines(
      preview([
        effect("update", "web-1", { changes: [{ path: "power", before: "stopped", after: "running" }] }),
        effect("update", "web-100", { changes: [{ path: "power", before: "stopped", after: "running" }] }),
        effect("delete", other.name, { object: other }),
      ]),
    );

    expect(shown.slice(2, 9)).toEqual([
      "linode-main",
      "  ~ web-1    power stopped → running",
      "  ~ web-100  power stopped → running",
      "",
      "do-main",
      "  - a-much-longer-name  deleted",
      "",
    ]);
    expect(shown).toContain("2 servers to update, 1 server to delete");
  });

  it("breaks what else a server gets at the terminal's width", () => {
    const changes: Change[] = [
      { path: "size", after: "s" },
      { path: "labels", after: { first: "value", second: "value", third: "value" } },
    ];
    const shown = lines(preview([effect("create", "web-1", { changes })]), 40);

    expect(shown).toContain("      first=value · second=value");
    expect(shown).toContain("      third=value");
  });

  it("says what guards refuse, and how it is lifted when it is meant", () => {
    const verdicts: Preview["verdicts"] = [
      {
        guard: "replace",
        passed: false,
        message: "web-1 would go",
        override: "--allow-replace web-1",
        objects: ["web-1"],
      },
      { guard: "replace", passed: true, message: "web-2 would go", objects: ["web-2"] },
    ];
    const shown = lines(preview([effect("delete", "web-1")], { verdicts }));

    expect(shown).toContain("refused: web-1 would go (--allow-replace web-1 if it is meant)");
    expect(shown).toContain("allowed: web-2 would go");
  });

  it.each([
    {
      before: [USD(5)],
      after: [USD(24)],
      text: "1 server to delete; it costs 5.00 USD → 24.00 USD a month at the provider (0.0075 USD → 0.036 USD an hour)",
    },
    { before: [USD(5)], after: [USD(5)], text: "1 server to delete; it costs 5.00 USD a month, as before" },
    {
      before: [],
      after: [USD(5)],
      text: "1 server to delete; it costs 0 → 5.00 USD a month at the provider (0 → 0.0075 USD an hour)",
    },
  ])("sums what it costs: $text", ({ before, after, text }) => {
    expect(lines(preview([effect("delete", "web-1")], { cost: { before, after } }))).toContain(text);
  });

  it("says what customers pay where that is something else", () => {
    const sold = effect("create", "web-1", {
      changes: NEW,
      cost: { after: USD(5) },
      price: { after: USD(7.5) },
    });
    const money = { cost: { before: [], after: [USD(5)] }, price: { before: [], after: [USD(7.5)] } };
    const shown = lines(preview([sold], money));

    expect(shown).toContain("  + web-1  g6-nanode-1  us-east  linode/debian12  5.00 USD a month, sold for 7.50 USD");
    expect(shown).toContain("Customers pay 0 → 7.50 USD a month for them (0 → 0.01125 USD an hour)");
    expect(lines(preview([sold], { ...money, price: money.cost })).join("\n")).not.toContain("Customers");
  });

  it("says that there is nothing to do, with the notes", () => {
    const shown = lines(preview([], { notes: ["a reshard is pending"] }));

    expect(shown).toEqual(["Nothing to do: the fleet at 0123456789 is what was last applied.", "a reshard is pending"]);
  });

  it("has what is held under headings of its own, in no sum and behind no hash", () => {
    const change = { changes: [{ path: "hostname", before: "a", after: "b" }], cost: { after: USD(5) } };
    const what = "account do-main";
    const until = "2026-11-27T21:00:00.000Z";
    const held = [
      {
        effect: effect("update", "web-2", change),
        holds: [{ by: "suspend" as const, what: "server web-2", reason: "a move" }],
      },
      {
        effect: effect("update", "api-1", change),
        holds: [{ by: "window" as const, what, reason: "outside its maintenance windows", until }],
      },
      {
        effect: effect("update", "api-2", change),
        holds: [{ by: "freeze" as const, what, reason: "the holidays", until }],
      },
      {
        effect: effect("delete", "old"),
        holds: [{ by: "dependency" as const, what: "server web-2", reason: "it still uses this, and is held" }],
      },
    ];
    const later = `it may be done from ${until} on (or with --outside-window)`;
    const below = [
      "",
      "Held: server web-2 is suspended (a move)",
      "  ~ web-2  hostname a → b  5.00 USD a month",
      "",
      `Held: account do-main is outside its maintenance windows; ${later}`,
      "  ~ api-1  hostname a → b  5.00 USD a month",
      "",
      `Held: account do-main is frozen (the holidays); ${later}`,
      "  ~ api-2  hostname a → b  5.00 USD a month",
      "",
      "Held: server web-2: it still uses this, and is held",
      "  - old  deleted",
    ];

    const some = lines(preview([effect("update", "web-1", change)], { held }));
    const all = lines(preview([], { held }));

    expect(some.slice(4)).toEqual(["", "1 server to update", ...below, "Approval hash approve-me"]);
    expect(all).toEqual(["Nothing may be done now: all that the fleet at 0123456789 would change is held.", ...below]);
  });

  it("has colours only where they are asked for", () => {
    const shown = preview([effect("create", "web-1", { changes: NEW, dataLoss: true })]);

    expect(renderPreview(shown, fakeIo())).not.toContain("\u001b[");
    expect(renderPreview(shown, fakeIo({ color: true }))).toContain("\u001b[32m+ web-1");
  });
});
