import { describe, expect, it } from "vitest";
import { policyOf, refusalOf } from "../../../controller/reconcile/drift-policy.ts";
import type { FieldDrift } from "../../../controller/reconcile/find-drift.ts";
import type { Change, Effect } from "../../../controller/reconcile/types.ts";
import { createMemoryCloud } from "../../memory/cloud.ts";
import { desiredOf } from "./passes.ts";
import { serverSpec } from "./specs.ts";

const effect = (changes: Change[], more: Partial<Effect> = {}): Effect => ({
  hash: "1",
  stack: "main.0",
  object: { kind: "Server", name: "web-1", account: "main" },
  op: "update",
  changes,
  replaceReasons: [],
  dataLoss: false,
  notes: [],
  ...more,
});

const drift = (path: string, after: unknown = "x"): Change => ({ path, after, drift: true });
const inPlace = ["size", "labels", "hostname"];

describe("a policy", () => {
  it("is the server's own, else its account's, else the fleet's, else report", () => {
    const spec = createMemoryCloud().account.spec;
    const account = { ...spec, drift: { policy: "revert-safe" as const } };
    const servers = [
      serverSpec("own", { account: spec.name, drift: { policy: "report" } }),
      serverSpec("plain", { account: spec.name }),
    ];
    const of = (name: string, desired = desiredOf(account, servers)) =>
      policyOf({ object: "Server", name, account: spec.name }, desired);
    const wide = desiredOf(spec, servers);

    expect(of("own")).toEqual({ policy: "report", path: "servers/own.yaml" });
    expect(of("plain")).toEqual({ policy: "revert-safe", path: `accounts/${spec.name}.yaml` });
    expect(of("plain", wide)).toEqual({ policy: "report", path: "fleet.yaml" });
    wide.fleet.policies.drift = { policy: "revert" };
    expect(of("plain", wide)).toEqual({ policy: "revert", path: "fleet.yaml" });
  });

  it("is always to plug in a port whose machine has come, and for any other drift of it its account's", () => {
    const { spec } = createMemoryCloud().account;
    const port = {
      kind: "Port",
      name: "a",
      account: spec.name,
      provider: spec.provider,
      network: "n",
      machine: "m",
    } as const;
    const of = (more: object) =>
      policyOf({ object: "Port", name: "a", account: spec.name, ...more }, desiredOf(spec, [port]));

    expect(of({ awaited: true })).toEqual({ policy: "revert", path: "ports/a.yaml" });
    expect(of({})).toEqual({ policy: "report", path: "fleet.yaml" });
  });

  it.each<[string, Effect, FieldDrift[], "revert" | "revert-safe", string | undefined]>([
    ["lets labels go", effect([drift("labels")]), [], "revert-safe", undefined],
    ["lets rules go", effect([drift("rules[-1]"), drift("rules.inboundPolicy")]), [], "revert-safe", undefined],
    ["lets a machine be started", effect([drift("power", "running")]), [], "revert", undefined],
    ["lets a size be changed in place", effect([drift("size")]), [], "revert", undefined],
    ["keeps a size from the safe ones", effect([drift("size")]), [], "revert-safe", "not among the safe fields: size"],
    [
      "keeps a start from the safe ones",
      effect([drift("power", "running")]),
      [],
      "revert-safe",
      "not among the safe fields: power",
    ],
    [
      "never stops a machine",
      effect([drift("power", "stopped")]),
      [],
      "revert",
      "a machine is never switched off by itself",
    ],
    [
      "never makes one anew",
      effect([drift("size")], { op: "replace", dataLoss: true }),
      [],
      "revert",
      "a replace is never automatic",
    ],
    ["never makes one", effect([], { op: "create" }), [], "revert", "a create is never automatic"],
    ["never removes one", effect([], { op: "delete", dataLoss: true }), [], "revert", "a delete is never automatic"],
    [
      "keeps what a cloud does not change in place",
      effect([drift("region")]),
      [],
      "revert",
      "its cloud does not change this in place: region",
    ],
    [
      "carries out no commit",
      effect([drift("labels"), { path: "size", after: "l" }]),
      [],
      "revert",
      "a change that is not applied yet concerns it as well",
    ],
    [
      "looks at all fields where an effect shows only the first",
      effect([drift("labels"), { path: "…", after: "20 more fields" }]),
      [{ path: "labels" }, { path: "power", desired: "stopped", actual: "running" }],
      "revert",
      "a machine is never switched off by itself",
    ],
  ])("%s", (_name, given, fields, policy, refusal) => {
    expect(refusalOf(given, fields, { policy, inPlace })).toBe(refusal);
  });
});
