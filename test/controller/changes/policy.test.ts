import { describe, expect, it } from "vitest";
import { approvedByPolicy } from "../../../controller/changes/policy.ts";
import type { ChangePreview } from "../../../controller/changes/types.ts";
import type { Effect } from "../../../controller/reconcile/types.ts";
import type { ChangePolicy, FleetSpec } from "../../../resources/spec.ts";

const fleet = (changes: ChangePolicy[], approval: FleetSpec["approval"] = "required") =>
  ({ approval, policies: { changes } }) as unknown as FleetSpec;
const asked = { role: "requester" as const, surface: "api", files: ["servers/a.yaml"] };
const usd = (units: number) => ({ monthlyMicro: units * 1_000_000, hourlyMicro: 0, currency: "USD" });
const effect = (changes: Partial<Effect> = {}) =>
  ({
    op: "create",
    object: { kind: "Server", name: "a", account: "m" },
    dataLoss: false,
    cost: { after: usd(5) },
    ...changes,
  }) as Effect;
const preview = (...effects: Effect[]) =>
  ({
    effects,
    cost: {
      before: effects.flatMap(({ cost }) => cost?.before ?? []),
      after: effects.flatMap(({ cost }) => cost?.after ?? []),
    },
  }) as unknown as ChangePreview;
const CREATES: ChangePolicy = { roles: ["requester"], operations: ["create"] };

describe("a policy for changes", () => {
  it("approves what it names, by role, surface, operation and count", () => {
    const given = (policy: Partial<ChangePolicy>, shown = preview(effect())) =>
      approvedByPolicy(fleet([{ ...CREATES, ...policy }]), asked, shown);

    expect(given({})).toBe("policy: changes[0] of fleet.yaml");
    expect(given({ surfaces: ["api"] })).toBeDefined();
    expect(given({ surfaces: ["page"] })).toBeUndefined();
    expect(given({ roles: ["admin"] })).toBeUndefined();
    expect(given({ operations: ["update"] })).toBeUndefined();
    expect(given({ effects: 1 }, preview(effect(), effect()))).toBeUndefined();
    expect(given({ effects: 2 }, preview(effect(), effect()))).toBeDefined();
  });

  it("never approves a replace, a lost disk, or files that are not of servers", () => {
    const all: ChangePolicy = { roles: ["requester"], operations: ["create", "update", "delete"] };

    expect(approvedByPolicy(fleet([all]), asked, preview(effect({ op: "replace" })))).toBeUndefined();
    expect(approvedByPolicy(fleet([all]), asked, preview(effect({ op: "update", dataLoss: true })))).toBeUndefined();
    expect(approvedByPolicy(fleet([all]), asked, preview(effect({ op: "delete", dataLoss: true })))).toBeDefined();
    for (const path of ["accounts/m.yaml", "fleet.yaml", "plans/p.yaml", "firewalls/f.yaml"])
      expect(approvedByPolicy(fleet([all]), { ...asked, files: ["servers/a.yaml", path] }, preview())).toBeUndefined();
  });

  it("keeps within the money it names, and takes what has no price for too much", () => {
    const monthly = { amount: 10, currency: "USD" };
    const given = (...effects: Effect[]) =>
      approvedByPolicy(fleet([{ ...CREATES, operations: ["create", "update"], monthly }]), asked, preview(...effects));

    expect(given(effect(), effect())).toBeDefined();
    expect(given(effect(), effect(), effect())).toBeUndefined();
    expect(given(effect({ op: "update", cost: { before: usd(50), after: usd(60) } }))).toBeDefined();
    expect(given(effect({ op: "update", cost: { before: usd(50), after: usd(61) } }))).toBeUndefined();
    const { cost: _, ...unpriced } = effect();
    expect(given(unpriced as Effect)).toBeUndefined();
    expect(given(effect({ cost: { after: { ...usd(1), currency: "EUR" } } }))).toBeUndefined();
  });

  it("leaves a fleet that approves by itself as it was: all but what loses a disk", () => {
    expect(approvedByPolicy(fleet([], "auto"), asked, preview(effect()))).toBe("policy: approval auto");
    expect(
      approvedByPolicy(fleet([], "auto"), asked, preview(effect({ op: "delete", dataLoss: true }))),
    ).toBeUndefined();
  });
});
